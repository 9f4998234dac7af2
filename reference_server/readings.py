"""The readings of one read, as columns: what the acceptor gives, and what everything after it goes by. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N = TypeVar("N", int, float)


def view(array: NDArray[Any], kind: type[N]) -> memoryview[N]:
    """The memory of an array, one number at a time: a view's items cost a third of an array's."""
    del kind  # for the type checker only: `int` or `float`, as the array holds
    return memoryview(array.reshape(-1))  # type: ignore[arg-type]  # numpy's arrays are buffers, also under 3.11


# From so many readings on numpy costs less than a loop: its calls have a price of their own. Measured, see
# `benchmarks/_ingest.py`: the two meet between 20 and 30 readings.
MANY = 24


@dataclass
class Readings:
    """Readings in the order in which they came; entry i of each list belongs to reading i."""

    rows: list[int] = field(default_factory=list)  # of `Sensors`
    ts: list[float] = field(default_factory=list)  # intended Unix time in seconds
    seqs: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)  # as published

    def __len__(self) -> int:
        return len(self.rows)

    def extend(
        self,
        rows: Iterable[int],
        ts: Iterable[float],
        seqs: Iterable[int],
        values: Iterable[float],
        payloads: Iterable[bytes],
    ) -> None:
        """Take more, before anybody asked for `arrays`."""
        self.rows.extend(rows)
        self.ts.extend(ts)
        self.seqs.extend(seqs)
        self.values.extend(values)
        self.payloads.extend(payloads)

    @cached_property
    def arrays(self) -> tuple[Ints, Floats, Ints, Floats]:
        """Rows, ts, seqs and values, each of shape (readings,). Ask for them when the lists are complete."""
        return (
            np.array(self.rows, dtype=np.int64),
            np.array(self.ts, dtype=np.float64),
            np.array(self.seqs, dtype=np.int64),
            np.array(self.values, dtype=np.float64),
        )

    @cached_property
    def one_each(self) -> bool:
        """Whether no sensor has more than one reading here."""
        return len(set(self.rows)) == len(self.rows)

    def only(self, wanted: Sequence[bool]) -> Readings:
        """Those of which `wanted` is true."""
        return Readings(
            list(compress(self.rows, wanted)),
            list(compress(self.ts, wanted)),
            list(compress(self.seqs, wanted)),
            list(compress(self.values, wanted)),
            list(compress(self.payloads, wanted)),
        )

    def rounds(self) -> list[list[int]]:
        """Positions in rounds: the k-th round has the k-th reading of each sensor, so that none has a sensor twice."""
        if self.one_each:
            return [list(range(len(self.rows)))]
        rounds: list[list[int]] = []
        seen: dict[int, int] = {}
        for position, row in enumerate(self.rows):
            k = seen[row] = seen.get(row, -1) + 1
            if k == len(rounds):
                rounds.append([])
            rounds[k].append(position)
        return rounds
