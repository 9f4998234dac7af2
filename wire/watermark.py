"""Send time and sequence number in the digits of a value below its sensor's resolution (docs/watermark.md). Pure.

    21.53  ->  21.53 123456 78 91      a temperature, resolution 0.01
                     |      |  |
                     |      |  check
                     |      sequence number modulo 100
                     intended time modulo 100 s, in steps of 0.1 ms

A double keeps 15 significant digits. Ten of them are the watermark's, so five are left for the value in steps of its
resolution: up to 999.99 at 0.01, up to 99,999 at 1. A value beyond that gets no watermark.

The check is the remainder of all digits before it by 89, a prime, so that any one wrong digit is found; it is written
with a last digit from 1 to 9. So a value that was rounded to fewer digits, which ends in 0, is never taken for one with
a watermark; digits that are noise are with a probability of 1/100.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from wire.reading import QUANTITIES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Whole = TypeVar("Whole", int, Ints)

DIGITS = 10  # of a watermark
TICK_NS = 100_000
TICKS_PER_S = 10_000
TICKS = 1_000_000  # 100 s of them
SEQS = 100
# A reading that seems to come more than this before it was sent came after it by nearly the range.
EARLIEST_S = -10.0
_MOST_STEPS = 100_000  # of the resolution
_CHECKS = 100  # two digits
_PRIME, _LAST = 89, 9
_FLOAT32_BITS = 24
DECIMALS = tuple(sorted({quantity.decimals for quantity in QUANTITIES.values()}, reverse=True))


class Mark(NamedTuple):
    """What a value carries."""

    value: float  # as its sensor reports it
    ticks: int  # intended time modulo TICKS, in steps of TICK_NS
    seq: int  # sequence number modulo SEQS

    def ts(self, arrival_ts: float) -> float:
        """Intended time in Unix seconds of a reading that came at `arrival_ts`, less than 90 s after it."""
        earliest = round(EARLIEST_S * TICKS_PER_S)
        late = (round(arrival_ts * TICKS_PER_S) - self.ticks - earliest) % TICKS + earliest
        return (round(arrival_ts * TICKS_PER_S) - late) / TICKS_PER_S


def encode(value: Floats, decimals: Ints, ts_ns: Ints, seq: Ints) -> Floats:
    """Values with watermarks; all of shape (readings,), or one number each.

    Less than one step of the resolution is added to each, away from zero. A value too large for a watermark is given
    back rounded to its resolution.

    Args:
        value: finite, in the sensor's unit.
        decimals: digits after the point of its resolution, 10 ** -decimals.
        ts_ns: intended time in Unix nanoseconds.
        seq: sequence number.
    """
    steps: Floats = np.rint(np.abs(value) * 10.0**decimals)
    fits = steps < _MOST_STEPS
    ticks = (ts_ns + TICK_NS // 2) // TICK_NS % TICKS
    body = (np.where(fits, steps, 0).astype(np.int64) * TICKS + ticks) * SEQS + seq % SEQS
    scaled = body * _CHECKS + _check(body)
    size: Floats = np.where(fits, scaled / 10.0 ** (decimals + DIGITS), steps / 10.0**decimals)
    marked: Floats = np.copysign(size, value)
    return marked


def decode(value: float, decimals: int) -> Mark | None:
    """Read a watermark; None when there is none.

    A value that a 32-bit float holds exactly has none: what stood below its resolution was cut off there.
    """
    if not -_MOST_STEPS < value < _MOST_STEPS:  # NaN too
        return None
    scaled = round(abs(value) * 10 ** (decimals + DIGITS))
    body, check = divmod(scaled, _CHECKS)
    rest, seq = divmod(body, SEQS)
    steps, ticks = divmod(rest, TICKS)
    if check != _check(body) or steps >= _MOST_STEPS or _is_float32(value):
        return None
    return Mark(math.copysign(steps / 10**decimals, value), ticks, seq)


def find(value: float) -> Mark | None:
    """Read a watermark of any quantity of the fleet, whichever it is; None when there is none.

    Read with more digits than it has, a watermark ends in 0 and is none; so the finest resolution is tried first.
    """
    for decimals in DECIMALS:
        mark = decode(value, decimals)
        if mark is not None:
            return mark
    return None


def _check(body: Whole) -> Whole:
    rest = body % _PRIME
    return rest // _LAST * 10 + rest % _LAST + 1


def _is_float32(value: float) -> bool:
    return math.ldexp(math.frexp(value)[0], _FLOAT32_BITS).is_integer()
