"""Thousands of connections that say nothing, all at once, at a server that does not cut them meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

HALF_OPEN = 10_000
SPARE_FILES = 1_000  # that this process and the server need for themselves
AT_ONCE = 1_000  # the kernel holds 4,096 that wait to be accepted
KIB_A_HALF_OPEN = 20


@pytest.fixture
def many_files() -> Iterator[int]:
    """Raise the limit of open files as far as we may; gives it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def victim(start_victim: Callable[..., Any], patience: Callable[[float], float]) -> Iterator[Any]:
    """A server of their own, patient for longer than they take to come."""
    with start_victim(patience(300)) as it:
        yield it


async def test_half_open_connections(
    victim: Any, witness: Any, attacker: Callable[..., Any], many_files: int, patience: Callable[[float], float]
) -> None:
    """Ten thousand that connect and say nothing: a client gets in beside them, and memory is bounded.

    Where fewer files may be open, as many as may; then it is said that this shows less.
    """
    count = min(HALF_OPEN, many_files - SPARE_FILES)
    before_files = victim.process.num_fds()
    with witness.bounded(count * KIB_A_HALF_OPEN * 1024), contextlib.ExitStack() as stack:
        for number in range(1, count + 1):
            silent = stack.enter_context(socket.socket())
            silent.setblocking(False)
            silent.connect_ex(("127.0.0.1", victim.port))
            if number % AT_ONCE == 0 or number == count:
                async with asyncio.timeout(patience(60)):
                    while victim.process.num_fds() < before_files + number:  # noqa: ASYNC110 - it tells nobody
                        await asyncio.sleep(0.02)
        late = await attacker()
        late.hello(victim.token("b-1"), "b-1")
        assert (await late.told("welcome"))["buildings"] == ["b-1"]
    if count < HALF_OPEN:
        pytest.skip(f"held for {count:,} only, of {HALF_OPEN:,}: {many_files:,} files may be open (ulimit -n)")
