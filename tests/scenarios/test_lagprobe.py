"""The lag of a server's event loop, asked over HTTP."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from scenarios.lagprobe import LagProbe, loop_lag_ms


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """Serve one body to everybody; gives its address."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(body: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"http://127.0.0.1:{server.server_port}/healthz"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"loop_lag_ms": 2.5}', 2.5), (b'{"status": "ok"}', None), (b"[]", None), (b"<html>", None), (b"\xff", None)],
)
def test_what_is_told(serve: Callable[[bytes], str], body: bytes, expected: float | None) -> None:
    """A server of another kind may answer anything: only a number under the name counts."""
    assert loop_lag_ms(serve(body)) == expected


def test_nobody_answers(free_port: int) -> None:
    """A server that is down has no lag."""
    assert loop_lag_ms(f"http://127.0.0.1:{free_port}/healthz") is None


def test_an_answer_is_taken_once(
    serve: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float]
) -> None:
    """An old answer is not written again as if it were new."""
    monkeypatch.setattr("scenarios.lagprobe._EVERY_S", 0.01)
    probe = LagProbe(serve(b'{"loop_lag_ms": 7}'))
    deadline = time.monotonic() + patience(10)
    while (told := probe.take()) is None and time.monotonic() < deadline:
        time.sleep(0.005)
    probe.stop()
    assert told == 7
    probe.take()
    assert probe.take() is None
