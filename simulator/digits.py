"""Whole columns of numbers as ASCII digits, with table look-ups instead of formatting one by one. Pure.

Four digits are looked up at once. Where a number is shorter than its field the rest is PAD, a byte that no UTF-8 text
holds, so that whoever joins the fields can leave it out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.source import Ints

Words = NDArray[np.uint32]  # four ASCII digits each

PAD = 0xFF
GROUP = 10_000  # numbers of four digits
MOST_WHOLE = GROUP * GROUP  # `whole` takes numbers below
PLACES = 4  # digits after the point that one word of `fraction` has
MOST_PLACES = 12
_POWERS = tuple(10**power for power in range(1, 8))


def _table(text: Callable[[int], str]) -> Words:
    """Look-up table of `text` for 0 to 9999; a blank is a PAD."""
    joined = "".join(text(number) for number in range(GROUP)).encode().replace(b" ", bytes([PAD]))
    return np.frombuffer(joined, dtype=np.uint32)


_FULL = _table(lambda number: f"{number:04d}")
# The first half is for numbers that begin here, the second half for those that began before.
_FIRST = np.concatenate([_table(lambda number: f"{number:4d}" if number else "    "), _FULL])
_LAST = np.concatenate([_table(lambda number: f"{number:4d}"), _FULL])
_PAIR = np.frombuffer("".join(f"{number:02d}" for number in range(100)).encode(), dtype=np.uint16)
_FRACTION = np.concatenate(
    [
        _table(lambda number, places=places: f"{number % 10**places:0{places}d}".ljust(4) if places else "    ")  # type: ignore[misc]
        for places in range(PLACES + 1)
    ]
)


def whole(numbers: Ints) -> tuple[Words, Words]:
    """Eight characters of each number from 0 to 99,999,999, shape (numbers,): right-aligned, in two words."""
    high, low = np.divmod(numbers, GROUP)
    return _FIRST[high], _LAST[low + GROUP * (high > 0)]


def four(numbers: Ints) -> Words:
    """Four digits of each number from 0 to 9999, with leading zeros."""
    return _FULL[numbers]


def two(numbers: Ints) -> NDArray[np.uint16]:
    """Two digits of each number from 0 to 99, with leading zeros."""
    return _PAIR[numbers]


def fraction(numbers: Ints, places: Ints, words: int) -> list[Words]:
    """The first `places` (0 to 4 times `words`) digits after a point, left-aligned in so many words.

    Each number is below ten to the power of its places.
    """
    if words == 1:
        return [_FRACTION[numbers + GROUP * places]]
    rest = numbers * 10 ** (PLACES * words - places)
    result = []
    for word in range(words):
        here, rest = np.divmod(rest, 10 ** (PLACES * (words - word - 1)))
        there = np.clip(places - PLACES * word, 0, PLACES)
        result.append(_FRACTION[here // 10 ** (PLACES - there) + GROUP * there])
    return result


def count(numbers: Ints) -> Ints:
    """How many digits each number from 0 to 99,999,999 has."""
    result = np.ones(numbers.size, dtype=np.int64)
    most = int(numbers.max(initial=0))
    for power in _POWERS:
        if power > most:
            break
        result += numbers >= power
    return result
