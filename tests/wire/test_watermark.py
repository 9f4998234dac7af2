"""Watermarks through everything that a server may do to a number."""

from __future__ import annotations

import json

import numpy as np
import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wire import watermark
from wire.watermark import SEQS, TICK_NS, TICKS, Mark

DECIMALS = st.sampled_from([0, 1, 2, 3])
SECONDS = st.integers(1_000_000_000, 4_000_000_000)
TIMES_NS = st.builds(lambda s, ns: s * 10**9 + ns, SECONDS, st.integers(0, 10**9 - 1))
SEQ = st.integers(0, 2**40)


@st.composite
def marked(draw: st.DrawFn) -> tuple[float, int, Mark]:
    """A value with a watermark, its decimals, and what is in it."""
    decimals = draw(DECIMALS)
    steps = draw(st.integers(-99_999, 99_999))
    ts_ns, seq = draw(TIMES_NS), draw(SEQ)
    value = steps / 10**decimals
    encoded = float(watermark.encode(np.array(value), np.array(decimals), np.array(ts_ns), np.array(seq)))
    assume(not watermark._is_float32(encoded))
    return encoded, decimals, Mark(value, (ts_ns + TICK_NS // 2) // TICK_NS % TICKS, seq % SEQS)


@given(marked())
def test_a_double_keeps_it(given_: tuple[float, int, Mark]) -> None:
    """Through JSON, whoever writes and reads it, value, time and number come back exactly."""
    encoded, decimals, mark = given_
    assert abs(encoded) - abs(mark.value) < 10**-decimals
    digits = decimals + watermark.DIGITS
    for again in (
        encoded,
        orjson.loads(orjson.dumps(encoded)),
        json.loads(json.dumps(encoded)),
        float(repr(encoded)),
        float(f"{encoded:.15g}"),
        float(f"{encoded:.{digits}f}"),
    ):
        assert watermark.decode(again, decimals) == mark


@given(marked())
def test_a_32_bit_float_is_known_by_being_one(given_: tuple[float, int, Mark]) -> None:
    """What went through a 32-bit float carries nothing, and is never taken for a time."""
    encoded, decimals, mark = given_
    assert watermark.decode(float(np.float32(encoded)), decimals) is None
    shortest = watermark.decode(float(str(np.float32(encoded))), decimals)
    assert shortest is None or shortest == mark  # a value of nearly 0 may fit into it


@given(marked(), st.integers(0, 12))
def test_rounding_leaves_nothing(given_: tuple[float, int, Mark], kept: int) -> None:
    """Rounded to fewer digits, or cut there, a value has no watermark."""
    encoded, decimals, _ = given_
    assume(kept < decimals + watermark.DIGITS)
    assert watermark.decode(round(encoded, kept), decimals) is None
    whole, point, fraction = f"{encoded:.{decimals + watermark.DIGITS}f}".partition(".")
    assert watermark.decode(float(whole + point + fraction[:kept]), decimals) is None


@given(marked(), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_found(given_: tuple[float, int, Mark], place: int, more: int) -> None:
    """Any one digit of the watermark that is another makes it none."""
    encoded, decimals, _ = given_
    text = f"{encoded:.{decimals + watermark.DIGITS}f}"
    at = len(text) - 1 - place
    wrong = text[:at] + str((int(text[at]) + more) % 10) + text[at + 1 :]
    assert watermark.decode(float(wrong), decimals) is None


@given(st.floats(), DECIMALS)
def test_any_number_is_read_or_not(value: float, decimals: int) -> None:
    """No number raises anything, and what is read lies within a step of it."""
    mark = watermark.decode(value, decimals)
    if mark is not None:
        assert abs(value - mark.value) < 10**-decimals
        assert 0 <= mark.ticks < TICKS
        assert 0 <= mark.seq < SEQS


def test_noise_passes_as_seldom_as_it_is_said() -> None:
    """Of numbers with random digits one in a hundred looks like a watermark."""
    noise = np.random.default_rng(1).uniform(15, 30, 50_000)
    passed = sum(watermark.decode(value, 2) is not None for value in noise.tolist())
    assert passed / noise.size == pytest.approx(0.01, abs=0.0025)


@given(marked())
def test_the_resolution_need_not_be_known(given_: tuple[float, int, Mark]) -> None:
    """Of the fleet's resolutions the right one is found."""
    encoded, decimals, mark = given_
    assume(decimals in watermark.DECIMALS)
    assert watermark.find(encoded) == mark


@given(TIMES_NS, st.floats(-9.9, 89.9))
def test_the_time_is_the_one_nearest_before_the_arrival(ts_ns: int, latency_s: float) -> None:
    """Arrival tells which of the times 100 s apart is meant; it is right to half a step of 0.1 ms."""
    mark = Mark(0.0, (ts_ns + TICK_NS // 2) // TICK_NS % TICKS, 0)
    assert mark.ts(ts_ns / 1e9 + latency_s) == pytest.approx(ts_ns / 1e9, abs=5.1e-5)


@pytest.mark.parametrize(("value", "decimals"), [(1000.0, 2), (-1234.56, 2), (100_000.0, 0), (1e9, 0), (123456.0, 1)])
def test_what_is_too_large_gets_none(value: float, decimals: int) -> None:
    """It is given as its sensor reports it."""
    encoded = float(watermark.encode(np.array(value), np.array(decimals), np.array(10**18), np.array(7)))
    assert encoded == value
    assert watermark.decode(encoded, decimals) is None
