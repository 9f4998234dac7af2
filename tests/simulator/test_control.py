"""Control messages: what is taken begins with the next sample, what is refused changes nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.control import LONGEST_BYTES, MOST_WAITING, Control
from simulator.layout import Layout
from simulator.schedule import LiveSchedule
from simulator.shard import Shard
from wire.clock import NS

LAYOUT = Layout(3, 10)


@pytest.fixture
def live() -> LiveSchedule:
    return LiveSchedule(5 * NS)


@pytest.fixture
def control(live) -> Control:
    return Control(LAYOUT, live, seed=1, interval_s=5.0)


def test_a_message_becomes_an_event(control, live):
    """Kind, place, duration and magnitude as they were asked for, from the beginning of the next sample."""
    order = {"kind": "spike", "sensor": "b-0002/co2/0003", "duration_s": 12, "magnitude": 800}
    assert control.take(json.dumps(order).encode()) is None
    [event] = live.until(50 * NS)
    assert (event.kind.name, event.at_ns, event.duration_ns, event.magnitude) == ("spike", 45 * NS, 12 * NS, 8.0)
    assert [(hit.sensor, hit.magnitude) for hit in event.hits] == [(12, 800.0)]
    assert (control.taken, control.refused) == (1, 0)


def test_what_is_left_open_is_drawn_anew_for_each_message(control, live):
    """Twenty sparse messages do not all befall the same sensor, and their causes differ."""
    for _ in range(20):
        assert control.take(b'{"kind": "dropout"}') is None
    events = live.until(5 * NS)
    assert len({event.hits[0].sensor for event in events}) > 5
    assert len({event.cause for event in events}) == 20


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 3000, "is not JSON"),
        (b"[1]", "is no JSON object"),
        (b"{}", "'kind' is missing"),
        (b'{"kind": "fier"}', "did you mean 'fire'?"),
        (b'{"kind": 3}', "kind must be a string"),
        (b'{"kind": "fire", "at": 3}', "'at' cannot be given; leave it out"),
        (b'{"kind": "fire", "building": "b-9999"}', "no building 'b-9999'"),
        (b'{"kind": "fire", "quantity": "power"}', "fire cannot befall power"),
        (b'{"kind": "fire", "duration_s": -1}', "duration must be above 0 s"),
        (b'{"kind": "fire", "duration_s": NaN}', "duration must be a number"),
        (b'{"kind": "fire", "magnitude": -1}', "magnitude must be above 0"),
        (b'{"kind": "fire", "duration": 1, "duration_s": 1}', "are the same"),
        (b'{"kind": "fire", "colour": "red"}', "unknown key 'colour'"),
        (b" " * (LONGEST_BYTES + 1), "is too long"),
    ],
)
def test_a_bad_message_is_refused_in_one_line(control, live, payload, expected):
    """The answer says what is wrong and shows the message's beginning; nothing is injected."""
    refusal = control.take(payload)
    assert expected in refusal.error
    assert refusal.error.startswith("control message")
    answer = json.loads(refusal.payload())
    assert "\n" not in answer["error"]
    assert len(answer["message"]) <= 200
    assert (len(live), control.taken, control.refused) == (0, 0, 1)


@given(
    st.binary(max_size=60)
    | st.builds(
        lambda value: json.dumps(value).encode(),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "sensor", "x"]), inner)
            ),
        ),
    )
)
def test_no_message_raises(payload):
    """Whatever arrives is taken or refused."""
    live = LiveSchedule(NS)
    control = Control(LAYOUT, live, seed=0, interval_s=1.0)
    control.take(payload)
    assert control.taken + control.refused == 1
    assert len(live) == control.taken


def test_a_flood_is_bounded(control, live):
    """Beyond what may wait for one sample, messages are refused; after it there is room again."""
    for _ in range(MOST_WAITING):
        assert control.take(b'{"kind": "spike"}') is None
    assert "wait for the next sample already" in control.take(b'{"kind": "spike"}').error
    live.until(5 * NS)
    assert control.take(b'{"kind": "spike"}') is None


@given(st.integers(1, 4), st.lists(st.sampled_from(["spike", "stuck", "fire", "dropout"]), min_size=1, max_size=6))
def test_machines_that_share_a_fleet_hear_the_same_and_each_acts_on_its_own(count, kinds):
    """However many shards, each event happens once, to the same sensor as in the whole fleet."""
    orders = [json.dumps({"kind": kind}).encode() for kind in kinds]
    whole, whole_live = Layout(4, 10), LiveSchedule(5 * NS)
    alone = Control(whole, whole_live, seed=3, interval_s=5.0)
    assert all(alone.take(order) is None for order in orders)
    wanted = [(event.cause, hit.sensor) for event in whole_live.until(50 * NS) for hit in event.hits]
    found = []
    for index in range(1, count + 1):
        mine, live = Shard(index, count).layout(4, 10), LiveSchedule(5 * NS)
        control = Control(whole, live, seed=3, interval_s=5.0, mine=mine)
        assert all(control.take(order) is None for order in orders)
        found += [(e.cause, mine.first * 10 + hit.sensor) for e in live.until(50 * NS) for hit in e.hits]
    assert sorted(found) == sorted(wanted)
