"""The timer, by the kernel's and by the loop's, on a real loop."""

import asyncio
import sys
import time

import pytest

from scenarios.alarm import Alarm

MS = 1_000_000


@pytest.fixture(params=["kernel", "loop"])
def rung_ns(request, monkeypatch) -> list[int]:
    """Times at which the alarm rang; the test runs with either timer."""
    if request.param == "loop":
        monkeypatch.setattr(sys, "platform", "another")
    elif not sys.platform.startswith("linux"):
        pytest.skip("timerfd is Linux")
    return []


@pytest.fixture
async def alarm(rung_ns):
    alarm = Alarm(asyncio.get_running_loop(), lambda: rung_ns.append(time.monotonic_ns()))
    yield alarm
    alarm.close()


async def until(rung_ns, count, limit_s) -> None:
    deadline_s = time.monotonic() + limit_s
    while len(rung_ns) < count:
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.002)


async def test_it_rings_once_and_not_before_its_time(alarm, rung_ns, patience):
    """Early would break the rule of the proxy; twice would be work for nothing."""
    for count in range(1, 4):
        at_ns = time.monotonic_ns() + 7 * MS
        alarm.set(at_ns)
        await until(rung_ns, count, patience(5))
        assert rung_ns[-1] >= at_ns
    await asyncio.sleep(0.03)
    assert len(rung_ns) == 3


async def test_a_time_that_is_past_rings_at_once(alarm, rung_ns, patience):
    """Also zero, which would switch the kernel's timer off."""
    alarm.set(0)
    await until(rung_ns, 1, patience(5))


async def test_a_new_time_replaces_the_old_one(alarm, rung_ns, patience):
    """Sooner or later, there is one time."""
    alarm.set(time.monotonic_ns() + 3_600_000 * MS)
    alarm.set(time.monotonic_ns() + 5 * MS)
    await until(rung_ns, 1, patience(5))
    alarm.set(time.monotonic_ns() + 20 * MS)
    alarm.set(time.monotonic_ns() + 3_600_000 * MS)
    await asyncio.sleep(0.05)
    assert len(rung_ns) == 1


async def test_once_closed_it_is_silent(rung_ns):
    """Nothing of it is left in the loop."""
    alarm = Alarm(asyncio.get_running_loop(), lambda: rung_ns.append(1))
    alarm.set(time.monotonic_ns() + 5 * MS)
    alarm.close()
    await asyncio.sleep(0.03)
    assert rung_ns == []
