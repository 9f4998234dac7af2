"""Free TCP ports of this machine, from below the range that outgoing connections take theirs from.

A port the kernel hands out for port 0 lies inside that range (Linux: from 32768), so any connection made between the
look and the use may take it away. Below it only another listener can.
"""

from __future__ import annotations

import random
import socket

from wire.errors import UnusableError

_FIRST, _LAST = 20_000, 32_000
_TRIES = 200


def bindable(host: str, port: int) -> bool:
    """Whether a listener could have this port now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1", *, in_a_row: int = 1) -> int:
    """First of `in_a_row` adjacent ports that nobody listens on now.

    Raises:
        UnusableError: none was found; the machine is out of ports.
    """
    rng = random.SystemRandom()  # two processes that look at once must not look in the same order
    for _ in range(_TRIES):
        port = rng.randrange(_FIRST, _LAST)
        if all(bindable(host, port + offset) for offset in range(in_a_row)):
            return port
    raise UnusableError(f"no free port found on {host} between {_FIRST} and {_LAST}")
