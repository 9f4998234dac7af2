"""Asks the simulator for its time, over HTTP on one connection: `simulate --clock-port` answers."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import gevent
import orjson

from loadtest.clocks.offset import Exchange
from loadtest.streams import PlainStream
from wire.clock import now
from wire.errors import SensorSwarmError

TIMEOUT_S = 2.0
_LONGEST_BYTES = 4096


class ClockError(Exception):
    """The clock cannot be read now."""


class ClockAddress(NamedTuple):
    """Where the simulator serves its clock."""

    host: str
    port: int


def parse_clock(url: str) -> ClockAddress:
    """Read http://HOST:PORT.

    Raises:
        SensorSwarmError: something else.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = None
    if port is None or parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise SensorSwarmError(f"--clock {url!r}: give http://HOST:PORT of simulate --clock-port")
    return ClockAddress(parts.hostname, port)


class Asked(NamedTuple):
    """Some exchanges, and whose clock it was."""

    clock: str
    exchanges: list[Exchange]


def ask(address: ClockAddress, times: int, *, stamped: bool) -> Asked:
    """Ask some times in a row; `stamped` says whether kernel receive stamps work.

    Raises:
        ClockError: no connection, no answer in time, or another one than a clock's.
    """
    stream: PlainStream | None = None
    try:
        with gevent.Timeout(TIMEOUT_S, TimeoutError(f"no answer within {TIMEOUT_S:g} s")):
            stream = PlainStream(*address, stamped=stamped, timeout_s=TIMEOUT_S)
            answers = [_ask_once(stream, address) for _ in range(times)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClockError(str(error) or type(error).__name__) from error
    finally:
        if stream is not None:
            stream.close()
    return Asked(answers[0][0], [exchange for _, exchange in answers])


def _ask_once(stream: PlainStream, address: ClockAddress) -> tuple[str, Exchange]:
    sent_ts = now()
    stream.send(f"GET /clock HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"}"):
        data, arrived_ts = stream.receive()
        answer += data
        if not data or len(answer) > _LONGEST_BYTES:
            raise ValueError("not the answer of a clock")
    told = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    exchange = Exchange(sent_ts, float(told["received"]), float(told["answered"]), arrived_ts)
    return str(told["clock"]), exchange
