"""What it costs to send one reading to many: our reference server, websockets.broadcast, python-socketio, Channels.

    us_per_delivery_10   CPU of the server process a delivery (one reading to one client), 1,000 clients, 10 readings of
                         one building a wake-up of the publisher; `_1`: one reading a wake-up. Peers: 10 a wake-up
    us_per_delivery_1_bare, ratio_bare_1  one bare transport.write a client, and ours to that: the floor of this machine
    p99_bare_ms, ratio_bare_p99  the same of the latency at 40,000 deliveries/s
    ratio_channels, ratio_broadcast, ...  theirs to ours, 10 a wake-up, within each repetition
    ingest_per_s         readings a second of its CPU time that the server, saturated over MQTT at QoS 1, decodes,
                         judges, numbers and sends to one client a building
    idle_kib_per_client  growth of the server's memory with 10,000 clients that are subscribed and hear nothing
    p99_ms               from publish to kernel arrival, 1,000 clients of the same 3 buildings, 40 readings/s in all:
                         40,000 deliveries/s; `p99_hard_ms`: 40 readings/s a building, 120,000 deliveries/s
    deliveries_per_s_workers_1, _2  what arrives when more is published than can be delivered, ten readings a wake-up,
                         1,000 clients, `--workers` 1 and 2; `core_share_` and `us_per_delivery_` of all its processes,
                         and `p99_hard_ms_` before that
    ratio_stalled_p99    p99_ms of 80 % of the clients while the other 20 % have stopped reading, to the same while they
                         read

Every contestant is a real process fed over MQTT, its clients are real WebSocket connections: docs/fanout.md.
`--clients` and `--idle-clients` make it smaller.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import psutil

from benchmarks import _fanout_contestants as contestants
from benchmarks._fanout_contestants import BUILDINGS, Start, seeing
from benchmarks._fanout_ingest import measure_ingest
from benchmarks._fanout_processes import Publisher, Sink, cpu_s, settled, sinks
from benchmarks._fanout_sink import Dial, Plan
from benchmarks._harness import Benchmark
from wire.broker import EmbeddedBroker
from wire.errors import SensorSwarmError, UnusableError

AT_ONCE = 10
READINGS_PER_S = 40.0
WAKES_10_PER_S, WAKES_1_PER_S = 20.0, 40.0  # of ours: 200,000 and 40,000 deliveries/s at 1,000 clients
WAKES_TOO_MANY_PER_S = 200.0  # 2,000,000 deliveries/s
TOO_MANY_BEGIN_S = 1.0  # until a queue stands wherever one can
STAMPED_SHARE = 0.05  # of the clients, whose latencies are taken
STALLED_SHARE = 0.2
STALLED_BUFFER_BYTES = 4096
FILL_WAKES_PER_S, FILL_S, FILL_AT_ONCE = 200.0, 2.0, 100  # 6 MB a client: a kernel holds 3 for one that does not read
FILL_SETTLES_S = 3.0  # what the server is behind with, and whom it closes
FIRST_READING_TRIES = 10
# A sink looks at its sockets at intervals, so that it leaves the cores to the server. Stamps are the kernel's, so this
# makes no latency; only what came twice within one interval has the later stamp of the two.
STAMPED_PAUSE_S, PLAIN_PAUSE_S = 0.002, 0.1


@dataclass(frozen=True)
class Sizes:
    """Clients of each contestant, and how many there are where memory is measured."""

    clients: int
    idle_clients: int


@dataclass(frozen=True)
class Stage:
    """A server that runs, and what feeds it.

    Attributes:
        processes: those whose CPU is the server's cost.
        dial: how a client talks to it.
    """

    publisher: Publisher
    processes: tuple[psutil.Process, ...]
    dial: Dial

    def plans(self, clients: int) -> list[Plan]:
        """Two sinks: the last takes stamps, the other is as cheap as can be."""
        stamped = max(1, round(clients * STAMPED_SHARE))
        plain = Plan(self.dial, max(1, clients - stamped), pause_s=PLAIN_PAUSE_S)
        return [plain, replace(plain, clients=stamped, stamped=True, pause_s=STAMPED_PAUSE_S)]


@contextlib.contextmanager
def staged(start: Start) -> Iterator[Stage]:
    """A server with a broker and a publisher of its own, so that nothing is left from the contestant before."""
    with (
        EmbeddedBroker(port=0) as broker,
        contextlib.closing(Publisher(broker.port + 1)) as publisher,
        start(broker) as running,
    ):
        yield Stage(publisher, running.processes, running.dial)


def await_first_reading(publisher: Publisher, started: list[Sink], buildings: int) -> None:
    """Publish until a reading reaches every client: from then on the whole way stands.

    Raises:
        UnusableError: it never does.
    """
    clients = sum(sink.plan.clients for sink in started)
    for _ in range(FIRST_READING_TRIES):
        before = sum(sink.readings for sink in started)
        wanted = before + clients * publisher.publish(buildings=buildings, wakes_per_s=100, seconds=buildings / 100)
        if settled(started, wanted) == wanted:
            return
    raise UnusableError(f"no reading reached all of {clients} clients")


@dataclass(frozen=True)
class Cost:
    """What a load cost a server: CPU of its processes, and of the sinks beside it; shares of one core."""

    us_per_delivery: float
    undelivered_share: float
    core_share: float
    sinks_core_share: float


def cost(stage: Stage, started: list[Sink], *, at_once: int, wakes_per_s: float, seconds: float) -> Cost:
    """Publish readings of one building for `seconds`, and wait for all that comes of it."""
    sinking = [sink.process for sink in started]
    received = sum(sink.readings for sink in started)
    began_s, before_s, sinks_before_s = time.monotonic(), cpu_s(*stage.processes), cpu_s(*sinking)
    published = stage.publisher.publish(at_once=at_once, wakes_per_s=wakes_per_s, seconds=seconds)
    expected = published * sum(sink.plan.clients for sink in started)
    delivered = settled(started, received + expected) - received
    took_s, used_s = time.monotonic() - began_s, cpu_s(*stage.processes) - before_s
    if not delivered:
        raise UnusableError("a server delivered nothing; is it alive?")
    return Cost(
        us_per_delivery=1e6 * used_s / delivered,
        undelivered_share=1 - delivered / expected,
        core_share=used_s / took_s,
        sinks_core_share=(cpu_s(*sinking) - sinks_before_s) / took_s,
    )


def latencies_ms(
    stage: Stage, started: list[Sink], *, readings_per_s: float, seconds: float, buildings: int = BUILDINGS
) -> list[float]:
    """Latencies of single readings, the buildings in turn, as the stamped clients saw them; in milliseconds."""
    started[-1].latencies_s()
    received = sum(sink.readings for sink in started)
    published = stage.publisher.publish(buildings=buildings, wakes_per_s=readings_per_s, seconds=seconds)
    settled(started, received + published * sum(sink.plan.clients for sink in started), quiet_s=1.0)
    latencies_s = started[-1].latencies_s()
    if not latencies_s:
        raise UnusableError("no reading arrived, so there is no latency")
    return [1e3 * latency_s for latency_s in latencies_s]


def p99(samples: list[float]) -> float:
    """The 99th percentile."""
    return float(np.percentile(samples, 99))


def measure_ours(sizes: Sizes, seconds: float) -> dict[str, float]:
    """CPU a delivery with ten readings a wake-up and with one, then p99 at both loads."""
    with staged(contestants.ours) as stage, sinks(*stage.plans(sizes.clients)) as started:
        await_first_reading(stage.publisher, started, BUILDINGS)
        ten = cost(stage, started, at_once=AT_ONCE, wakes_per_s=WAKES_10_PER_S, seconds=seconds)
        one = cost(stage, started, at_once=1, wakes_per_s=WAKES_1_PER_S, seconds=seconds)
        base_ms = latencies_ms(stage, started, readings_per_s=READINGS_PER_S, seconds=seconds)
        hard_ms = latencies_ms(stage, started, readings_per_s=READINGS_PER_S * BUILDINGS, seconds=seconds)
    return {
        "us_per_delivery_10": ten.us_per_delivery,
        "us_per_delivery_1": one.us_per_delivery,
        "undelivered_share": max(ten.undelivered_share, one.undelivered_share),
        "core_share_10": ten.core_share,
        "sinks_core_share_10": ten.sinks_core_share,
        "sinks_core_share_1": one.sinks_core_share,
        "p99_ms": p99(base_ms),
        "p99_hard_ms": p99(hard_ms),
    }


def measure_peer(sizes: Sizes, peer: Peer, seconds: float) -> dict[str, float]:
    """CPU a delivery of a peer, ten readings a wake-up, at a load it can carry."""
    with staged(peer.start) as stage, sinks(Plan(stage.dial, sizes.clients, pause_s=PLAIN_PAUSE_S)) as started:
        await_first_reading(stage.publisher, started, 1)
        told = cost(stage, started, at_once=AT_ONCE, wakes_per_s=peer.wakes_per_s, seconds=seconds)
    return {
        f"us_per_delivery_{peer.name}": told.us_per_delivery,
        f"undelivered_share_{peer.name}": told.undelivered_share,
        f"core_share_{peer.name}": told.core_share,
    }


def measure_bare(sizes: Sizes, seconds: float) -> dict[str, float]:
    """CPU and latency of one bare write to each client, one reading a wake-up: a delivery cannot cost less here."""
    with staged(contestants.bare) as stage, sinks(*stage.plans(sizes.clients)) as started:
        await_first_reading(stage.publisher, started, 1)
        spent = cost(stage, started, at_once=1, wakes_per_s=WAKES_1_PER_S, seconds=seconds)
        bare_ms = latencies_ms(stage, started, readings_per_s=READINGS_PER_S, seconds=seconds, buildings=1)
    return {"us_per_delivery_1_bare": spent.us_per_delivery, "p99_bare_ms": p99(bare_ms)}


def measure_idle(sizes: Sizes, _: float) -> dict[str, float]:
    """Memory of a subscribed client that hears nothing, once the server has warmed up on some others."""
    with staged(contestants.ours) as stage:
        plan = Plan(stage.dial, max(1, sizes.clients // 10))
        with sinks(plan) as few:
            await_first_reading(stage.publisher, few, BUILDINGS)
            before = _rss(stage)
            with sinks(replace(plan, clients=sizes.idle_clients)):
                time.sleep(1.0)  # what the last handshakes leave to do
                grown = _rss(stage) - before
    return {"idle_kib_per_client": grown / sizes.idle_clients / 1024}


def measure_workers(workers: int, sizes: Sizes, seconds: float) -> dict[str, float]:
    """p99 at the harder load, then deliveries a second of a server that is given more than can be delivered."""
    with staged(partial(contestants.ours, workers=workers)) as stage, sinks(*stage.plans(sizes.clients)) as started:
        await_first_reading(stage.publisher, started, BUILDINGS)
        hard_ms = latencies_ms(stage, started, readings_per_s=READINGS_PER_S * BUILDINGS, seconds=seconds)
        too_long_s = TOO_MANY_BEGIN_S + seconds + 1.0
        stage.publisher.begin(at_once=AT_ONCE, wakes_per_s=WAKES_TOO_MANY_PER_S, seconds=too_long_s)
        time.sleep(TOO_MANY_BEGIN_S)
        began_s, before_s = time.monotonic(), cpu_s(*stage.processes)
        received = sum(sink.readings for sink in started)
        time.sleep(seconds)
        took_s, used_s = time.monotonic() - began_s, cpu_s(*stage.processes) - before_s
        delivered = sum(sink.readings for sink in started) - received
        stage.publisher.hear()
    return {
        f"p99_hard_ms_workers_{workers}": p99(hard_ms),
        f"deliveries_per_s_workers_{workers}": delivered / took_s,
        f"core_share_workers_{workers}": used_s / took_s,
        f"us_per_delivery_workers_{workers}": 1e6 * used_s / delivered,
    }


def _rss(stage: Stage) -> int:
    return sum(int(process.memory_info().rss) for process in stage.processes)


def measure_stalled(sizes: Sizes, seconds: float) -> dict[str, float]:
    """p99 of 80 % of the clients, with the others reading and with the others stalled, in turns on one server."""
    others = max(1, round(sizes.clients * STALLED_SHARE))
    reading_ms: list[float] = []
    stalled_ms: list[float] = []
    cut = 0
    with staged(contestants.ours) as stage, sinks(*stage.plans(sizes.clients - others)) as healthy:
        plan = Plan(seeing(stage.dial, BUILDINGS + 1), others, pause_s=PLAIN_PAUSE_S)
        for stall, taken_ms in ((False, reading_ms), (True, stalled_ms), (True, stalled_ms), (False, reading_ms)):
            buffer_bytes = STALLED_BUFFER_BYTES if stall else 0
            with sinks(replace(plan, receive_buffer_bytes=buffer_bytes)) as (other,):
                await_first_reading(stage.publisher, [*healthy, other], BUILDINGS)
                if stall:
                    other.ask("stall")
                    _fill(stage)
                taken_ms.extend(latencies_ms(stage, healthy, readings_per_s=READINGS_PER_S, seconds=seconds))
                if stall:
                    cut += others - _connections(stage, sum(sink.plan.clients for sink in healthy))
    return {
        "p99_others_reading_ms": p99(reading_ms),
        "p99_others_stalled_ms": p99(stalled_ms),
        "stalled_cut_share": cut / 2 / others,  # closed by the server, of both turns'
    }


def _fill(stage: Stage) -> None:
    """Publish more than a client that does not read has room for, in a building that only such clients see."""
    stage.publisher.publish(first=BUILDINGS, at_once=FILL_AT_ONCE, wakes_per_s=FILL_WAKES_PER_S, seconds=FILL_S)
    time.sleep(FILL_SETTLES_S)


def _connections(stage: Stage, others: int) -> int:
    """Established connections to the server beyond those of `others` clients."""
    established = [
        connection
        for connection in stage.processes[0].net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == stage.dial.port
    ]
    return len(established) - others


@dataclass(frozen=True)
class Peer:
    """A server of others; `wakes_per_s` is what keeps it busy and not saturated at 1,000 clients and AT_ONCE."""

    name: str
    start: Start
    wakes_per_s: float


PEERS = (
    Peer("broadcast", contestants.broadcast, 2.0),
    Peer("broadcast_uncompressed", contestants.broadcast_uncompressed, 2.0),
    Peer("socketio", contestants.socketio, 0.8),
    Peer("channels", contestants.channels, 0.4),
)


def measure_all(benchmark: Benchmark, sizes: Sizes) -> None:
    """Let all take turns, and relate them."""
    benchmark.take_turns(
        {
            "ours": partial(measure_ours, sizes),
            "bare writes": partial(measure_bare, sizes),
            **{peer.name: partial(measure_peer, sizes, peer) for peer in PEERS},
            "one worker": partial(measure_workers, 1, sizes),
            "two workers": partial(measure_workers, 2, sizes),
            "stalled clients": partial(measure_stalled, sizes),
            "idle clients": partial(measure_idle, sizes),
            "ingest": measure_ingest,
        }
    )
    for peer in PEERS:
        benchmark.ratio(f"ratio_{peer.name}", f"us_per_delivery_{peer.name}", "us_per_delivery_10")
    benchmark.ratio("ratio_bare_1", "us_per_delivery_1", "us_per_delivery_1_bare")
    benchmark.ratio("ratio_bare_p99", "p99_ms", "p99_bare_ms")
    benchmark.ratio("ratio_workers", "deliveries_per_s_workers_2", "deliveries_per_s_workers_1")
    benchmark.ratio("ratio_stalled_p99", "p99_others_stalled_ms", "p99_others_reading_ms")


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--idle-clients", type=int, default=10_000)
    options, rest = parser.parse_known_args(arguments)
    benchmark = Benchmark(
        "fanout",
        "Fan-out: CPU a delivery, latency, memory, stalled clients; peers beside us",
        seconds=5,
        repetitions=3,
    )
    benchmark.parse(rest)
    if min(options.clients, options.idle_clients) < 5:
        parser.error("--clients and --idle-clients must be at least 5")
    try:
        contestants.check_parts()
        measure_all(benchmark, Sizes(options.clients, options.idle_clients))
    except SensorSwarmError as error:
        print(f"fanout: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell counts it: 128 and the signal's number
    benchmark.finish()


if __name__ == "__main__":
    main()
