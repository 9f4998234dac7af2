"""Books of one client against a brute-force model: nothing lost, doubled, late or leaked goes unseen."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.alerts import AlertRegister
from loadtest.books import Books, home_of
from loadtest.ledger import UNHEARD, Catalogue
from loadtest.settle import covered, settle_readings
from loadtest.truth import truth_of
from loadtest.unknown import Unknown
from wire.records import PublishedFinal, ReadingCounts

INTERVAL_S = 5.0
LATENCY_S = 0.25
LAST = 24  # last number every sensor published
SENSORS = ("a/t/0", "a/t/1", "b/t/0")


@dataclass
class Desk:
    catalogue: Catalogue = field(default_factory=Catalogue)
    register: AlertRegister = field(default_factory=AlertRegister)
    unknown: Unknown = field(default_factory=Unknown)
    latencies: list[float] = field(default_factory=list)

    def books(self, *buildings: str) -> Books:
        return Books(
            buildings,
            catalogue=self.catalogue,
            register=self.register,
            unknown=self.unknown,
            delivered=self.latencies.append,
        )


def reading(sensor: str, seq: int) -> dict[str, object]:
    return {"sensor": sensor, "ts": 1000.0 + seq * INTERVAL_S, "seq": seq, "value": 1.0, "unit": "Cel"}


def final(building: str, skipped: list[list[int]] | None = None) -> PublishedFinal:
    sensors = [sensor for sensor in SENSORS if sensor.startswith(building)]
    return PublishedFinal(
        building=building,
        interval_s=INTERVAL_S,
        sensors=sensors,
        first_ts=[1000.0] * len(sensors),
        last_seq=[LAST] * len(sensors),
        skipped=skipped or [],
    )


arrival = st.tuples(st.sampled_from(SENSORS), st.integers(0, LAST))
frame = st.lists(arrival, min_size=1, max_size=6)
episode = st.one_of(frame, st.just("lost"), st.just("back"))


def play(books: Books, episodes: list, never_sent: set[int], clock_ts: float) -> dict[str, list[int]]:
    """Let a client live through the episodes, one a second; gives what came of each sensor, in order."""
    had: dict[str, list[int]] = {sensor: [] for sensor in SENSORS}
    for item in ["back", *episodes]:
        if item == "lost":
            books.lost(clock_ts)
        for building in ("a", "b"):
            if item == "back":
                books.subscribed(building, clock_ts)
            elif item != "lost":
                sent = [(sensor, seq) for sensor, seq in item if sensor[0] == building and seq not in never_sent]
                books.readings(building, [reading(*each) for each in sent], clock_ts)
                for sensor, seq in sent:
                    had[sensor].append(seq)
        clock_ts += 1.0
    return had


def model(seqs: list[int], never_sent: set[int], opens: int, absences: list[tuple[float, float]]) -> ReadingCounts:
    """Count one sensor the plain way, number by number."""
    counts = ReadingCounts(received=len(seqs), duplicated=len(seqs) - len(set(seqs)))
    counts.order_breaks = sum(seq not in seqs[:at] and seq < max(seqs[:at], default=-1) for at, seq in enumerate(seqs))
    for seq in sorted(set(range(opens, LAST + 1)) - never_sent):
        counts.expected += 1
        ts = reading("", seq)["ts"]
        if seq in seqs:
            counts.delivered += 1
        elif any(after < ts <= until for after, until in absences):
            counts.missing_away += 1
        elif seq > max(seqs, default=-1):
            counts.missing_tail += 1
        else:
            counts.missing_connected += 1
    return counts


@given(st.lists(episode, max_size=40), st.sets(st.integers(0, LAST)), st.floats(990.0, 1140.0))
def test_any_stream_is_found_exactly(episodes, never_sent, subscribed_ts):
    """Any interleaving of loss, duplication, reordering and reconnects is counted as a plain model counts it."""
    desk = Desk()
    books = desk.books("a", "b")
    had = play(books, episodes, never_sent, subscribed_ts)
    skipped = [[place, seq, seq] for place in (0, 1) for seq in sorted(never_sent)]
    truth = truth_of([final("a", skipped), final("b", [each for each in skipped if each[0] == 0])], desk.catalogue)
    counts = settle_readings(books, truth, stopped_ts=10_000.0)

    unheard_opens = sum(reading("", seq)["ts"] < subscribed_ts + INTERVAL_S for seq in range(LAST + 1))
    expected = ReadingCounts()
    for sensor, seqs in had.items():
        absences = books.ledgers[sensor[0]].presence.absences()
        expected.add(model(seqs, never_sent, min(seqs, default=unheard_opens), absences))
    assert counts == expected
    assert counts.balanced
    assert len(desk.latencies) == counts.delivered
    assert covered(books, truth)


@given(st.lists(episode, max_size=40), st.floats(990.0, 1140.0), st.floats(990.0, 1200.0))
def test_sensors_judged_all_at_once_are_judged_as_one_by_one(episodes, subscribed_ts, stopped_ts):
    """What is faster finds the same; a sensor with a list of skipped numbers, be it empty, is judged by itself."""
    desk = Desk()
    books = desk.books("a", "b")
    play(books, episodes, set(), subscribed_ts)
    truth = truth_of([final("a"), final("b")], desk.catalogue)
    at_once = settle_readings(books, truth, stopped_ts)
    for building in truth.buildings.values():
        building.skipped = {place: [] for place in range(len(building.known))}
    assert settle_readings(books, truth, stopped_ts) == at_once


@given(st.lists(st.integers(0, 40), min_size=1))
def test_without_the_truth_only_what_lies_between_is_judged(seqs):
    """Unsettled books expect what lies between the first and the last number received, and still balance."""
    desk = Desk()
    books = desk.books("a")
    books.subscribed("a", 900.0)
    books.readings("a", [reading("a/t/0", seq) for seq in seqs], 2000.0)
    counts = settle_readings(books, None, stopped_ts=3000.0)
    assert counts.balanced
    assert counts.expected == max(seqs) - min(seqs) + 1
    assert counts.missing_connected == counts.expected - len(set(seqs))
    assert counts.missing_tail == 0
    assert not covered(books, None)


def test_a_building_the_client_may_not_see_is_a_leak():
    """Every reading of a foreign building is leaked, also one hidden in a frame of an own building."""
    desk = Desk()
    books = desk.books("a")
    books.readings("b", [reading("b/t/0", 0)], 1000.0)
    books.readings("a", [reading("a/t/0", 0), reading("b/t/0", 1), reading("a/t/0", 1)], 1000.0)
    counts = settle_readings(books, None, 2000.0)
    assert (counts.received, counts.delivered, counts.leaked) == (4, 2, 2)
    assert counts.balanced


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (7, "reading is not an object"),
        ({"ts": 1.0, "seq": 0}, "reading without a sensor id"),
        ({"sensor": "a/t/0", "ts": "now", "seq": 0}, "reading without a time"),
        ({"sensor": "a/t/0", "ts": True, "seq": 0}, "reading without a time"),
        ({"sensor": "a/t/0", "ts": 1.0, "seq": -1}, "reading without a sequence number"),
        ({"sensor": "a/t/0", "ts": 1.0, "seq": UNHEARD}, "reading without a sequence number"),
        ({"sensor": "a/t/0", "ts": 1.0, "seq": 1.5}, "reading without a sequence number"),
    ],
)
def test_a_broken_reading_is_counted_by_kind_and_stands_in_no_book(broken, kind):
    """A reading that is none leaves its neighbours in the frame untouched."""
    desk = Desk()
    books = desk.books("a")
    books.readings("a", [reading("a/t/0", 0), broken, reading("a/t/0", 1)], 1000.0)
    counts = settle_readings(books, None, 2000.0)
    assert (counts.received, counts.delivered) == (2, 2)
    assert counts.balanced
    assert desk.unknown.kinds == {kind: 1}
    assert desk.unknown.first == str(broken)


def test_a_reading_that_the_truth_denies_unbalances_the_books():
    """What came although it was skipped, or after the last one, makes the run not usable."""
    for seq, skipped in ((LAST + 1, []), (3, [[0, 3, 3]])):
        desk = Desk()
        books = desk.books("b")
        books.subscribed("b", 900.0)
        books.readings("b", [reading("b/t/0", number) for number in (*range(LAST + 1), seq)[: LAST + 2]], 2000.0)
        truth = truth_of([final("b", skipped)], desk.catalogue)
        assert not settle_readings(books, truth, 3000.0).balanced


def test_what_was_meant_just_before_we_stopped_is_not_expected_while_the_load_goes_on():
    """A reading still under way when the client was stopped is not missing."""
    desk = Desk()
    books = desk.books("b")
    books.subscribed("b", 990.0)
    books.readings("b", [reading("b/t/0", 0), reading("b/t/0", 1)], 1005.2)
    truth = truth_of([final("b")], desk.catalogue)
    assert settle_readings(books, truth, stopped_ts=1010.5).missing == 0  # number 2 was meant at 1010
    assert settle_readings(books, truth, stopped_ts=1011.5).missing_tail == 1


def test_latency_is_arrival_minus_intended_time():
    """Latency counts from the intended time, for late ones too, and not for duplicates."""
    desk = Desk()
    books = desk.books("a")
    for seq in (0, 2, 1, 1):
        books.readings("a", [reading("a/t/0", seq)], 1000.0 + seq * INTERVAL_S + LATENCY_S)
    assert desk.latencies == [LATENCY_S] * 3


def test_what_a_broker_held_up_is_late_and_missing_nowhere():
    """Readings sent again after the broker's return are delivered, in order, with the latency that they had."""
    desk = Desk()
    books = desk.books("b")
    books.subscribed("b", 990.0)
    books.readings("b", [reading("b/t/0", 0)], 1000.0 + LATENCY_S)
    books.readings("b", [reading("b/t/0", seq) for seq in range(1, LAST + 1)], 1130.0)
    counts = settle_readings(books, truth_of([final("b")], desk.catalogue), stopped_ts=1200.0)
    assert (counts.expected, counts.delivered, counts.missing, counts.order_breaks) == (LAST + 1, LAST + 1, 0, 0)
    assert desk.latencies == [LATENCY_S, *(1130.0 - reading("b/t/0", seq)["ts"] for seq in range(1, LAST + 1))]


@pytest.mark.parametrize(("first_back", "away"), [(10, 5), (7, 2), (5, 0)])
def test_what_a_killed_server_took_from_the_queue_before_we_were_back_is_away(first_back, away):
    """Of the readings that waited for the server, those it passed on before we were back are missing as away."""
    desk = Desk()
    books = desk.books("b")
    books.subscribed("b", 990.0)
    books.readings("b", [reading("b/t/0", seq) for seq in range(5)], 1020.3)
    books.lost(1020.3)
    books.subscribed("b", 1049.9)  # number 9 was meant at 1045, number 10 is next
    books.readings("b", [reading("b/t/0", seq) for seq in range(first_back, LAST + 1)], 1121.0)
    counts = settle_readings(books, truth_of([final("b")], desk.catalogue), stopped_ts=1200.0)
    assert (counts.missing_away, counts.missing_connected, counts.missing_tail) == (away, 0, 0)
    assert counts.balanced


@pytest.mark.parametrize(("sensor", "home"), [("a/t/0", "a"), ("plain", "frame")])
def test_a_sensor_names_its_building_before_the_first_slash(sensor, home):
    """An id without a building belongs to the building of its frame."""
    assert home_of(sensor, "frame") == home
