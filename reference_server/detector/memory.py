"""What a detector remembers of its sensors, as bytes, for the one that comes after it. Pure.

Without it a detector that starts anew misses a step between the last reading before it and the first one it hears, and
learns what is usual from the beginning.

A sensor is remembered once it is heard again, and not before: one that is gone does not fall silent by a restart. Who
was not heard in one life is handed on to the next, for a day.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from reference_server.detector import state as s
from reference_server.readings import Floats

KEPT_S = 86_400.0
MAX_SENSORS = 100_000  # 30 MB, which must be written while everybody waits for a process to end
_FORMAT = 1  # and the shapes of `State`: another one where these change


class Memory:
    """Pasts of sensors; each can be recalled once.

    Args:
        ids: of sensors.
        past: as in `State`, shape (sensors, WIDTH).
        changes: as in `State`, shape (sensors, CHANGES).
    """

    def __init__(self, ids: Sequence[str], past: Floats, changes: NDArray[np.float32]) -> None:
        self._rows = {sensor: row for row, sensor in enumerate(ids)}
        self._past = past
        self._changes = changes

    @property
    def waiting(self) -> tuple[list[str], Floats, NDArray[np.float32]]:
        """Those that were not recalled yet, as given."""
        rows = list(self._rows.values())
        return list(self._rows), self._past[rows], self._changes[rows]

    def recall(self, state: s.State, ids: Sequence[str], first: int) -> None:
        """Give sensors that were just admitted, in rows from `first` on, the past that they had."""
        for row, sensor in enumerate(ids, first):
            known = self._rows.pop(sensor, None)
            if known is not None:
                state.past[row] = self._past[known]
                state.changes[row] = self._changes[known]


NOTHING = Memory((), np.empty((0, s.WIDTH)), np.empty((0, s.CHANGES), dtype=np.float32))


def dump(state: s.State, ids: Sequence[str], waiting: Memory, *, time_scale: float) -> bytes:
    """Bytes of what is remembered of sensors, of the first MAX_SENSORS at most.

    Args:
        state: of those that were heard.
        ids: theirs, by row.
        waiting: of those that were not, in this life.
        time_scale: of the detector.
    """
    more, their_past, their_changes = waiting.waiting
    names = [*ids[: state.known], *more]
    past = np.concatenate((state.past[: state.known], their_past))
    changes = np.concatenate((state.changes[: state.known], their_changes))
    last_ts = past[:, s.TS]
    kept = np.nonzero(last_ts > last_ts.max(initial=-np.inf) - KEPT_S)[0][:MAX_SENSORS]
    head = {"form": _FORMAT, "time_scale": time_scale, "ids": [names[row] for row in kept.tolist()]}
    return b"\n".join((orjson.dumps(head), past[kept].tobytes() + changes[kept].tobytes()))


def load(data: bytes, *, time_scale: float) -> Memory:
    """Read what `dump` wrote; what is of another version or another time scale is nothing.

    Raises:
        ValueError: it is broken.
    """
    line, _, rows = data.partition(b"\n")
    try:
        head = orjson.loads(line)
        if (head["form"], head["time_scale"]) != (_FORMAT, time_scale):
            return NOTHING
        ids = head["ids"]
        end = len(ids) * s.WIDTH * 8
        past = np.frombuffer(rows[:end], dtype=np.float64).reshape(len(ids), s.WIDTH)
        changes = np.frombuffer(rows[end:], dtype=np.float32).reshape(len(ids), s.CHANGES)
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError(f"broken memory: {error}") from None
    return Memory(ids, past, changes)
