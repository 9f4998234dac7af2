"""One rule of RFC 6455 that `websockets` takes more strictly than the RFC does."""

from __future__ import annotations

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol


class CloseAnytime(Protocol):
    """Lets a close frame come amid a fragmented message, whose rest then never comes.

    RFC 6455, 5.4: "Control frames MAY be injected in the middle of a fragmented message." `websockets` answers such a
    close frame with 1002, a protocol error, instead of the peer's own code. Goes before a side's protocol.
    """

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; called by websockets."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)
