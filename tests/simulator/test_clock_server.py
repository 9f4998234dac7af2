"""The clock of `simulate --clock-port`; reading it is tested where it is read, in tests/loadtest/clocks."""

import asyncio

import pytest

from simulator import clock_server
from simulator.clock_server import clock_served
from wire.errors import SensorSwarmError


async def test_a_connection_asks_as_often_as_it_wants_and_nothing_else_is_told(free_port, monkeypatch):
    """Two answers on one connection, each later than the one before; any other path is not found."""
    monkeypatch.setattr(clock_server, "NOTICE_S", 0.0)
    async with clock_served(free_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        for _ in range(2):
            writer.write(b"GET /clock HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            length = int(head.rpartition(b"Content-Length: ")[2])
            assert (await reader.readexactly(length)).startswith(b'{"clock": ')
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404")
        writer.close()


async def test_nothing_is_served_without_a_port():
    """Off by default."""
    async with clock_served(None):
        pass


async def test_a_port_that_is_taken_is_one_line(free_port, monkeypatch):
    """The option, the port, the remedy."""
    monkeypatch.setattr(clock_server, "NOTICE_S", 0.0)
    async with clock_served(free_port):
        with pytest.raises(SensorSwarmError, match=f"--clock-port {free_port}: .*choose another"):
            async with clock_served(free_port):
                pass
