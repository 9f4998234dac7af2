"""Frames are counted exactly, wherever reads cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side

from benchmarks._fanout_frames import FrameError, pong_frame, see, text_frame, times
from wire import dashboard
from wire.payloads import json
from wire.reading import Reading


def payload(ts: float, seq: int) -> bytes:
    return json.encode(Reading("b-0001/co2/1", ts, seq, 600.0, "ppm"))


def framed(opcode: Opcode, data: bytes, *, deflated: bool = False) -> bytes:
    extensions = [PerMessageDeflate(False, False, 15, 15)] if deflated else []
    return Frame(opcode, data).serialize(mask=False, extensions=extensions)


def of_readings(count: int) -> bytes:
    payloads = [payload(1e9 + seq, seq) for seq in range(count)]
    return framed(Opcode.TEXT, dashboard.readings(building="b-0001", offset=1, payloads=payloads))


@given(counts=st.lists(st.integers(1, 900), max_size=4), cuts=st.lists(st.integers(1, 200_000), max_size=6))
def test_the_count_is_that_of_the_readings_sent(counts: list[int], cuts: list[int]) -> None:
    """Readings are counted once each, in frames of every length, however the bytes are cut into reads."""
    stream = b"".join(map(of_readings, counts))
    counted, rest, at = 0, b"", 0
    for end in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        data = rest + stream[at:end]
        seen = see(data)
        counted += seen.readings
        rest, at = data[seen.used_bytes :], end
    assert (counted, rest) == (sum(counts), b"")


def test_what_is_no_reading_is_told_apart() -> None:
    """Acknowledgements, pings and a close are no readings, a deflated message is one."""
    welcome = dashboard.welcome(user="m", buildings=[], heartbeat_s=25)
    stream = (
        framed(Opcode.TEXT, welcome)
        + framed(Opcode.PING, b"p")
        + framed(Opcode.PONG, b"")
        + framed(Opcode.TEXT, payload(1e9, 0), deflated=True)
        + framed(Opcode.CLOSE, Close(CloseCode.SERVICE_RESTART, "").serialize())
    )
    seen = see(stream)
    assert (seen.readings, seen.others, seen.pings, seen.closed) == (1, [welcome], [b"p"], 1012)
    assert seen.used_bytes == len(stream)


@pytest.mark.parametrize(
    "frame",
    [Frame(Opcode.TEXT, b"x").serialize(mask=True), framed(Opcode.CONT, b"x")],
    ids=["masked", "continuation"],  # a mask is random
)
def test_a_frame_that_cannot_be_counted_is_an_error(frame: bytes) -> None:
    """Nothing is passed over in silence: the count would be wrong."""
    with pytest.raises(FrameError):
        see(frame)


def test_times_are_those_of_readings_alone() -> None:
    """An alert has a `ts` too, which is no reading's."""
    alert = dashboard.alert(
        building="b-0001", offset=1, alert_id="a", sensor="b-0001/co2/1", kind="high", ts=5.0, value=1.0, limit=0.5
    )
    assert times(framed(Opcode.TEXT, alert) + of_readings(2)) == [1e9, 1e9 + 1]
    assert times(b'["reading",{"ts": 7.5, "seq": 1}]') == [7.5]


@given(size=st.integers(0, 70_000).filter(lambda size: size < 65_536))
def test_a_server_understands_our_frames(size: int) -> None:
    """What a client of the sink sends is masked and measured as RFC 6455 wants it."""
    server = Protocol(Side.SERVER)
    server.receive_data(text_frame(b"t" * size) + pong_frame(b"p"))
    text, pong = server.events_received()
    assert isinstance(text, Frame)
    assert isinstance(pong, Frame)
    assert (text.opcode, len(text.data), pong.opcode, pong.data) == (Opcode.TEXT, size, Opcode.PONG, b"p")
