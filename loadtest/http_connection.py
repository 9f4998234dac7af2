"""One HTTP connection that asks by GET: again and again, or once for an answer that does not end.

It has the methods of `loadtest.transport.Transport`. A message that is sent is the query of a GET, and after a line end
the header fields that only this GET has; the address and all other fields are the connection's own.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable

from loadtest.answers import Answer, NotHttpError
from loadtest.dialing import where
from loadtest.endings import (
    BROKEN_ANSWER,
    CUT,
    ConnectionEndedError,
    hung_up,
    lost,
    not_http,
    not_upgraded,
    timed_out,
)
from loadtest.http_answers import Answers
from loadtest.http_body import BrokenBodyError
from loadtest.http_requests import Requests
from loadtest.keepalive import Pulse
from loadtest.retry_after import LONGEST_S, retry_after_s
from loadtest.sites import Site
from loadtest.streams import Read, Stream
from loadtest.transport import Message
from wire.clock import now


def _nothing_s() -> float:
    return 0.0


class HttpConnection:
    """An open connection; make one with `open_http`.

    Attributes:
        last_frame_ts: arrival of the last message, Unix seconds; 0 before the first.
        was_cut: whether `cut` ended it.
        pulse: None, for it has no pings.
    """

    __slots__ = (
        "_answers",
        "_asked_ts",
        "_ending",
        "_forced",
        "_patience_s",
        "_place",
        "_read",
        "_requests",
        "_stay_away_s",
        "_stream",
        "last_frame_ts",
        "pulse",
        "was_cut",
    )

    def __init__(
        self,
        stream: Stream,
        requests: Requests,
        answers: Answers,
        place: str,
        *,
        patience_s: float = math.inf,
        stay_away_s: Callable[[], float] = _nothing_s,
    ) -> None:
        self.last_frame_ts = 0.0
        self.was_cut = False
        self.pulse: Pulse | None = None
        self._stream = stream
        self._requests = requests
        self._answers = answers
        self._place = place
        self._patience_s = patience_s
        self._stay_away_s = stay_away_s
        self._asked_ts = math.inf  # of the GET whose answer is awaited
        self._ending: ConnectionEndedError | None = None  # told by the next receive
        self._forced: ConnectionEndedError | None = None  # brought about by another greenlet of ours
        self._read: Read = stream.receive

    def receive(self) -> tuple[float, list[bytes]]:
        """Wait for what one read brings; see `Transport`."""
        if self._ending is not None:
            raise self._ending
        try:
            data, arrival_ts = self._read()
        except OSError as error:
            raise self._forced or self._lost(lost(error)) from error
        if self._forced is not None:
            raise self._forced
        messages = self._taken(data) if data else self._ended()
        if messages:
            self.last_frame_ts = arrival_ts
        if self._answers.ended:
            self._asked_ts = math.inf
            if not self._answers.whole:
                self._ending = self._lost(hung_up("after its stream"))
        return arrival_ts, messages

    def _taken(self, data: bytes) -> list[bytes]:
        try:
            return self._answers.feed(data)
        except NotHttpError as error:
            raise not_http(
                self._place, "it speaks TLS: give https:// in --host" if error.tls else str(error)
            ) from error
        except BrokenBodyError as error:
            raise self._lost(ConnectionEndedError(0, f"{self._place}: {error}", kind=BROKEN_ANSWER)) from error

    def _ended(self) -> list[bytes]:
        """Nothing more will come; the answer that ends with that."""
        self._ending = self._lost(hung_up("between two answers; does it keep connections alive?"))
        try:
            return self._answers.close()
        except BrokenBodyError as error:
            raise self._lost(hung_up("in the middle of an answer")) from error

    def _lost(self, ending: ConnectionEndedError) -> ConnectionEndedError:
        """The ending, with how long the server asked to stay away if this happens."""
        ending.retry_after_s = min(self._stay_away_s(), LONGEST_S)
        return ending

    def send(self, message: Message) -> None:
        """Ask; see `Transport`."""
        self._asked_ts = now()
        try:
            self._stream.send(self._requests.get(message))
        except OSError as error:
            raise self._forced or self._lost(lost(error)) from error

    def post(self, messages: Iterable[Message]) -> None:
        """Ask without waiting; see `Transport`."""
        for message in messages:
            with contextlib.suppress(OSError):
                self._stream.send_now(self._requests.get(message))

    def pace(self, paced: Callable[[Read], Read]) -> None:
        """Read by another function from now on, made of the present one."""
        self._read = paced(self._read)

    def fileno(self) -> int:
        """Descriptor of the socket, -1 when it is closed."""
        return self._stream.fileno()

    def beat(self, ts: float) -> None:
        """End the connection when an answer is overdue, unless it is we who did not read it."""
        if ts - self._asked_ts > self._patience_s and self._forced is None and not self._stream.unread():
            self._forced = timed_out(self._patience_s, "no whole answer")
            self._stream.wake()

    def cut(self) -> None:
        """Break the connection abruptly; see `Transport`."""
        self.was_cut = True
        self._forced = ConnectionEndedError(0, "connection cut by the scenario", kind=CUT)
        self._stream.abort()
        self._stream.wake()

    def close(self) -> None:
        """Close; safe to call twice. HTTP has no goodbye."""
        self._stream.close()


def open_http(
    site: Site,
    answers: Answers,
    *,
    accept: str,
    token: str | None,
    timeout_s: float,
    patience_s: float = math.inf,
    stay_away_s: Callable[[], float] = _nothing_s,
) -> HttpConnection:
    """Connect; what is asked and answered comes later.

    Args:
        site: where.
        answers: that are to come.
        accept: media types that are wanted.
        token: where the target does not put it into what it sends.
        timeout_s: for the TCP connection.
        patience_s: longest wait for a whole answer; infinity where it does not end.
        stay_away_s: asked when the connection is lost: least seconds until the next.

    Raises:
        ConnectionEndedError: nobody there, or the proxy or the TLS handshake refused.
    """
    requests = Requests(site.uri, site.dial.handshake, token=token, accept=accept)
    stream = site.dial.stream(site.uri, stamped=site.stamped, timeout_s=timeout_s)
    return HttpConnection(stream, requests, answers, where(site.uri), patience_s=patience_s, stay_away_s=stay_away_s)


def refused(answer: Answer, path: str) -> ConnectionEndedError:
    """The ending that an answer of a wrong status means; `path` is what was asked for."""
    return not_upgraded(
        answer.status,
        answer.phrase,
        path,
        location=answer.header("Location") if 300 <= answer.status < 400 else "",  # noqa: PLR2004 - redirects
        retry_after_s=retry_after_s(answer.header("Retry-After"), now()) or 0.0,
    )
