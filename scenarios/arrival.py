"""Reading a socket together with the time at which what was read arrived.

The time is the kernel's receive stamp (SO_TIMESTAMPNS) where the system has one, so it does not depend on when we
came to read. The stamp is of CLOCK_REALTIME; here it is told on CLOCK_MONOTONIC, for a delay counted on the other
would break when somebody sets the clock.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

READ_BYTES = 65536
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the standard library does not name it
_TIMESPEC = struct.Struct("@qq")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)
_NS = 1_000_000_000


def stamp_arrivals(sock: socket.socket) -> None:
    """Ask the kernel for receive stamps where it has them; without them `receive` tells the time of the read."""
    if sys.platform.startswith("linux"):
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(sock: socket.socket) -> tuple[bytes, int]:
    """Read once.

    Returns:
        Bytes, none at the end of the stream, and when the last of them arrived (ns, CLOCK_MONOTONIC).

    Raises:
        OSError: as `recvmsg` does; BlockingIOError when there is nothing to read.
    """
    data, ancillary, _, _ = sock.recvmsg(READ_BYTES, _ANCILLARY_BYTES)
    # The wall clock first: who loses the core between the two makes the arrival too late, never too early.
    unix_ns = time.time_ns()
    now_ns = time.monotonic_ns()
    for level, kind, stamp in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(stamp) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(stamp)
            age_ns = unix_ns - (seconds * _NS + nanoseconds)
            return data, now_ns - max(age_ns, 0)
    return data, now_ns
