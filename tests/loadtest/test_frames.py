"""Frames cut out of a byte stream, against the protocol of `websockets`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from loadtest.frames import FrameSplitter

LARGEST = 70_000
PLAIN = (Opcode.TEXT, Opcode.BINARY)


class Other:
    """Takes what is not plain; completes a message with each final continuation, as the protocol would."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.splitter = FrameSplitter(other=self, largest_bytes=LARGEST)

    def __call__(self, frame: bytes) -> list[bytes]:
        self.frames.append(frame)
        if frame[0] in (0x01, 0x00):
            self.splitter.plain = False
        if frame[0] == 0x80:
            self.splitter.plain = True
            return [b"joined"]
        return []


payload = st.one_of(st.binary(max_size=10), st.sampled_from([125, 126, 127, 65_535, 65_536]).map(lambda n: b"x" * n))
kind = st.sampled_from([(Opcode.TEXT, True), (Opcode.PING, True), (Opcode.BINARY, True), (Opcode.CLOSE, True)])


@given(st.lists(st.tuples(kind, payload), max_size=6), st.lists(st.integers(1, 70_000), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_messages(frames, cuts):
    """However reads cut the stream, text and bytes come out whole and in order, and all else goes to the protocol."""
    wires = [
        Frame(opcode, data, fin).serialize(mask=False)
        for (opcode, fin), data in frames
        if not (opcode.name in ("PING", "CLOSE") and len(data) > 125)
    ]
    stream = b"".join(wires)
    other = Other()
    splitter = other.splitter
    got, at = [], 0
    for cut in cuts:
        got += splitter.feed(stream[at : at + cut]) if stream[at : at + cut] else []
        at += cut
    if stream[at:]:
        got += splitter.feed(stream[at:])
    kept = [
        (opcode, data, wire)
        for ((opcode, _), data), wire in zip(
            [f for f in frames if not (f[0][0].name in ("PING", "CLOSE") and len(f[1]) > 125)], wires, strict=True
        )
    ]
    assert got == [data for opcode, data, _ in kept if opcode in PLAIN]
    assert other.frames == [wire for opcode, _, wire in kept if opcode not in PLAIN]
    assert splitter.rest() == b""


def test_a_text_inside_a_fragmented_message_is_left_to_the_protocol():
    """What would break a rule is never taken for a message."""
    other = Other()
    splitter = other.splitter
    begin = Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=False)
    text = Frame(Opcode.TEXT, b"b").serialize(mask=False)
    end = Frame(Opcode.CONT, b"c").serialize(mask=False)
    assert splitter.feed(begin + text + end + text) == [b"joined", b"b"]
    assert other.frames == [begin, text, end]


@pytest.mark.parametrize(
    "wire",
    [Frame(Opcode.TEXT, b"x" * 10).serialize(mask=True), b"\x81\x7f" + (LARGEST + 1).to_bytes(8) + b"begin"],
    ids=["masked", "too large"],  # a mask is random
)
def test_what_cannot_be_right_goes_to_the_protocol_at_once(wire):
    """A masked frame, and one too large to wait for, are for the protocol to refuse."""
    other = Other()
    assert other.splitter.feed(wire) == []
    assert other.frames == [wire]


def test_an_unfinished_frame_is_the_rest():
    """At the end of the stream the protocol gets to see what was cut off."""
    splitter = Other().splitter
    assert splitter.feed(b"\x81") == []
    assert splitter.feed(b"\x05ab") == []
    assert splitter.rest() == b"\x81\x05ab"
