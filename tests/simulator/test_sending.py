"""Sending: one write per link, and every reading is either sent, shed or held."""

import numpy as np
import pytest

from simulator.encoding import Encoder
from simulator.ledger import Ledger
from simulator.sending import AtLeastOnce, AtMostOnce, Columns
from wire.mqtt.session import Decoder
from wire.payloads.json import decode
from wire.topics import TopicTemplate


class FakeLink:
    """Takes what it is told to take."""

    def __init__(self, *, room: int = 10**9, pending_bytes: int = 0, up: bool = True) -> None:
        self.room, self.pending_bytes, self.up = room, pending_bytes, up
        self.writes: list[bytes] = []
        self.messages: list[bytes] = []

    def write(self, packets: bytes, count: int) -> bool:
        assert count
        if self.up:
            self.writes.append(packets)
        return self.up

    def publish(self, topic: str, payload: bytes, *, qos: int) -> bool:
        assert qos == 1
        assert topic
        if len(self.messages) >= self.room:
            return False
        self.messages.append(payload)
        return True


def _columns(rows):
    """Rows are (sensor, seq, link)."""
    sensor, seq, link = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Columns(sensor, seq * 1000, seq, seq * 1.0, link)


ROWS = [(0, 1, 0), (1, 1, 0), (0, 2, 0), (2, 1, 1)]


@pytest.fixture
def at_hand(roster, hand_made):
    """An encoder and a ledger of `roster`."""
    return Encoder(roster, TopicTemplate()), Ledger(hand_made([(0, 0, 0)]), 10**18)


def test_qos_0_writes_once_per_link(at_hand):
    """All readings of a link leave in one write, in order, and count as sent with the lateness of the write."""
    encoder, ledger = at_hand
    links = [FakeLink(), FakeLink()]
    AtMostOnce(links, encoder, ledger).send(_columns(ROWS))
    assert [len(link.writes) for link in links] == [1, 1]
    readings = [decode(bytes(packet.payload)) for packet in Decoder().feed(links[0].writes[0])]
    assert [(reading.sensor, reading.seq) for reading in readings] == [
        ("a/temperature/1", 1),
        ("a/co2/2", 1),
        ("a/temperature/1", 2),
    ]
    assert (ledger.sent, ledger.shed) == (4, 0)
    assert ledger.lateness.max_ns > 0


@pytest.mark.parametrize("broken", [{"up": False}, {"pending_bytes": 1 << 30}])
def test_qos_0_sheds_for_a_link_that_is_down_or_full(at_hand, broken):
    """The readings of that link are counted as shed, those of the other are sent."""
    encoder, ledger = at_hand
    links = [FakeLink(**broken), FakeLink()]
    AtMostOnce(links, encoder, ledger).send(_columns(ROWS))
    assert (ledger.sent, ledger.shed) == (1, 3)
    assert links[0].writes == []


def test_qos_1_holds_in_order_what_a_link_does_not_take(at_hand):
    """Nothing is shed while the load goes on: what is held goes out later, in order, and only then counts as sent."""
    encoder, ledger = at_hand
    links = [FakeLink(room=1), FakeLink()]
    sender = AtLeastOnce(links, encoder, ledger)
    sender.send(_columns(ROWS))
    assert sender.held == 2
    assert ledger.sent == 2
    sender.retry()
    assert sender.held == 2
    links[0].room = 2
    sender.retry()
    assert sender.held == 1
    sender.give_up()
    assert (sender.held, ledger.sent, ledger.shed) == (0, 3, 1)
    assert [(decode(payload).sensor, decode(payload).seq) for payload in links[0].messages] == [
        ("a/temperature/1", 1),
        ("a/co2/2", 1),
    ]
