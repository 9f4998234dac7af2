"""The simulator's connections to the broker: opened together, closed together."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable

from wire.errors import SensorSwarmError
from wire.mqtt import MqttLink

if sys.platform != "win32":
    import resource

_AT_ONCE = 100  # connections opened at the same time
# QoS 1 and 2 readings that are not acknowledged: each takes about half a kilobyte here.
_ALL_IN_FLIGHT, _MOST_IN_FLIGHT, _LEAST_IN_FLIGHT = 100_000, 10_000, 100
_SPARE_DESCRIPTORS = 100  # files, pipes and sockets that are no links


def most_in_flight(count: int) -> int:
    """QoS 1 and 2 readings that each of so many links may have in flight."""
    return max(_LEAST_IN_FLIGHT, min(_MOST_IN_FLIGHT, _ALL_IN_FLIGHT // count))


async def open_links(make: Callable[[int], MqttLink], count: int) -> list[MqttLink]:
    """Make links by their numbers, from 0, and connect them; all of them, or none.

    Raises:
        BrokerError: the broker cannot be reached or refused one.
        SensorSwarmError: the system does not allow that many connections.
    """
    _allow_descriptors(count + _SPARE_DESCRIPTORS)
    links = [make(number) for number in range(count)]
    try:
        await links[0].start()  # alone: an unreachable broker is found out once
        for first in range(1, count, _AT_ONCE):
            results = await asyncio.gather(
                *(link.start() for link in links[first : first + _AT_ONCE]), return_exceptions=True
            )
            _raise_first(results)
    except BaseException:
        await close_links(links)
        raise
    return links


def _raise_first(results: list[BaseException | None]) -> None:
    for result in results:
        if result is not None:
            raise result


async def close_links(links: list[MqttLink], *, timeout_s: float = 2.0) -> None:
    """Send what is buffered and disconnect."""
    await asyncio.gather(*(link.close(timeout_s=timeout_s) for link in links))


async def drain_links(links: list[MqttLink], *, timeout_s: float = 5.0) -> None:
    """Wait for the acknowledgements of QoS 1 and 2 messages; those that do not come in time stay in flight."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*(link.drained() for link in links))


def _allow_descriptors(needed: int) -> None:
    """Raise this process's limit of open files where that is allowed."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise SensorSwarmError(
                f"{needed:,} open files are needed for so many connections, the system allows {hard:,}; "
                "raise `ulimit -n`, or share one with --connections one"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
