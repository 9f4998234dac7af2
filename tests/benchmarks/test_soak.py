"""The soak's verdict on samples made by rule, and the slope it goes by."""

import contextlib
import socket
import sys
import time

import numpy as np
import orjson
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import soak
from benchmarks._soak_trend import medians, theil_sen
from scenarios.children import Child
from wire import ports
from wire.errors import UnusableError

MINUTES = np.arange(20.0)


@given(st.floats(-100, 100), st.floats(-1e6, 1e6))
def test_a_line_has_its_slope(slope, start):
    """Points on a line give its slope, and bounds that are one with it."""
    found = theil_sen(MINUTES, start + slope * MINUTES)
    assert found == pytest.approx((slope, slope, slope), abs=1e-6)


def test_wild_points_do_not_move_it():
    """Four wild points of twenty leave the slope within its bounds."""
    y = 3 * MINUTES
    y[[2, 7, 11, 16]] += [900, -700, 800, 1000]
    found = theil_sen(MINUTES, y)
    assert found.low <= 3 <= found.high
    assert found.slope == pytest.approx(3, abs=0.5)


def test_the_interval_covers_as_often_as_it_says():
    """Of 95 % intervals about 95 in 100 hold the true slope."""
    rng = np.random.default_rng(1)
    found = [theil_sen(MINUTES, 2 * MINUTES + rng.normal(0, 5, MINUTES.size)) for _ in range(400)]
    assert 0.92 <= np.mean([item.low <= 2 <= item.high for item in found]) <= 0.99


def test_medians_of_stretches():
    """Whole stretches only, each with its mean time and median value."""
    x, y = medians(np.arange(25.0), np.arange(25.0) ** 2, 10)
    assert x.tolist() == [4.5, 14.5]
    assert y.tolist() == [20.5, 210.5]


def samples(*, leak_kib_min=0.0, descriptors_more=0, seed=1):
    rng = np.random.default_rng(seed)
    for second in range(1200):
        warming_kib = 20_000 * min(second / 400, 1)
        rss_kib = 60_000 + warming_kib + leak_kib_min * second / 60 + rng.normal(0, 200)
        descriptors = 17 + int(descriptors_more * second / 1199) + rng.choice([-1, 0, 0, 0, 1])  # a connection opens
        yield soak.Sample(float(second), rss_kib, descriptors)


@pytest.mark.parametrize(
    ("growth", "flat"),
    [
        ({}, True),
        ({"leak_kib_min": 50}, True),
        ({"leak_kib_min": 150}, False),
        ({"descriptors_more": 5}, True),
        ({"descriptors_more": 20}, False),
    ],
)
def test_what_grows_is_seen(growth, flat):
    """Warming up is not growth; memory beyond the limit is, and so are descriptors that stay open."""
    found = soak.figures(list(samples(**growth)))
    assert soak.flat(found) is flat
    assert orjson.loads(orjson.dumps(found)) == found  # plain numbers, which can be written


@pytest.mark.parametrize(("connections_s", "code"), [(60.0, 0), (30.0, 0), (29.9, 3)])
def test_few_connections_prove_nothing(connections_s, code):
    """Neither that nothing is left behind by them, nor that something is."""
    found, said = soak.judged(soak.figures(list(samples())) | {"connections_s": connections_s})
    assert found == code
    assert said == "flat" if code == 0 else "of 60 that were asked for" in said


def test_descriptors_are_told_by_medians():
    """A connection that opens between the two counts moves no figure."""
    figures = soak.figures(list(samples(descriptors_more=20)))
    assert figures["descriptors_slope_at_least"] > 0
    assert figures["descriptors_start"] == 17
    assert figures["descriptors_end"] == pytest.approx(36.5, abs=1)


def test_clients_are_no_descriptors_of_the_server(tmp_path, broker, patience):
    """Forty connections to a server of four processes are forty descriptors, and none of those that are counted."""
    port = ports.free_port(in_a_row=3)
    command = (sys.executable, "-m", "reference_server", "--broker", broker.url, "--port", str(port), "--workers", "2")
    more = ("--metrics-port", str(port + 1), "--alerts", str(tmp_path / "alerts"))
    child = Child.start("server", [*command, *more], log=tmp_path / "log", environment={})
    try:
        wait_for(lambda: child.last_words().startswith("serving"), patience(60))  # every process
        process = psutil.Process(child.pid)
        server = soak.Watched([process, *process.children()], [port + 1, port + 2])
        assert len(server.processes) == 4
        before = soak.sample(server, 0.0)
        with contextlib.ExitStack() as opened:
            for _ in range(40):
                opened.enter_context(socket.create_connection(("127.0.0.1", port)))
            wait_for(lambda: sum(map(soak._connections, server.metrics_ports)) == 40, patience(10))
            during = soak.sample(server, 1.0)
        assert during.descriptors == pytest.approx(before.descriptors, abs=4)
    finally:
        child.stop(patience_s=patience(20))
    with pytest.raises(UnusableError, match=r"did not answer|of the server ended"):
        soak.sample(server, 2.0)


def wait_for(holds, seconds):
    deadline_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
