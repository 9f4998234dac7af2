"""SenML packs, resolved by the rules of RFC 8428 written out a second time."""

import json
from typing import Any

import numpy as np
import pytest

from simulator.encoding_senml import MOST_READINGS, SenmlPackEncoder, check_names
from simulator.source import Alike, Roster, Sensor
from wire.mqtt.session import Decoder
from wire.payloads.senml import SenmlNameError
from wire.topics import TopicTemplate

MOUNTED = [Sensor("", "temperature", "1", "Cel", 2), Sensor("", "co2", "2", "ppm", 0)]
ROSTER = Roster(Alike(["b-1", "b-2"], MOUNTED))
T = 1_763_856_000


def resolved(payload: bytes) -> list[tuple[str, float, int, float, str]]:
    base: dict[str, Any] = {"bn": "", "bt": 0}
    rows = []
    for record in json.loads(payload):
        base |= {key: record[key] for key in ("bn", "bt") if key in record}
        ts = base["bt"] + record.get("t", 0)
        rows.append((base["bn"] + record["n"], round(ts, 6), record["seq"], record["v"], record["u"]))
    return rows


def test_what_a_building_says_at_once_is_one_message() -> None:
    """A pack a building, its name and time said once, in the order of the readings."""
    columns = ([2, 0, 1, 3, 0], [T, T, T, T, T + 0.25], [5, 6, 7, 8, 9], [1.25, -3.5, 600.0, 601.4, 21.119])
    sensor, ts, seq, value = map(np.array, columns)
    packets = SenmlPackEncoder(ROSTER, TopicTemplate()).packets(sensor, np.rint(ts * 1e9).astype(np.int64), seq, value)
    one, two = Decoder().feed(packets.data)
    assert (one.topic, two.topic) == ("buildings/b-1/senml/pack", "buildings/b-2/senml/pack")
    assert resolved(bytes(one.payload)) == [
        ("b-1/temperature/1", T, 6, -3.5, "Cel"),
        ("b-1/co2/2", T, 7, 600, "ppm"),
        ("b-1/temperature/1", T + 0.25, 9, 21.12, "Cel"),
    ]
    assert resolved(bytes(two.payload)) == [("b-2/temperature/1", T, 5, 1.25, "Cel"), ("b-2/co2/2", T, 8, 601, "ppm")]
    assert bytes(one.payload).count(b"b-1") == 1
    assert packets.part(0, 5) == packets.data


def test_buildings_can_be_cut_apart_and_a_large_one_has_several_packs() -> None:
    """Each building's part is whole packets with all of its readings, at most a hundred in one."""
    sensor = np.array([0] * 250 + [2])
    seq = np.arange(251)
    packets = SenmlPackEncoder(ROSTER, TopicTemplate()).packets(sensor, np.full(251, T * 10**9), seq, np.zeros(251))
    first, second = (Decoder().feed(packets.part(*part)) for part in ((0, 250), (250, 251)))
    sizes = [len(json.loads(bytes(packet.payload))) for packet in first]
    assert sizes == [MOST_READINGS, MOST_READINGS, 50]
    assert [row[2] for packet in first for row in resolved(bytes(packet.payload))] == seq[:250].tolist()
    assert [row[0] for row in resolved(bytes(second[0].payload))] == ["b-2/temperature/1"]


@pytest.mark.parametrize("roster", [Roster([Sensor("a b", "co2", "1", "ppm", 0)]), Roster(Alike(["b", "ä"], MOUNTED))])
def test_a_name_that_senml_cannot_say_is_refused(roster: Roster) -> None:
    """Before anything is sent, in one line with the remedy."""
    with pytest.raises(SenmlNameError, match="use --payload json"):
        check_names(roster)
