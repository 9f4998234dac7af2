"""The books of several processes, put together: what travels, and what is claimed of readings without a number."""

from collections import Counter

import msgpack
import pytest

from loadtest.alerts import AlertRegister
from loadtest.client import Client
from loadtest.closing import Part, close_books, close_part
from loadtest.roster import Manager
from loadtest.targets.sensorswarm import SensorSwarmTarget
from loadtest.truth import truth_of
from tests.loadtest.offline import offline_desk
from wire.records import AlertCounts, ClientBooks, Measures, PublishedFinal, ReadingCounts

T0, INTERVAL_S, LAST = 1_763_856_000.0, 0.5, 9
FINAL = PublishedFinal("a", INTERVAL_S, ["a/1", "a/2"], [T0, T0 + 0.2], [LAST, LAST])


def travelled(part: Part) -> Part:
    """What arrives of it, by the packer that Locust has for its messages."""
    return Part.from_plain(msgpack.loads(msgpack.dumps(part.plain())))


def test_a_part_travels_as_locust_sends_it():
    """Whatever a process has to say of its clients is the same on the other side."""
    books = ClientBooks("c-00001", "m-0001", ReadingCounts(expected=3, delivered=3, received=3), AlertCounts())
    part = Part(
        books=[books],
        covered=False,
        stamps="user",
        ever_live=2,
        lost=3,
        given_up=4,
        left=5,
        intruders=6,
        intrusions=Counter(refused=3, leaked=1),
        not_usable=["saturated"],
        measures=Measures(time="no time", sequence="no number"),
    )
    assert travelled(part) == part


def process(*clients: list[tuple[str, int]], interval_s: float | None = INTERVAL_S) -> Part:
    """What one process says of its clients, each of which heard these readings, by their times alone."""
    desk = offline_desk(interval_s=lambda: interval_s)
    made = []
    for readings in clients:
        made.append(Client(f"c-{len(made)}", Manager("m", ("a",)), SensorSwarmTarget(), desk))
        books = made[-1].books
        books.subscribed("a", T0)
        for sensor, seq in readings:
            ts = T0 + 0.2 * (sensor == "a/2") + seq * INTERVAL_S
            books.timed("a", [{"sensor": sensor, "ts": ts}], ts)
        made[-1].stop()
    part = close_part(made, [], truth_of([FINAL], desk.catalogue), AlertRegister(), desk.grid)
    return travelled(part)


WHOLE = [(sensor, seq) for seq in range(LAST + 1) for sensor in ("a/1", "a/2")]


def test_times_are_numbers_in_every_process():
    """Each process counts from the first reading that it heard; together they are exact, and so is what is missing."""
    parts = [process(WHOLE), process(WHOLE[6:], WHOLE[:10]), process(WHOLE[:5] + WHOLE[6:] + WHOLE[8:9])]
    books = close_books(parts, settled=True, unknown={}, first_unknown="")
    assert (books.balanced, books.not_measurable) == (True, {})
    counts = books.readings
    assert (counts.expected, counts.delivered, counts.missing, counts.duplicated) == (20 + 14 + 20 + 20, 63, 11, 1)


@pytest.mark.parametrize("silent", [0, 1])
def test_a_process_that_cannot_number_makes_it_not_measurable(silent):
    """On a machine without the simulator's records: the reason is told, and nothing is claimed of anybody."""
    parts = [process(WHOLE), process(WHOLE[:7])]
    parts[silent] = process(WHOLE[:7], interval_s=None)
    books = close_books(parts, settled=True, unknown={}, first_unknown="")
    assert "without published.jsonl" in books.not_measurable["sequence"]
    assert books.balanced
    for each in books.clients:
        assert each.readings.expected == each.readings.delivered == each.readings.received
