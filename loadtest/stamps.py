"""When a message arrived: the kernel's receive stamp where there is one, else the clock right after the read.

SO_TIMESTAMPNS makes `recvmsg` carry the time (CLOCK_REALTIME) at which the kernel took in the last segment of what
was read. So a busy client does not inflate latency. Whether it works for TCP here is tried once, on loopback.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

from wire.clock import NS, by_our_clock, now

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the standard library does not name it
ANCILLARY_BYTES = 64
_TIMESPEC = struct.Struct("@qq")
_TIMESPEC_BYTES, _unpack = _TIMESPEC.size, _TIMESPEC.unpack_from
_SOL_SOCKET = int(socket.SOL_SOCKET)
_TRIALS, _PAUSE_S = 25, 0.01

Ancillary = list[tuple[int, int, bytes]]


def stamp_of(ancillary: Ancillary) -> float | None:
    """Kernel stamp among the ancillary data of one read, by our clock, None when there is none."""
    for level, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS and level == _SOL_SOCKET and len(data) >= _TIMESPEC_BYTES:
            seconds, nanoseconds = _unpack(data)
            return by_our_clock(seconds + nanoseconds / NS)
    return None


def request(sock: socket.socket) -> None:
    """Ask the kernel to stamp what this socket receives.

    Raises:
        OSError: the system has no such option.
    """
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def kernel_stamps_work() -> bool:
    """Send bytes to ourselves and see whether they come stamped with a time that can be true.

    The first socket of a system to ask for stamps switches them on for the whole kernel, which takes a moment: so the
    question is asked more than once.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
            far, _ = server.accept()
            with far:
                request(near)
                return any(_comes_stamped(far, near) for _ in range(_TRIALS))
    except OSError:
        return False


def _comes_stamped(far: socket.socket, near: socket.socket) -> bool:
    before_ts = now()
    far.sendall(b"x")
    _, ancillary, _, _ = near.recvmsg(1, ANCILLARY_BYTES)
    stamp_ts = stamp_of(ancillary)
    if stamp_ts is None:
        time.sleep(_PAUSE_S)
        return False
    return -1.0 < stamp_ts - before_ts < 1.0  # one second: the clock may be stepped meanwhile
