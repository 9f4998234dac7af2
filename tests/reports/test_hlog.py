"""Reading latency.hlog."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.histogram import merge
from reports.hlog import read_hlog


@pytest.fixture
def recorded(build):
    return (
        build()
        .record_latency("reading", 0, 1000, 2000)
        .record_latency("reading", 1, 3000)
        .record_latency("alert", 1, 5)
    )


def test_tags_stamps_and_values(recorded):
    """Every interval comes back with its tag, its absolute time and its values."""
    log = read_hlog(recorded.write() / "latency.hlog")
    assert log.broken == 0
    assert [(one.tag, one.start_ts - recorded.t0, one.histogram.n) for one in log.intervals] == [
        ("reading", 0, 2),
        ("reading", 1, 1),
        ("alert", 1, 1),
    ]
    assert log.intervals[0].histogram.values_us.tolist() == [1000, 2000]


def test_relative_stamps(recorded):
    """Stamps relative to a base time give the same absolute times."""
    path = recorded.directory / "latency.hlog"
    path.write_text(recorded.hlog(relative=True))
    assert [one.start_ts - recorded.t0 for one in read_hlog(path).intervals] == pytest.approx([0, 1, 1], abs=0.01)


@pytest.mark.parametrize("value_us", [1, 2047, 2048, 2049, 123_456, 99_999_999, 3_599_999_999])
def test_a_bucket_answers_with_its_highest_value(build, value_us):
    """A latency is never understated, and overstated by less than a thousandth."""
    path = build().record_latency("reading", 0, value_us).write() / "latency.hlog"
    (told,) = read_hlog(path).intervals[0].histogram.values_us
    assert value_us <= told <= value_us * 1.001


@pytest.mark.parametrize("cut", [1, 5, 30, 60])
def test_cut_off_in_mid_line(recorded, cut):
    """A killed run loses its last line, and the loss is counted."""
    path = recorded.write() / "latency.hlog"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"Tag=") + cut])
    log = read_hlog(path)
    assert (len(log.intervals), log.broken) == (2, 1)


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x00junk\n", b"Tag=reading,1,1,1,HISTFAAA\n", b"Tag=reading,,,,\n", b"x,y\n"]
)
def test_a_broken_line_in_the_middle(recorded, junk):
    """A broken line costs itself, not what stands after it."""
    path = recorded.write() / "latency.hlog"
    head, mark, tail = path.read_bytes().partition(b"Tag=")
    path.write_bytes(head + junk + mark + tail)
    log = read_hlog(path)
    assert (len(log.intervals), log.broken) == (3, 1)


def test_an_empty_file(tmp_path):
    """An empty log has no interval and nothing broken."""
    path = tmp_path / "latency.hlog"
    path.touch()
    log = read_hlog(path)
    assert merge(one.histogram for one in log.intervals).n == log.broken == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(min_size=1, max_size=40), share=st.floats(0, 1))
def test_garbage_anywhere_is_counted_and_never_raised(recorded, junk, share):
    """Whatever a broken disk leaves, what can be read is read, and no interval appears that nobody wrote."""
    path = recorded.directory / "latency.hlog"
    whole = recorded.hlog().encode()
    at = int(share * len(whole))
    path.write_bytes(whole[:at] + junk + whole[at:])
    log = read_hlog(path)
    assert log.broken >= 0
    assert len(log.intervals) <= 3
