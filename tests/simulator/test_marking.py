"""Readings with marks of MQTT: the same readings, and the marks on every packet."""

import numpy as np

from simulator.encoding import Encoder
from simulator.marking import Marking
from wire.mqtt.session import Decoder
from wire.topics import TopicTemplate

COLUMNS = np.array([0, 2, 1]), np.full(3, 1_763_856_000_123_456_000), np.array([0, 7, 12]), np.array([20.5, -3.25, 400])


def test_marks_are_on_every_packet_and_nothing_else_changes(roster):
    """Topic and payload stay; each packet asks to be kept and has the properties, and can be cut out alone."""
    encoder = Encoder(roster, TopicTemplate())
    plain = Decoder().feed(encoder.packets(*COLUMNS).data)
    packets = Marking(encoder, retain=True, user_properties=[("site", "north"), ("", "x" * 300)]).packets(*COLUMNS)
    marked = Decoder().feed(packets.data)
    assert [(one.topic, one.payload) for one in marked] == [(one.topic, one.payload) for one in plain]
    assert all(one.retain and one.user_properties == [("site", "north"), ("", "x" * 300)] for one in marked)
    assert [Decoder().feed(packets.part(number, number + 1)) != [] for number in range(3)] == [True] * 3
    assert packets.part(0, 3) == packets.data
