"""The way to a server: TCP, through a proxy where one is given, TLS where the address is secure."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from websockets.proxy import Proxy
from websockets.uri import WebSocketURI

from loadtest.answers import Answer, NotHttpError, parse_answer
from loadtest.endings import PROXY, ConnectionEndedError, timed_out, unreachable
from loadtest.handshake import Handshake
from loadtest.proxy import check_tunnel, connect_request
from loadtest.streams import PlainStream, Stream, TlsStream
from loadtest.tls import client_context, tls_failed


@dataclass(frozen=True, slots=True)
class Dial:
    """How a server is reached, beside its address: the same for all clients of a run."""

    tls: ssl.SSLContext | None = None  # for wss://; None believes the system's certificate authorities
    proxy: Proxy | None = None
    handshake: Handshake = field(default_factory=Handshake)

    @property
    def insecure(self) -> bool:
        """Whether certificates are not checked."""
        return self.tls is not None and self.tls.verify_mode is ssl.CERT_NONE

    def stream(self, uri: WebSocketURI, *, stamped: bool, timeout_s: float) -> Stream:
        """Connect.

        Args:
            uri: where.
            stamped: whether to use kernel receive stamps.
            timeout_s: for the TCP connection; what follows is for the caller to time.

        Raises:
            ConnectionEndedError: nobody there, or the proxy or the TLS handshake refused.
        """
        plain = _tcp(uri if self.proxy is None else self.proxy, stamped=stamped, timeout_s=timeout_s)
        try:
            if self.proxy is not None:
                _tunnel(plain, self.proxy, uri)
            return _secured(plain, uri, self.tls) if uri.secure else plain
        except BaseException:  # a kill or a time-out too: nobody else would close it
            plain.close()
            raise


def where(address: WebSocketURI | Proxy) -> str:
    """HOST:PORT, for a reason."""
    text = f"{address.host}:{address.port}"
    return f"proxy {text}" if isinstance(address, Proxy) else text


def read_answer(stream: Stream, data: bytes = b"", arrival_ts: float = 0.0) -> tuple[float, Answer]:
    """Arrival and content of an HTTP answer, of which `data` has been read, at `arrival_ts`.

    Raises:
        NotHttpError: it is none, or ends before its head does.
        OSError: the connection broke.
    """
    answer = parse_answer(data) if data else None
    while answer is None:
        more, arrival_ts = stream.receive()
        if not more:
            raise NotHttpError("it closed the connection " + ("in its answer" if data else "without an answer"))
        data += more
        answer = parse_answer(data)
    return arrival_ts, answer


def _tcp(address: WebSocketURI | Proxy, *, stamped: bool, timeout_s: float) -> PlainStream:
    try:
        return PlainStream(address.host, address.port, stamped=stamped, timeout_s=timeout_s)
    except TimeoutError as error:
        raise timed_out(timeout_s, f"no answer from {where(address)}") from error
    except OSError as error:
        raise unreachable(where(address), error) from error
    except UnicodeError as error:
        raise unreachable(where(address), OSError("no such name can be")) from error


def _tunnel(stream: PlainStream, proxy: Proxy, uri: WebSocketURI) -> None:
    try:
        stream.send(connect_request(proxy, uri))
        _, answer = read_answer(stream)
    except NotHttpError as error:
        raise ConnectionEndedError(0, f"{where(proxy)}: {error}; is it an HTTP proxy?", kind=PROXY) from error
    except OSError as error:
        text = f"{where(proxy)} broke the connection: {error.strerror or error}"
        raise ConnectionEndedError(0, text, kind=PROXY) from error
    check_tunnel(answer, proxy, uri)


def _secured(below: PlainStream, uri: WebSocketURI, context: ssl.SSLContext | None) -> TlsStream:
    try:
        stream = TlsStream(below, context or client_context(), uri.host)
        stream.handshake()
    except OSError as error:
        raise tls_failed(error, where(uri)) from error
    return stream
