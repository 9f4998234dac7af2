"""Sparkplug B as a host application reads it: births, then data by alias; rebirths where something is missing. Pure.

Of each edge node: what its aliases mean, and the number that its next message has. Data whose birth we have not heard,
an alias that no birth named and a gap in the numbers all end in one way: the node is asked to be born again, at most
every few seconds. What cannot be understood until then is counted and lost to us; what a birth says of it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reference_server.accept import Admission, Message, RejectedError, decoded, shown
from reference_server.decoding import Columns, Reject
from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.dashboard import MAX_BUILDINGS
from wire.payloads import sparkplug
from wire.payloads.sparkplug import NODE_METRICS, SEQ_NUMBERS, Metric, Topic
from wire.reading import Reading, sensor_id

REBIRTH_EVERY_S = 5.0  # at most, of one edge node
MAX_BIRTH_BYTES = 1 << 20  # as much as a link takes in one packet: a birth names every metric of its device
_BIRTHS = ("NBIRTH", "DBIRTH")
_FROM_NODES = (*_BIRTHS, "NDATA", "DDATA", "NDEATH", "DDEATH")


@dataclass(slots=True)
class _Meaning:
    """What a birth said of a metric."""

    device: str | None
    sensor: str
    unit: str


@dataclass(slots=True)
class _EdgeNode:
    """What is known of an edge node."""

    born: bool = False
    bd_seq: int | None = None
    next_seq: int = 0
    asked_s: float = float("-inf")
    aliases: dict[int, _Meaning] = field(default_factory=dict)
    names: dict[tuple[str | None, str], _Meaning] = field(default_factory=dict)
    datatypes: dict[int, int] = field(default_factory=dict)  # of aliases

    def forget(self, device: str | None) -> None:
        """Drop what a device's birth said, or the node's and that of all its devices."""
        if device is None:
            self.aliases.clear()
            self.names.clear()
            self.datatypes.clear()
            return
        self.aliases = {alias: meaning for alias, meaning in self.aliases.items() if meaning.device != device}
        self.names = {key: meaning for key, meaning in self.names.items() if meaning.device != device}
        self.datatypes = {alias: datatype for alias, datatype in self.datatypes.items() if alias in self.aliases}


class Sparkplug:
    """Reads the messages of one group; `sensors` and `has_room_for` are those of `Admission`.

    Args:
        ask: sends a command: topic and payload.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        sensors: Sensors,
        *,
        ask: Callable[[str, bytes], object],
        clock: Callable[[], float],
        has_room_for: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._admission = Admission(sensors, has_room_for=has_room_for)
        self._ask = ask
        self._clock = clock
        self._edges: dict[str, _EdgeNode] = {}

    def accept(self, messages: Sequence[Message], reject: Reject) -> Readings:
        """Give the readings in the order of their messages.

        `reject` is called for each message or metric that is not used, and for each gap in the numbers of messages.
        """
        columns = Columns(self._admission, reject)
        for message in messages:
            try:
                columns.add(self._read(message.topic, message.payload or b"", reject), message.topic)
            except RejectedError as error:
                reject(error)
        return columns.readings()

    def _read(self, text: str, payload: bytes, reject: Reject) -> list[Reading]:
        topic = Topic.parse(text)
        if topic is None:
            raise RejectedError("topic", f"{shown(text)} is not of Sparkplug")
        if topic.kind not in _FROM_NODES:
            return []  # commands, ours among them
        known = self._edges.get(topic.edge)
        datatypes = known.datatypes if known is not None else {}
        said = decoded(text, payload, lambda data: sparkplug.decode(data, datatypes), most_bytes=MAX_BIRTH_BYTES)
        edge = known or self._meet(topic.edge)
        if topic.kind == "NDEATH":
            if said.bd_seq is None or said.bd_seq == edge.bd_seq:  # else a late will: the node's next life has begun
                edge.forget(None)
                edge.born = False
            return []
        self._follow(edge, topic, said, reject)
        if topic.kind in ("DBIRTH", "DDEATH"):  # a birth names all that there is: what an older one said is over
            edge.forget(topic.device)
        if topic.kind == "DDEATH":
            return []
        if topic.kind in _BIRTHS:
            return list(self._born(edge, topic, said.metrics))
        return list(self._data(edge, topic, said.metrics, reject))

    def _meet(self, name: str) -> _EdgeNode:
        if len(self._edges) >= MAX_BUILDINGS:
            raise RejectedError("building", f"{shown(name)} is one edge node too many")
        edge = self._edges[name] = _EdgeNode()
        return edge

    def _follow(self, edge: _EdgeNode, topic: Topic, said: sparkplug.Message, reject: Reject) -> None:
        """See that a message follows the node's last one.

        Raises:
            RejectedError: the node's birth was not heard, so its message means nothing.
        """
        if topic.kind == "NBIRTH":
            edge.forget(None)
            edge.born, edge.bd_seq, edge.next_seq = True, said.bd_seq, said.seq or 0
        elif not edge.born:
            self._ask_again(edge, topic)
            raise RejectedError("birth", f"{topic.kind} of {shown(topic.edge)}, whose birth was not heard")
        if said.seq is not None and said.seq != edge.next_seq:
            self._ask_again(edge, topic)
            reject(RejectedError("order", f"message {said.seq} of {shown(topic.edge)} instead of {edge.next_seq}"))
        edge.next_seq = ((edge.next_seq if said.seq is None else said.seq) + 1) % SEQ_NUMBERS

    def _born(self, edge: _EdgeNode, topic: Topic, metrics: list[Metric]) -> Iterator[Reading]:
        for metric in metrics:
            if metric.name is None:
                continue
            # An id has three parts: what else is in a metric's name becomes part of the last.
            name = metric.name.replace("/", ":")
            sensor = sensor_id(topic.edge, topic.device or NODE_METRICS, name)
            meaning = _Meaning(topic.device, sensor, metric.unit or "")
            edge.names[topic.device, metric.name] = meaning
            if metric.alias is not None:
                edge.aliases[metric.alias] = meaning
                edge.datatypes[metric.alias] = metric.datatype or 0
            if metric.value is not None:
                yield _reading(meaning, metric, metric.value)

    def _data(self, edge: _EdgeNode, topic: Topic, metrics: list[Metric], reject: Reject) -> Iterator[Reading]:
        for metric in metrics:
            if metric.alias is not None:
                meaning = edge.aliases.get(metric.alias)
            else:
                meaning = edge.names.get((topic.device, metric.name or ""))
            if meaning is None or meaning.device != topic.device:
                self._ask_again(edge, topic)
                what = f"alias {metric.alias}" if metric.alias is not None else f"metric {shown(metric.name or '')}"
                reject(RejectedError("birth", f"no birth of {shown(topic.edge)} named {what}"))
            elif metric.value is not None:
                yield _reading(meaning, metric, metric.value)

    def _ask_again(self, edge: _EdgeNode, topic: Topic) -> None:
        """Ask for the births, unless that was done just now."""
        now_s = self._clock()
        if now_s - edge.asked_s >= REBIRTH_EVERY_S:
            edge.asked_s = now_s
            command = Topic(topic.group, "NCMD", topic.edge)
            self._ask(str(command), sparkplug.rebirth_command(sent_ms=round(now_s * 1000)))


def _reading(meaning: _Meaning, metric: Metric, value: float) -> Reading:
    return Reading(meaning.sensor, metric.ts, metric.seq, value, meaning.unit)
