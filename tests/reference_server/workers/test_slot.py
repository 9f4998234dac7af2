"""Who holds a place when processes die, or do not come up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from reference_server.workers import restarts
from reference_server.workers.line import RELIEVED
from reference_server.workers.place import Place
from reference_server.workers.process import Process, ProcessEndedError
from reference_server.workers.slot import Slot
from wire.backoff import Backoff
from wire.errors import UnusableError


class Pretended:
    """Stands in for a process: it serves at once, never, or ends at once."""

    ended_how = "ended with exit code 3"
    exit_code = 3
    lived_s = 0.0
    pid = 1
    patient: bool

    def __init__(self, *, serves: bool = True, dies: bool = False) -> None:
        self.place = Place(1, "s", 3, 4)
        self.told: list[bytes] = []
        self._serves = serves
        self._over = asyncio.Event()
        if dies:
            self._over.set()

    @property
    def alive(self) -> bool:
        return not self._over.is_set()

    async def until_ready(self) -> None:
        if not self._serves:
            raise ProcessEndedError(cast("Process", self))

    async def ended(self) -> None:
        await self._over.wait()

    async def stop(self, patience_s: float) -> None:
        assert patience_s == 1.0
        self._over.set()

    def tell(self, word: bytes) -> None:
        self.told.append(word)


def slot_of(*processes: Pretended | None, overlap: bool = True) -> Slot:
    """A place for which these are started, one after the other; None: the system has no room."""
    waiting = iter(processes)

    async def start(*, patient: bool) -> Process:
        process = next(waiting)
        if process is None:
            raise UnusableError("worker 1 cannot be started")
        process.patient = patient
        return cast("Process", process)

    return Slot(start, overlap=overlap, patience_s=1.0)


@pytest.mark.parametrize("overlap", [True, False])
async def test_a_place_is_handed_over(*, overlap: bool) -> None:
    """The old process is ended, the new one is told what there is to tell, and ended with the server."""
    old, new = Pretended(), Pretended()
    slot = slot_of(old, new, overlap=overlap)
    await slot.fill()
    await slot.replace()
    assert (old.alive, new.alive) == (False, True)
    assert old.told == ([RELIEVED] if overlap else [])
    slot.tell(b"n")
    assert new.told == [b"n"]
    await slot.stop()
    assert not new.alive


async def test_who_does_not_come_up_relieves_nobody() -> None:
    """The old process goes on, and can be replaced later."""
    old, broken, new = Pretended(), Pretended(serves=False), Pretended()
    slot = slot_of(old, broken, new)
    await slot.fill()
    with pytest.raises(ProcessEndedError, match="worker 1 ended with exit code 3"):
        await slot.replace()
    assert (old.alive, broken.alive) == (True, False)
    await slot.replace()
    assert (old.alive, new.alive) == (False, True)


@pytest.mark.parametrize("overlap", [True, False])
async def test_no_room_for_a_new_one_ends_no_place(
    monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float], *, overlap: bool
) -> None:
    """The old process goes on where it may, and otherwise the place is filled as after a death."""
    monkeypatch.setattr(restarts, "_BACKOFF", Backoff(delays_s=(0.0,), jitter="none"))
    old, new = Pretended(), Pretended()
    slot = slot_of(old, None, new, overlap=overlap)
    await slot.fill()
    keeping = asyncio.create_task(slot.keep())
    await asyncio.sleep(0)
    with pytest.raises(UnusableError, match="cannot be started"):
        await slot.replace()
    assert old.alive is overlap
    async with asyncio.timeout(patience(10)):
        if overlap:
            await slot.replace()
        while not new.told and not keeping.done():
            slot.tell(b"n")
            await asyncio.sleep(0)
    assert not keeping.done()
    assert not old.alive
    keeping.cancel()


async def test_the_dead_are_followed_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float]
) -> None:
    """A process that dies is started again; one that dies again and again ends the server."""
    monkeypatch.setattr(restarts, "_BACKOFF", Backoff(delays_s=(0.0,), jitter="none"))
    slot = slot_of(*[Pretended(dies=True) for _ in range(restarts.MOST_IN_A_ROW)])
    await slot.fill()
    async with asyncio.timeout(patience(10)):
        with pytest.raises(UnusableError, match="worker 1 ended with exit code 3, 6 times in a row"):
            await slot.keep()


async def test_no_room_for_a_successor_is_a_death_and_not_the_end(
    monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float], caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again as often as after deaths, and told each time."""
    monkeypatch.setattr(restarts, "_BACKOFF", Backoff(delays_s=(0.0,), jitter="none"))
    dead, new = Pretended(dies=True), Pretended()
    slot = slot_of(dead, None, None, new)
    await slot.fill()
    keeping = asyncio.create_task(slot.keep())
    async with asyncio.timeout(patience(10)):
        while not new.told and not keeping.done():
            slot.tell(b"n")
            await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()
    assert [record.message for record in caplog.records] == [
        "worker 1 ended with exit code 3; starting it again",
        *["worker 1 cannot be started; starting it again"] * 2,
    ]
    slot = slot_of(Pretended(dies=True), *[None] * restarts.MOST_IN_A_ROW)
    await slot.fill()
    with pytest.raises(UnusableError, match="worker 1 cannot be started, 6 times in a row"):
        await slot.keep()


async def test_who_follows_the_dead_waits_for_the_broker_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float]
) -> None:
    """At the start, and for a new one beside one that serves, a broker that is away is an error."""
    monkeypatch.setattr(restarts, "_BACKOFF", Backoff(delays_s=(0.0,), jitter="none"))
    first, beside, follows = Pretended(), Pretended(dies=True), Pretended()
    slot = slot_of(first, beside, follows)
    await slot.fill()
    await slot.replace()
    keeping = asyncio.create_task(slot.keep())
    async with asyncio.timeout(patience(10)):
        while not follows.told and not keeping.done():
            slot.tell(b"n")
            await asyncio.sleep(0)
    keeping.cancel()
    assert (first.patient, beside.patient, follows.patient) == (False, False, True)


async def test_who_is_replaced_is_not_taken_for_dead(patience: Callable[[float], float]) -> None:
    """`keep` watches the new one from then on."""
    slot = slot_of(Pretended(), Pretended())
    await slot.fill()
    keeping = asyncio.create_task(slot.keep())
    async with asyncio.timeout(patience(10)):
        await asyncio.sleep(0)
        await slot.replace()
        for _ in range(5):
            await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()
