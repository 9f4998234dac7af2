"""What a fuzz target is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Target(NamedTuple):
    """Code that reads what strangers send.

    Args:
        run: gives it any bytes. Returns when they were used or refused as the code says it does, and raises when
            anything else came of them: an exception that is not the protocol's own, or a promise not kept.
        seeds: real messages, to begin with.
    """

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
