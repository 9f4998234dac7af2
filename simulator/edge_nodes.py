"""Sparkplug's edge nodes over links to the broker: will, birth, rebirth and goodbye. A thin shell over the encoder."""

from __future__ import annotations

from collections.abc import Callable

from mqtt5 import PublishPacket, QoS, Will

from simulator.encoding_sparkplug import SparkplugEncoder
from wire.mqtt import LinkOptions, MqttLink, Subscription
from wire.payloads.sparkplug import asks_for_rebirth


class EdgeNodes:
    """One edge node a link; the number of a building is that of its link."""

    def __init__(self, encoder: SparkplugEncoder) -> None:
        self._encoder = encoder
        self._links: dict[int, MqttLink] = {}

    def link(self, number: int, options: LinkOptions, make: Callable[..., MqttLink]) -> MqttLink:
        """Make the link of a node, not started yet; the will among the options becomes the node's."""

        def state_changed(connected: bool) -> None:
            if connected:
                self._encoder.bear(number)
            else:  # the broker publishes the will it was given; the next connection has a will and births of its own
                self._encoder.next_life(number)
                self._links[number].will = self._will(number)

        def commanded(messages: list[PublishPacket]) -> None:
            if any(asks_for_rebirth(message.payload or b"") for message in messages):
                self._encoder.bear(number)

        options["will"] = self._will(number)
        options["subscriptions"] = [Subscription(self._encoder.topic("NCMD", number), qos=1)]
        options["on_state"], options["on_messages"] = state_changed, commanded
        self._links[number] = make(**options)
        return self._links[number]

    def goodbye(self) -> None:
        """Say that the nodes die: a broker publishes no will of who disconnects by itself."""
        for number, link in self._links.items():
            if link.connected:
                link.publish(self._encoder.topic("NDEATH", number), self._encoder.death(number), qos=1)

    def _will(self, number: int) -> Will:
        death = self._encoder.death(number)
        return Will(self._encoder.topic("NDEATH", number), payload=death, qos=QoS.AT_LEAST_ONCE)
