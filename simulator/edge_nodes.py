"""Sparkplug's edge nodes over links to the broker: will, birth, rebirth and goodbye. A thin shell over the encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqtt5 import PublishPacket, QoS, Will

from simulator.encoding_sparkplug import SparkplugEncoder
from wire.mqtt import Link, Subscription
from wire.payloads.sparkplug import asks_for_rebirth


class EdgeNodes:
    """One edge node a link; the number of a building is that of its link."""

    def __init__(self, encoder: SparkplugEncoder) -> None:
        self._encoder = encoder
        self._links: list[Link] = []

    def link(self, make: Callable[..., Link]) -> Link:
        """Make the link of the next node, not started yet; `make` takes the keywords of `Link` that we do not use."""
        number = len(self._links)

        def state_changed(connected: bool) -> None:
            if connected:
                self._encoder.bear(number)
            else:  # the broker publishes the will it was given; the next connection has a will and births of its own
                self._encoder.next_life(number)
                self._links[number].will = self._will(number)

        def commanded(messages: list[PublishPacket]) -> None:
            if any(asks_for_rebirth(message.payload or b"") for message in messages):
                self._encoder.bear(number)

        options: dict[str, Any] = {
            "will": self._will(number),
            "subscriptions": [Subscription(self._encoder.topic("NCMD", number), qos=1)],
            "on_state": state_changed,
            "on_messages": commanded,
        }
        self._links.append(make(**options))
        return self._links[number]

    def goodbye(self) -> None:
        """Say that the nodes die: a broker publishes no will of who disconnects by itself."""
        for number, link in enumerate(self._links):
            if link.connected:
                link.publish(self._encoder.topic("NDEATH", number), self._encoder.death(number), qos=1)

    def _will(self, number: int) -> Will:
        death = self._encoder.death(number)
        return Will(self._encoder.topic("NDEATH", number), payload=death, qos=QoS.AT_LEAST_ONCE)
