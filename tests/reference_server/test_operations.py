"""The port of those who run the server, and the figures it gives."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reference_server.operations import Operations
from reference_server.quotas import Quotas
from reference_server.server import listen

Connect = Callable[..., Any]
DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana-dashboard.json"


class Watched:
    """A server, and its other port."""

    def __init__(self, server: Any, port: int) -> None:
        self.server = server
        self.port = port

    async def get(self, path: str) -> tuple[int, str]:
        def ask() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        return await asyncio.to_thread(ask)

    async def figures(self) -> dict[str, float]:
        """Every sample by its name, labels in braces."""
        status, text = await self.get("/metrics")
        assert status == 200
        return {
            name + ("{" + ",".join(f"{key}={value}" for key, value in labels.items()) + "}" if labels else ""): value
            for family in text_string_to_metric_families(text)
            for name, labels, value, *_ in family.samples
        }


@pytest.fixture
async def watched(run_server: Callable[..., Any]) -> AsyncIterator[Watched]:
    server = await run_server(quotas=Quotas(per_user=1))
    listening = listen("127.0.0.1", 0)
    async with Operations(server.service, listening):
        yield Watched(server, listening.getsockname()[1])


async def test_figures_follow_what_happens(watched: Watched, connect: Connect) -> None:
    """Each figure is what was done, counted on the other side too."""
    server = watched.server
    client = await connect(server, "b-1")
    second = await connect(server)
    await second.send(type="hello", token=server.token("b-1"), subscribe="all")
    assert await second.closed() == 4504
    payload = server.publish("b-1", 20.0)
    topic = server.topics.topic(building="b-1", quantity="temperature", sensor="1")
    server.publish_raw(topic, payload)
    server.publish_raw(topic, b"nonsense")
    server.publish("b-1", 50.0)
    await client.readings(2)
    await client.alerts(2)  # high, and the rate of its rise
    await server.until(lambda: len(server.service.server.clients) == 1)
    got = await watched.figures()
    assert {name: value for name, value in got.items() if "lag" not in name and "process" not in name} == {
        "sensorswarm_connections": 1,
        "sensorswarm_clients": 1,
        "sensorswarm_clients_waiting": 0,
        "sensorswarm_clients_behind": 0,
        "sensorswarm_send_buffer_bytes": 0,
        "sensorswarm_send_buffer_max_bytes": 0,
        "sensorswarm_handshakes_total": 2,
        "sensorswarm_evictions_total": 0,
        "sensorswarm_refusals_total{code=4504,reason=too many connections}": 1,
        "sensorswarm_deliveries_total{lane=readings}": 2,
        "sensorswarm_deliveries_total{lane=alerts}": 2,
        "sensorswarm_lane_items{lane=readings}": 2,
        "sensorswarm_lane_items{lane=alerts}": 2,
        "sensorswarm_sent_bytes_total": got["sensorswarm_sent_bytes_total"],
        "sensorswarm_conflated_readings_total": 0,
        "sensorswarm_buildings": 1,
        "sensorswarm_broker_connected": 1,
        "sensorswarm_readings_total": 2,
        "sensorswarm_alerts_total": 2,
        "sensorswarm_unstored_alerts": 0,
        "sensorswarm_duplicates_total": 1,
        "sensorswarm_malformed_total{kind=payload}": 1,
        "sensorswarm_draining": 0,
    }
    assert got["sensorswarm_ingest_lag_seconds_count"] >= 1
    assert 0 <= got["sensorswarm_ingest_lag_seconds_sum"] < 60
    assert got["sensorswarm_loop_lag_seconds_count"] >= 0
    assert got["process_open_fds"] > 3


async def test_bytes_are_those_on_the_wire(watched: Watched, connect: Connect) -> None:
    """Frames with their heads, of answers and of the fan-out, as a client counts them."""
    server = watched.server
    client = await connect(server)
    counted = 0

    def count(data: bytes) -> None:
        nonlocal counted
        counted += len(data)
        receive(data)

    receive = client.socket.protocol.receive_data
    client.socket.protocol.receive_data = count
    await client.send(type="hello", token=server.token("b-1"), subscribe=["b-1"])
    await client.next_of("subscribed")
    for _ in range(20):
        server.publish("b-1")
    await client.readings(20)
    assert (await watched.figures())["sensorswarm_sent_bytes_total"] == counted


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/livez", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/healthz", 200, '"clients":0'),
        ("/ws", 404, "not found"),
        ("/", 404, "not found"),
    ],
)
async def test_paths(watched: Watched, path: str, status: int, part: str) -> None:
    """The probes are here too, clients are not."""
    got, body = await watched.get(path)
    assert got == status
    assert part in body


async def test_metrics_are_not_on_the_port_of_the_clients(watched: Watched) -> None:
    """What the server does is nobody's business who can connect to it."""
    watched.port = watched.server.service.server._listening.getsockname()[1]
    assert (await watched.get("/metrics"))[0] == 404


async def test_it_answers_while_the_server_drains(watched: Watched) -> None:
    """The other port is closed by then: here a balancer sees why."""
    await watched.server.service.drain()
    assert await watched.get("/readyz") == (503, "draining\n")
    assert (await watched.get("/livez"))[0] == 200
    assert (await watched.figures())["sensorswarm_draining"] == 1


async def test_who_never_finishes_a_request_does_not_hold_up_the_end(run_server: Callable[..., Any]) -> None:
    """A half-open connection to this port is cut when the server ends."""
    server = await run_server()
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    async with asyncio.timeout(server.within_s):
        async with Operations(server.service, listening):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /metr")
            await asyncio.sleep(0.05)
        writer.transport.abort()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


async def test_the_dashboard_shows_what_is_exported_and_nothing_else(watched: Watched) -> None:
    """Every name in a query exists, and every figure of ours is on some panel."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    named = {name for query in queries for name in re.findall(r"\b(?:sensorswarm|process)_\w+", query)}
    _, text = await watched.get("/metrics")
    families = list(text_string_to_metric_families(text))
    exported = {
        name
        for family in families
        for name in (
            [f"{family.name}_total"]
            if family.type == "counter"
            else [f"{family.name}_bucket"]
            if family.type == "histogram"
            else [family.name]
        )
    }
    assert named <= exported
    assert {name for name in exported if name.startswith("sensorswarm_")} <= named
    for query in queries:
        assert "_total" not in query or "rate(" in query or "increase(" in query


async def test_names_follow_the_conventions(watched: Watched) -> None:
    """Base units at the end, snake case, help for each, one prefix."""
    _, text = await watched.get("/metrics")
    for family in text_string_to_metric_families(text):
        assert family.documentation
        if family.name.startswith("process_"):
            continue
        assert re.fullmatch(r"sensorswarm_[a-z]+(_[a-z]+)*", family.name)
        assert not re.search(r"_(ms|milliseconds|kb|kib|mb)\b", family.name)
        assert family.type in {"counter", "gauge", "histogram"}
