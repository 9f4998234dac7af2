"""What the parent tells a process it starts: by the environment, for everything else is in the command line already."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass, field

import orjson

VARIABLE = "SENSORSWARM_PLACE"


@dataclass(frozen=True, slots=True)
class Place:
    """Who a process is among those of one server."""

    number: int  # of the worker, from 1; 0: it is the detector
    session: str  # name of its MQTT session
    line: int  # descriptor of its end of the line to the parent
    listening: int | None = None  # descriptor of its listening socket; the detector has none
    watched: int | None = None  # descriptor of the listening socket of its metrics, where they are wanted
    patient: bool = field(default=False, kw_only=True)  # wait for a broker that is away, for it was there before

    @property
    def name(self) -> str:
        """For people."""
        return name_of(self.number)

    def tell(self) -> dict[str, str]:
        """What to add to the environment of the process."""
        return {VARIABLE: orjson.dumps(asdict(self)).decode()}

    @classmethod
    def told(cls, environment: MutableMapping[str, str] = os.environ) -> Place | None:
        """Take what the parent told us, and leave it to none of our own children; None: nobody did."""
        told = environment.pop(VARIABLE, None)
        return cls(**orjson.loads(told)) if told is not None else None


def name_of(number: int) -> str:
    """Name the holder of a place, for people."""
    return f"worker {number}" if number else "detector"
