"""One client's conversation, as tables."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.identity import Identity, TokenError
from reference_server.session import (
    Action,
    Drop,
    Follow,
    Heartbeat,
    Pong,
    Send,
    Session,
    Shut,
    State,
    Subscribe,
)
from wire.dashboard import Position

NOW = 1000.0


def identify(token: str, now: float) -> Identity:
    """Tokens of these tests name the buildings they cover."""
    if token == "bad":
        raise TokenError("token not accepted: bad")
    return Identity("m-1", tuple(token.split(",")), now + 60)


def session(bearer: str | None = None) -> Session:
    handshake = None if bearer is None else partial(identify, bearer)
    return Session(identify, opened_s=0.0, handshake=handshake, hello_deadline_s=10, heartbeat_s=25)


def opened(token: str = "b-1,b-2") -> Session:
    it = session()
    it.receive(json.dumps({"type": "hello", "token": token}), NOW)
    assert it.state is State.OPEN
    return it


def told(actions: list[Action]) -> list[dict[str, Any]]:
    return [orjson.loads(action.message) for action in actions if isinstance(action, Send)]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", 1008),
        ("{", 1008),
        ("[]", 1008),
        ("[" * 60_000, 1008),
        ('{"type":"nonsense"}', 1008),
        ('{"type":"' + "x" * 60_000 + '"}', 1008),
        ('{"type":"\\ud800"}', 1008),
        ('{"type":"hello","token":5}', 1008),
        ('{"type":"hello","token":"b-1","subscribe":"some"}', 1008),
        ('{"type":"hello","token":"b-1","resume":{"b-1":{"epoch":"e","offset":-1}}}', 1008),
        ('{"type":"subscribe","buildings":["b-1"]}', 1008),
        ('{"type":"ping","id":1,"t0":0}', 1008),
        (b'{"type":"hello","token":"b-1"}', 1008),
        ('{"type":"hello"}', 4500),
        ('{"type":"hello","token":null}', 4500),
        ('{"type":"hello","token":"bad","subscribe":"all"}', 4500),
    ],
)
def test_bad_beginnings(message: str | bytes, code: int) -> None:
    """What is no good hello is answered with an error, then closed with the same code; nothing is subscribed."""
    it = session()
    actions = it.receive(message, NOW)
    assert [type(action) for action in actions] == [Send, Shut]
    (error,) = told(actions)
    assert (error["type"], error["code"]) == ("error", code)
    assert isinstance(actions[1], Shut)
    assert actions[1].code == code
    assert len(actions[1].reason.encode()) <= 123
    assert len(error["reason"]) <= 300
    assert it.state is State.CLOSED
    assert it.receive('{"type":"hello","token":"b-1"}', NOW) == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 1008),
        ('{"type":"hello","token":"b-1"}', 1008),
        (b"{}", 1008),
        ('{"type":"ping","id":1}', 1008),
        ('{"type":"ping","id":99999999999999999999,"t0":0}', 1008),
    ],
)
def test_misuse_of_an_open_session(message: str | bytes, code: int) -> None:
    """An open session that is misused is closed as well."""
    actions = opened().receive(message, NOW)
    assert isinstance(actions[-1], Shut)
    assert actions[-1].code == code


def test_hello_subscribes_what_was_asked_for_with_its_positions() -> None:
    """The welcome comes first, then one subscription per building."""
    resume = {"b-2": {"epoch": "e", "offset": 7, "alert_offset": 1}}
    message = {"type": "hello", "token": "b-1,b-2", "subscribe": ["b-1", "b-2"], "resume": resume}
    welcome, *rest = session().receive(json.dumps(message), NOW)
    assert told([welcome]) == [{"type": "welcome", "user": "m-1", "buildings": ["b-1", "b-2"], "heartbeat": 25}]
    assert rest == [Subscribe("b-1", None), Subscribe("b-2", Position(epoch="e", offset=7, alert_offset=1))]


def test_all_means_the_names_and_what_the_patterns_will_cover() -> None:
    """Named buildings are subscribed at once, patterns are followed; nothing else matches."""
    actions = session().receive('{"type":"hello","token":"b-*,x","subscribe":"all"}', NOW)
    assert actions[1] == Subscribe("x", None)
    assert isinstance(actions[2], Follow)
    assert actions[2].matches("b-77")
    assert not actions[2].matches("c-1")
    assert len(session().receive('{"type":"hello","token":"x","subscribe":"all"}', NOW)) == 2


def test_the_handshakes_token_serves_when_the_hello_has_none() -> None:
    """`Authorization: Bearer` is an alternative; a token in the hello comes first, even a bad one."""
    it = session(bearer="b-1")
    it.receive('{"type":"hello"}', NOW)
    assert it.identity is not None
    assert it.identity.names == {"b-1"}
    assert isinstance(session(bearer="b-1").receive('{"type":"hello","token":"bad"}', NOW)[-1], Shut)


def test_not_your_building_is_refused_alone() -> None:
    """A foreign building gets an error of its own; the session goes on and the others are subscribed."""
    it = opened("b-1")
    actions = it.receive('{"type":"subscribe","buildings":["b-2","b-1"]}', NOW)
    assert [type(action) for action in actions] == [Send, Subscribe]
    assert told(actions) == [{"type": "error", "code": 4507, "reason": "not your building: b-2"}]
    assert actions[1] == Subscribe("b-1", None)
    assert it.state is State.OPEN


def test_unsubscribe_and_ping() -> None:
    """Unsubscribing drops, a ping is answered with its own stamps."""
    it = opened()
    assert it.receive('{"type":"unsubscribe","buildings":["b-1"]}', NOW) == [Drop("b-1")]
    (pong,) = it.receive('{"type":"ping","id":5,"t0":1.5}', NOW)
    assert isinstance(pong, Pong)
    assert (pong.ping.id, pong.ping.t0, pong.received_ts) == (5, 1.5, NOW)


def test_subscriptions_are_bounded() -> None:
    """A client that names buildings without end is closed."""
    it = opened("*")
    names = [f"b-{number}" for number in range(10_000)]
    assert it.receive(json.dumps({"type": "subscribe", "buildings": names}), NOW)
    actions = it.receive('{"type":"subscribe","buildings":["one more"]}', NOW)
    assert isinstance(actions[-1], Shut)
    assert not any(isinstance(action, Subscribe) for action in actions)


@pytest.mark.parametrize(("now_s", "closed"), [(9.9, False), (10.0, True)])
def test_hello_deadline(now_s: float, closed: bool) -> None:
    """Who does not say hello in time is closed with 1008."""
    actions = session().check(NOW, now_s, heard_s=0.0)
    assert bool(actions) == closed
    if closed:
        assert isinstance(actions[-1], Shut)
        assert actions[-1].code == 1008


@pytest.mark.parametrize(("now", "closed"), [(NOW + 59, False), (NOW + 60, True)])
def test_token_expiry_while_connected(now: float, closed: bool) -> None:
    """An open session ends with its token, with 4005."""
    actions = opened().check(now, 20.0, heard_s=20.0)
    assert [type(action) for action in actions] == ([Send, Shut] if closed else [])
    if closed:
        assert isinstance(actions[1], Shut)
        assert actions[1].code == 4005


def test_heartbeat() -> None:
    """A quiet client is pinged once; quiet for as long again, it is closed with 4012. Any sign of life starts anew."""
    it = opened()
    assert it.check(NOW, 24.0, heard_s=0.0) == []
    assert it.check(NOW, 25.0, heard_s=0.0) == [Heartbeat()]
    assert it.check(NOW, 26.0, heard_s=0.0) == []
    assert it.check(NOW, 50.0, heard_s=25.1) == []
    assert it.check(NOW, 50.1, heard_s=25.1) == [Heartbeat()]
    assert it.check(NOW, 75.0, heard_s=25.1) == []
    (*_, shut) = it.check(NOW, 75.2, heard_s=25.1)
    assert isinstance(shut, Shut)
    assert shut.code == 4012
    assert it.check(NOW, 200.0, heard_s=25.1) == []


def test_a_living_client_is_never_closed_however_rarely_we_look() -> None:
    """Who answers every ping stays, also when the checks come as rarely as the heartbeats."""
    it = opened()
    heard_s = 0.0
    for now_s in range(0, 1000, 25):
        actions = it.check(NOW, float(now_s), heard_s)
        assert not any(isinstance(action, Shut) for action in actions)
        if actions:
            heard_s = now_s + 0.001


MESSAGES = st.one_of(
    st.text(max_size=30),
    st.binary(max_size=10),
    st.builds(
        lambda kind, names, token: json.dumps({"type": kind, "buildings": names, "subscribe": names, "token": token}),
        st.sampled_from(["hello", "subscribe", "unsubscribe", "ping"]),
        st.lists(st.sampled_from(["b-1", "b-2", "c-1", "b-*", "*"]), max_size=4),
        st.sampled_from(["b-1", "b-*", "bad", None]),
    ),
)


@given(st.lists(MESSAGES, max_size=8), st.sampled_from([None, "b-1", "b-*", "bad"]))
def test_nothing_is_ever_subscribed_outside_the_claims(messages: list[str | bytes], bearer: str | None) -> None:
    """Whatever is sent in whatever order, subscriptions lie inside the claims and nothing follows a close."""
    it = session(bearer)
    for message in messages:
        actions = it.receive(message, NOW)
        for index, action in enumerate(actions):
            if isinstance(action, Subscribe):
                assert it.identity is not None
                assert it.identity.may_see(action.building)
            if isinstance(action, Shut):
                assert index == len(actions) - 1
                assert it.state is State.CLOSED


def test_a_user_with_too_many_connections_gets_no_further() -> None:
    """4504, nothing subscribed, and no seat to give back: there is no identity."""
    asked: list[str] = []

    def take_seat(user: str) -> bool:
        asked.append(user)
        return False

    it = Session(identify, opened_s=0.0, take_seat=take_seat)
    actions = it.receive(json.dumps({"type": "hello", "token": "b-1", "subscribe": ["b-1"]}), NOW)
    assert [type(action) for action in actions] == [Send, Shut]
    assert told(actions)[0]["code"] == 4504
    assert (asked, it.state, it.identity) == (["m-1"], State.CLOSED, None)


def test_a_building_there_is_no_place_for_does_not_count() -> None:
    """It is said with 1013, and nobody is at the limit of subscriptions for what it never got."""
    it = opened("*")
    names = [f"b-{number}" for number in range(10_000)]
    it.receive(json.dumps({"type": "subscribe", "buildings": names}), NOW)
    error = orjson.loads(it.turned_away("b-9"))
    assert (error["type"], error["code"], "b-9" in error["reason"]) == ("error", 1013, True)
    assert it.receive('{"type":"subscribe","buildings":["one more"]}', NOW) == [Subscribe("one more", None)]


def test_a_flood_ends_a_conversation_once() -> None:
    """1008 whether hello was said or not; what is closed is not closed again."""
    for it in (session(), opened()):
        assert told(it.flooded())[0]["code"] == 1008
        assert it.flooded() == []
        assert it.receive(json.dumps({"type": "ping", "id": 1, "t0": 0}), NOW) == []
