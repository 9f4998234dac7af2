"""The processes around the server under test in `benchmarks.fanout`: publisher and sinks, driven by lines of text.

They end when their standard input does, so none outlives the benchmark, whatever ends it.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import orjson
import psutil

from benchmarks._fanout_sink import Plan
from wire.errors import UnusableError

_PATIENCE_S = 60.0
_LOOK_S = 0.05
_TURNS = 10


def cpu_s(*processes: psutil.Process) -> float:
    """CPU seconds that these processes have used, user and system, to the nanosecond.

    /proc, where psutil looks, counts in ticks of 10 ms: less than one is none there. Linux gives each process a clock
    of its own, clock_getcpuclockid(3), whose number Python does not make (CPUCLOCK_SCHED is 2).
    """
    return sum(time.clock_gettime((~process.pid << 3) | 2) for process in processes)


class Talker:
    """A child process that answers a line with a line."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us
        )
        self._module = module
        self.process = psutil.Process(self._popen.pid)

    def ask(self, order: str) -> bytes:
        """Give an order and wait for its answer."""
        self.tell(order)
        return self.hear()

    def tell(self, order: str) -> None:
        """Give an order; `hear` its answer later."""
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `hear` says it
            self._popen.stdin.write(order.encode() + b"\n")
            self._popen.stdin.flush()

    def hear(self) -> bytes:
        """Wait for the answer.

        Raises:
            UnusableError: the process is gone.
        """
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        if not line:
            raise UnusableError(f"{self._module} ended with {self._popen.wait()}; its last words are above")
        return line

    def close(self) -> None:
        """End it; safe to call twice."""
        for pipe in (self._popen.stdin, self._popen.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class Publisher(Talker):
    """The process of `benchmarks._fanout_publisher`."""

    def __init__(self, mqtt5_port: int) -> None:
        super().__init__("benchmarks._fanout_publisher", str(mqtt5_port))
        self.hear()

    def publish(
        self, *, first: int = 0, buildings: int = 1, at_once: int = 1, wakes_per_s: float, seconds: float
    ) -> int:
        """Publish for `seconds` readings of `buildings` from number `first` on; gives the number of readings."""
        return int(self.ask(f"publish {first} {buildings} {at_once} {wakes_per_s} {seconds}"))

    def begin(self, *, at_once: int, wakes_per_s: float, seconds: float) -> None:
        """Begin to publish readings of the first building; `hear` tells of the end."""
        self.tell(f"publish 0 1 {at_once} {wakes_per_s} {seconds}")


class Sink(Talker):
    """The process of `benchmarks._fanout_sink`; `live` waits for its clients."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("benchmarks._fanout_sink", plan.to_json())
        self.plan = plan

    @property
    def readings(self) -> int:
        """Received so far, over all clients."""
        return int(orjson.loads(self.ask("status"))["readings"])

    @property
    def live(self) -> int:
        """Clients that are connected and subscribed."""
        return int(orjson.loads(self.ask("status"))["live"])

    def latencies_s(self) -> list[float]:
        """Of every reading since the last time asked."""
        return list(orjson.loads(self.ask("latencies")))

    def open(self, clients: int) -> None:
        """Connect clients until there are so many, and wait until every one is subscribed.

        Raises:
            UnusableError: they are not in time.
        """
        self.ask(f"open {clients}")
        deadline_s = time.monotonic() + _PATIENCE_S
        while (live := self.live) < clients:
            if time.monotonic() > deadline_s:
                raise UnusableError(f"only {live} of {clients} clients were subscribed within {_PATIENCE_S:g} s")
            time.sleep(_LOOK_S)


@contextlib.contextmanager
def sinks(*plans: Plan) -> Iterator[list[Sink]]:
    """Sinks with all their clients subscribed, for as long as the block lasts.

    They connect in turns, those that stand later in `plans` last: a server that serves its clients in the order in
    which they came must not serve one sink's first.
    """
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(contextlib.closing(Sink(plan))) for plan in plans]
        turns = _TURNS if len(plans) > 1 else 1
        for turn in range(1, turns + 1):
            for sink in started:
                sink.open(-(-sink.plan.clients * turn // turns))
        yield started


def settled(started: list[Sink], expected: int, *, patience_s: float = _PATIENCE_S, quiet_s: float = 3.0) -> int:
    """Readings that all sinks have received, once they are `expected` or no more come for `quiet_s`."""
    deadline_s = time.monotonic() + patience_s
    received, changed_s = -1, time.monotonic()
    while received < expected:
        now_s = time.monotonic()
        before, received = received, sum(sink.readings for sink in started)
        if received != before:
            changed_s = now_s
        if received < expected and (now_s > deadline_s or now_s - changed_s > quiet_s):
            return received
        time.sleep(_LOOK_S)
    return received
