"""Random numbers that follow from who asks, for what and for when: the same in whatever order, from whatever start.

Counter-based, in the sense of Salmon et al. 2011: nothing is kept between two draws. The mixing is SplitMix64's
(Steele, Lea and Flood 2014): a column is a place in the stream whose seed is mixed from building, purpose and moment.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from simulator.physics.profiles import Floats, Ints

Keys = NDArray[np.uint64]
_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # the odd number next to 2**64 over the golden ratio
_ONE = np.uint64(0xBF58476D1CE4E5B9)
_TWO = np.uint64(0x94D049BB133111EB)
_SPREAD = 12**0.5  # one over the standard deviation of a uniform number


class Purpose(IntEnum):
    """What a number is for: no two of them share a stream."""

    MINUTE = 0  # people, light, appliances
    MOOD = 1  # what wanders from minute to minute
    BEFORE = 2  # people at the steps of the time before the load
    DAY = 3  # of a building: its attendance
    FLOOR = 4  # of a floor and day
    ROOM = 5  # of a room and day
    BLINDS = 6  # of a room and day
    PLUME = 7  # of a room and minute
    WEATHER = 8


class Draws:
    """Uniform numbers for every building.

    Args:
        rngs: one generator a building; one number is taken of each, its key.
    """

    def __init__(self, rngs: list[np.random.Generator]) -> None:
        self._keys: Keys = np.array([rng.integers(2**64, dtype=np.uint64) for rng in rngs], dtype=np.uint64)

    def uniform(self, purpose: Purpose, number: int | Ints, columns: int) -> Floats:
        """Numbers in [0, 1), shape (buildings, columns).

        Args:
            purpose: what for.
            number: of the minute, hour or day, counted from 1970; one for all or shape (buildings,).
            columns: how many; column c is the same whatever their number.
        """
        moment = np.asarray(number, dtype=np.int64).astype(np.uint64) * np.uint64(len(Purpose)) + np.uint64(purpose)
        seed = _mix(self._keys ^ _mix(np.atleast_1d(moment) * _GAMMA))
        place = np.arange(1, columns + 1, dtype=np.uint64) * _GAMMA
        drawn = _mix(seed[:, None] + place) >> np.uint64(11)
        uniform: Floats = drawn.astype(np.float64)
        uniform *= 2.0**-53
        return uniform

    def fresh(self, purpose: Purpose, number: int | Ints, columns: int) -> Floats:
        """Numbers of mean 0 and variance 1, not normal: for sums of many."""
        drawn = self.uniform(purpose, number, columns)
        drawn -= 0.5
        drawn *= _SPREAD
        return drawn


def _mix(state: Keys) -> Keys:
    """SplitMix64's finaliser; wraps around on purpose, which arrays do silently. Spends `state`."""
    state ^= state >> np.uint64(30)
    state *= _ONE
    state ^= state >> np.uint64(27)
    state *= _TWO
    state ^= state >> np.uint64(31)
    return state
