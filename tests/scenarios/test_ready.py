"""When a server under test is ready."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scenarios.commands import Addresses
from scenarios.ready import is_ready


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """A server that is ready at /ready only."""
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_path_must_answer_200(port: int) -> None:
    """Anything else is not ready yet."""
    addresses = Addresses("", "127.0.0.1", port, Path())
    assert is_ready(addresses, "/ready")
    assert not is_ready(addresses, "/other")


def test_without_a_path_the_port_is_enough(port: int, free_port: int) -> None:
    """What accepts connections is taken for ready; the swarm waits for its clients to be live in any case."""
    assert is_ready(Addresses("", "127.0.0.1", port, Path()), None)
    assert not is_ready(Addresses("", "127.0.0.1", free_port, Path()), None)
    assert not is_ready(Addresses("", "127.0.0.1", free_port, Path()), "/ready")


def test_what_speaks_no_http_is_not_ready() -> None:
    """A server of another protocol, or one that is being started, answers something else."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(b"220 ready for mail\r\n")
                client.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        assert not is_ready(Addresses("", "127.0.0.1", server.getsockname()[1], Path()), "/ready")
        thread.join()
