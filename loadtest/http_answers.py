"""What a server answers to one GET after the other on a connection. Pure."""

from __future__ import annotations

from collections.abc import Callable

from loadtest.answers import Answer, parse_answer
from loadtest.http_body import Body, BrokenBodyError, body_of

_FIRST_FINAL = 200  # lower statuses announce another answer (RFC 9110, 15.2)


class Answers:
    """Takes the answers apart.

    Args:
        judge: called with each head; raises what a head that is of no use means.
        whole: whether a body is given when it is complete, empty or not. Else it is given piece by piece as it comes,
            and an empty piece before them says that the head was good.
        largest_bytes: longest body that is given whole.

    Attributes:
        whole: as above.
        ended: whether the last answer is complete; True before the first.
    """

    def __init__(self, judge: Callable[[Answer], None], *, whole: bool, largest_bytes: int = 16 * 2**20) -> None:
        self.ended = True
        self._judge = judge
        self.whole = whole
        self._largest_bytes = largest_bytes
        self._head = b""  # the beginning of one
        self._body: Body | None = None
        self._pieces: list[bytes] = []
        self._pieces_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Bodies completed by `data`, or the pieces of them that it brings.

        Raises:
            NotHttpError: this is no answer.
            BrokenBodyError: its body cannot be read.
        """
        messages: list[bytes] = []
        while data:
            if self._body is None:
                self.ended = False
                answer = parse_answer(self._head + data)
                if answer is None:
                    self._head += data
                    break
                self._head, data = b"", answer.rest
                if answer.status < _FIRST_FINAL:
                    continue
                self._judge(answer)
                self._body = body_of(answer)
                if not self.whole:
                    messages.append(b"")
            piece = self._body.feed(data)
            data = self._body.rest
            if self.whole:
                self._keep(piece)
            elif piece:
                messages.append(piece)
            if self._body.ended:
                messages += self._completed()
        return messages

    def close(self) -> list[bytes]:
        """Note that the connection ended; the body that ends with it.

        Raises:
            BrokenBodyError: in the middle of an answer.
        """
        if self._body is None:
            if self._head:
                raise BrokenBodyError("the answer ended in its head")
            return []
        self._body.close()
        return self._completed()

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._pieces_bytes += len(piece)
        if self._pieces_bytes > self._largest_bytes:
            raise BrokenBodyError(f"the answer has more than {self._largest_bytes} bytes")

    def _completed(self) -> list[bytes]:
        body = b"".join(self._pieces)
        self._pieces, self._pieces_bytes, self._body, self.ended = [], 0, None, True
        return [body] if self.whole else []
