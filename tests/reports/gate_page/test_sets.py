"""The sets of pairs as the page shows them."""

from reports.gate_page.sets import shown_sets


def told(comparison):
    return {one.name: [decision.outcome for decision in one.decisions] for one in shown_sets(comparison.verdict)}


def test_every_set_that_was_run_in_order(compared):
    """A set each, with a figure of its own and its number of pairs."""
    sets = shown_sets(compared(0.5, 0.5, 0.0).verdict)
    assert [one.figure for one in sets] == ["forest", "forest_again", "forest_control"]
    assert [one.subject for one in sets] == [
        "The first 6 pairs",
        "A fresh set of 6 pairs",
        "6 pairs of base against base",
    ]
    assert [len(one.pairs) for one in sets] == [6, 6, 6]
    assert [one.name for one in shown_sets(compared().verdict)] == ["first"]


def test_what_was_flagged_twice_is_suspect_no_more(compared):
    """It has regressed, and the first set's figure keeps what the first set said."""
    assert told(compared(0.5, 0.5, 0.0)) == {
        "first": ["suspect"] * 3,
        "again": ["regressed"] * 3,
        "control": ["held"] * 3,
    }


def test_on_a_restless_machine_the_fresh_set_keeps_its_own_word(compared):
    """The verdict doubts it; what the set measured is what its figure shows."""
    assert told(compared(0.5, 0.5, 0.5))["again"] == ["suspect"] * 3
    assert told(compared(0.5, 0.0))["again"] == ["held"] * 3
