"""slow: a reader that takes only so many bytes a second, so that the server must buffer, conflate or close.

Its receive buffer is made as small as the kernel allows, for megabytes would fit there before a server felt anything.
It signs on at full speed and is slow once it is live. Arrival stays the kernel's stamp: when the bytes reached the
machine, not when the slow reader looked. What had to wait in the server counts as latency, what waited in our own
receive buffer does not.

What it has not read yet is no loss: its books are judged up to where it has read. Where its connection broke, that is
where it stood then, for what a server brings after a resume comes building by building.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Iterable

import gevent

from loadtest.behaviours.departure import Visit
from loadtest.behaviours.manager import Steady
from loadtest.behaviours.throttle import Throttle
from loadtest.ledger import Ledger
from loadtest.streams import Read
from loadtest.transport import Transport

RECEIVE_BUFFER_BYTES = 4096  # the kernel doubles it


class Slow(Steady):
    """Reads at most `bytes_per_s`.

    What was under way when its connection broke may have been meant long before: `in_flight_s` knows no bound.
    """

    name = "slow"
    in_flight_s = math.inf

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s

    def visit(self, connection: Transport) -> Visit:
        """Read slowly from now on."""
        _shrink(connection.fileno())
        connection.pace(lambda read: _paced(read, Throttle(self._bytes_per_s)))
        return Visit()

    def judged_until_ts(self, ledgers: Iterable[Ledger], stopped_ts: float) -> float:
        """Where it has read to in every building it heard of."""
        del stopped_ts
        stands = [read_until_ts(ledger) for ledger in ledgers if ledger.last_meant_ts > -math.inf]
        return min(stands, default=-math.inf)


def read_until_ts(ledger: Ledger) -> float:
    """Intended time up to which a building was read for certain: until now, or until the last loss if there was one."""
    stays = ledger.presence.stays
    if not ledger.presence.here:
        return stays[-1].meant_until_ts if stays else -math.inf
    return stays[-2].meant_until_ts if len(stays) > 1 else ledger.last_meant_ts


def _paced(read: Read, throttle: Throttle) -> Read:
    def slowly() -> tuple[bytes, float]:
        gevent.sleep(throttle.wait_s(time.monotonic()))
        data, arrival_ts = read()
        throttle.took(len(data), time.monotonic())
        return data, arrival_ts

    return slowly


def _shrink(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
