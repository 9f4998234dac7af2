"""The one publisher of `benchmarks.fanout`: readings of about 150 bytes over MQTT 5, QoS 0, at exact moments.

Run as `python -m benchmarks._fanout_publisher PORT` (of a broker's MQTT 5 listener on loopback). Each line on standard
input is an order, and it ends when its standard input does:

    publish FIRST BUILDINGS AT_ONCE WAKES_PER_S SECONDS  -> "READINGS", once the seconds are over

At each wake-up AT_ONCE readings of one building leave in one write, the buildings in turn. `ts` of a reading is the
moment it was meant to leave: a publisher that is late makes the latency greater, never smaller.
"""

from __future__ import annotations

import gc
import socket
import sys
import time

from mqtt5 import ConnectPacket, PublishPacket

from wire.payloads.json import JsonTemplate
from wire.reading import building_name, sensor_id
from wire.topics import TopicTemplate

SENSORS = 100  # in each building
PAYLOAD_BYTES = 150
KEEP_ALIVE_S = 3600  # longer than any run


class Feed:
    """The readings of all buildings, each sensor in turn. Pure but for what it counts.

    Values walk up and down by less than any limit of a detector, so that a server has nothing to add to the readings.
    """

    def __init__(self) -> None:
        self._sent: dict[str, int] = {}
        self._sensors: dict[str, list[tuple[str, JsonTemplate]]] = {}

    def packets(self, building: str, count: int, ts: float) -> bytes:
        """The next `count` readings of a building as PUBLISH packets."""
        sensors = self._sensors.get(building)
        if sensors is None:
            sensors = self._sensors[building] = [_sensor(building, number) for number in range(SENSORS)]
        sent = self._sent.get(building, 0)
        self._sent[building] = sent + count
        packets = []
        for number in range(sent, sent + count):
            seq, place = divmod(number, SENSORS)
            topic, template = sensors[place]
            packets.append(PublishPacket(topic, template.fill(ts, seq, 600 + place + seq % 7)).write())
        return b"".join(packets)


def _sensor(building: str, number: int) -> tuple[str, JsonTemplate]:
    """Topic and template of a sensor whose name is as long as it takes to make a payload of PAYLOAD_BYTES."""
    name = f"floor-{number // 10:02d}-room-{number:03d}"
    template = JsonTemplate.of(sensor_id(building, "co2", name), unit="ppm", decimals=0)
    name += "-" + "x" * (PAYLOAD_BYTES - 1 - len(template.fill(1.7e9, 0, 600)))
    template = JsonTemplate.of(sensor_id(building, "co2", name), unit="ppm", decimals=0)
    return TopicTemplate().topic(building=building, quantity="co2", sensor=name), template


def publish(
    sock: socket.socket, feed: Feed, names: list[str], *, at_once: int, wakes_per_s: float, seconds: float
) -> int:
    """Publish readings of the buildings `names` for `seconds`; gives the number of readings."""
    wakes = max(1, round(wakes_per_s * seconds))
    began_ts = time.time() + 0.01
    for wake in range(wakes):
        due_ts = began_ts + wake / wakes_per_s
        time.sleep(max(0.0, due_ts - time.time()))
        sock.sendall(feed.packets(names[wake % len(names)], at_once, due_ts))
    time.sleep(max(0.0, began_ts + seconds - time.time()))
    return wakes * at_once


def main() -> None:
    """Connect, then publish as ordered."""
    gc.disable()
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(ConnectPacket("fanout-publisher", keep_alive=KEEP_ALIVE_S).write())
    if sock.recv(4096)[:1] != b"\x20":  # CONNACK (MQTT 5, 3.2.1)
        raise SystemExit("the broker did not accept the publisher")
    sock.settimeout(None)
    feed = Feed()
    print("ready", flush=True)
    for order in sys.stdin:
        _, first, buildings, at_once, wakes_per_s, seconds = order.split()
        names = [building_name(int(first) + index) for index in range(int(buildings))]
        count = publish(sock, feed, names, at_once=int(at_once), wakes_per_s=float(wakes_per_s), seconds=float(seconds))
        print(count, flush=True)


if __name__ == "__main__":
    main()
