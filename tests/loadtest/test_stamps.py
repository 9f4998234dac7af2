"""Receive stamps."""

import socket
import struct
import sys
import time

import pytest

from loadtest.stamps import ANCILLARY_BYTES, SO_TIMESTAMPNS, kernel_stamps_work, request, stamp_of


def test_a_stamp_is_found_among_other_ancillary_data():
    """Seconds and nanoseconds become Unix seconds; other data and truncated stamps are passed over."""
    stamp = (socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@qq", 1_763_856_000, 250_000_000))
    assert stamp_of([(socket.SOL_SOCKET, 1, b"other"), stamp]) == 1_763_856_000.25
    assert stamp_of([(socket.SOL_SOCKET, SO_TIMESTAMPNS, b"short")]) is None
    assert stamp_of([]) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernel stamps are Linux's")
def test_a_sleeping_reader_does_not_age_the_stamp():
    """The stamp tells when the kernel had the bytes, not when we came to read them."""
    assert kernel_stamps_work()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        far, _ = server.accept()
        with far:
            request(near)
            sent_ts = time.time()
            far.sendall(b"x")
            near.setblocking(True)
            while time.time() < sent_ts + 0.2:
                pass
            _, ancillary, _, _ = near.recvmsg(1, ANCILLARY_BYTES)
    stamp_ts = stamp_of(ancillary)
    assert stamp_ts is not None
    assert stamp_ts < sent_ts + 0.2
