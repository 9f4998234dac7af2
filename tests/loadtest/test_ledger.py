"""Sequence numbers of one building: exact, and small."""

import sys

from loadtest.ledger import Booked, Catalogue, Ledger


def ledger_of(sensors: int) -> Ledger:
    catalogue = Catalogue()
    for number in range(sensors):
        catalogue.place("b", f"b/t/{number}")
    return Ledger(catalogue.places("b"))


def test_each_outcome():
    """Next, ahead, late, again and before the first are told apart."""
    ledger = ledger_of(1)
    outcomes = [ledger.book(0, seq, float(seq)) for seq in (5, 8, 6, 6, 3, 5, 4, 7)]
    late, twice, taken = Booked.LATE, Booked.DUPLICATED, Booked.DELIVERED
    assert outcomes == [taken, taken, late, twice, late, twice, late, late]
    assert ledger.gaps == {}
    assert (ledger.first[0], ledger.next[0]) == (3, 9)


def test_a_leap_over_millions_takes_one_range():
    """A huge gap costs as little as a small one."""
    ledger = ledger_of(1)
    ledger.book(0, 0, 0.0)
    ledger.book(0, 10**12, 1.0)
    assert [(gap.start, gap.stop) for gap in ledger.gaps[0]] == [(1, 10**12)]


def test_books_of_600_sensors_fit_into_20_kib():
    """Three buildings of 200 sensors cost a client less than 20 KiB, the shared catalogue aside."""
    total = 0
    for _ in range(3):
        ledger = ledger_of(200)
        for place in range(200):
            ledger.book(place, 0, 0.0)
        own = [ledger, ledger.next, ledger.first, ledger.first_ts, ledger.gaps, ledger.presence]
        total += sum(map(sys.getsizeof, own))
    assert total < 20 * 1024
