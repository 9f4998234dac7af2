"""Bodies of HTTP answers, whole, cut anywhere, and broken."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.answers import Answer, parse_answer
from loadtest.http_body import BrokenBodyError, body_of


def answer(*headers: str, status: int = 200) -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {status} So", *headers, "", ""])
    parsed = parse_answer(head.encode())
    assert parsed is not None
    return parsed


CHUNKED = answer("Transfer-Encoding: chunked")


@settings(max_examples=60)
@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    st.lists(st.integers(1, 9), max_size=60),
    st.binary(max_size=9),
)
def test_any_cut_of_chunks_gives_the_body(pieces, cuts, rest):
    """However reads cut the chunks that another implementation wrote, the body and what follows it come out."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.next_event()
    server.send(h11.Response(status_code=200, headers=[("Transfer-Encoding", "chunked")]))
    wire = b"".join(server.send(h11.Data(data=piece)) for piece in pieces)
    wire += server.send(h11.EndOfMessage(headers=[("Digest", "none")])) + rest
    body, got, at = body_of(CHUNKED), b"", 0
    for cut in cuts:
        if body.ended:
            break
        got += body.feed(wire[at : at + cut])
        at += cut
    if not body.ended:
        got += body.feed(wire[at:])
        at = len(wire)
    assert body.ended
    body.close()
    assert got == b"".join(pieces)
    assert body.rest + wire[at:] == rest


def test_a_piece_is_given_before_its_chunk_is_complete():
    """A reading must not wait for the end of a chunk of many."""
    body = body_of(CHUNKED)
    assert [body.feed(part) for part in (b"6;a=b\r\nab", b"cd", b"ef\r", b"\n1 \n.\n")] == [b"ab", b"cd", b"ef", b"."]
    assert not body.ended


@pytest.mark.parametrize(
    ("headers", "status", "wire", "body", "ended", "rest"),
    [
        ([], 200, b"abc", b"abc", False, b""),
        (["Content-Length: 3"], 200, b"abcde", b"abc", True, b"de"),
        (["Content-Length: 3"], 200, b"ab", b"ab", False, b""),
        (["Content-Length: 3", "Content-Length: 3"], 200, b"abc", b"abc", True, b""),
        (["Content-Length: 0"], 200, b"", b"", True, b""),
        (["Content-Length: 3"], 304, b"HTTP", b"", True, b"HTTP"),
        ([], 204, b"", b"", True, b""),
        (["Transfer-Encoding: Chunked", "Content-Length: 3"], 200, b"1\r\na\r\n0\r\n\r\n", b"a", True, b""),
    ],
)  # fmt: skip
def test_the_head_says_where_the_body_ends(headers, status, wire, body, ended, rest):
    """RFC 9112, 6.3: by status, by chunks, by length, else by the end of the connection."""
    reader = body_of(answer(*headers, status=status))
    assert (reader.feed(wire), reader.ended, reader.rest) == (body, ended, rest)


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        (["Transfer-Encoding: gzip, chunked"], "gzip, chunked"),
        (["Content-Length: 3", "Content-Length: 4"], "not one number"),
        (["Content-Length: -3"], "not one number"),
        (["Content-Length: "], "not one number"),
    ],
)
def test_a_length_that_cannot_be_is_refused(headers, problem):
    """Guessing a length would tear the next answer apart."""
    with pytest.raises(BrokenBodyError, match=problem):
        body_of(answer(*headers))


@pytest.mark.parametrize(
    "wire", [b"xyz\r\n", b"\r\n", b"-1\r\n", b"1\r\nab\r\n", b"5" * 20_000, b"1\r\na" + b"b" * 20_000]
)
def test_broken_chunks_are_refused(wire):
    """What is no chunk is never taken for data."""
    with pytest.raises(BrokenBodyError):
        body_of(CHUNKED).feed(wire)


@pytest.mark.parametrize(
    ("headers", "wire"), [(["Content-Length: 3"], b"ab"), (["Transfer-Encoding: chunked"], b"1\r\na\r\n")]
)
def test_an_answer_that_ends_early_is_broken(headers, wire):
    """The end of the connection ends only a body without a length."""
    body = body_of(answer(*headers))
    body.feed(wire)
    with pytest.raises(BrokenBodyError, match="ended"):
        body.close()
    endless = body_of(answer())
    endless.close()
    assert endless.ended
