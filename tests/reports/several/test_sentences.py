"""What each figure of several runs shows in these."""

from reports.several import sentences


def test_verdicts_are_counted(runs):
    """The title says how many held."""
    assert sentences.verdicts(runs) == "3 runs: 1 held, 1 failed, 1 not usable"
    assert sentences.verdicts(runs[:1]) == "1 run: 1 held"


def test_quantiles_are_compared(runs):
    """The fastest and the slowest are named, with what recorded nothing; equal runs are not ranked."""
    assert (
        sentences.tails(runs)
        == "99 % of the readings arrived within 10 ms in a and, at the slowest, 250 ms in b; c recorded none."
    )
    assert sentences.medians(runs[:1] * 2) == "Half of the readings arrived within 2 ms in each run."
    assert sentences.tails([runs[0], runs[2]]) == "99 % of the readings arrived within 10 ms in a; c recorded none."
    assert sentences.tails(runs[2:]) == sentences.NOTHING


def test_the_slowest_second(runs):
    """Each run's worst second is named; a run that recorded nothing is left out."""
    assert sentences.slowest(runs) == "The slowest readings took 10 ms in second 0 of a, 250 ms in second 2 of b."
    assert sentences.slowest(runs[2:]) == sentences.NOTHING


def test_losses_are_named_by_run(runs):
    """Who lost what, who has no books; nothing is claimed of a run without them."""
    assert sentences.books(runs) == (
        "Not every message arrived once and in order in b (12 missing while away); c has no books."
    )
    assert sentences.books(runs[:1]) == "In every run each message arrived once, in order."
    assert sentences.books([runs[0], runs[2]]) == "In a each message arrived once, in order; c has no books."
    assert sentences.books(runs[2:]).startswith("There are no books")
