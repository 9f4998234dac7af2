"""Anomalies asked for while the load runs: one JSON object a message, checked and handed to the schedule. Pure.

    {"kind": "fire", "building": "b-0001", "duration_s": 120, "magnitude": 40}

The keys are those of a list of anomalies without `at`: it begins with the next sample. What is left out is drawn from
the seed and the number of the message. A message that cannot be used changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from simulator.anomaly_file import entry_of, event_of
from simulator.layout import Layout
from simulator.schedule import LiveSchedule
from simulator.shard import of_shard
from wire.errors import SensorSwarmError

TOPIC = "sensorswarm/control/anomaly"
ERRORS_TOPIC = "sensorswarm/control/errors"
LONGEST_BYTES = 4096
MOST_WAITING = 1000  # between two samples: a flood of messages must not become a flood of anomalies
_WHERE = "control message"
_LIVE_KEY = 2**32 - 3  # of the seed: no building has this number, nor the list, nor the city
_SHOWN = 200  # characters of a message that come back with its error


class ControlError(SensorSwarmError):
    """A control message that cannot be used."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a message that cannot be used."""

    error: str  # one line: what, where, remedy
    message: str  # its beginning, as far as it is text

    def payload(self) -> bytes:
        """Give it as JSON."""
        return json.dumps({"error": self.error, "message": self.message}).encode()


class Control:
    """Takes messages and counts them.

    Args:
        layout: the sensors of the whole fleet.
        live: where events go.
        seed: of what a message leaves open.
        interval_s: seconds between two readings of a sensor.
        mine: the part of the fleet that `live` is for, where the others hear the same messages; by default all of it.
    """

    def __init__(
        self, layout: Layout, live: LiveSchedule, *, seed: int, interval_s: float, mine: Layout | None = None
    ) -> None:
        self.taken = 0
        self.refused = 0
        self._layout = layout
        self._mine = layout if mine is None else mine
        self._live = live
        self._seed = seed
        self._interval_s = interval_s

    def take(self, payload: bytes) -> Refusal | None:
        """Take one message; None when its anomaly begins with the next sample."""
        try:
            self._take(payload)
        except SensorSwarmError as error:
            self.refused += 1
            return Refusal(" ".join(str(error).split()), payload[:_SHOWN].decode(errors="replace"))
        self.taken += 1
        return None

    def _take(self, payload: bytes) -> None:
        if len(self._live) >= MOST_WAITING:
            raise ControlError(f"{_WHERE}: {MOST_WAITING} wait for the next sample already; send fewer")
        entry = entry_of(_WHERE, _table(payload))
        number = self.taken + 1
        rng = np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(_LIVE_KEY, number)))
        cause = f"{entry.kind.name}-live-{number}"
        event = event_of(entry, self._layout, rng, cause=cause, interval_s=self._interval_s)
        for ours in of_shard([event], self._mine):
            self._live.ask(ours)


def _table(payload: bytes) -> dict[str, object]:
    """Read the message in the words of a list of anomalies.

    Raises:
        ControlError: it is too long or no JSON object, or says when it shall begin.
    """
    if len(payload) > LONGEST_BYTES:
        raise ControlError(f"{_WHERE} of {len(payload)} bytes is too long; {LONGEST_BYTES} are enough for one anomaly")
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):  # of JSON and UTF-8
        raise ControlError(f'{_WHERE} is not JSON; write {{"kind": "spike"}}') from None
    if not isinstance(content, dict):
        raise ControlError(f'{_WHERE} is no JSON object; write {{"kind": "spike"}}')
    for key in ("at", "at_s"):
        if key in content:
            raise ControlError(f"{_WHERE}: {key!r} cannot be given; leave it out, it begins with the next sample")
    if "duration_s" in content and "duration" in content:
        raise ControlError(f"{_WHERE}: duration and duration_s are the same; leave one out")
    table = {("duration" if key == "duration_s" else key): value for key, value in content.items()}
    return {**table, "at": 0.0}
