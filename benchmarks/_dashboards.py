"""Dashboard servers that are not ours, as real processes fed over MQTT: one for each target that a swarm can have."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from scenarios.children import Child, stop_all
from wire.broker import EmbeddedBroker, listening
from wire.errors import UnusableError
from wire.ports import free_port

SECRET = "a-secret-that-is-long-enough-for-SHA-256"  # noqa: S105 - of servers on loopback
PEERS = Path(__file__).parent / "peers"
_START_S, _STOP_S = 60.0, 5.0

_MOSQUITTO = """\
listener {port} 127.0.0.1
protocol websockets
listener {mqtt_port} 127.0.0.1
allow_anonymous {anonymous}
"""


@dataclass(frozen=True)
class Dashboard:
    """A server that accepts clients.

    Attributes:
        url: for --host.
        target: for --target.
        broker: where its readings are published.
    """

    url: str
    target: str
    broker: str


Start = Callable[[], AbstractContextManager[Dashboard]]


@contextlib.contextmanager
def _child(role: str, command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """A process that listens on `port` for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {"SENSORSWARM_JWT_SECRET": SECRET, **environment}
        child = Child.start(role, command, log=Path(directory) / "log", environment=environment)
        try:
            deadline_s = time.monotonic() + _START_S
            while not listening("127.0.0.1", port):
                if child.exit_code is not None or time.monotonic() > deadline_s:
                    raise UnusableError(f"{role} does not listen on port {port}: {child.last_words()}")
                time.sleep(0.05)
            yield
        finally:
            stop_all([child], patience_s=_STOP_S)


def _fed(target: str, *command: str) -> Start:
    """A server with an embedded broker before it; {port} in its command is where it listens, {broker} the broker."""

    @contextlib.contextmanager
    def start() -> Iterator[Dashboard]:
        port = free_port()
        with EmbeddedBroker(port=0) as broker:
            words = [sys.executable, "-m", *(word.format(port=port, broker=broker.url) for word in command)]
            with _child(command[0], words, port, {"BROKER_PORT": str(broker.port)}):
                yield Dashboard(f"ws://127.0.0.1:{port}", target, broker.url)

    return start


def _described(name: str) -> str:
    return str(PEERS / f"{name}.toml")


def mosquitto_binary() -> str | None:
    """Where mosquitto is, None where it is not installed."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def mosquitto(*, anonymous: bool = True) -> Iterator[Dashboard]:
    """mosquitto, whose WebSocket listener is the server; it knows no users.

    Raises:
        UnusableError: it is not installed.
    """
    binary = mosquitto_binary()
    if binary is None:
        raise UnusableError("mosquitto is not installed: apt-get install mosquitto")
    port, mqtt_port = free_port(), free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(_MOSQUITTO.format(port=port, mqtt_port=mqtt_port, anonymous=str(anonymous).lower()))
        file.flush()
        with _child("mosquitto", [binary, "-c", file.name], port, {}):
            yield Dashboard(f"ws://127.0.0.1:{port}", _described("mqtt-ws"), f"mqtt://127.0.0.1:{mqtt_port}")


_UVICORN = ("uvicorn", "--port", "{port}", "--log-level", "warning")
_HTTP = ("benchmarks.peers.http_dashboard", "{port}")
DASHBOARDS: dict[str, Start] = {
    "sensorswarm": _fed("sensorswarm", "reference_server", "--broker", "{broker}", "--port", "{port}"),
    "socketio": _fed(_described("socketio"), *_UVICORN, "benchmarks.peers.socketio_dashboard:app"),
    "mqtt-ws": mosquitto,
    "sse": _fed(_described("sse"), *_HTTP),
    "long-poll": _fed(_described("long-poll"), *_HTTP),
}
"""By the name of its target."""
