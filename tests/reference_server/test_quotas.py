"""Limits, as tables: times are given, nobody waits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.quotas import (
    HANDSHAKE_BURST_S,
    LONGEST_WAIT_S,
    OWN_FILES,
    SPARE,
    Admission,
    Bucket,
    QuotaError,
    Quotas,
    connections_allowed,
    frame_cost,
    site,
)


def test_a_bucket_gives_a_burst_then_the_rate() -> None:
    """Two a second, five seconds' worth at once: ten at first, then one each half second."""
    bucket = Bucket(2.0, 5.0, 0.0)
    assert [bucket.take(0.0) for _ in range(11)] == [True] * 10 + [False]
    assert [bucket.take(at_s) for at_s in (0.4, 0.5, 0.9, 1.0, 1.0)] == [False, True, False, True, False]
    assert [bucket.take(1000.0) for _ in range(11)] == [True] * 10 + [False]


def test_a_bucket_without_a_rate_is_never_empty() -> None:
    """0 is no limit."""
    bucket = Bucket(0.0, 5.0, 0.0)
    assert all(bucket.take(0.0, 1000.0) for _ in range(1000))


def test_what_is_more_than_a_burst_is_paid_off_later() -> None:
    """A frame dearer than all there is goes through once, and costs its whole price."""
    bucket = Bucket(10.0, 1.0, 0.0)
    assert bucket.take(0.0, 30.0)
    assert not bucket.take(2.0, 1.0)
    assert bucket.take(2.2, 1.0)


@settings(deadline=None)
@given(
    per_s=st.floats(0.1, 50),
    burst_s=st.floats(0.1, 20),
    gaps_s=st.lists(st.floats(0, 5), max_size=40),
)
def test_no_time_ever_sees_more_than_burst_and_rate_allow(per_s: float, burst_s: float, gaps_s: list[float]) -> None:
    """In any stretch of time at most a burst and what came back meanwhile is taken."""
    bucket = Bucket(per_s, burst_s, 0.0)
    now_s, taken = 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        if bucket.take(now_s):
            taken.append(now_s)
    burst = max(per_s * burst_s, 1.0)
    for first, began_s in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - began_s) * per_s + 1e-6


@pytest.mark.parametrize(("payload_bytes", "cost"), [(0, 1.0), (1024, 2.0), (65_536, 65.0)])
def test_a_frame_costs_by_its_size(payload_bytes: int, cost: float) -> None:
    """What takes long to look at counts for more."""
    assert frame_cost(payload_bytes) == cost


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
def test_addresses_of_one_customer(one: str, other: str, same: bool) -> None:
    """Nobody gets more by taking another address of his own /64."""
    assert (site(one) == site(other)) is same


def admission(now_s: float = 0.0, **quotas: float) -> Admission:
    return Admission(Quotas(**quotas), now_s)  # type: ignore[arg-type]  # whole numbers where they belong


def test_connections_in_all() -> None:
    """The one too many is heard and refused, the one far too many is not even heard, and who goes makes room."""
    gate = admission(connections=2)
    assert [gate.arrived("a"), gate.arrived("b")] == [True, True]
    assert gate.refuses("a", 0.0) is None
    assert gate.arrived("c")
    refused = gate.refuses("c", 0.0)
    assert refused is not None
    assert refused.reason == "too many connections"
    assert all(gate.arrived("d") for _ in range(SPARE - 1))
    assert not gate.arrived("e")
    for address in ("e", *"d" * (SPARE - 1), "c"):
        gate.left(address)
    assert gate.refuses("b", 0.0) is None


def test_connections_of_an_address() -> None:
    """One address's limit is nobody else's."""
    gate = admission(per_address=1)
    assert gate.arrived("192.0.2.1")
    assert gate.arrived("192.0.2.1")
    assert gate.arrived("192.0.2.2")
    refused = gate.refuses("192.0.2.1", 0.0)
    assert refused is not None
    assert refused.reason == "too many connections of this address"
    assert gate.refuses("192.0.2.2", 0.0) is None
    gate.left("192.0.2.1")
    assert gate.refuses("192.0.2.1", 0.0) is None


def test_seats_of_a_user() -> None:
    """A seat that was left can be taken again."""
    gate = admission(per_user=2)
    assert [gate.take_seat("m"), gate.take_seat("m"), gate.take_seat("m"), gate.take_seat("n")] == [
        *(True, True),
        *(False, True),
    ]
    gate.leave_seat("m")
    assert gate.take_seat("m")
    assert not gate.take_seat("m")


def test_who_is_refused_for_the_rate_comes_back_no_faster_than_it() -> None:
    """Eighty refused at once are asked back over the next ten seconds, eight in each; then they are let in."""
    gate = admission(handshakes_per_s=8.0)
    gate.arrived("a")
    assert all(gate.refuses("a", 0.0) is None for _ in range(round(8 * HANDSHAKE_BURST_S)))
    refusals = [gate.refuses("a", 0.0) for _ in range(80)]
    waits_s = [refused.retry_after_s for refused in refusals if refused is not None]
    assert [waits_s.count(second) for second in range(1, 11)] == [8] * 10
    for wait_s in sorted(waits_s):
        assert gate.refuses("a", float(wait_s)) is None


@settings(deadline=None)
@given(rate=st.floats(0, 1000), gaps_s=st.lists(st.floats(0, 3), min_size=1, max_size=100))
def test_nobody_is_asked_to_wait_for_ever(rate: float, gaps_s: list[float]) -> None:
    """Whatever the rate and the flood: whole seconds from 1 to the longest wait."""
    gate = admission(handshakes_per_s=rate)
    now_s = 0.0
    for gap_s in gaps_s:
        now_s += gap_s
        assert 1 <= gate.retry_after_s(now_s) <= LONGEST_WAIT_S


def test_a_draining_server_lets_nobody_in() -> None:
    """Not even who is within every limit."""
    gate = admission()
    gate.arrived("a")
    gate.draining = True
    refused = gate.refuses("a", 0.0)
    assert refused is not None
    assert refused.reason == "draining"


def test_connections_follow_the_open_files() -> None:
    """By default what the limit leaves; more than that is refused with the remedy."""
    assert connections_allowed(None, 20_000) == 20_000 - OWN_FILES
    assert connections_allowed(5, 20_000) == 5
    assert connections_allowed(None, 100) == 1
    with pytest.raises(QuotaError, match=r"--max-connections 20000: .*ulimit -n"):
        connections_allowed(20_000, 20_000)
