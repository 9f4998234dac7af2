"""The books of one client: every reading and alert it received, as what. Pure.

`readings` is the hot path of the whole swarm: a dictionary look-up, one compare and two array writes for a reading
that is simply the next of its sensor. Everything else takes the slow path, where exactness costs what it costs.
What should have come is judged at the end (`loadtest.settle`, `loadtest.alerts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from loadtest.alerts import AlertBook, AlertRegister
from loadtest.ledger import Booked, Catalogue, Ledger
from loadtest.presence import IN_FLIGHT_S
from loadtest.unknown import Unknown

TIMES_END = 1e11  # seconds, the year 5138: a time in milliseconds is beyond it
_SEQS_END = 2**53  # where numbers in JSON stop being exact everywhere (RFC 8259, 6)


def home_of(sensor: str, building: str) -> str:
    """Building a sensor id says it belongs to; `building`, which the frame says, where the id names none."""
    home, slash, _ = sensor.partition("/")
    return home if slash else building


class Books:
    """One client's books.

    Args:
        buildings: those the client may see; anything of another one is a leak.
        catalogue: places of sensors, shared by the process.
        register: alerts that reached anybody, shared by the process.
        unknown: what was not understood, shared by the process.
        delivered: called with the latency in seconds of each reading that is no duplicate and no leak.
        number: tells the sequence number of a reading that carries none: of building, sensor and time; None: it cannot.
    """

    __slots__ = (
        "_catalogue",
        "_delivered",
        "_register",
        "_unknown",
        "alerts",
        "conflated",
        "duplicated",
        "leaked",
        "ledgers",
        "number",
        "order_breaks",
        "received",
        "unnumbered",
    )

    def __init__(
        self,
        buildings: Sequence[str],
        *,
        catalogue: Catalogue,
        register: AlertRegister,
        unknown: Unknown,
        delivered: Callable[[float], object],
        number: Callable[[str, str, float], int | None] = lambda *_: None,
    ) -> None:
        self._catalogue = catalogue
        self._register = register
        self._unknown = unknown
        self._delivered = delivered
        self.number = number
        self.ledgers = {building: Ledger(catalogue.places(building)) for building in buildings}
        self.alerts = AlertBook()
        self.received = 0  # readings understood
        self.duplicated = 0
        self.leaked = 0
        self.order_breaks = 0
        self.conflated = 0
        self.unnumbered = 0  # readings of which nobody can say which they are

    def subscribed(self, building: str, arrival_ts: float) -> None:
        """Note that the subscription to a building was acknowledged."""
        if ledger := self.ledgers.get(building):
            ledger.presence.acknowledge(arrival_ts)

    def lost(self, last_frame_ts: float, *, in_flight_s: float = IN_FLIGHT_S) -> None:
        """Note that the connection is gone.

        Args:
            last_frame_ts: arrival of the last frame it brought.
            in_flight_s: longest a message is taken to have been under way.
        """
        for ledger in self.ledgers.values():
            ledger.presence.lose(last_frame_ts, ledger.last_meant_ts, in_flight_s=in_flight_s)

    def readings(self, building: str, batch: list[dict[str, Any]], arrival_ts: float) -> None:
        """Book the readings of one frame, each as it was published: sensor, ts, seq and more.

        A reading without these, or with others than an id, a time and a sequence number, is counted as not
        understood and stands in no book.
        """
        ledger = self.ledgers.get(building)
        if ledger is None:
            self.received += len(batch)
            self.leaked += len(batch)
            return
        self.received += len(batch)
        places, following, delivered = ledger.places, ledger.next, self._delivered
        latency_s = 0.0
        for reading in batch:
            try:
                latency_s = arrival_ts - reading["ts"]
                place = places[reading["sensor"]]
                seq = reading["seq"]
                if following[place] == seq:
                    following[place] = seq + 1
                    delivered(latency_s)
                    continue
            except (KeyError, TypeError, IndexError, OverflowError):
                pass  # a sensor not heard before, or a reading that is none: both are rare
            self._unusual(building, reading, arrival_ts)
            following = ledger.next
        ledger.last_meant_ts = arrival_ts - latency_s

    def untimed(self, building: str, batch: list[dict[str, Any]], arrival_ts: float) -> None:
        """Book readings that do not say when they were meant: arrival stands for it, and no latency is told."""
        for reading in batch:
            reading["ts"] = arrival_ts
        self.readings(building, batch, arrival_ts)

    def timed(self, building: str, batch: list[dict[str, Any]], arrival_ts: float) -> None:
        """Book readings that carry a time and no sequence number, which the time tells."""
        numbered = []
        for reading in batch:
            sensor = reading["sensor"]
            if not isinstance(sensor, str):
                self._unknown.count("reading without a sensor id", reading)
                continue
            seq = self.number(home_of(sensor, building), sensor, reading["ts"])
            if seq is None:
                self.counted(building, [reading], arrival_ts)
            else:
                reading["seq"] = seq
                numbered.append(reading)
        self.readings(building, numbered, arrival_ts)

    def counted(self, building: str, batch: list[dict[str, Any]], arrival_ts: float) -> None:
        """Count readings of which nobody can say which they are; an empty `building` is anybody's."""
        self.received += len(batch)
        if building and building not in self.ledgers:
            self.leaked += len(batch)
            return
        self.unnumbered += len(batch)
        for reading in batch:
            if reading["ts"] is not None:
                self._delivered(arrival_ts - reading["ts"])

    def _unusual(self, building: str, reading: Any, arrival_ts: float) -> None:  # noqa: ANN401 - what the server sent
        """Book a reading that is not the next of a known sensor, or say why it is none."""
        problem = _problem(reading)
        if problem:
            self.received -= 1
            self._unknown.count(problem, reading)
            return
        sensor, seq, ts = reading["sensor"], reading["seq"], reading["ts"]
        home = home_of(sensor, building)
        ledger = self.ledgers.get(home)
        if ledger is None:
            self.leaked += 1
            return
        booked = ledger.book(self._catalogue.place(home, sensor), seq, ts)
        if booked is Booked.DUPLICATED:
            self.duplicated += 1
            return
        self.order_breaks += booked is Booked.LATE
        self._delivered(arrival_ts - ts)

    def alert(self, building: str, alert_id: str, sensor: str, arrival_ts: float) -> bool | None:
        """Book one alert: True when it is new to this client, False for a duplicate, None for a leak."""
        home = home_of(sensor, building)
        if building not in self.ledgers or home not in self.ledgers:
            self.alerts.take_leaked()
            return None
        self._register.arrived(alert_id, building, arrival_ts)
        return self.alerts.take(building, alert_id)


def _problem(reading: Any) -> str:  # noqa: ANN401 - what the server sent
    """What keeps a reading from being one; empty when nothing does."""
    if not isinstance(reading, dict):
        return "reading is not an object"
    if not isinstance(reading.get("sensor"), str):
        return "reading without a sensor id"
    ts = reading.get("ts")
    if not isinstance(ts, int | float) or isinstance(ts, bool) or not -TIMES_END < ts < TIMES_END:
        return "reading without a time"
    seq = reading.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < _SEQS_END:
        return "reading without a sequence number"
    return ""
