"""Answers of one connection, one after the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.answers import Answer, NotHttpError
from loadtest.http_answers import Answers
from loadtest.http_body import BrokenBodyError


class RefusedError(Exception):
    pass


def good(answer: Answer) -> None:
    if answer.status not in (200, 204):
        raise RefusedError(answer.status)


STREAM = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
    b"HTTP/1.1 204 No Content\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n"
)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), max_size=40))
def test_any_cut_gives_the_same_bodies(cuts):
    """Whole bodies come out, each once, however reads cut the answers."""
    answers, got, at = Answers(good, whole=True), [], 0
    for cut in cuts:
        got += answers.feed(STREAM[at : at + cut])
        at += cut
    got += answers.feed(STREAM[at:])
    assert got == [b"first", b"", b"second"]
    assert answers.ended
    assert answers.close() == []


def test_a_stream_begins_with_an_empty_piece_and_is_given_as_it_comes():
    """The head alone says that the server accepts; nothing waits for the end of a chunk."""
    answers = Answers(good, whole=False)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answers.feed(head[:20]) == []
    assert answers.feed(head[20:]) == [b""]
    assert [answers.feed(piece) for piece in (b"4\r\nab", b"cd\r\n1\r\n", b"e")] == [[b"ab"], [b"cd"], [b"e"]]
    assert not answers.ended
    answers.feed(b"\r\n0\r\n\r\n")
    assert answers.ended


def test_a_bad_head_is_judged_before_its_body():
    """A refusal must not wait for the page that explains it."""
    with pytest.raises(RefusedError, match="503"):
        Answers(good, whole=True).feed(b"HTTP/1.1 503 No\r\nContent-Length: 1000\r\n\r\n<html>")


def test_a_body_without_a_length_ends_with_its_connection():
    """Only then is it whole; an answer with a length that ends early is broken."""
    answers = Answers(good, whole=True)
    assert answers.feed(b"HTTP/1.0 200 OK\r\n\r\nab") == []
    assert answers.close() == [b"ab"]
    answers = Answers(good, whole=True)
    answers.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
    with pytest.raises(BrokenBodyError):
        answers.close()
    answers = Answers(good, whole=True)
    answers.feed(b"HTTP/1.1 200")
    with pytest.raises(BrokenBodyError, match="head"):
        answers.close()


def test_what_is_no_answer_is_refused():
    """Neither another protocol nor a body without end is taken for an answer."""
    with pytest.raises(NotHttpError):
        Answers(good, whole=True).feed(b"220 mail.example ESMTP\r\n")
    with pytest.raises(BrokenBodyError, match="more than 9 bytes"):
        Answers(good, whole=True, largest_bytes=9).feed(b"HTTP/1.1 200 OK\r\n\r\n0123456789")
