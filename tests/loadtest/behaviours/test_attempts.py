"""What an intruder tries, and what came of it."""

import random
from itertools import islice

import pytest

from loadtest.behaviours.attempts import ALL, Answer, Asking, Outcome, attempts, outcome_of
from loadtest.tokens import Tampering

FORBIDDEN = frozenset({"x", "y"})
HELLO, BAD = Asking.IN_HELLO, Tampering.EXPIRED


def answer(*, opened=True, welcomed=False, acknowledged=(), leaked=0, code=0) -> Answer:
    return Answer(opened, welcomed, frozenset(acknowledged), leaked, code)


@pytest.mark.parametrize(
    ("attempt", "given", "outcome"),
    [
        (HELLO, answer(welcomed=True, code=4507), Outcome.REFUSED),
        (HELLO, answer(welcomed=True), Outcome.IGNORED),
        (HELLO, answer(welcomed=True, acknowledged=["own"], code=4507), Outcome.REFUSED),
        (HELLO, answer(welcomed=True, acknowledged=["own", "x"], code=4507), Outcome.LEAKED),
        (HELLO, answer(welcomed=True, leaked=1, code=4507), Outcome.LEAKED),  # refused in words only
        (HELLO, answer(code=4500), Outcome.FAILED),  # our good token was not accepted: nothing was tried
        (HELLO, answer(opened=False), Outcome.FAILED),
        (BAD, answer(code=4500), Outcome.REFUSED),
        (BAD, answer(code=401), Outcome.REFUSED),
        (BAD, answer(), Outcome.IGNORED),
        (BAD, answer(welcomed=True), Outcome.LEAKED),
        (BAD, answer(acknowledged=["own"]), Outcome.LEAKED),
        (BAD, answer(leaked=3, code=4500), Outcome.LEAKED),
        (BAD, answer(opened=False), Outcome.FAILED),
    ],
)
def test_outcomes(attempt, given, outcome):
    """Whatever succeeds is a leak, whatever the server said; an attempt that could not be made proves nothing."""
    assert outcome_of(attempt, given, FORBIDDEN) is outcome


def test_every_round_has_every_attempt():
    """All kinds once, then all again; forbidden buildings are drawn anew, at most three."""
    tried = list(islice(attempts(random.Random(1), ["a", "b", "c", "d", "e"]), 2 * len(ALL)))
    assert {attempt for attempt, _ in tried[: len(ALL)]} == {attempt for attempt, _ in tried[len(ALL) :]} == set(ALL)
    assert all(len(set(buildings)) == 3 for _, buildings in tried)


def test_who_may_see_everything_has_only_bad_tokens_to_show():
    """Without forbidden buildings nothing can be asked for that is forbidden."""
    tried = {attempt for attempt, _ in islice(attempts(random.Random(1), []), 20)}
    assert tried == set(Tampering)
