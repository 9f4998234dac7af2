"""A broker of one subscriber that gives it readings as fast as it takes them, for `benchmarks.fanout`.

Run as `python -m benchmarks._ingest_feeder`: it prints the port it listens on, waits for a client to subscribe, and
answers each line on standard input with a line; it ends when its standard input does:

    feed INTERVALS   -> "READINGS SECONDS"   after so many intervals of the fleet of `_ingest.py` have been acknowledged

A real broker would need the core that the server leaves, and be the limit. Section numbers are those of MQTT 5.
"""

from __future__ import annotations

import socket
import sys
import time

from mqtt5 import ConnAckPacket, ConnectPacket, Packet, PubAckPacket, SubAckPacket, SubAckReasonCode, SubscribePacket

from benchmarks._ingest import Fleet
from wire.mqtt.session import Decoder

WINDOW = (
    8000  # readings sent and not acknowledged: fewer than the fleet has sensors, so that no packet id is used twice
)
CHUNK = 500
_READ_BYTES = 1 << 16


class Feeder:
    """The connection of the one subscriber."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._decoder = Decoder()
        self._fleet = Fleet()
        self._intervals = 0
        self._unacknowledged = 0

    def welcome(self) -> None:
        """Answer CONNECT and SUBSCRIBE (3.2, 3.9), whatever they ask for."""
        subscribed = False
        while not subscribed:
            for packet in self._hear():
                if isinstance(packet, ConnectPacket):
                    self._sock.sendall(ConnAckPacket().write())
                elif isinstance(packet, SubscribePacket):
                    granted = [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(packet.topic_filters)
                    self._sock.sendall(SubAckPacket(packet.packet_id, granted).write())
                    subscribed = True

    def feed(self, intervals: int) -> tuple[int, float]:
        """Send what was encoded before; give the readings and the seconds until the last was acknowledged."""
        chunks = [data for number in range(intervals) for data in self._fleet.reads(self._intervals + number, CHUNK)]
        self._intervals += intervals
        began_s = time.monotonic()
        for chunk in chunks:
            while self._unacknowledged > WINDOW - CHUNK:
                self._take_acknowledgements()
            self._sock.sendall(chunk)
            self._unacknowledged += CHUNK
        while self._unacknowledged:
            self._take_acknowledgements()
        return len(chunks) * CHUNK, time.monotonic() - began_s

    def _take_acknowledgements(self) -> None:
        self._unacknowledged -= sum(isinstance(packet, PubAckPacket) for packet in self._hear())

    def _hear(self) -> list[Packet]:
        data = self._sock.recv(_READ_BYTES)
        if not data:
            raise SystemExit("the server closed the connection")
        return self._decoder.feed(data)


def main() -> None:
    """Serve one subscriber, then feed it as ordered."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        sock, _ = listening.accept()
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        feeder = Feeder(sock)
        feeder.welcome()
        for order in sys.stdin:
            readings, took_s = feeder.feed(int(order.split()[1]))
            print(readings, took_s, flush=True)


if __name__ == "__main__":
    main()
