"""The embedded broker: rumqttd from the `iotcore` wheel, in a child process of its own.

MQTT 3.1.1 listens on the port, MQTT 5 on the port after it, for rumqttd has one listener per version. Any other
client needs to know only that; our own link tries the second port by itself. The child ends when we end, however
we end: its standard input is our pipe.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from wire.errors import SensorSwarmError, UnusableError
from wire.ports import bindable, free_port

_CONFIG = """\
id = 0

[router]
id = 0
max_connections = {max_connections}
max_outgoing_packet_count = 10000
max_segment_size = 1048576
max_segment_count = {segments}

{listeners}"""

# What a subscriber may lag behind, for each topic filter that somebody subscribed to; beyond, it misses readings. A
# reading takes half a kilobyte of memory here and 110 bytes of a segment: this is nearly a second of 200,000 readings a
# second, in less than 0.5 GB with a million sensors. It is enough because a subscriber is given 10,000 packets at a
# time: at 2,000, twice as much was not, in the first seconds, when rumqttd meets a million topics for the first time.
_SEGMENTS = 20

_LISTENER = """\
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 0

[{version}.1.connections]
connection_timeout_ms = 10000
max_payload_size = 1048576
max_inflight_count = 500
dynamic_filters = true
"""


class PortInUseError(SensorSwarmError):
    """Somebody else listens where the embedded broker should."""


def listening(host: str, port: int, *, timeout_s: float = 0.5) -> bool:
    """Whether something accepts TCP connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False


class EmbeddedBroker:
    """A broker on `port` (MQTT 3.1.1) and `port + 1` (MQTT 5); port 0 takes two free ones.

    Use as a context manager, or call `start` and `stop`.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 1883, max_connections: int = 12_000) -> None:
        self.host = host
        self.port = port
        self.max_connections = max_connections
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for clients of either version."""
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the broker, 0 when it does not run."""
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        """Exit code of a broker that ended, None while it runs."""
        return self._process.poll() if self._process else None

    def start(self, *, timeout_s: float = 15.0) -> Self:
        """Start and wait until both ports accept connections.

        Raises:
            PortInUseError: one of the two ports is taken.
            UnusableError: the broker did not come up in time, or there is no room for its configuration.
        """
        self.port = self.port or free_port(self.host, in_a_row=2)
        for port in (self.port, self.port + 1):
            if not bindable(self.host, port):
                raise PortInUseError(
                    f"port {port} on {self.host} is in use; the embedded broker needs {self.port} (MQTT 3.1.1) and "
                    f"{self.port + 1} (MQTT 5): choose another port, or give --broker mqtt://HOST:PORT"
                )
        listeners = "\n".join(
            _LISTENER.format(version=version, host=self.host, port=port)
            for version, port in (("v4", self.port), ("v5", self.port + 1))
        )
        config = _CONFIG.format(max_connections=self.max_connections, segments=_SEGMENTS, listeners=listeners)
        with _file_of(config) as name:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wire.broker", name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us: we end the broker when we are done with it
            )
            try:
                self._wait_until_listening(timeout_s)
            except BaseException:  # Ctrl-C too: it must not find its file gone, and say so at length
                self.stop()
                raise
        return self

    def _wait_until_listening(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.exit_code is not None:
                raise UnusableError(f"the embedded broker ended with {self.exit_code} while starting")
            if listening(self.host, self.port) and listening(self.host, self.port + 1):
                return
            time.sleep(0.02)
        raise UnusableError(f"the embedded broker did not listen on {self.url} within {timeout_s:g} s")

    def stop(self) -> None:
        """End the broker and wait for it; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextlib.contextmanager
def _file_of(config: str) -> Iterator[str]:
    """Name of a temporary file.

    Raises:
        UnusableError: it cannot be written.
    """
    path: Path | None = None
    try:
        try:
            descriptor, name = tempfile.mkstemp(prefix="sensorswarm-broker-", suffix=".toml")
            path = Path(name)
            with os.fdopen(descriptor, "w") as file:
                file.write(config)
        except OSError as error:
            raise UnusableError(
                f"the embedded broker's configuration cannot be written: {error.strerror}; make room, or set TMPDIR"
            ) from None
        yield name
    finally:
        if path is not None:
            path.unlink()


def _serve(config: str) -> None:
    """Run the broker in this process until standard input closes."""
    import resource  # noqa: PLC0415 - Windows has none, and no embedded broker

    from iotcore.iotcore import IotCoreBroker  # noqa: PLC0415 - only the child loads the broker

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # one for each connection
    # rumqttd wraps every packet in an error-level span: its log is noise.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    broker = IotCoreBroker(config_path=config)
    broker.start()
    _send_at_once(listeners=2)
    threading.Event().wait()


def _send_at_once(*, listeners: int) -> None:
    """Turn Nagle's algorithm off (TCP_NODELAY) as soon as so many sockets listen; who is accepted inherits it.

    rumqttd leaves it on. Then what it sends to a subscriber may wait for the acknowledgement of what it sent before,
    and a subscriber with nothing to say delays that by up to 40 ms.
    """
    found: set[str] = set()
    while len(found) < listeners:
        time.sleep(0.005)
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names are numbers
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as sock:  # others are no sockets
                if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    found.add(name)


if __name__ == "__main__":
    _serve(sys.argv[1])
