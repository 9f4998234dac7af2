"""One record type for each kind of line in a run directory's JSON Lines files.

Times are Unix seconds unless the name says otherwise. docs/run-directory.md describes every field for other tools.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from wire.records.names import (
    ALERTS,
    ANOMALIES,
    CLIENTS,
    CLOCKS,
    FAULTS,
    HEALTH,
    INTRUSIONS,
    PUBLISHED,
    RESOURCES,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a JSON Lines file."""

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read a record; keys of a newer writer are passed over.

        Raises:
            TypeError: a key without a default is missing.
        """
        names = {item.name for item in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in record.items() if key in names})


@dataclass(frozen=True, slots=True)
class PublishedStart(Record):
    """published.jsonl, kind "start": first line, written at once when the load begins."""

    FILE: ClassVar[str] = PUBLISHED
    ts: float  # intended time of the first interval's beginning
    buildings: list[str]
    sensors: int  # in all
    interval_s: float  # wall-clock seconds between two readings of a sensor
    time_scale: float  # simulated (or recorded) seconds per wall-clock second
    seed: int
    source: str  # "fleet", or the recording's file name
    kind: str = "start"


@dataclass(frozen=True, slots=True)
class Published(Record):
    """published.jsonl, kind "second": what one building published during one second."""

    FILE: ClassVar[str] = PUBLISHED
    ts: float  # start of the second
    building: str
    intended: int  # readings whose ts lies in this second
    sent: int  # of those, given to the broker's socket
    shed: int  # of those, dropped because the broker did not keep up or was away
    late_ms_p50: float  # lateness of the send against the intended time, in milliseconds
    late_ms_p99: float
    late_ms_max: float
    kind: str = "second"


@dataclass(frozen=True, slots=True)
class PublishedTotal(Record):
    """published.jsonl, kind "total": the whole run, written once at the end."""

    FILE: ClassVar[str] = PUBLISHED
    started_ts: float
    ended_ts: float
    buildings: int
    sensors: int
    intended: int
    sent: int
    shed: int
    late_ms_p50: float
    late_ms_p99: float
    late_ms_max: float
    cpu_s: float  # CPU time of the publisher, user and system
    unacknowledged: int = 0  # of those sent at QoS 1, never acknowledged by the broker
    copies: int = 0  # sent on top of `sent` by simulated duplication
    kind: str = "total"


@dataclass(frozen=True, slots=True)
class PublishedFinal(Record):
    """published.jsonl, kind "final": where each sensor of one building ended; what settles the books.

    The lists run in parallel with `sensors`. A sensor that never published has last_seq -1.
    """

    FILE: ClassVar[str] = PUBLISHED
    building: str
    interval_s: float  # wall-clock seconds between two readings of a sensor
    sensors: list[str]  # sensor ids
    first_ts: list[float]  # intended time of seq 0
    last_seq: list[int]
    skipped: list[list[int]] = field(default_factory=list)  # [position in sensors, first seq, last seq], not sent
    kind: str = "final"


@dataclass(frozen=True, slots=True)
class Anomaly(Record):
    """anomalies.jsonl: the truth about one anomaly, by wall-clock time."""

    FILE: ClassVar[str] = ANOMALIES
    id: str
    building: str
    sensor: str
    kind: str  # spike, stuck, dropout, fire, ... (docs/anomalies.md), recorded
    start: float  # intended time of the first reading it touches
    end: float  # intended time of the last reading it touches
    magnitude: float = 0.0  # in `unit`, 0 where the kind has none
    cause: str = ""  # anomalies of one cause belong to one event
    unit: str = ""  # of the magnitude: "" the sensor's own, else factor, 1/h, copies or s


@dataclass(frozen=True, slots=True)
class ClientEvent(Record):
    """clients.jsonl: one step in the life of one client's connection.

    event is one of
        start    user and buildings it may see; first line of every client
        open     WebSocket handshake done; took_s from the first byte of connecting; attempt
        live     subscriptions acknowledged; took_s from `lost` (or `start`); recovered says whether resume worked,
                 resumed how many readings it brings back
        reading  first reading after becoming live; took_s from `lost` (or `start`)
        lost     connection ended without our asking; code, reason and kind
        retry    next attempt planned; attempt, delay_s, retry_after_s where the server asked for a least wait
        refused  attempt failed; attempt, reason, kind, code where the server gave one
        cut      connection cut by the scenario's fault
        left     ended politely by the client's own behaviour; reason
        given_up no further attempt will be made; code, reason and kind
        stop     ended by us at the end
    """

    FILE: ClassVar[str] = CLIENTS
    ts: float
    client: str
    event: str
    user: str = ""
    buildings: list[str] = field(default_factory=list)
    attempt: int = 0
    delay_s: float = 0.0
    took_s: float = 0.0
    code: int = 0
    reason: str = ""
    kind: str = ""  # what `reason` is counted as: "HTTP 404", "TLS", "closed 4500", ...
    recovered: bool = False
    resumed: int = 0
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AlertDelivery(Record):
    """alerts.jsonl: one alert as one client received it."""

    FILE: ClassVar[str] = ALERTS
    arrival: float  # kernel receive stamp
    client: str
    alert: str  # the server's id of it
    building: str
    sensor: str
    alert_kind: str
    ts: float  # intended time of the reading that raised it
    leaked: bool = False


@dataclass(frozen=True, slots=True)
class Fault(Record):
    """faults.jsonl: an order of the runner, carried out by whoever owns the kind at `ts`."""

    FILE: ClassVar[str] = FAULTS
    ts: float
    kind: str  # "cut" (the swarm's), "restart", "rolling", "latency" (the runner's)
    connections: int = 0
    until: float = 0.0  # 0 where the fault is an instant
    role: str = ""  # the process that is restarted
    delay_ms: float = 0.0  # in each direction


@dataclass(frozen=True, slots=True)
class Resource(Record):
    """resources.jsonl: one process during one second."""

    FILE: ClassVar[str] = RESOURCES
    ts: float
    role: str  # broker, server, swarm, simulator
    pid: int
    cpu_percent: float  # of one core
    rss_bytes: int
    lag_ms: float | None = None  # of its event loop, where the process tells


@dataclass(frozen=True, slots=True)
class Intrusion(Record):
    """intrusions.jsonl: one attempt to see what a client must not see."""

    FILE: ClassVar[str] = INTRUSIONS
    ts: float  # end of the attempt
    client: str
    attempt: (
        str  # forbidden_hello, forbidden_subscribe, flipped_signature, edited_claims, alg_none, other_secret, expired
    )
    outcome: str  # refused, ignored (no word, and nothing came), leaked, failed (could not be made)
    code: int = 0  # close code, error code or HTTP status of the refusal
    reason: str = ""  # the server's words
    buildings: list[str] = field(default_factory=list)  # asked for
    leaked: int = 0  # readings and alerts received that should not have been


@dataclass(frozen=True, slots=True)
class Health(Record):
    """health.jsonl: how a measuring process did during one second, by its own word."""

    FILE: ClassVar[str] = HEALTH
    ts: float  # end of the span
    role: str  # swarm
    lag_ms_p99: float  # how late a sleeping greenlet woke
    cpu_percent: float  # of one core
    receive_queue_bytes_max: int  # unread in the kernel, the most of the sockets looked at
    span_s: float = 1.0  # longer than a second where the process was too busy to look


@dataclass(frozen=True, slots=True)
class Clock(Record):
    """clocks.jsonl: one comparison of a swarm process's clock with the simulator's."""

    FILE: ClassVar[str] = CLOCKS
    ts: float
    process: str  # swarm, or which worker
    clock: str  # whose clock: processes that have the same here share one
    how: str  # one (it is the simulator's own), measured, unmeasured (nothing is known of it)
    offset_s: float = 0.0  # the simulator's minus this one's; everything the process stamps is set right by it
    bound_s: float = 0.0  # the true offset is no further away
    round_trip_s: float = 0.0  # of the exchange the offset comes from
