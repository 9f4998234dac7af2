"""One `simulate` from settings to summary: check, find or start a broker, connect, publish, say how it went."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from mqtt5 import Will
from rich.console import Console

from simulator.accelerated import Accelerated
from simulator.clock_server import clock_served
from simulator.control import TOPIC, Control
from simulator.control_link import hearing
from simulator.edge_nodes import EdgeNodes
from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.fleet import Fleet
from simulator.home_assistant import home_assistant
from simulator.links import close_links, most_in_flight, open_links
from simulator.metadata import MOST_SENSORS, metadata
from simulator.order import FleetOrder
from simulator.packets import Encoding
from simulator.payloads import Payload
from simulator.publisher import Outcome, Publisher
from simulator.ranges import check_ranges
from simulator.recorder import Recorder
from simulator.recording import Columns, read_recording
from simulator.replay import Replay
from simulator.shard import WHOLE, Shard
from simulator.source import Roster, Source
from simulator.status import StatusLine, say, summary
from simulator.watermarking import Watermarking
from simulator.wiring import Connections
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.fleet import SPEEDS
from wire.mqtt import (
    BrokerAddress,
    LinkOptions,
    MqttLink,
    UserProperties,
    Version,
    carried_by,
    client_tls,
    make_link,
    readings_per_s,
)
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

LOCAL_HOST, LOCAL_PORT = "127.0.0.1", 1883
_LONGEST_S = 1e9  # 30 years: beyond, nanoseconds no longer fit
_LEAST_INTERVAL_S = 1e-3
# A broker that was killed has forgotten who subscribed, and takes what nobody is there to hear. What waits above QoS 0
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
    broker_cert: Path | None = None  # ours, for a broker that asks for one
    broker_key: Path | None = None
    mqtt_version: Version = "5"
    connections: Connections = Connections.auto
    qos: int = 0
    retain: bool = False
    will: Will | None = None  # of each connection
    user_properties: UserProperties = ()  # of each connection and message
    topic: str = DEFAULT_TEMPLATE
    payload: Payload = field(default_factory=Payload)
    watermark: bool = False  # in every value whose resolution is known
    duration_s: float | None = None
    run_dir: Path | None = None
    shard: str | None = None  # i/n
    control_topic: str = TOPIC  # where anomalies are asked for; empty: nowhere
    clock_port: int | None = None  # where this machine's clock is served; None: nowhere
    metadata: bool | None = None  # None: unless there are very many sensors
    home_assistant: bool = False  # whether it is told of the sensors

    def check(self) -> None:
        """Look at the numbers.

        Raises:
            SensorSwarmError: one is out of range.
        """
        self.check_fleet()
        check_ranges(
            ("--interval", self.interval_s, _LEAST_INTERVAL_S, _LONGEST_S),
            ("--duration", self.duration_s, 0.0, _LONGEST_S),
            ("--qos", self.qos, 0, 2),
            ("--speed", self.speed, *SPEEDS),
            ("--from", self.from_s, -_LONGEST_S, _LONGEST_S),
            ("--to", self.to_s, -_LONGEST_S, _LONGEST_S),
        )
        if self.home_assistant and self.payload.kind != "json":
            raise SensorSwarmError("--home-assistant tells of JSON readings; leave out --payload, or it")
        if self.watermark and self.payload.by_building:
            raise SensorSwarmError("--watermark is not for --payload sparkplug; leave one of them out")
        self.payload.check(
            qos=self.qos,
            connections=self.connections,
            topic=self.topic,
            marked=self.retain or bool(self.user_properties),
            will=self.will is not None,
        )

    def encoder(self, roster: Roster) -> Encoding:
        """Make the encoder of what is published.

        Raises:
            SensorSwarmError: a name cannot stand in the topic or in the payload.
        """
        make = partial(self.payload.encoder, topics=TopicTemplate(self.topic))
        return Watermarking(roster, make) if self.watermark else make(roster)

    def source(self) -> Source:
        """Make the fleet, or read the recording.

        Raises:
            SensorSwarmError: the list of anomalies or the recording cannot be used.
        """
        if self.replay is not None:
            recording = read_recording(self.replay, self.columns)
            return Replay(recording, from_s=self.from_s, to_s=self.to_s, speed=self.speed)
        fleet = self.make(WHOLE if self.shard is None else Shard.parse(self.shard), together=self.payload.packed)
        return fleet if self.speed == 1 else Accelerated(fleet, self.speed)

    def beforehand(self, source: Source) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of what is published retained before the load: what is known of the sensors.

        Raises:
            SensorSwarmError: it is too much.
        """
        few = len(source.roster.sensors) <= MOST_SENSORS
        return chain(
            metadata(source.roster) if (few if self.metadata is None else self.metadata) else (),
            home_assistant(source.roster, TopicTemplate(self.topic)) if self.home_assistant else (),
        )

    def tls(self, address: BrokerAddress) -> ssl.SSLContext | None:
        """TLS settings of the links."""
        return client_tls(address, ca_file=self.broker_ca, cert_file=self.broker_cert, key_file=self.broker_key)


def simulate(settings: Settings, console: Console) -> None:
    """Publish until the end, Ctrl-C or SIGTERM, and print a summary. Nothing is published unless all input is sound.

    Raises:
        SensorSwarmError: something the user can mend; UnusableError when the run directory went away under the load.
    """
    settings.check()
    source = settings.source()
    encoder = settings.encoder(source.roster)
    beforehand = settings.beforehand(source)
    with broker_for(settings.broker, console) as address:
        outcome = _run(_serve_and_publish(settings, source, encoder, beforehand, address, console))
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
    settings: Settings,
    source: Source,
    encoder: Encoding,
    beforehand: Iterator[tuple[str, bytes]],
    address: BrokerAddress,
    console: Console,
) -> Outcome | None:
    async with clock_served(settings.clock_port):
        return await _publish(settings, source, encoder, beforehand, address, console)


async def _publish(
    settings: Settings,
    source: Source,
    encoder: Encoding,
    beforehand: Iterator[tuple[str, bytes]],
    address: BrokerAddress,
    console: Console,
) -> Outcome | None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    rate_per_s = len(source.roster.sensors) / source.interval_s
    wanted = Connections.building if settings.payload.by_building else settings.connections
    count = wanted.for_roster(source.roster, rate_per_s)
    tls = settings.tls(address)
    nodes = EdgeNodes(encoder) if isinstance(encoder, SparkplugEncoder) else None

    def make(number: int) -> MqttLink:
        options: LinkOptions = {
            "tls": tls,
            "user_properties": settings.user_properties,
            "max_in_flight": most_in_flight(count),
            "settle_s": _SETTLE_S if settings.qos else 0.0,
            "will": settings.will,
        }
        wanted = partial(make_link, address, version=settings.mqtt_version, qos=settings.qos)
        return wanted(**options) if nodes is None else nodes.link(number, options, wanted)

    _say_carrier(settings, address, rate_per_s, console)
    begun_s = time.monotonic()
    links = await _unless(stop, open_links(make, count))
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
                retain=settings.retain,
                user_properties=settings.user_properties,
                seed=settings.seed,
                duration_s=settings.duration_s,
                start_multiple_s=None if settings.shard is None else source.interval_s,
                on_status=status.show,
            )
            for topic, payload in beforehand:
                links[0].publish(topic, payload, retain=True)
            _say_what(source, links, time.monotonic() - begun_s, console)
            async with _heard(settings, source, address):
                return await publisher.run(stop)
    finally:
        if nodes is not None:
            nodes.goodbye()
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


def _say_carrier(settings: Settings, address: BrokerAddress, rate_per_s: float, console: Console) -> None:
    version, qos = settings.mqtt_version, settings.qos
    say(console, f"link       {carried_by(address, version=version, qos=qos)}")
    if rate_per_s > readings_per_s(address, version=version, qos=qos):
        say(console, f"           {rate_per_s:,.0f} readings/s are asked for: they may be late")


def _say_what(source: Source, links: list[MqttLink], took_s: float, console: Console) -> None:
    roster = source.roster
    say(
        console,
        f"publishing {len(roster.sensors):,} sensors in {len(roster.buildings):,} buildings every "
        f"{source.interval_s:g} s ({source.name}) over {len(links):,} connections, made in {took_s:.1f} s; "
        "Ctrl-C ends it",
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
