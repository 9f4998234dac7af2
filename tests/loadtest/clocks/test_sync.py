"""A process's clock, kept right by the simulator's: what is asked is played, and one is asked for real."""

import time

import gevent
import pytest

from loadtest.clocks import sync
from loadtest.clocks.exchange import Asked, ClockAddress, ClockError
from loadtest.clocks.offset import Exchange
from loadtest.clocks.sync import EVERY_S, MOST_S, ClockSync
from wire import clock
from wire.records import Clock

ADDRESS = ClockAddress("simulator", 8080)
TRIP_S = 0.002


@pytest.fixture(autouse=True)
def clock_as_it_was():
    """What a test corrects is no other's business."""
    yield
    clock.correct(0.0)


class Simulator:
    """A clock `offset_s` ahead of this machine's, asked over ways of equal length; None: nobody answers."""

    def __init__(self, offset_s: float | None, whose: str = "another") -> None:
        self.offset_s, self.whose = offset_s, whose

    def ask(self, address: ClockAddress, times: int, *, stamped: bool) -> Asked:
        del address, stamped
        if self.offset_s is None:
            raise ClockError("Connection refused")
        system_ts = clock.now() - clock.correction_s()
        asked_ts, told_ts = clock.by_our_clock(system_ts), system_ts + self.offset_s + TRIP_S / 2
        return Asked(self.whose, [Exchange(asked_ts, told_ts, told_ts, asked_ts + TRIP_S)] * times)


@pytest.fixture
def begin(monkeypatch):
    """Begin to compare with a simulator; gives the comparer and what it records.."""
    begun = []

    def one(simulator: Simulator | None, *, wait_s: float = 0.01) -> tuple[ClockSync, list[Clock]]:
        if simulator:
            monkeypatch.setattr(sync, "ask", simulator.ask)
        monkeypatch.setattr(sync, "EVERY_S", wait_s)
        monkeypatch.setattr(sync, "UNTIL_FOUND_S", wait_s)
        records: list[Clock] = []
        address = ADDRESS if simulator else None
        begun.append(ClockSync(address, "worker 3", stamped=False, record=records.append))
        return begun[-1], records

    yield one
    for each in begun:
        each.stop()


def until(condition) -> None:
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.005)


def test_a_clock_that_nobody_serves_is_taken_to_be_one(begin):
    """One record says so; nothing is corrected, and nothing is wrong with it."""
    compared, records = begin(None)
    assert [(one.how, one.process, one.offset_s, one.bound_s) for one in records] == [("unmeasured", "worker 3", 0, 0)]
    assert (clock.correction_s(), compared.reasons()) == (0.0, [])


def test_the_same_clock_is_never_corrected(begin):
    """By its name, whatever the stamps say; and it need not be asked again."""
    simulator = Simulator(0.5, whose=clock.identity())
    compared, records = begin(simulator)
    until(lambda: compared._greenlet.dead)
    assert [(one.how, one.offset_s, one.bound_s) for one in records] == [("one", 0.0, 0.0)]
    assert (clock.correction_s(), compared.state.how, compared.reasons()) == (0.0, "one", [])


@pytest.mark.parametrize("offset_s", [0.25, -0.25, 3 * MOST_S])
def test_another_clock_is_set_right_before_anybody_connects(begin, offset_s):
    """By any amount; the bound is half the round trip, and what it may drift until the next comparison."""
    compared, records = begin(Simulator(offset_s), wait_s=EVERY_S)
    assert clock.correction_s() == pytest.approx(offset_s, abs=1e-5)
    assert clock.now() - time.time() == pytest.approx(offset_s, abs=0.05)
    known = compared.state
    assert (known.how, known.offset_s) == ("measured", pytest.approx(offset_s, abs=1e-5))
    assert TRIP_S / 2 < known.bound_s == pytest.approx(TRIP_S / 2 + 30e-6 * EVERY_S, abs=1e-5)
    assert [(one.how, one.offset_s, one.bound_s) for one in records] == [("measured", known.offset_s, known.bound_s)]


def test_what_was_corrected_is_not_measured_again(begin):
    """Stamps have the correction in them: the offset stays what it is, however often it is asked for."""
    _, records = begin(Simulator(0.25))
    until(lambda: len(records) >= 5)
    assert all(one.offset_s == pytest.approx(0.25, abs=1e-4) for one in records)


def test_a_simulator_that_comes_later_is_found(begin):
    """Until then there is a reason why latencies tell nothing, and no record."""
    simulator = Simulator(None)
    compared, records = begin(simulator)
    assert compared.reasons() == ["the simulator's clock at simulator:8080 was never read: Connection refused"]
    assert (records, compared.state.how) == ([], "unmeasured")
    simulator.offset_s = 0.25
    until(lambda: records)
    assert (compared.reasons(), clock.correction_s()) == ([], pytest.approx(0.25, abs=1e-4))


def test_one_that_is_far_off_is_refused_once_clients_are_connected(begin):
    """A step of that size would make every pong look late."""
    simulator = Simulator(None)
    compared, records = begin(simulator)
    simulator.offset_s = -2 * MOST_S
    until(lambda: "set it" in compared.reasons()[0])
    assert "this machine's clock is +20.0 s from it: set it, or start the simulator first" in compared.reasons()[0]
    assert (records, clock.correction_s()) == ([], 0.0)


def test_a_clock_that_is_away_again_keeps_what_was_found(begin):
    """It is no reason, and the correction stays, also after the end; but what is recorded is less and less sure."""
    simulator = Simulator(0.25)
    compared, records = begin(simulator)
    simulator.offset_s = None
    count = len(records)
    until(lambda: len(records) >= count + 3)
    compared.stop()
    bounds = [one.bound_s for one in records[count - 1 :]]
    assert bounds == sorted(set(bounds))
    assert (compared.reasons(), compared._problem) == ([], "Connection refused")
    assert clock.correction_s() == pytest.approx(0.25, abs=1e-4)
