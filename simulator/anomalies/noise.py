"""Noise by counting instead of by drawing: a number for (key, sample), whoever asks, when, and in what order.

The mixer is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014); two
uniform numbers become a normal one by Box and Muller (1958).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_TO_UNIT = 2.0**-53


def key_of(*parts: object) -> int:
    """Key of a stream of noise, 64 bits, from what names it."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def normals(keys: NDArray[np.uint64], sample: int) -> NDArray[np.float64]:
    """Standard normal numbers, one for each key at this sample; shape of `keys`."""
    first = _uniform(keys, 2 * sample + 1)
    second = _uniform(keys, 2 * sample + 2)
    result: NDArray[np.float64] = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    return result


def _uniform(keys: NDArray[np.uint64], counter: int) -> NDArray[np.float64]:
    """Numbers in (0, 1]."""
    mixed = keys + _GOLDEN * np.array(counter, dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    result: NDArray[np.float64] = ((mixed >> np.uint64(11)).astype(np.float64) + 1) * _TO_UNIT
    return result
