"""When bytes arrived, whenever we look."""

import socket
import sys
import time

import pytest

from scenarios.arrival import receive, stamp_arrivals


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    return near, far


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux stamps what arrives")
def test_a_late_reader_learns_when_it_came():
    """The stamp is of the arrival and not of the read, on the monotonic clock."""
    near, far = connected()
    with near, far:
        stamp_arrivals(far)
        age_ns = 0
        for _ in range(25):  # the first socket of a system to ask for stamps has to wait for them
            before_ns = time.monotonic_ns()
            near.sendall(b"x")
            time.sleep(0.05)
            data, read_ns = receive(far)
            age_ns = time.monotonic_ns() - read_ns
            assert data == b"x"
            assert before_ns - 1_000_000 <= read_ns
            if age_ns > 40_000_000:
                break
        assert age_ns > 40_000_000


def test_without_stamps_it_is_the_time_of_the_read():
    """A socket that was not asked to stamp still tells a time, and the end of a stream has one too."""
    near, far = connected()
    with far:
        near.sendall(b"x")
        near.close()
        before_ns = time.monotonic_ns()
        for expected in (b"x", b""):
            data, read_ns = receive(far)
            assert data == expected
            assert before_ns <= read_ns <= time.monotonic_ns()
