"""What a publisher written with aiomqtt does: one message after the other, each encoded and awaited.

    python -m benchmarks.peers.aiomqtt_loop PORT SECONDS

Publishes readings like the fleet's at QoS 0 as fast as it can; prints {"sent", "took_s", "cpu_s"} as JSON. uvloop, as
ours has it.
"""

from __future__ import annotations

import json
import sys
import time

import aiomqtt
import uvloop

SENSORS = 10_000


async def publish(port: int, seconds: float) -> None:
    """Publish for so many seconds."""
    ids = [f"b-{number // 200 + 1:04d}/temperature/{number % 200 + 1:04d}" for number in range(SENSORS)]
    async with aiomqtt.Client("127.0.0.1", port=port) as client:
        started_s, cpu_s, sent = time.monotonic(), time.process_time(), 0
        while time.monotonic() - started_s < seconds:
            sensor = ids[sent % SENSORS]
            reading = {
                "sensor": sensor,
                "ts": round(time.time(), 6),
                "seq": sent // SENSORS,
                "value": round(20 + sent % 100 / 100, 2),
                "unit": "Cel",
            }
            await client.publish(f"buildings/{sensor}", json.dumps(reading, separators=(",", ":")), qos=0)
            sent += 1
        took_s = time.monotonic() - started_s
        print(json.dumps({"sent": sent, "took_s": took_s, "cpu_s": time.process_time() - cpu_s}), flush=True)


if __name__ == "__main__":
    uvloop.run(publish(int(sys.argv[1]), float(sys.argv[2])))
