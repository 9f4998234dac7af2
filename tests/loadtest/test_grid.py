"""Numbers told from times: the books they make are those that numbers would have made."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.grid import Grid
from loadtest.ledger import Catalogue
from loadtest.settle import covered, settle_readings
from loadtest.truth import truth_of
from loadtest.unknown import Unknown
from wire.records import PublishedFinal

T0, INTERVAL_S, LAST = 1_763_856_000.123456, 0.5, 30
FINAL = PublishedFinal("a", INTERVAL_S, ["a/1", "a/2"], [T0, T0 + 0.2], [LAST, LAST], [[1, 4, 6]])
FIRST_TS = {"a/1": T0, "a/2": T0 + 0.2}


def books(catalogue: Catalogue, grid: Grid | None = None) -> Books:
    number = grid.number if grid is not None else lambda *_: None
    return Books(
        ["a"],
        catalogue=catalogue,
        register=AlertRegister(),
        unknown=Unknown(),
        delivered=lambda _: None,
        number=number,
    )


heard = st.lists(st.tuples(st.sampled_from(["a/1", "a/2"]), st.integers(0, LAST)), max_size=40)


@given(st.lists(heard, min_size=1, max_size=3), st.sampled_from([1, 3, 6]))
def test_times_make_the_books_that_numbers_make(clients, digits):
    """Whatever several clients heard, in whatever order, by times rounded to a tenth of a second or finer."""
    numbered_catalogue, timed_catalogue = Catalogue(), Catalogue()
    grid = Grid(timed_catalogue, lambda: INTERVAL_S)
    numbered, timed = [], []
    for readings in clients:
        numbered.append(books(numbered_catalogue))
        timed.append(books(timed_catalogue, grid))
        numbered[-1].subscribed("a", T0)
        timed[-1].subscribed("a", T0)
        for sensor, seq in readings:
            ts = FIRST_TS[sensor] + seq * INTERVAL_S
            numbered[-1].readings("a", [{"sensor": sensor, "ts": ts, "seq": seq}], ts)
            timed[-1].timed("a", [{"sensor": sensor, "ts": round(ts, digits)}], ts)
    truths = truth_of([FINAL], numbered_catalogue), truth_of([FINAL], timed_catalogue)
    for by_number, by_time in zip(numbered, timed, strict=True):
        grid.move(by_time.ledgers, truths[1])
        assert settle_readings(by_time, truths[1], T0 + 100) == settle_readings(by_number, truths[0], T0 + 100)
        assert covered(by_time, truths[1])
    assert not grid.problem()


def test_without_an_interval_nothing_is_claimed():
    """What comes is counted, and the reason is told."""
    grid = Grid(Catalogue(), lambda: None)
    made = books(Catalogue(), grid)
    assert not grid.problem()
    made.timed("a", [{"sensor": "a/1", "ts": T0}], T0)
    assert made.unnumbered == 1
    assert "without published.jsonl" in grid.problem()


def test_a_clock_that_was_wrong_on_purpose_tells_nothing():
    """Its times lie on the grid, and belong to other readings."""
    grid = Grid(Catalogue(), lambda: INTERVAL_S)
    grid.number("a", "a/1", T0)
    grid.skewed = True
    assert "clock_skewed" in grid.problem()
