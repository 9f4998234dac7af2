"""Following connections."""

import math

import pytest

from reports.tables.lives import Loss, Retry, lives
from wire.records import ClientEvent


def follow(*steps):
    """The life of one client by (second, event, other fields)."""
    (life,) = lives(ClientEvent(ts=ts, client="c", event=event, **more) for ts, event, more in steps)
    return life


START = [(0, "start", {"buildings": ["b-*"]}), (1, "open", {}), (2, "live", {"took_s": 2.0})]

CASES = {
    "stopped": ([*START, (9, "stop", {})], [(2, 9)], [], 0),
    "killed run": (START, [(2, math.inf)], [], 0),
    "a cut is one loss": ([*START, (5, "cut", {}), (5.1, "lost", {}), (9, "stop", {})], [(2, 5)], [5], 1),
    "told in the other order": ([*START, (5, "lost", {}), (5.1, "cut", {})], [(2, 5)], [5], 1),
    "lost before live": ([*START[:2], (3, "lost", {})], [], [3], 0),
    "refused is no loss": ([START[0], (1, "refused", {"attempt": 1})], [], [], 0),
    "refused after the handshake": ([*START[:2], (3, "refused", {}), (4, "cut", {})], [], [], 1),
    "leaving is no loss": (
        [*START, (4, "left", {}), (6, "open", {}), (7, "live", {"took_s": 1}), (9, "stop", {})],
        [(2, 4), (7, 9)],
        [],
        0,
    ),
    "lost twice, back once": (
        [*START, (4, "lost", {}), (5, "open", {}), (6, "live", {"took_s": 2}), (7, "lost", {})],
        [(2, 4), (6, 7)],
        [4, 7],
        0,
    ),
    "live told twice": ([*START, (3, "live", {}), (4, "stop", {})], [(2, 4)], [], 0),
}


@pytest.mark.parametrize(("steps", "spans", "lost", "cut"), CASES.values(), ids=CASES)
def test_spans_and_losses(steps, spans, lost, cut):
    """Live from acknowledged subscriptions to the loss; a cut and the loss it causes are one."""
    life = follow(*steps)
    assert (life.spans, life.lost, life.cut) == (spans, lost, cut)


def test_coming_back():
    """Time to reopen is what the client measured, from lost to live; retries keep attempt and delay."""
    life = follow(
        *START,
        (4, "lost", {}),
        (4, "retry", {"attempt": 1, "delay_s": 0.8}),
        (5, "refused", {"attempt": 1}),
        (5, "retry", {"attempt": 2, "delay_s": 1.7}),
        (7, "open", {}),
        (7.1, "live", {"took_s": 3.1}),
    )
    assert (life.reopened, life.reopen_s, life.retries) == ([7.1], [3.1], [(1, 0.8, 0), (2, 1.7, 0)])
    assert life.buildings == ("b-*",)


BACK = [(4, "lost", {}), (6, "open", {}), (6.1, "live", {"took_s": 2.1, "recovered": True, "resumed": 9})]


@pytest.mark.parametrize(
    ("steps", "reading_after_s"),
    [
        ([*BACK, (7, "reading", {"took_s": 3.0})], [3.0]),
        (BACK, [None]),
        # A reading of a later visit, after leaving politely, says nothing about the loss.
        ([*BACK, (7, "left", {}), (9, "live", {"took_s": 1}), (9.5, "reading", {"took_s": 1.5})], [None]),
        # Nor does that of the first connection ever.
        ([(3, "reading", {"took_s": 3.0}), *BACK], [None]),
        ([*BACK, (7, "lost", {}), (8, "live", {"took_s": 1.0}), (8.5, "reading", {"took_s": 1.5})], [None, 1.5]),
    ],
)
def test_what_followed_a_loss(steps, reading_after_s):
    """A loss keeps what its own return brought: times from the loss, and what resuming recovered."""
    first, *_ = losses = follow(*START, *steps).losses
    assert [one.reading_after_s for one in losses] == reading_after_s
    assert (first.ts, first.live_ts, first.live_after_s, first.recovered, first.resumed) == (4, 6.1, 2.1, True, 9)


def test_what_the_server_asked_for_is_kept():
    """Waits of Retry-After are told apart from waits that were drawn; an attempt is counted from 1."""
    life = follow(*START, (4, "lost", {}), (4, "retry", {"attempt": 0, "delay_s": 20.0, "retry_after_s": 20.0}))
    assert life.retries == [Retry(attempt=1, delay_s=20.0, asked_s=20.0)]
    assert life.losses == [Loss(4)]


def test_giving_up():
    """A client that gave up is gone."""
    life = follow(*START, (4, "lost", {}), (4, "given_up", {"reason": "4507"}))
    assert life.given_up
    assert life.spans == [(2, 4)]


def test_clients_do_not_mix():
    """Events of clients interleave in the file."""
    told = lives(
        ClientEvent(ts=ts, client=client, event=event)
        for ts, client, event in [(0, "a", "live"), (1, "b", "live"), (2, "a", "lost"), (3, "b", "stop")]
    )
    assert [(one.client, one.spans, one.lost) for one in told] == [("a", [(0, 2)], [2]), ("b", [(1, 3)], [])]
