"""Sampling the swarm's own process."""

import random
import socket
import time

import gevent

from loadtest.health import HealthSampler, unread_bytes
from loadtest.selfcheck import SelfCheck
from wire.records import Health


def test_unread_bytes_are_seen():
    """What the kernel holds for a socket; nothing for one that is gone."""
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"12345")
        assert unread_bytes(near.fileno()) == 5
    assert unread_bytes(near.fileno()) == 0


def test_a_greenlet_that_hogs_the_process_shows_as_lag_and_cpu():
    """Half a second without a switch is seen as that much lag, and in the CPU time; unread bytes are told."""
    records: list[Health] = []
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"123")
        sampler = HealthSampler(SelfCheck(), records.append, lambda: [near.fileno()] * 80, random.Random(1))
        gevent.sleep(0.2)
        until_s = time.monotonic() + 0.8
        while time.monotonic() < until_s:
            pass
        gevent.sleep(0.1)
        sampler.stop()
    assert len(records) == 1
    assert records[0].lag_ms_p99 >= 500
    assert records[0].cpu_percent > 20
    assert records[0].span_s >= 0.95
    assert records[0].receive_queue_bytes_max == 3
