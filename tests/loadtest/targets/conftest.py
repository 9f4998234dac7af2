"""Real servers of every kind that a target is for, and clients of them in this process."""

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import gevent
import paho.mqtt.publish
import pytest
from websockets.uri import parse_uri

from benchmarks._dashboards import DASHBOARDS, SECRET, Dashboard, mosquitto_binary
from loadtest.client import Client
from loadtest.desk import Desk
from loadtest.roster import Manager
from loadtest.targets import Target
from loadtest.targets.find import find_target
from wire.backoff import Backoff
from wire.reading import sensor_id

SENSORS = 3  # of a building


@dataclass
class Visitors:
    """Clients of one dashboard, and what is published to it."""

    dashboard: Dashboard
    patience: Callable[[float], float]
    secret: str = SECRET
    clients: list[Client] = field(default_factory=list)
    published: int = 0  # of each sensor

    def __post_init__(self) -> None:
        self.target: Target = find_target(self.dashboard.target)
        self.desk = Desk(
            uri=parse_uri(self.dashboard.url.replace("http", "ws", 1)),
            secret=self.secret,
            stamped=True,
            backoff=Backoff((0.05,), "none"),
            rng=random.Random(0),
            records_wanted=True,
            path_given=False,
        )
        self._staying: list[gevent.Greenlet] = []

    def come(self, *buildings: str) -> Client:
        """One more client, that is live or has given up."""
        manager = Manager(f"m-{len(self.clients):04d}", buildings)
        client = Client(f"c-{len(self.clients)}", manager, self.target, self.desk)
        self.clients.append(client)
        self._staying.append(gevent.spawn(client.stay))
        self.until(lambda: client.ever_live or client.given_up)
        return client

    def until(self, enough: Callable[[], object]) -> None:
        with gevent.Timeout(self.patience(20)):
            while not enough():
                gevent.sleep(0.01)

    def raise_alerts(self, building: str) -> None:
        """An alert of every sensor, where the broker is the server."""
        for number in range(SENSORS):
            sensor = sensor_id(building, "temperature", f"{number:04d}")
            alert = {"id": f"{sensor}:x", "sensor": sensor, "ts": time.time(), "kind": "high"}
            self.send((f"alerts/{building}", json.dumps(alert), 1, False))

    def publish(self, *buildings: str, times: int = 1, value: float = 21.0) -> None:
        """So many readings of every sensor of these buildings; above 26 each is an alert."""
        messages = []
        for seq in range(self.published, self.published + times):
            for building in buildings:
                for number in range(SENSORS):
                    sensor = sensor_id(building, "temperature", f"{number:04d}")
                    reading = {"sensor": sensor, "ts": time.time(), "seq": seq, "value": value, "unit": "Cel"}
                    messages.append((f"buildings/{sensor}", json.dumps(reading), 1, False))
        self.published += times
        self.send(*messages)

    def publish_on(self, building: str) -> None:
        """A reading of every sensor, again and again, until killed."""
        while True:
            self.publish(building)
            gevent.sleep(0.1)

    def send(self, *messages: tuple) -> None:
        """Messages of topic, payload, QoS and retain, by an MQTT client of somebody else's, in a thread."""
        broker = urlsplit(self.dashboard.broker)
        pool = gevent.get_hub().threadpool
        pool.spawn(paho.mqtt.publish.multiple, messages, hostname=broker.hostname, port=broker.port).get()

    def leave(self) -> None:
        gevent.killall(self._staying)
        for client in self.clients:
            client.stop()


@pytest.fixture(scope="session")
def dashboard() -> Iterator[Callable[[str], Dashboard]]:
    """Real servers by the name of their target, each started when it is first asked for."""
    running: dict[str, Dashboard] = {}
    with contextlib.ExitStack() as stack:

        def start(name: str) -> Dashboard:
            if name == "mqtt-ws" and mosquitto_binary() is None:
                pytest.skip("mosquitto is not installed")
            if name not in running:
                running[name] = stack.enter_context(DASHBOARDS[name]())
            return running[name]

        yield start


@pytest.fixture
def visiting(patience) -> Callable[..., AbstractContextManager[Visitors]]:
    """Visit a dashboard."""

    @contextlib.contextmanager
    def visit(there: Dashboard, **more) -> Iterator[Visitors]:
        visitors = Visitors(there, patience, **more)
        try:
            yield visitors
        finally:
            visitors.leave()

    return visit
