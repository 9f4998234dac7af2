"""The subscriber of `benchmarks.publish`: hears every reading, counts them, and does as little else as it can.

Run as `python -m benchmarks._publish_counter PORT FILE` (of a broker's MQTT 5 listener on loopback). FILE is eight
bytes long and shared: the readings heard so far, so that a publisher can wait for it. It ends with its standard input.

A reading is counted by the last key of its payload, which the fleet's topics and payloads hold once each.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
import sys

from mqtt5 import ConnectPacket, QoS, SubscribePacket, TopicFilter

MARK = b'"unit":"'
KEEP_ALIVE_S = 3600  # longer than any run
_READ_BYTES = 1 << 20


def count(rest: bytes, data: bytes) -> tuple[int, bytes]:
    """Readings whose mark is complete now, and the end of what was read that the next one may need. Pure."""
    joined = rest + data
    return joined.count(MARK), joined[-(len(MARK) - 1) :]


def counter(file: str) -> memoryview:
    """The number in the shared file, as item 0."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        return memoryview(mmap.mmap(descriptor, 8)).cast("q")
    finally:
        os.close(descriptor)


def main() -> None:
    """Subscribe to everything, then count until told to end."""
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
    sock.sendall(ConnectPacket("publish-counter", keep_alive=KEEP_ALIVE_S).write())
    if sock.recv(4096)[:1] != b"\x20":  # CONNACK (MQTT 5, 3.2.1)
        raise SystemExit("the broker did not accept the subscriber")
    sock.sendall(SubscribePacket(1, [TopicFilter("buildings/#", max_qos=QoS.AT_MOST_ONCE)]).write())
    if sock.recv(4096)[:1] != b"\x90":  # SUBACK (3.9.1)
        raise SystemExit("the broker did not accept the subscription")
    print("ready", flush=True)
    shared, heard, rest = counter(sys.argv[2]), 0, b""
    while True:
        readable, _, _ = select.select([sock, sys.stdin], [], [])
        if sock in readable:
            data = sock.recv(_READ_BYTES)
            if not data:
                raise SystemExit("the broker closed the connection")
            more, rest = count(rest, data)
            heard += more
            shared[0] = heard
        elif sys.stdin in readable:
            return


if __name__ == "__main__":
    main()
