"""The contestants of `benchmarks.publish`, each a process of its own that publishes as fast as the broker takes it.

    python -m benchmarks._publish_sender ours|raw PORT SECONDS FILE

`ours` is the publisher's own way, from blocks of a fleet to the link, with its ledger: nothing is made beforehand but
the blocks. `raw` writes to the same link what `ours` would write, encoded beforehand: what the broker can take. Both
wait when the broker or the subscriber, whose count is in FILE, does not keep up, so nothing is shed or lost. Prints
{"sent", "took_s", "cpu_s"} as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import cycle, islice

import numpy as np
import orjson
import uvloop

from benchmarks._publish_counter import counter
from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.ledger import Ledger
from simulator.pacing import Pacer
from simulator.publisher import BATCH
from simulator.sending import AtMostOnce
from simulator.transport_faults import Transit
from wire.clock import NS
from wire.mqtt import BrokerAddress, Link
from wire.topics import TopicTemplate

BUILDINGS, SENSORS = 1000, 200
INTERVAL_S = 1.0
BLOCKS = 3  # repeated: the step of the fleet is measured apart
MOST_UNSENT_BYTES = 2 << 20
MOST_UNHEARD = 100_000  # readings; a broker that does not slow its publishers down keeps only so many for a subscriber
_FOREVER_NS = 10**6 * NS
Result = dict[str, float]


class Since:
    """From here on it counts."""

    def __init__(self) -> None:
        self.wall_s, self.cpu_s = time.monotonic(), time.process_time()

    async def result(self, sent: int, link: Link) -> Result:
        """Wait until the broker has it all, and say what it took."""
        while link.pending_bytes:  # noqa: ASYNC110 - a transport tells nobody that it is empty
            await asyncio.sleep(0.002)
        took_s, cpu_s = time.monotonic() - self.wall_s, time.process_time() - self.cpu_s
        return {"sent": sent, "took_s": took_s, "cpu_s": cpu_s}


async def _room(link: Link, sent: int, heard: memoryview) -> None:
    await asyncio.sleep(0)
    while link.pending_bytes > MOST_UNSENT_BYTES or sent - heard[0] > MOST_UNHEARD:  # noqa: ASYNC110 - nor does it
        await asyncio.sleep(0.002)  # uvloop counts milliseconds


async def ours(link: Link, seconds: float, heard: memoryview) -> Result:
    """Publish the fleet, batch by batch."""
    source = Fleet(buildings=BUILDINGS, sensors=SENSORS, interval_s=INTERVAL_S, seed=1)
    blocks = list(islice(source.blocks(), BLOCKS))
    ledger = Ledger(source, time.time_ns())
    sender = AtMostOnce([link], Encoder(source.roster, TopicTemplate()), ledger)
    sender._most_unsent = 2 * MOST_UNSENT_BYTES  # noqa: SLF001 - we wait ourselves, so that nothing has to be shed
    transit, numbers = Transit(), np.zeros(BATCH, dtype=np.int64)
    pacer = Pacer(cycle(blocks))
    since = Since()
    while time.monotonic() < since.wall_s + seconds:
        second_s = time.monotonic() + 1.0
        while time.monotonic() < second_s:
            part = pacer.take(_FOREVER_NS, BATCH)
            assert part is not None
            rows = np.arange(part.begin, part.end)
            ledger.reached(part.block.sensor[rows], part.block.seq[rows])
            kept = part.block.kept[rows]
            ledger.skipped(part.block.sensor[rows][~kept], part.block.seq[rows][~kept])
            leaving = transit.enter(part.block, rows[kept])
            sender.send(leaving, numbers[: len(leaving)])
            await _room(link, ledger.sent, heard)
        ledger.close_seconds()
    assert not ledger.shed
    assert not sender.held
    return await since.result(ledger.sent, link)


async def raw(link: Link, seconds: float, heard: memoryview) -> Result:
    """Publish what was encoded before."""
    source = Fleet(buildings=BUILDINGS, sensors=SENSORS, interval_s=INTERVAL_S, seed=1)
    encoder = Encoder(source.roster, TopicTemplate())
    pacer = Pacer(islice(source.blocks(), 1))
    batches = []
    while (part := pacer.take(_FOREVER_NS, BATCH)) is not None:
        block, rows = part.block, slice(part.begin, part.end)
        ts_ns = time.time_ns() + block.offset_ns[rows]
        batches.append((len(part), encoder.packets(block.sensor[rows], ts_ns, block.seq[rows], block.value[rows]).data))
    sent, since = 0, Since()
    for number, (count, data) in enumerate(cycle(batches)):
        assert link.write(data, count)
        sent += count
        await _room(link, sent, heard)
        if number % 20 == 0 and time.monotonic() >= since.wall_s + seconds:
            return await since.result(sent, link)
    raise AssertionError


async def publish(name: str, port: int, seconds: float, file: str) -> None:
    """Connect, publish, print."""
    link = Link(BrokerAddress("127.0.0.1", port))
    await link.start()
    print(orjson.dumps(await {"ours": ours, "raw": raw}[name](link, seconds, counter(file))).decode(), flush=True)
    await link.close()


if __name__ == "__main__":
    uvloop.run(publish(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
