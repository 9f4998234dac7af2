"""One `simulate` from settings to summary: check, find or start a broker, connect, publish, say how it went."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from rich.console import Console

from simulator.accelerated import Accelerated
from simulator.clock_server import clock_served
from simulator.control import TOPIC, Control
from simulator.control_link import hearing
from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.links import close_links, open_links
from simulator.metadata import MOST_SENSORS, metadata
from simulator.order import FleetOrder
from simulator.publisher import Outcome, Publisher
from simulator.ranges import check_ranges
from simulator.recorder import Recorder
from simulator.recording import Columns, read_recording
from simulator.replay import Replay
from simulator.shard import WHOLE, Shard
from simulator.source import Source
from simulator.status import StatusLine, say, summary
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.fleet import SPEEDS
from wire.mqtt import BrokerAddress, Link, tls_context
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

LOCAL_HOST, LOCAL_PORT = "127.0.0.1", 1883
_LONGEST_S = 1e9  # 30 years: beyond, nanoseconds no longer fit
_LEAST_INTERVAL_S = 1e-3
# Of many connections each has little to say at a time, and so nearly every reading is a write of its own.
_MOST_WRITES_PER_S = 20_000
# A broker that was killed has forgotten who subscribed, and takes what nobody is there to hear. What waits at QoS 1
# waits a little longer, so that subscribers are back first; QoS 0 would have to shed what falls due meanwhile.
_SETTLE_S = 1.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(FleetOrder):
    """Everything `simulate` is told."""

    replay: Path | None = None  # a recording instead of the fleet
    from_s: float | None = None
    to_s: float | None = None
    speed: float = 1.0  # simulated or recorded seconds per second
    columns: Columns = field(default_factory=Columns)
    broker: str | None = None
    broker_ca: Path | None = None
    connections: Literal["auto", "building", "one"] = "auto"
    qos: int = 0
    topic: str = DEFAULT_TEMPLATE
    duration_s: float | None = None
    run_dir: Path | None = None
    shard: str | None = None  # i/n
    control_topic: str = TOPIC  # where anomalies are asked for; empty: nowhere
    clock_port: int | None = None  # where this machine's clock is served; None: nowhere
    metadata: bool | None = None  # None: unless there are very many sensors

    def check(self) -> None:
        """Look at the numbers.

        Raises:
            SensorSwarmError: one is out of range.
        """
        self.check_fleet()
        check_ranges(
            ("--interval", self.interval_s, _LEAST_INTERVAL_S, _LONGEST_S),
            ("--duration", self.duration_s, 0.0, _LONGEST_S),
            ("--qos", self.qos, 0, 1),
            ("--speed", self.speed, *SPEEDS),
            ("--from", self.from_s, -_LONGEST_S, _LONGEST_S),
            ("--to", self.to_s, -_LONGEST_S, _LONGEST_S),
        )

    def source(self) -> Source:
        """Make the fleet, or read the recording.

        Raises:
            SensorSwarmError: the list of anomalies or the recording cannot be used.
        """
        if self.replay is not None:
            recording = read_recording(self.replay, self.columns)
            return Replay(recording, from_s=self.from_s, to_s=self.to_s, speed=self.speed)
        fleet = self.make(WHOLE if self.shard is None else Shard.parse(self.shard))
        return fleet if self.speed == 1 else Accelerated(fleet, self.speed)

    def tells_metadata(self, source: Source) -> bool:
        """Whether what is known of the sensors is published."""
        return len(source.roster.sensors) <= MOST_SENSORS if self.metadata is None else self.metadata

    def tls(self, address: BrokerAddress) -> ssl.SSLContext | None:
        """TLS settings of the links."""
        if self.broker_ca is not None and not address.secure:
            raise SensorSwarmError(f"--broker-ca is for TLS, but {address.url} is not; write mqtts://")
        return tls_context(ca_file=self.broker_ca) if address.secure else None


def simulate(settings: Settings, console: Console) -> None:
    """Publish until the end, Ctrl-C or SIGTERM, and print a summary. Nothing is published unless all input is sound.

    Raises:
        SensorSwarmError: something the user can mend; UnusableError when the run directory went away under the load.
    """
    settings.check()
    source = settings.source()
    encoder = Encoder(source.roster, TopicTemplate(settings.topic))
    with broker_for(settings.broker, console) as address:
        outcome = _run(_serve_and_publish(settings, source, encoder, address, console))
    if outcome is None:
        say(console, "stopped before the load began; nothing was published")
    else:
        say(console, summary(outcome.total, outcome.anomalies))


@contextlib.contextmanager
def broker_for(
    url: str | None, console: Console, *, host: str = LOCAL_HOST, port: int = LOCAL_PORT
) -> Iterator[BrokerAddress]:
    """Address of the broker named, of the one that listens on this machine, or of one started for as long as we run.

    Raises:
        SensorSwarmError: the URL is none, or the embedded broker cannot have its ports.
    """
    if url is not None:
        yield BrokerAddress.parse(url)
    elif listening(host, port):
        say(console, f"broker     using the one at mqtt://{host}:{port}")
        yield BrokerAddress(host, port)
    else:
        with EmbeddedBroker(host=host, port=port) as broker:
            say(
                console,
                f"broker     started one at {broker.url} for as long as this runs "
                f"(MQTT 3.1.1 there; MQTT 5 clients use port {port + 1})",
            )
            yield BrokerAddress(host, port)


async def _serve_and_publish(
    settings: Settings, source: Source, encoder: Encoder, address: BrokerAddress, console: Console
) -> Outcome | None:
    async with clock_served(settings.clock_port):
        return await _publish(settings, source, encoder, address, console)


async def _publish(
    settings: Settings, source: Source, encoder: Encoder, address: BrokerAddress, console: Console
) -> Outcome | None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    count = _connections(settings, source)
    settle_s = _SETTLE_S if settings.qos else 0.0
    links = await _unless(stop, open_links(address, count, tls=settings.tls(address), settle_s=settle_s))
    if links is None:
        return None
    try:
        with contextlib.closing(Recorder(settings.run_dir)) as recorder, StatusLine(console) as status:
            publisher = Publisher(
                source,
                links,
                encoder,
                recorder,
                qos=settings.qos,
                seed=settings.seed,
                duration_s=settings.duration_s,
                start_multiple_s=None if settings.shard is None else source.interval_s,
                on_status=status.show,
            )
            if settings.tells_metadata(source):
                for topic, payload in metadata(source.roster):
                    links[0].publish(topic, payload, retain=True)
            _say_what(source, links, console)
            async with _heard(settings, source, address):
                return await publisher.run(stop)
    finally:
        await close_links(links)


@contextlib.asynccontextmanager
async def _heard(settings: Settings, source: Source, address: BrokerAddress) -> AsyncIterator[None]:
    """Hear the control topic meanwhile; a recording has nothing that could be changed."""
    fleet = source.source if isinstance(source, Accelerated) else source
    if not settings.control_topic or not isinstance(fleet, Fleet):
        yield
        return
    control = Control(fleet.whole, fleet.live, seed=settings.seed, interval_s=fleet.interval_s, mine=fleet.layout)
    async with hearing(control, address, topic=settings.control_topic, tls=settings.tls(address)):
        yield


def _connections(settings: Settings, source: Source) -> int:
    """How many connections to the broker."""
    rate_per_s = len(source.roster.sensors) / source.interval_s
    one = settings.connections == "one" or (settings.connections == "auto" and rate_per_s > _MOST_WRITES_PER_S)
    return 1 if one else len(source.roster.buildings)


def _say_what(source: Source, links: list[Link], console: Console) -> None:
    roster = source.roster
    say(
        console,
        f"publishing {len(roster.sensors):,} sensors in {len(roster.buildings):,} buildings every "
        f"{source.interval_s:g} s ({source.name}) over {len(links):,} connections; Ctrl-C ends it",
    )


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Result of `work`, or None when `stop` came first and `work` was cancelled."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None
    finally:
        stopped.cancel()


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - it may be missing, and then asyncio serves
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
