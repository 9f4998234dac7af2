"""A host application's view of edge nodes, whose payloads are made with Eclipse Tahu's own schema."""

from __future__ import annotations

from typing import Any

import pytest
from mqtt5 import PublishPacket
from sparkplub_b_packets.core import sparkplug_b_pb2 as tahu

from reference_server.accept import RejectedError
from reference_server.sensors import Sensors
from reference_server.sparkplug import REBIRTH_EVERY_S, Sparkplug

MS = 1_763_856_000_123


class Host:
    """A reader, what it asked for and what it rejected."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[str] = []
        self.sensors = Sensors()
        self.reader = Sparkplug(self.sensors, ask=self._ask, clock=lambda: self.now)

    def _ask(self, topic: str, payload: bytes) -> None:
        command = tahu.Payload()
        command.ParseFromString(payload)
        assert [(metric.name, metric.boolean_value) for metric in command.metrics] == [("Node Control/Rebirth", True)]
        self.asked.append(topic)

    def hear(self, *messages: tuple[str, Any]) -> tuple[list[tuple[str, int, float]], list[str]]:
        """Sensor, number and value of each reading, and the kinds of what was rejected."""
        rejected: list[RejectedError] = []
        packets = [
            PublishPacket(f"spBv1.0/g/{topic}", payload if isinstance(payload, bytes) else payload.SerializeToString())
            for topic, payload in messages
        ]
        readings = self.reader.accept(packets, rejected.append)
        found = zip(readings.rows, readings.seqs, readings.values, strict=True)
        return [(self.sensors.ids[row], *rest) for row, *rest in found], [error.kind for error in rejected]


def payload(seq: int | None, *metrics: dict[str, Any]) -> Any:
    message = tahu.Payload(timestamp=MS, **({} if seq is None else {"seq": seq}))
    for metric in metrics:
        seq_property = metric.pop("seq", None)
        entry = message.metrics.add(**metric)
        if seq_property is not None:
            entry.properties.keys.append("seq")
            entry.properties.values.add(type=tahu.UInt64, long_value=seq_property)
    return message


def birth(bd_seq: int = 0) -> list[tuple[str, Any]]:
    """A node with a device of two metrics, one of which has a value."""
    return [
        ("NBIRTH/b-1", payload(0, {"name": "bdSeq", "long_value": bd_seq, "datatype": tahu.Int64})),
        (
            "DBIRTH/b-1/co2",
            payload(
                1,
                {"name": "7", "alias": 1, "datatype": tahu.Double, "double_value": 500.0, "seq": 2},
                {"name": "hall/8", "alias": 2, "datatype": tahu.Int32, "is_null": True},
            ),
        ),
    ]


def data(seq: int, alias: int = 1, value: float = 510.0, number: int = 3) -> tuple[str, Any]:
    return "DDATA/b-1/co2", payload(seq, {"alias": alias, "double_value": value, "seq": number})


def test_births_name_what_data_says_by_alias() -> None:
    """A birth's values are readings too; a name with a slash stays one part of the id."""
    host = Host()
    signed = "DDATA/b-1/co2", payload(3, {"alias": 2, "int_value": 2**32 - 5, "timestamp": MS + 1})
    assert host.hear(*birth(), data(2), signed) == (
        [("b-1/co2/7", 2, 500.0), ("b-1/co2/7", 3, 510.0), ("b-1/co2/hall:8", (MS + 1) * 1000, -5.0)],
        [],
    )
    assert host.asked == []


def test_a_node_has_metrics_of_its_own_and_may_go_without_aliases() -> None:
    """NDATA by name, as simple publishers do."""
    host = Host()
    node = "NBIRTH/b-1", payload(0, {"name": "load", "datatype": tahu.Float, "float_value": 0.5, "seq": 0})
    by_name = "NDATA/b-1", payload(1, {"name": "load", "float_value": 0.75, "seq": 1})
    assert host.hear(node, by_name) == ([("b-1/node/load", 0, 0.5), ("b-1/node/load", 1, 0.75)], [])


def test_data_before_its_birth_asks_for_it_now_and_then() -> None:
    """Who joins in mid-stream knows no alias: the node is asked once, not for every message; then all goes on."""
    host = Host()
    assert host.hear(data(7), data(8)) == ([], ["birth", "birth"])
    assert host.asked == ["spBv1.0/g/NCMD/b-1"]
    host.now += REBIRTH_EVERY_S
    host.hear(data(9))
    assert len(host.asked) == 2
    readings, rejected = host.hear(*birth(), data(2))
    assert ([reading[1] for reading in readings], rejected, len(host.asked)) == ([2, 3], [], 2)


def test_a_devices_birth_ends_what_its_last_one_said() -> None:
    """An alias that it no longer names means nothing, and a device that is born again and again fills no memory."""
    host = Host()
    host.hear(*birth())
    again = "DBIRTH/b-1/co2", payload(2, {"name": "7", "alias": 5, "datatype": tahu.Double, "is_null": True})
    assert host.hear(again, data(3, alias=5), data(4, alias=2)) == ([("b-1/co2/7", 3, 510.0)], ["birth"])


def test_an_alias_that_no_birth_named_asks_for_a_rebirth() -> None:
    """The rest of the message is used; an alias of another device is not this one's."""
    host = Host()
    host.hear(*birth())
    mixed = payload(2, {"alias": 9, "double_value": 1.0}, {"alias": 1, "double_value": 2.0, "seq": 3})
    assert host.hear(("DDATA/b-1/co2", mixed)) == ([("b-1/co2/7", 3, 2.0)], ["birth"])
    foreign = "DDATA/b-1/power", payload(3, {"alias": 1, "double_value": 2.0, "seq": 4})
    assert host.hear(foreign) == ([], ["birth"])
    assert host.asked == ["spBv1.0/g/NCMD/b-1"]


def test_a_gap_in_the_numbers_asks_for_a_rebirth() -> None:
    """What came is used, and counting goes on from it; 0 after 255 is no gap."""
    host = Host()
    host.hear(*birth())
    assert host.hear(data(3)) == ([("b-1/co2/7", 3, 510.0)], ["order"])
    assert host.asked == ["spBv1.0/g/NCMD/b-1"]
    assert host.hear(*[data(seq % 256, number=seq) for seq in range(4, 600)])[1] == []


def test_a_death_ends_the_birth_it_names() -> None:
    """Data after it needs a new birth; a will that comes after the next birth ends nothing."""
    host = Host()
    host.hear(*birth(bd_seq=4))
    death = "NDEATH/b-1", payload(None, {"name": "bdSeq", "long_value": 4})
    host.hear(death)
    assert host.hear(data(2)) == ([], ["birth"])
    host.hear(*birth(bd_seq=5), death)
    assert host.hear(data(2))[1] == []


def test_a_devices_death_leaves_the_others() -> None:
    """Its aliases mean nothing more, those of the node's other devices do."""
    host = Host()
    other = "DBIRTH/b-1/power", payload(2, {"name": "1", "alias": 5, "double_value": 1.0, "seq": 0})
    host.hear(*birth(), other, ("DDEATH/b-1/co2", payload(3)))
    meter = "DDATA/b-1/power", payload(5, {"alias": 5, "double_value": 2.0, "seq": 1})
    assert host.hear(data(4), meter) == ([("b-1/power/1", 1, 2.0)], ["birth"])


@pytest.mark.parametrize(
    ("topic", "message", "kind"),
    [
        ("NDATA/b-1/x", payload(2), "topic"),
        ("DDATA/b-1/co2", b"\xff", "payload"),
        ("DDATA/b-1/co2", payload(2, {"alias": 1, "double_value": float("nan")}), "range"),
        ("DDATA/b-1/co2", payload(2, {"alias": 1, "double_value": 1.0, "timestamp": 2**62, "seq": 1}), "range"),
        ("NDATA/b-1", b"\x00" * ((1 << 20) + 1), "size"),
    ],
)
def test_what_is_malformed_is_counted(topic: str, message: Any, kind: str) -> None:
    """And a node's other messages go on."""
    host = Host()
    host.hear(*birth())
    assert host.hear((topic, message)) == ([], [kind])
    assert host.hear((*data(2),))[0] == [("b-1/co2/7", 3, 510.0)]


def test_commands_are_not_for_us() -> None:
    """One filter hears everything of the group, our own commands too."""
    assert Host().hear(("NCMD/b-1", b"x"), ("DCMD/b-1/co2", b"x")) == ([], [])
