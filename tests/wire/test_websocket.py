"""A close frame amid a fragmented message is answered as any other, and all else as websockets has it."""

import pytest
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Side, State

from wire.websocket import CloseAnytime

BEGUN = Frame(Opcode.TEXT, b"begin", fin=False)
PING = Frame(Opcode.PING, b"1")
CLOSE = Frame(Opcode.CLOSE, Close(4001, "enough").serialize())
TEXT = Frame(Opcode.TEXT, b"whole")
REST = Frame(Opcode.CONT, b"end")


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([BEGUN, CLOSE], 4001),
        ([BEGUN, PING, CLOSE], 4001),
        ([TEXT, CLOSE], 4001),
        ([BEGUN, TEXT], CloseCode.PROTOCOL_ERROR),
        ([REST], CloseCode.PROTOCOL_ERROR),
        ([BEGUN, REST, REST], CloseCode.PROTOCOL_ERROR),
    ],
)
def test_code_that_is_answered(side, frames, code) -> None:
    """RFC 6455, 5.4 and 5.5.1."""
    protocol = CloseAnytime(side, state=State.OPEN)
    protocol.receive_data(b"".join(frame.serialize(mask=side is Side.SERVER) for frame in frames))
    assert protocol.close_sent.code == code
    assert protocol.state is State.CLOSING


def test_nothing_counts_after_the_close_frame() -> None:
    """The message that was cut short is not completed by what comes after it."""
    protocol = CloseAnytime(Side.CLIENT, state=State.OPEN)
    protocol.receive_data(b"".join(frame.serialize(mask=False) for frame in (BEGUN, CLOSE, REST)))
    assert [frame.opcode for frame in protocol.events_received()] == [Opcode.TEXT, Opcode.CLOSE]
