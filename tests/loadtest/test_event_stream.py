"""Server-Sent Events out of bytes: the standard's rules one by one, and any cut of the stream."""

import collections

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.event_stream import Event, EventStream, TooLargeError

CASES = [
    ("one line of data", b"data: a\n\n", [(b"message", b"a", b"")]),
    ("several lines", b"data: a\ndata: b\ndata\n\n", [(b"message", b"a\nb\n", b"")]),
    ("only the first space goes", b"data:  a\ndata:b\n\n", [(b"message", b" a\nb", b"")]),
    ("a colon in the value", b'data: {"a":1}\n\n', [(b"message", b'{"a":1}', b"")]),
    ("empty data are data", b"data\n\ndata:\n\n", [(b"message", b"", b"")] * 2),
    ("no data, no event", b"event: alert\n\nid: 7\n\ndata: a\n\n", [(b"message", b"a", b"7")]),
    ("a name lasts for one event", b"event: alert\ndata: a\n\ndata: b\n\n", [
        (b"alert", b"a", b""), (b"message", b"b", b"")]),
    ("an empty name is none", b"event: x\nevent\ndata: a\n\n", [(b"message", b"a", b"")]),
    ("an id lasts", b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [
        (b"message", b"a", b"1"), (b"message", b"b", b"1"), (b"message", b"c", b"")]),
    ("an id with a NUL is ignored", b"id: 1\nid: 2\0\ndata: a\n\n", [(b"message", b"a", b"1")]),
    ("comments", b": hello\n:\ndata: a\n: b\n\n", [(b"message", b"a", b"")]),
    ("unknown fields", b"datum: x\n data: y\nDATA: z\ndata: a\n\n", [(b"message", b"a", b"")]),
    ("CRLF", b"data: a\r\nid: 1\r\n\r\n", [(b"message", b"a", b"1")]),
    ("CR", b"data: a\rid: 1\r\r", [(b"message", b"a", b"1")]),
    ("line ends mixed", b"data: a\r\ndata: b\rdata: c\n\r\n", [(b"message", b"a\nb\nc", b"")]),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", [(b"message", b"a", b"")]),
    ("a second one belongs to the name", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [(b"message", b"b", b"")]),
    ("no empty line, no event", b"data: a\n\ndata: b\n", [(b"message", b"a", b"")]),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "events"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_rules_of_the_standard(stream, events):
    """What comes whole is read by the rules of WHATWG HTML, 9.2.6."""
    assert EventStream().feed(stream) == [Event(*event) for event in events]


@settings(max_examples=60)
@given(st.sampled_from(CASES), st.lists(st.integers(0, 8), max_size=40))
def test_any_cut_of_the_stream_gives_the_same_events(case, cuts):
    """However reads cut the stream, the events are the same."""
    _, stream, events = case
    parser, got, at = EventStream(), [], 0
    for cut in cuts:
        got += parser.feed(stream[at : at + cut])
        at += cut
    got += parser.feed(stream[at:])
    assert got == [Event(*event) for event in events]


text = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])).map(str.encode)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(text, st.lists(text, min_size=1, max_size=3), text), max_size=4),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
)
def test_what_is_written_is_read(events, end):
    """Any name, data and id that the format can carry arrive as they were written."""
    stream = b"".join(
        b"".join([b"event: " + name + end, *(b"data: " + line + end for line in lines), b"id: " + last_id + end, end])
        for name, lines, last_id in events
    )
    wanted = [Event(name or b"message", b"\n".join(lines), last_id) for name, lines, last_id in events]
    assert EventStream().feed(stream) == wanted


@pytest.mark.parametrize(
    ("lines", "retry_s"),
    [(b"", 0.25), (b"retry: 1500\n", 1.5), (b"retry: 0\n", 0.0), (b"retry: 1.5\nretry: -1\nretry:\n", 0.25),
     (b"retry: 10\nretry: soon\n", 0.01), ("retry: \u0661\n".encode(), 0.25), (b"retry: " + b"9" * 5000 + b"\n", 0.25)],
)  # fmt: skip
def test_retry_is_a_whole_number_of_milliseconds(lines, retry_s):
    """Anything but ASCII digits is ignored."""
    parser = EventStream(retry_s=0.25)
    parser.feed(lines)
    assert parser.retry_s == retry_s


def test_a_stream_goes_on_after_the_id_it_was_resumed_with():
    """An event without an id does not forget where the last connection left off."""
    parser = EventStream(last_id=b"41")
    assert parser.feed(b"data: a\n\nid: 42\ndata: b\n\n") == [(b"message", b"a", b"41"), (b"message", b"b", b"42")]
    parser.feed(b"id: 43\ndata: c\n")
    assert parser.last_id == b"42", "an event that was not dispatched was not had"


@pytest.mark.parametrize("piece", [b"data: xxxxxxxxxxxx", b"data: x\n"])
def test_an_event_without_end_is_refused(piece):
    """Neither a line nor an event may grow for ever."""
    parser = EventStream(largest_bytes=100)
    with pytest.raises(TooLargeError, match="more than 100 bytes"):
        collections.deque(map(parser.feed, [piece] * 60))
