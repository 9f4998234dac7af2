"""`python -m scenarios.proxy`: a TCP proxy in a process of its own that puts a known latency into each direction.

It tells when it is ready on one line, takes orders (`delay MS [JITTER_MS]`) on standard input and answers each on one
line, and ends on SIGTERM, on Ctrl-C, or when a standard input that is a pipe closes. What it decides is in
`scenarios.faults.latency`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import signal
import stat
import sys
import time
from pathlib import Path
from typing import NoReturn

from scenarios.acceptor import Acceptor, Address, ProxyError, listen, shown
from scenarios.faults.latency import Delay, LatencyError, parse_command
from scenarios.relay import Exchange, Forwarded
from wire.errors import SensorSwarmError, UnusableError

_HIGHEST_PORT = 65535


def _address(text: str, option: str, *, lowest_port: int) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and lowest_port <= int(port) <= _HIGHEST_PORT):
        raise ProxyError(f"{option} {text!r}: write HOST:PORT, the port from {lowest_port} to {_HIGHEST_PORT}")
    return host, int(port)


class Orders:
    """Reads orders from standard input and carries them out.

    Args:
        exchange: whose delay they change.
        finished: set when the input ends.
    """

    def __init__(self, exchange: Exchange, finished: asyncio.Event) -> None:
        self._exchange = exchange
        self._finished = finished
        self._line = b""
        self._descriptor = sys.stdin.fileno() if sys.stdin is not None else -1
        # A file or /dev/null has nothing to say and no end worth obeying; epoll takes neither.
        mode = os.fstat(self._descriptor).st_mode if self._descriptor >= 0 else 0
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            exchange.loop.add_reader(self._descriptor, self._readable)

    def _readable(self) -> None:
        data = os.read(self._descriptor, 4096)
        if not data:
            self._exchange.loop.remove_reader(self._descriptor)
            self._finished.set()
            return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            try:
                delay = parse_command(line.decode(errors="replace"))
            except LatencyError as error:
                _say(f"refused: {error}")
                continue
            self._exchange.delay = delay
            _say(delay.command)


class Journal:
    """A line for every chunk forwarded: port, way, last byte, arrival and sending in Unix ns; see `Forwarded`.

    Raises:
        UnusableError: the file cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._problem = ""
        try:
            self._stream = file.open("w", encoding="ascii")
        except OSError as error:
            raise UnusableError(f"--journal {file}: {error.strerror}") from None

    def add(self, chunk: Forwarded) -> None:
        """Write one line, some time before `close` returns."""
        if self._problem:
            return
        to_unix_ns = time.time_ns() - time.monotonic_ns()
        try:
            self._stream.write(
                f"{chunk.port} {chunk.way} {chunk.end_byte} {chunk.read_ns + to_unix_ns} {chunk.sent_ns + to_unix_ns}\n"
            )
        except OSError as error:
            self._problem = error.strerror or str(error)

    def close(self) -> None:
        """Write everything."""
        try:
            self._stream.close()
        except OSError as error:
            self._problem = self._problem or error.strerror or str(error)
        if self._problem:
            raise UnusableError(f"--journal {self._file}: {self._problem}")


async def _serve(at: Address, to: Address, delay: Delay, seed: int, journal: Journal | None) -> None:
    loop = asyncio.get_running_loop()
    finished = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, finished.set)
    exchange = Exchange(loop, delay, random.Random(seed), journal.add if journal else None)
    listener = listen(at)
    acceptor = Acceptor(listener, to, exchange, _complain)
    Orders(exchange, finished)
    _say(f"proxy {shown(listener.getsockname()[:2])} to {shown(to)}, {delay.command}")
    await finished.wait()
    await acceptor.close()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ProxyError(f"{message}; see python -m scenarios.proxy --help")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m scenarios.proxy", description="A TCP proxy that puts in a known latency.")
    parser.add_argument(
        "--listen", required=True, metavar="HOST:PORT", help="where clients connect; port 0: a free one"
    )
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the server")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="of each direction (%(default)g)")
    parser.add_argument("--jitter-ms", type=float, default=0.0, help="uniform, around the delay (%(default)g)")
    parser.add_argument("--seed", type=int, default=0, help="of the jitter (%(default)d)")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="write what was done with every chunk")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # who started us reads no more
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _complain(message: str) -> None:
    sys.stderr.write(f"proxy: {message}\n")


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _run(arguments: list[str] | None) -> None:
    import uvloop  # noqa: PLC0415 - only the proxy's own process needs it

    options = _options(arguments)
    delay = Delay(options.delay_ms, options.jitter_ms)
    at = _address(options.listen, "--listen", lowest_port=0)
    to = _address(options.to, "--to", lowest_port=1)
    _allow_many_connections()
    with contextlib.ExitStack() as stack:
        journal = None
        if options.journal is not None:
            journal = stack.enter_context(contextlib.closing(Journal(options.journal)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(at, to, delay, options.seed, journal))


def main(arguments: list[str] | None = None) -> None:
    """Run the proxy; exits with 2 for wrong options, 3 when the journal could not be written, each with one line."""
    try:
        _run(arguments)
    except SensorSwarmError as error:
        _complain(str(error))
        sys.exit(int(error.exit_code))


if __name__ == "__main__":
    main()
