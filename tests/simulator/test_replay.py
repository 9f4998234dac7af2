"""Replay: the rows of the slice at their time, and the recording's own labels as truth."""

import pytest

from simulator.recording import RecordingError, read_recording
from simulator.replay import Replay
from wire.clock import NS


def _rows(times, labels, building="in", sensor="m1"):
    return [
        f"{at},{building},{sensor},temperature,Cel,{20 + at},{label}" for at, label in zip(times, labels, strict=True)
    ]


@pytest.fixture
def recording(csv_file):
    """One sensor every 5 s from 0 to 45 s with two labelled runs, another every 5 s from 10 to 20 s without."""
    rows = _rows(range(0, 50, 5), [0, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + _rows((10, 15, 20), (0, 0, 0), "out", "m3")
    return read_recording(csv_file(*rows))


def test_rows_are_due_at_their_time_divided_by_speed(recording):
    """(elapsed - from) / speed after the start, values as recorded, sequence numbers per sensor from 0."""
    source = Replay(recording, from_s=5, to_s=25, speed=10)
    [block] = source.blocks()
    ids = [source.roster.sensors[number].id for number in block.sensor.tolist()]
    told = list(zip(ids, block.seq.tolist(), (block.offset_ns / NS).tolist(), block.value.tolist(), strict=True))
    assert sorted(told) == [
        ("in/temperature/m1", 0, 0.0, 25.0),
        ("in/temperature/m1", 1, 0.5, 30.0),
        ("in/temperature/m1", 2, 1.0, 35.0),
        ("in/temperature/m1", 3, 1.5, 40.0),
        ("out/temperature/m3", 0, 0.5, 30.0),
        ("out/temperature/m3", 1, 1.0, 35.0),
        ("out/temperature/m3", 2, 1.5, 40.0),
    ]
    assert block.offset_ns.tolist() == sorted(block.offset_ns.tolist())
    assert block.kept.all()
    assert source.interval_s == 0.5
    assert source.time_scale == 10
    assert source.first_ns.tolist() == [0, NS // 2]


@pytest.mark.parametrize(
    ("from_s", "to_s", "runs"),
    [
        (None, None, [(5, 10), (30, 30), (45, 45)]),
        (10, 35, [(10, 10), (30, 30)]),
        (12, 28, []),
    ],
)
def test_each_contiguous_labelled_run_is_one_anomaly(recording, from_s, to_s, runs):
    """From its first to its last labelled reading, as far as the slice shows it."""
    [block] = Replay(recording, from_s=from_s, to_s=to_s).blocks()
    begin = from_s or 0
    assert [(t.start_ns / NS + begin, t.end_ns / NS + begin) for t in block.truths] == runs
    assert {(t.kind, t.sensor) for t in block.truths} <= {("recorded", "in/temperature/m1")}
    assert len({t.id for t in block.truths}) == len(runs)


def test_a_sensor_without_rows_in_the_slice_is_left_out(recording):
    """Only sensors that publish are in the books."""
    assert [sensor.id for sensor in Replay(recording, from_s=25).roster.sensors] == ["in/temperature/m1"]


def test_an_empty_slice_is_refused_with_the_range(recording):
    """One line that says where the recording runs."""
    with pytest.raises(RecordingError, match="it runs from 0 to 45 s"):
        Replay(recording, from_s=46)
    with pytest.raises(RecordingError, match="no row from 20 s to 10 s"):
        Replay(recording, from_s=20, to_s=10)


def test_one_reading_each_still_has_an_interval(csv_file):
    """Without two readings of a sensor, the interval is that of the whole slice, never 0."""
    source = Replay(read_recording(csv_file(*_rows([7], [0]))))
    assert source.interval_s == 1.0
