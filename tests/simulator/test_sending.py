"""Sending: one write per link, and every reading is either sent, shed or held."""

import numpy as np
import pytest

from simulator.encoding import Encoder
from simulator.ledger import Ledger
from simulator.sending import AtLeastOnce, AtMostOnce
from simulator.transport_faults import Departures
from wire.mqtt.session import Decoder
from wire.payloads.json import decode
from wire.topics import TopicTemplate


class FakeLink:
    """Takes what it is told to take."""

    def __init__(self, *, room: int = 10**9, pending_bytes: int = 0, up: bool = True) -> None:
        self.room, self.pending_bytes, self.up = room, pending_bytes, up
        self.writes: list[bytes] = []
        self.messages: list[bytes] = []

    @property
    def connected(self) -> bool:
        return self.up

    def write(self, packets: bytes, count: int) -> bool:
        assert packets
        assert count or b"birth" in packets
        if self.up:
            self.writes.append(packets)
        return self.up

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> bool:
        assert (qos, retain) == (1, False)
        assert topic
        if len(self.messages) >= self.room:
            return False
        self.messages.append(payload)
        return True


def _columns(rows, copies=()):
    """Rows are (sensor, seq, link); `copies` are the places of those that are no originals."""
    sensor, seq, link = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    copy = np.isin(np.arange(len(rows)), copies)
    return Departures(sensor, seq * 1000, seq * 1000, seq * 1000, seq, seq * 1.0, copy), link


def _numbers(link):
    """Sensor and number of all that a link was given."""
    readings = [decode(bytes(packet.payload)) for packet in Decoder().feed(b"".join(link.writes))]
    return [(reading.sensor, reading.seq) for reading in readings]


ROWS = [(0, 1, 0), (1, 1, 0), (0, 2, 0), (2, 1, 1)]


@pytest.fixture
def at_hand(roster, hand_made):
    """An encoder and a ledger of `roster`."""
    return Encoder(roster, TopicTemplate()), Ledger(hand_made([(0, 0, 0)]), 10**18)


def test_qos_0_writes_once_per_link(at_hand):
    """All readings of a link leave in one write, in order, and count as sent with the lateness of the write."""
    encoder, ledger = at_hand
    links = [FakeLink(), FakeLink()]
    AtMostOnce(links, encoder, ledger).send(*_columns(ROWS))
    assert [len(link.writes) for link in links] == [1, 1]
    readings = [decode(bytes(packet.payload)) for packet in Decoder().feed(links[0].writes[0])]
    assert [(reading.sensor, reading.seq) for reading in readings] == [
        ("a/temperature/1", 1),
        ("a/co2/2", 1),
        ("a/temperature/1", 2),
    ]
    assert (ledger.sent, ledger.shed) == (4, 0)
    assert ledger.lateness.max_ns > 0


def test_qos_0_sheds_for_a_link_that_is_down(at_hand):
    """The readings of that link are counted as shed at once, those of the other are sent."""
    encoder, ledger = at_hand
    links = [FakeLink(up=False), FakeLink()]
    sender = AtMostOnce(links, encoder, ledger)
    sender.send(*_columns(ROWS))
    assert (ledger.sent, ledger.shed, sender.held) == (1, 3, 0)
    assert links[0].writes == []


def test_what_an_encoder_announces_leaves_in_its_place(at_hand, monkeypatch):
    """Behind what waits for its link and before what comes later; it is no reading, and nobody waits for it."""
    encoder, ledger = at_hand
    links = [FakeLink(pending_bytes=1 << 30), FakeLink()]
    sender = AtMostOnce(links, encoder, ledger)
    sender.send(*_columns(ROWS))
    births = [(0, b"birth of 0"), (1, b"birth of 1")]
    monkeypatch.setattr(encoder, "announcements", lambda: [births.pop()] if births else ())
    sender.retry()
    sender.retry()
    assert (links[0].writes, links[1].writes[1:]) == ([], [b"birth of 1"])
    assert (sender.held, sender.oldest_ns()) == (3, {0: 1000})
    links[0].pending_bytes = 0
    sender.retry()
    sender.send(*_columns([(0, 3, 0)]))
    assert [b"birth" in data for data in links[0].writes] == [False, True, False]
    assert (ledger.sent, ledger.shed, sender.held) == (5, 0, 0)


def test_qos_0_holds_what_a_full_link_does_not_take_and_sends_it_in_order(at_hand):
    """What waits is neither sent nor shed, says since when it is due, and leaves before what comes after it."""
    encoder, ledger = at_hand
    links = [FakeLink(pending_bytes=1 << 30), FakeLink()]
    sender = AtMostOnce(links, encoder, ledger)
    sender.send(*_columns(ROWS))
    assert (ledger.sent, ledger.shed, sender.held, sender.blocked) == (1, 0, 3, False)
    assert sender.oldest_ns() == {0: 1000}
    links[0].pending_bytes = 0
    sender.send(*_columns([(0, 3, 0)]))
    assert links[0].writes == []
    sender.retry()
    assert _numbers(links[0]) == [
        ("a/temperature/1", 1),
        ("a/co2/2", 1),
        ("a/temperature/1", 2),
        ("a/temperature/1", 3),
    ]
    assert (ledger.sent, ledger.shed, sender.held, sender.oldest_ns()) == (5, 0, 0, {})


def test_qos_0_sheds_the_oldest_when_the_queue_is_full(at_hand):
    """Memory is bounded: what has waited longest goes, is counted, and what is left is the newest in a row."""
    encoder, ledger = at_hand
    link = FakeLink(pending_bytes=1 << 30)
    sender = AtMostOnce([link], encoder, ledger)
    sender._most_queued = 20_000
    most = 0
    for seq in range(200):
        sender.send(*_columns([(0, seq, 0), (1, seq, 0)]))
        most = max(most, sender._queues[0].bytes)
    assert most <= 21_000
    assert ledger.shed > 300
    assert ledger.shed + sender.held == 400
    link.pending_bytes = 0
    sender.retry()
    first = ledger.shed // 2
    assert _numbers(link) == [(name, seq) for seq in range(first, 200) for name in ("a/temperature/1", "a/co2/2")]
    assert ledger.sent == 400 - ledger.shed


def test_qos_0_sheds_what_waits_when_the_connection_breaks_or_the_load_ends(at_hand):
    """Nothing that waits is forgotten: it is counted as shed."""
    encoder, ledger = at_hand
    links = [FakeLink(pending_bytes=1 << 30), FakeLink(pending_bytes=1 << 30)]
    sender = AtMostOnce(links, encoder, ledger)
    sender.send(*_columns(ROWS))
    links[0].up = False
    sender.retry()
    assert (ledger.shed, sender.held) == (3, 1)
    sender.give_up()
    assert (ledger.sent, ledger.shed, sender.held) == (0, 4, 0)


@pytest.mark.parametrize("kind", [AtMostOnce, AtLeastOnce])
def test_copies_are_sent_and_counted_apart(at_hand, kind):
    """A copy leaves like any reading; it is neither meant nor late."""
    encoder, ledger = at_hand
    links = [FakeLink(), FakeLink()]
    kind(links, encoder, ledger).send(*_columns([(0, 1, 0), (0, 1, 0), (2, 1, 1)], copies=[1]))
    assert (ledger.sent, ledger.copies) == (2, 1)
    assert len(links[0].messages) + len(_numbers(links[0])) == 2


def test_qos_1_holds_in_order_what_a_link_does_not_take(at_hand):
    """Nothing is shed while the load goes on: what is held goes out later, in order, and only then counts as sent."""
    encoder, ledger = at_hand
    links = [FakeLink(room=1), FakeLink()]
    sender = AtLeastOnce(links, encoder, ledger)
    sender.send(*_columns(ROWS))
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
