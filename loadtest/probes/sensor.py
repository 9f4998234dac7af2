"""A sensor and a client of the process's own: published and received on one machine, so free of any clock's error.

The sensor stands in a building that nobody else may see, so that its readings are in nobody's books. What its client
receives is the row `probe`, and nothing else.
"""

from __future__ import annotations

import dataclasses
import logging
from array import array

import gevent
import orjson

from loadtest.alerts import AlertRegister
from loadtest.client import Client
from loadtest.desk import PROBE, READING, Desk
from loadtest.ledger import Catalogue
from loadtest.probes.link import ProbeAddress, ProbeLink
from loadtest.roster import Manager
from loadtest.states import State
from loadtest.targets import Target
from loadtest.unknown import Unknown
from wire.clock import now
from wire.topics import DEFAULT_TEMPLATE

EVERY_S = 1.0

_log = logging.getLogger(__name__)


class Probe:
    """Probes until `stop`.

    Args:
        address: of the broker.
        building: of the sensor; another one for each process.
        target: the server's kind.
        desk: of the process: its latencies go there.
    """

    def __init__(self, address: ProbeAddress, building: str, target: Target, desk: Desk) -> None:
        self._address = address
        self._building = building
        self._sensor = f"{building}/temperature/0001"
        self._topic = DEFAULT_TEMPLATE.format(building=building, quantity="temperature", sensor="0001")
        self._sent = 0
        aside = dataclasses.replace(
            desk,
            keepalive=None,
            records_wanted=False,
            catalogue=Catalogue(),
            register=AlertRegister(),
            unknown=Unknown(),
            latencies_s={row: desk.latencies_s[PROBE] if row == READING else array("d") for row in desk.latencies_s},
            failures=[],
            records=[],
        )
        self._client = Client(building, Manager(building, (building,)), target, aside)
        self._greenlets = [gevent.spawn(self._client.stay), gevent.spawn(self._publish)]

    def _publish(self) -> None:
        link: ProbeLink | None = None
        try:
            while True:
                gevent.sleep(EVERY_S)
                if self._client.state is not State.LIVE:
                    continue  # nobody would hear it
                try:
                    link = link or ProbeLink(self._address)
                    link.publish(self._topic, self._reading())
                    self._sent += 1
                except OSError as error:
                    where = f"{self._address.host}:{self._address.port}"
                    _log.warning("the probe cannot publish to %s: %s", where, error)
                    if link:
                        link.close()
                    link = None
        finally:
            if link:
                link.close()

    def _reading(self) -> bytes:
        value = 20.0 + self._sent % 10 / 10  # a sensor that is neither stuck nor alarming
        return orjson.dumps({"sensor": self._sensor, "ts": now(), "seq": self._sent, "value": value, "unit": "Cel"})

    def stop(self) -> None:
        """End, and say so when nothing ever came back."""
        gevent.killall(self._greenlets)
        self._client.stop()
        if not self._client.books.received:
            why = self._client.given_up or f"{self._sent} readings were published"
            _log.warning("no reading of the probe came back: its client sees building %s; %s", self._building, why)
