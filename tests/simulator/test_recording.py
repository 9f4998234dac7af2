"""Recordings: read whole and checked before use."""

import gzip

import pytest

from simulator.recording import Columns, RecordingError, read_recording
from wire.errors import ExitCode


def test_reads_rows_in_the_order_of_time(csv_file):
    """Plain or gzip by content, rows sorted by time, decimals as they were written."""
    path = csv_file("5,in,m1,temperature,Cel,27.95,1", "0,in,m1,temperature,Cel,28,0", "0,out,m3,humidity,%RH,45.5,0")
    packed = path.with_name("packed")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for source in (path, packed):
        recording = read_recording(source)
        assert [sensor.id for sensor in recording.roster.sensors] == ["in/temperature/m1", "out/humidity/m3"]
        assert [sensor.decimals for sensor in recording.roster.sensors] == [2, 1]
        assert recording.elapsed_s.tolist() == [0, 0, 5]
        assert recording.sensor.tolist() == [0, 1, 0]
        assert recording.value.tolist() == [28, 45.5, 27.95]
        assert recording.labelled.tolist() == [False, False, True]


def test_sensors_of_a_building_stand_together(csv_file):
    """Buildings that alternate in the file are sorted into one run each."""
    path = csv_file(*(f"{at},{b},m,{q},X,1,0" for at, (b, q) in enumerate([("a", "x"), ("b", "x"), ("a", "y")])))
    recording = read_recording(path)
    assert [sensor.id for sensor in recording.roster.sensors] == ["a/x/m", "a/y/m", "b/x/m"]
    assert recording.sensor.tolist() == [0, 2, 1]


def test_other_column_names_and_missing_unit_and_label(csv_file):
    """Columns are mapped by name; a known quantity brings its unit, and without labels nothing is labelled."""
    path = csv_file("1,H,S,co2,400", header="t,house,id,what,v")
    columns = Columns(time="t", building="house", sensor="id", quantity="what", value="v")
    recording = read_recording(path, columns)
    assert recording.roster.sensors[0].unit == "ppm"
    assert recording.labelled.tolist() == [False]


GOOD = "0,in,m1,temperature,Cel,28,0"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("5,in,m1,temperature,Cel,warm,0", "line 3: value 'warm' is no number"),
        ("5,in,m1,temperature,Cel,nan,0", "line 3: value 'nan' is not finite"),
        ("later,in,m1,temperature,Cel,3,0", "line 3: time 'later' is no number"),
        ("1e300,in,m1,temperature,Cel,3,0", "line 3: time 1e+300 is beyond"),
        ("5,in,m1", "line 3: 3 columns, expected at least 7"),
        ("5,in,m1,temperature,K,301,0", "line 3: unit 'K', but 'Cel' before"),
        ("5,in,m/2,temperature,Cel,3,0", "line 3: sensor 'm/2' cannot stand in a topic"),
        ("5,,m2,temperature,Cel,3,0", "line 3: building '' cannot stand in a topic"),
        ("5,in,m1,temperature,Cel,3,maybe", "line 3: label 'maybe' is neither 0 nor 1"),
        ('5,"in,m1', "is no CSV file"),
    ],
)
def test_broken_rows_are_named(csv_file, row, expected):
    """One line with file, line number and reason; exit 2."""
    with pytest.raises(RecordingError) as caught:
        read_recording(csv_file(GOOD, row))
    assert expected in str(caught.value)
    assert "recording.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"elapsed_s,building,sensor,quantity,unit,value\n", "has no rows"),
        (b"elapsed,building,sensor,quantity,unit,value\n", "no column 'elapsed_s'; did you mean 'elapsed'"),
        (b"elapsed_s,building,sensor,quantity,value\n1,a,b,noise,3\n", "none is known for 'noise'"),
        (b"\x1f\x8b\x08\x00broken", "--replay takes a CSV file"),
        (b"\xff\xfe\xfa", "not UTF-8"),
    ],
)
def test_files_that_are_no_recording_are_named(tmp_path, content, expected):
    """Whatever the file holds, one line says what is wrong with it."""
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_truncated_gzip(tmp_path, csv_file):
    """A file that is not there, and one that ends in the middle."""
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(tmp_path / "none.csv")
    packed = tmp_path / "half.csv.gz"
    packed.write_bytes(gzip.compress(csv_file(*[GOOD] * 500).read_bytes())[:-12])
    with pytest.raises(RecordingError, match=r"half\.csv\.gz"):
        read_recording(packed)
