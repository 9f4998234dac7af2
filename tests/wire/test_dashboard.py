"""Dashboard messages: strangers are validated, server messages are exactly as documented."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import dashboard
from wire.dashboard import Hello, MessageError, Ping, Position, Subscribe, Unsubscribe, parse_client_message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"hello","token":"t","subscribe":["a"]}', Hello(type="hello", token="t", subscribe=["a"])),
        ('{"type":"hello","subscribe":"all"}', Hello(type="hello", subscribe="all")),
        (
            '{"type":"hello","resume":{"a":{"epoch":"k","offset":3}}}',
            Hello(type="hello", resume={"a": Position(epoch="k", offset=3)}),
        ),
        ('{"type":"subscribe","buildings":["a","b"]}', Subscribe(type="subscribe", buildings=["a", "b"])),
        ('{"type":"unsubscribe","buildings":[]}', Unsubscribe(type="unsubscribe", buildings=[])),
        ('{"type":"ping","id":1,"t0":2.5,"more":true}', Ping(type="ping", id=1, t0=2.5)),
    ],
)
def test_messages_of_the_protocol_are_understood(text: str, message: dashboard.ClientMessage) -> None:
    """Every documented client message parses; unknown keys of newer clients are passed over."""
    assert parse_client_message(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "{}",
        '{"type":"nonsense"}',
        '{"type":"hello","subscribe":"some"}',
        '{"type":"hello","subscribe":[1]}',
        '{"type":"hello","subscribe":[""]}',
        '{"type":"hello","resume":{"a":{"epoch":"k","offset":-1}}}',
        '{"type":"subscribe"}',
        '{"type":"ping","id":"1","t0":0}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """What is not of the protocol raises MessageError and nothing else."""
    with pytest.raises(MessageError):
        parse_client_message(text)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    """Whatever a client sends, the answer is a message or MessageError."""
    with contextlib.suppress(MessageError):
        parse_client_message(data)


def test_published_payloads_are_spliced_unchanged() -> None:
    """A readings frame holds the payloads byte by byte."""
    payloads = [b'{"seq":1,"value":1.50}', b'{"seq":2}']
    frame = dashboard.readings(building='b"1', offset=7, payloads=payloads)
    assert frame == b'{"type":"readings","building":"b\\"1","offset":7,"readings":[%b,%b]}' % tuple(payloads)
    told = dashboard.readings(building="b", offset=7, payloads=payloads, skipped=4)
    assert json.loads(told)["skipped"] == 4


@pytest.mark.parametrize(
    ("code", "again"),
    [(1001, True), (1006, True), (1008, False), (1012, True), (4008, True), (4499, True), (4500, False), (4999, False)],
)
def test_close_codes_say_whether_to_come_back(code: int, again: bool) -> None:
    """4500 to 4999 and 1008 stop a client; all others may reconnect."""
    assert dashboard.may_reconnect(code) is again
