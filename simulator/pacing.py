"""Which readings are due: pure. The time that has passed comes in, parts of blocks come out, each reading once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.source import Block


@dataclass(frozen=True, slots=True)
class Part:
    """Readings `begin` to `end` (excluded) of a block."""

    block: Block
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin


class Pacer:
    """Hands out every reading whose time has come, in order, however seldom it is asked. Nothing is ever left out.

    Args:
        blocks: blocks in the order of time; the next one is made only when it is needed.
        end_ns: readings meant at this offset or later are not handed out; None for all.
    """

    def __init__(self, blocks: Iterator[Block], *, end_ns: int | None = None) -> None:
        self._blocks = blocks
        self._end_ns = end_ns
        self._block: Block | None = None
        self._position = 0
        self._stop = 0
        self._advance()

    @property
    def next_ns(self) -> int | None:
        """Offset of the next reading, None when there is no other."""
        return int(self._block.offset_ns[self._position]) if self._block is not None else None

    def take(self, elapsed_ns: int, limit: int) -> Part | None:
        """Hand out up to `limit` readings meant at or before `elapsed_ns`; None when nothing is due now."""
        block, begin = self._block, self._position
        if block is None:
            return None
        end = min(int(block.offset_ns.searchsorted(elapsed_ns, side="right")), self._stop, begin + limit)
        if end <= begin:
            return None
        self._position = end
        if end == self._stop:
            self._advance()
        return Part(block, begin, end)

    def _advance(self) -> None:
        """Go to the next block with a reading before the end."""
        self._position = 0
        for block in self._blocks:
            size = block.offset_ns.size
            self._stop = size if self._end_ns is None else int(block.offset_ns.searchsorted(self._end_ns, side="left"))
            if self._stop > 0:
                self._block = block
                return
            if size:  # it lies behind the end, and so does all that follows
                break
        self._block = None
