"""The proxy as its own process, between real sockets."""

import asyncio
import contextlib
import errno
import hashlib
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

COMMAND = [sys.executable, "-m", "scenarios.proxy"]
RESET = struct.pack("ii", 1, 0)


@dataclass
class Running:
    """A proxy's process and where it listens."""

    process: subprocess.Popen[str]
    port: int
    greeting: str

    def order(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self, limit_s: float) -> int:
        self.process.stdin.close()
        return self.process.wait(limit_s)


Start = Callable[..., Running]


@pytest.fixture
def start_proxy() -> Iterator[Start]:
    """Start proxies to a port, with more options; all are gone at the end."""
    with contextlib.ExitStack() as stack:

        def start(to: int, *options: str) -> Running:
            process = stack.enter_context(
                subprocess.Popen(
                    [*COMMAND, "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{to}", *options],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            greeting = process.stdout.readline()
            assert greeting, process.stderr.read()
            return Running(process, int(greeting.split()[1].rpartition(":")[2]), greeting.strip())

        yield start


@pytest.fixture
def target(patience) -> Iterator[socket.socket]:
    """A listening socket; the test is the server."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listener.settimeout(patience(20))
        yield listener


@contextlib.contextmanager
def through(proxy: Running, target: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection through a proxy: the client's and the server's."""
    limit_s = target.gettimeout()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=limit_s) as near:
        far, _ = target.accept()
        far.settimeout(limit_s)
        with far:
            yield near, far


def received(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := sock.recv(65536)):
        data += more
    return data


def test_nothing_comes_before_its_delay_in_either_direction(start_proxy, target):
    """What one end sends reaches the other no sooner than the delay, and whole."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "30")
    assert proxy.greeting.endswith("delay 30 0")
    with through(proxy, target) as ends:
        for sender, receiver in (ends, ends[::-1]):
            for _ in range(5):
                began_s = time.monotonic()
                sender.sendall(b"hello")
                assert received(receiver, 5) == b"hello"
                assert time.monotonic() - began_s >= 0.030


def test_the_delay_counts_from_arrival_and_not_from_when_the_one_before_left(start_proxy, target):
    """Chunks overlap on the way: twenty sent 5 ms apart through 200 ms do not take twenty times 200 ms."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "200")
    with through(proxy, target) as (near, far):
        began_s = time.monotonic()
        for number in range(20):
            near.sendall(bytes([number]))
            time.sleep(0.005)
        assert received(far, 20) == bytes(range(20))
        assert 0.2 <= time.monotonic() - began_s < 2


def test_the_delay_is_changed_while_it_runs(start_proxy, target):
    """An order is answered, holds from then on, on open connections too; a wrong one is refused and changes nothing."""
    proxy = start_proxy(target.getsockname()[1])

    def takes_s() -> float:
        began_s = time.monotonic()
        near.sendall(b"x")
        assert received(far, 1) == b"x"
        return time.monotonic() - began_s

    with through(proxy, target) as (near, far):
        takes_s()
        assert proxy.order("delay 80 10") == "delay 80 10"
        assert takes_s() >= 0.070
        assert proxy.order("delay -5").startswith("refused: delay -5 ms")
        assert proxy.order("nonsense").startswith("refused: order 'nonsense': write")
        assert takes_s() >= 0.070
        assert proxy.order("delay 0") == "delay 0 0"
        assert min(takes_s() for _ in range(20)) < 0.070


def test_order_is_kept_through_jitter_and_changes(start_proxy, target):
    """Bytes come in the order sent, however the delays of the chunks differ."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "10", "--jitter-ms", "10", "--seed", "5")
    sent = b"".join(struct.pack("!I", number) for number in range(3000))
    with through(proxy, target) as (near, far):

        def send() -> None:
            for at in range(0, len(sent), 40):
                near.sendall(sent[at : at + 40])
                time.sleep(0.0002)

        thread = threading.Thread(target=send)
        thread.start()
        time.sleep(0.02)
        proxy.order("delay 1")
        came = received(far, len(sent))
        thread.join()
    assert came == sent


def test_half_a_close_leaves_the_other_half_open(start_proxy, target, patience):
    """A FIN goes on after the data before it; the answer still comes back; then the connection is forgotten."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "20")
    with through(proxy, target) as (near, far):
        near.sendall(b"question")
        near.shutdown(socket.SHUT_WR)
        assert received(far, 1000) == b"question"  # until the end of the stream
        far.sendall(b"answer")
        far.close()
        assert received(near, 1000) == b"answer"
    deadline = time.monotonic() + patience(10)
    while len(psutil.Process(proxy.process.pid).net_connections("tcp")) > 1:  # the listener
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("by_server", [False, True])
def test_a_reset_goes_on_as_a_reset(start_proxy, target, by_server):
    """A peer that breaks off is not shown as one that ended in peace, after its last bytes."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "20")
    with through(proxy, target) as (near, far):
        breaker, other = (far, near) if by_server else (near, far)
        breaker.sendall(b"last words")
        assert received(other, 10) == b"last words"
        breaker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        breaker.close()
        with pytest.raises(ConnectionResetError):
            other.recv(1)


def test_writing_to_a_peer_that_is_gone_is_told_to_the_writer(start_proxy, target):
    """A client that half-closed and then went away: the server that still sends to it gets a reset."""
    proxy = start_proxy(target.getsockname()[1])
    with through(proxy, target) as (near, far):
        near.shutdown(socket.SHUT_WR)
        assert far.recv(1) == b""
        near.close()

        def write_on() -> None:
            for _ in range(1000):
                far.sendall(b"anybody there?")
                time.sleep(0.01)

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            write_on()


def test_a_reader_that_does_not_read_stops_the_writer(start_proxy, target):
    """The proxy holds a few MiB and no more, and what it held comes whole once the reader reads."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "5")
    memory = psutil.Process(proxy.process.pid).memory_info
    piece = bytes(range(256)) * 256
    with through(proxy, target) as (near, far):
        before_bytes = memory().rss
        near.settimeout(1.0)
        sent = hashlib.sha256()

        def fill() -> None:
            sent_bytes = 0
            while sent_bytes < 2**28:
                count = near.send(piece)
                sent.update(piece[:count])
                sent_bytes += count

        with pytest.raises(TimeoutError):
            fill()
        # beside our buffers the kernel's own, on four sockets, hold what they hold
        assert memory().rss - before_bytes < 24 * 2**20
        near.shutdown(socket.SHUT_WR)
        came = hashlib.sha256()
        while data := far.recv(2**20):
            came.update(data)
    assert came.digest() == sent.digest()


async def test_two_hundred_connections_do_not_mix(start_proxy, patience):
    """Each gets its own bytes back, no sooner than twice the delay."""
    ended = asyncio.Semaphore(0)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()
        await writer.wait_closed()
        ended.release()

    async def converse(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        message = b"%d:" % number * 100
        for _ in range(3):
            began_s = time.monotonic()
            writer.write(message)
            assert await reader.readexactly(len(message)) == message
            assert time.monotonic() - began_s >= 0.020
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(echo, "127.0.0.1", 0, backlog=512) as server, asyncio.timeout(patience(30)):
        proxy = start_proxy(server.sockets[0].getsockname()[1], "--delay-ms", "10")
        await asyncio.gather(*(converse(number) for number in range(200)))
        for _ in range(200):
            await ended.acquire()  # the ends went on too


def test_the_journal_says_what_was_really_done(start_proxy, target, tmp_path: Path, patience):
    """For each direction the last bytes, and times that are at least the delay apart and those of the wall clock."""
    file = tmp_path / "journal"
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "15", "--journal", str(file))
    before_ns = time.time_ns()
    with through(proxy, target) as (near, far):
        proxy_port = far.getpeername()[1]
        for sender, receiver, sizes in ((near, far, (3, 4)), (far, near, (5, 6, 7))):
            for size in sizes:
                sender.sendall(b"x" * size)
                assert received(receiver, size) == b"x" * size
    after_ns = time.time_ns()
    assert proxy.end(patience(10)) == 0
    rows = [line.split() for line in file.read_text().splitlines()]
    assert [(int(port), way, int(end)) for port, way, end, _, _ in rows] == [
        (proxy_port, "up", 3),
        (proxy_port, "up", 7),
        (proxy_port, "down", 5),
        (proxy_port, "down", 11),
        (proxy_port, "down", 18),
    ]
    for *_, read_ns, sent_ns in rows:
        assert before_ns - 10**6 <= int(read_ns) <= int(sent_ns) - 15 * 10**6
        assert int(sent_ns) <= after_ns + 10**6


def test_a_target_that_is_not_there_resets_and_is_told_once(start_proxy, free_port, patience):
    """Clients see a broken connection, whoever runs the proxy one line for all of them; it goes on."""
    proxy = start_proxy(free_port)
    for _ in range(3):
        near = socket.create_connection(("127.0.0.1", proxy.port), timeout=patience(20))
        with near, pytest.raises(ConnectionResetError):
            near.recv(1)
    assert proxy.end(patience(10)) == 0
    assert proxy.process.stderr.read() == (
        f"proxy: cannot connect to 127.0.0.1:{free_port}: Connection refused; is the server running there?\n"
    )


def test_without_descriptors_it_waits_and_goes_on(start_proxy, target, patience):
    """Too many connections are one line, and no end: once others have left, new ones get through."""
    proxy = start_proxy(target.getsockname()[1])
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (32, 32))
    with contextlib.ExitStack() as crowd:
        for _ in range(30):
            near = crowd.enter_context(socket.socket())
            near.settimeout(patience(20))
            assert near.connect_ex(("127.0.0.1", proxy.port)) in (0, errno.ECONNRESET)
        assert "out of file descriptors" in proxy.process.stderr.readline()
    target.settimeout(0.05)
    deadline = time.monotonic() + patience(10)
    while True:
        with contextlib.suppress(TimeoutError, ConnectionResetError), contextlib.ExitStack() as stack:
            near = stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=0.2))
            near.sendall(b"me")
            with contextlib.suppress(TimeoutError):
                while True:
                    far, _ = target.accept()
                    stack.enter_context(far).settimeout(0.2)
                    if far.recv(2) == b"me":
                        return
        assert time.monotonic() < deadline


def test_sigterm_ends_it_in_the_middle(start_proxy, target, patience):
    """With connections open and bytes under way it ends at once, with 0 and no complaint."""
    proxy = start_proxy(target.getsockname()[1], "--delay-ms", "60000")
    with through(proxy, target) as (near, _):
        near.sendall(b"never to arrive")
        proxy.process.terminate()
        assert proxy.process.wait(patience(10)) == 0
    assert proxy.process.stderr.read() == ""


TO = ("--to", "127.0.0.1:9")
LISTEN = ("--listen", "127.0.0.1:0")


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (TO, 2, "required: --listen"),
        ((*LISTEN, "--to", "9"), 2, "--to '9': write HOST:PORT"),
        ((*LISTEN, "--to", "127.0.0.1:0"), 2, "the port from 1 to 65535"),
        ((*TO, "--listen", "127.0.0.1:65536"), 2, "the port from 0 to 65535"),
        ((*TO, "--listen", "192.0.2.1:4000"), 2, "cannot listen on 192.0.2.1:4000: Cannot assign requested address"),
        ((*LISTEN, *TO, "--delay-ms", "soon"), 2, "invalid float value: 'soon'"),
        ((*LISTEN, *TO, "--delay-ms", "-1"), 2, "delay -1 ms: must be from 0"),
        ((*LISTEN, *TO, "--jitter-ms", "1"), 2, "jitter 1 ms: must be from 0 to the delay"),
        ((*LISTEN, *TO, "--journal", "/nowhere/journal"), 3, "--journal /nowhere/journal: No such file or directory"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(options, code, complaint):
    """Wrong options end it with 2, a journal that cannot be written with 3, and never with a traceback."""
    ended = subprocess.run([*COMMAND, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert ended.stderr.startswith("proxy: ")
    assert ended.stderr.count("\n") == 1
    assert complaint in ended.stderr


def test_a_journal_that_cannot_be_finished_is_told(start_proxy, target, patience):
    """A full disk spoils the truth: exit 3 with one line."""
    proxy = start_proxy(target.getsockname()[1], "--journal", "/dev/full")
    with through(proxy, target) as (near, far):
        near.sendall(b"x")
        received(far, 1)
    assert proxy.end(patience(10)) == 3
    assert proxy.process.stderr.read() == "proxy: --journal /dev/full: No space left on device\n"
