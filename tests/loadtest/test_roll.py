"""Who is here and how all stand: the same as if everybody were asked each time."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loadtest.batch import Progress
from loadtest.behaviours.intruder import Intruder
from loadtest.client import Client
from loadtest.desk import Desk
from loadtest.roll import Roll
from loadtest.roster import Manager
from loadtest.states import State
from loadtest.targets.sensorswarm import SensorSwarmTarget
from tests.loadtest.offline import offline_desk

READ = ("b-1", "b-1/t/1")
FAR = ("b-2", "b-2/t/1")


def client(shared: Desk, name: str = "c-1", *, live: bool = False) -> Client:
    made = Client(name, Manager("m", ("b-1",)), SensorSwarmTarget(), shared)
    if live:
        made.live_count, made.state = 1, State.LIVE
    return made


def leave(roll: Roll, one: Client) -> None:
    one.left, one.state = True, State.CLOSED
    one.stop()
    roll.depart(one)


deeds = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.one_of(
            st.tuples(st.just("reading"), st.sampled_from([READ, FAR]), st.integers(0, 6)),
            st.tuples(st.just("alert"), st.sampled_from([READ, FAR]), st.integers(0, 2)),
            st.tuples(st.sampled_from(["lost", "given up", "leave"]), st.none(), st.none()),
        ),
    ),
    max_size=40,
)


@given(deeds)
def test_who_has_left_counts_as_before(deeds) -> None:
    """Whoever leaves, and whenever: totals are those of a roll that nobody leaves."""
    shared, roll, everybody = offline_desk(), Roll(), Roll()
    clients = [client(shared, f"c-{index}", live=True) for index in range(5)]
    for one in clients:
        roll.join(one)
        everybody.join(one)
    for index, (deed, where, number) in deeds:
        one = clients[index]
        if one.left:
            continue
        if deed == "reading":
            one.books.readings(where[0], [{"sensor": where[1], "seq": number, "ts": float(number)}], 10.0)
        elif deed == "alert":
            one.books.alert(where[0], f"a-{number}", where[1], 10.0)
        elif deed == "lost":
            one.lost_count += 1
        elif deed == "given up":
            one.given_up = "refused"
        else:
            leave(roll, one)
        assert roll.progress() == everybody.progress()
    staying = [one for one in clients if not one.left]
    assert roll.here() == roll.live() == staying
    assert roll.clients == clients


def test_progress_is_asked_for_more_than_once() -> None:
    """What those who left had come to is not added twice, nor to what was given before."""
    shared, roll = offline_desk(), Roll()
    gone, stays = client(shared, live=True), client(shared, live=True)
    for one in (gone, stays):
        roll.join(one)
        one.books.readings(READ[0], [{"sensor": READ[1], "seq": 0, "ts": 0.0}], 1.0)
    leave(roll, gone)
    first = roll.progress()
    assert first == roll.progress() == Progress(clients=2, live=1, received=2)
    stays.books.readings(READ[0], [{"sensor": READ[1], "seq": 1, "ts": 0.0}], 1.0)
    assert roll.progress() == replace(first, received=3)


def test_all_have_begun_when_each_was_live_or_gave_up() -> None:
    """Who left was live; an intruder has begun when it has tried something."""
    shared, roll = offline_desk(), Roll()
    assert roll.all_have_begun()
    one, two = client(shared), client(shared, live=True)
    roll.join(one)
    roll.join(two)
    assert not roll.all_have_begun()
    one.given_up = "refused"
    assert roll.all_have_begun()
    leave(roll, two)
    intruder = Intruder("i-1", Manager("m", ("b-1",)), ("b-1", "b-2"), SensorSwarmTarget(), shared, random.Random(0))
    roll.join(intruder)
    assert len(roll) == 3
    assert not roll.all_have_begun()
    intruder.outcomes["refused"] += 1
    assert roll.all_have_begun()
