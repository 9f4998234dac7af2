"""Which chunk may leave when, without a clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.faults.latency import Chunk, Delay, DelayLine, End, LatencyError, parse_command


@pytest.mark.parametrize(
    ("delay_ms", "jitter_ms", "complaint"),
    [
        (-1, 0, "delay -1 ms: must be from 0 to 60000"),
        (60_001, 0, "delay 60001 ms: must be from 0 to 60000"),
        (float("nan"), 0, "delay nan ms: must be from 0 to 60000"),
        (float("inf"), 0, "delay inf ms: must be from 0 to 60000"),
        (5, 6, "jitter 6 ms: must be from 0 to the delay, which is 5 ms"),
        (5, -1, "jitter -1 ms: must be from 0 to the delay, which is 5 ms"),
        (5, float("nan"), "jitter nan ms: must be from 0 to the delay, which is 5 ms"),
    ],
)
def test_a_delay_that_cannot_be_is_refused_with_its_value(delay_ms, jitter_ms, complaint):
    """The one line names the value and what would do."""
    with pytest.raises(LatencyError) as refused:
        Delay(delay_ms, jitter_ms)
    assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("line", "delay"),
    [
        ("delay 20", Delay(20)),
        ("delay 0", Delay(0)),
        ("  delay  7.5 2.5\n", Delay(7.5, 2.5)),
        ("delay 1e2", Delay(100)),
    ],
)
def test_an_order_is_read(line, delay):
    """A delay in milliseconds, and a jitter where one is given."""
    assert parse_command(line) == delay


@pytest.mark.parametrize(
    "line", ["", "\n", "dealy 20", "delay", "delay 1 2 3", "delay ten", "delay nan", "delay 1 inf", "delay -1", "20"]
)
def test_an_order_that_is_none_is_refused_in_one_line(line):
    """Nothing is guessed."""
    with pytest.raises(LatencyError) as refused:
        parse_command(line)
    assert "\n" not in str(refused.value)


@given(st.floats(0, 60_000), st.floats(0, 1), st.integers())
def test_a_drawn_delay_is_within_its_jitter_and_never_negative(delay_ms, share, seed):
    """Uniform around the delay; without jitter it is the delay."""
    rng = random.Random(seed)
    jitter_ms = delay_ms * share
    drawn_ns = Delay(delay_ms, jitter_ms).draw_ns(rng)
    assert max(0, (delay_ms - jitter_ms) * 1e6 - 1) <= drawn_ns <= (delay_ms + jitter_ms) * 1e6 + 1
    assert Delay(delay_ms).draw_ns(rng) == round(delay_ms * 1e6)


def test_a_command_is_what_the_proxy_reads():
    """Both ends of the pipe speak of the same delay."""
    assert parse_command(Delay(12.5, 3).command) == Delay(12.5, 3)


@pytest.mark.parametrize(
    ("put", "due"),
    [
        # (read, delay) of each chunk -> when each may leave
        ([(10, 0)], [10]),
        ([(10, 20)], [30]),
        ([(10, 20), (11, 20), (15, 20)], [30, 31, 35]),
        ([(10, 20), (11, 5)], [30, 30]),  # a shorter delay does not overtake
        ([(10, 20), (40, 5)], [30, 45]),  # nor is it held longer when nothing is ahead
        ([(10, 5), (11, 20), (12, 0)], [15, 31, 31]),
    ],
)
def test_a_chunk_leaves_its_delay_after_it_was_read_and_after_those_ahead(put, due):
    """The schedule, in whatever unit."""
    line = DelayLine()
    for number, (read_ns, delay_ns) in enumerate(put):
        line.put(b"%d" % number, read_ns=read_ns, delay_ns=delay_ns)
    left = []
    while line.next_due_ns is not None:
        at_ns = line.next_due_ns
        assert line.first(at_ns - 1) is None
        chunk = line.first(at_ns)
        line.drop()
        left.append((chunk.data, chunk.due_ns))
    assert left == [(b"%d" % number, due_ns) for number, due_ns in enumerate(due)]


def test_an_end_waits_its_turn_and_its_time():
    """A FIN or RST takes as long as data, and comes after it."""
    line = DelayLine()
    line.put(b"last words", read_ns=0, delay_ns=20)
    line.put(b"", read_ns=1, delay_ns=5, end=End.CLOSED)
    assert line.first(20).data == b"last words"
    line.drop()
    assert line.first(20) == Chunk(b"", 1, 20, End.CLOSED)


def test_what_is_held_is_bounded():
    """Full at the limit; reading goes on when half of it has left, so that it does not start and stop for each byte."""
    line = DelayLine(limit_bytes=100)
    states = []
    for _ in range(4):
        line.put(b"x" * 25, read_ns=0, delay_ns=0)
        states.append((line.held_bytes, line.full, line.roomy))
    for _ in range(4):
        line.drop()
        states.append((line.held_bytes, line.full, line.roomy))
    assert states == [
        (25, False, True),
        (50, False, True),
        (75, False, False),
        (100, True, False),
        (75, False, False),
        (50, False, True),
        (25, False, True),
        (0, False, True),
    ]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100), st.binary(max_size=5)), max_size=40))
def test_order_and_bytes_are_kept_whatever_the_delays(steps):
    """Everything put in leaves once, in order, never before its delay, at times that never go back."""
    line, now_ns, due = DelayLine(), 0, []
    for wait_ns, delay_ns, data in steps:
        now_ns += wait_ns
        line.put(data, read_ns=now_ns, delay_ns=delay_ns)
        due.append(now_ns + delay_ns)
    left = []
    while (at_ns := line.next_due_ns) is not None:
        left.append((line.first(at_ns).data, at_ns))
        line.drop()
    assert [data for data, _ in left] == [data for _, _, data in steps]
    times = [at_ns for _, at_ns in left]
    assert times == sorted(times)
    assert all(at_ns >= earliest for at_ns, earliest in zip(times, due, strict=True))
    assert line.held_bytes == 0
