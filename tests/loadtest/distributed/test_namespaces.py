"""A run over three machines, as far as the kernel can tell: network namespaces, one with a clock that is wrong.

The clock error is put into the process: a time namespace moves only the clocks that nobody stamps with.
"""

import asyncio
import os
import shutil
import subprocess
import threading
import time
from collections import defaultdict

import pytest

from simulator import clock_server
from wire.clock import TEST_ERROR_VARIABLE
from wire.records import ALERTS, CLOCKS, AlertDelivery, Clock, read_records

ERROR_S = 0.25
USERS = 6


IP = shutil.which("ip")


def ip(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(IP), *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def machines():
    """Two network namespaces, each with its own way to us: name and our address there."""
    if IP is None:
        pytest.skip("no ip command here")
    made, found = [], []
    try:
        for number in (1, 2):
            name, net = f"ssw{os.getpid() % 10_000}-{number}", f"10.213.{number}"
            asked = ip("netns", "add", name)
            if asked.returncode:
                pytest.skip(f"no network namespaces here: {asked.stderr.strip()}")
            made.append(name)
            for command in (
                f"link add {name} type veth peer name far netns {name}",
                f"addr add {net}.1/24 dev {name}",
                f"link set {name} up",
                f"-n {name} addr add {net}.2/24 dev far",
                f"-n {name} link set far up",
                f"-n {name} link set lo up",
            ):
                asked = ip(*command.split())
                if asked.returncode:
                    pytest.skip(f"ip {command}: {asked.stderr.strip()}")
            found.append((name, f"{net}.1"))
        yield found
    finally:
        for name in made:
            ip("netns", "del", name)


@pytest.fixture
def clock_port(free_port, monkeypatch):
    """The clock as the simulator serves it, on all of our addresses."""
    monkeypatch.setattr(clock_server, "NOTICE_S", 0.0)
    ready, done = threading.Event(), threading.Event()

    async def main() -> None:
        async with clock_server.clock_served(free_port):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    yield free_port
    done.set()
    thread.join(10)


def test_a_clock_that_is_wrong_is_found_and_set_right(machines, clock_port, distributed, patience):
    """Its 250 ms are found to within the bound, and what its clients stamped agrees with those of the right clock."""
    (first, ours), (second, near) = machines
    ip("-n", second, "route", "add", "default", "via", near)  # both reach server and clock by the same address
    clock = f"http://{ours}:{clock_port}"
    run, server = distributed(0, USERS, "--expect-workers", "2", "--clock", clock, ticks=20, host=ours)
    run.worker(before=(str(IP), "netns", "exec", first), host=ours)
    run.worker(before=(str(IP), "netns", "exec", second), host=near, **{TEST_ERROR_VARIABLE: str(ERROR_S)})
    assert server.done.wait(patience(40)), run.master.process.poll()
    time.sleep(0.2)
    run.master.process.terminate()
    assert run.master.finish(patience(40)) == 0, run.master.out
    assert [worker.finish(patience(20)) for worker in run.workers] == [0, 0]
    books = run.books
    assert (books.settled, books.balanced, books.not_usable) == (True, True, [])
    assert books.readings.delivered == books.readings.expected == USERS * 2 * 4 * server.ticks
    assert books.negative_latencies == 0

    comparisons = read_records(run.run_dir / CLOCKS, Clock)
    assert {one.how for one in comparisons} == {"one", "measured"}
    for one in comparisons:
        assert abs(one.offset_s + (ERROR_S if one.how == "measured" else 0.0)) <= one.bound_s + 1e-6
        assert one.bound_s < ERROR_S / 2

    arrivals = defaultdict(list)
    for delivery in read_records(run.run_dir / ALERTS, AlertDelivery):
        arrivals[delivery.alert].append(delivery.arrival)
    assert sum(map(len, arrivals.values())) == USERS * 2
    assert all(max(stamps) - min(stamps) < ERROR_S / 2 for stamps in arrivals.values())
