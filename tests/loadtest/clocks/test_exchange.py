"""Asking a clock over HTTP: the simulator's own server, and what is none."""

import asyncio
import threading
import time

import pytest

from loadtest.clocks.exchange import ClockAddress, ClockError, ask, parse_clock
from simulator.clock_server import clock_served
from wire.clock import identity
from wire.errors import SensorSwarmError


@pytest.fixture
def clock_port(free_port, monkeypatch):
    """A clock as `simulate --clock-port` serves it."""
    monkeypatch.setattr("simulator.clock_server.NOTICE_S", 0.0)
    ready, done = threading.Event(), threading.Event()

    async def main() -> None:
        async with clock_served(free_port):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    yield free_port
    done.set()
    thread.join(10)


def test_a_clock_is_read_and_known_for_our_own(clock_port):
    """Eight exchanges over one connection, every true offset within its bound: this machine has one clock."""
    before_ts = time.time()
    asked = ask(ClockAddress("127.0.0.1", clock_port), 8, stamped=True)
    assert asked.clock == identity()
    assert len(asked.exchanges) == 8
    for each in asked.exchanges:
        assert before_ts <= each.sent_ts <= each.received_ts <= each.answered_ts
        assert abs(each.offset_s) <= each.round_trip_s / 2 + 1e-5


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n{}", b"x" * 9000])
def test_what_is_no_clock_is_told(tcp_server, answer):
    """Another server on that port, or one that goes away: one error, no hang."""

    def handler(far) -> None:
        far.recv(1000)
        far.sendall(answer)

    with tcp_server(handler) as port, pytest.raises(ClockError):
        ask(ClockAddress("127.0.0.1", port), 1, stamped=False)


def test_nobody_there_is_told(free_port):
    """Refused is an error like any other."""
    with pytest.raises(ClockError, match="refused"):
        ask(ClockAddress("127.0.0.1", free_port), 1, stamped=False)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:80", "http://host", "https://host:1", "http://host:99999", "http://h:1/x"]
)
def test_an_address_that_is_none_is_refused(url):
    """Only http://HOST:PORT."""
    with pytest.raises(SensorSwarmError, match="--clock"):
        parse_clock(url)


def test_an_address_is_read():
    """IPv6 too."""
    assert parse_clock("http://[::1]:8080/") == ("::1", 8080)
