"""Command lines of a run's processes. Pure: a scenario and addresses in, argument lists out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.behaviours import Behaviour
from scenarios.schema import Scenario

ALERTS = "alerts.sqlite"  # what the server remembers of its alerts, so that they outlive it
PLAN = "plan.json"  # the scenario's anomalies as `simulate --anomalies` reads them


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this run's processes meet."""

    broker_url: str
    server_host: str
    server_port: int
    directory: Path
    proxy_port: int = 0  # 0: the swarm connects to the server itself
    ws_path: str = "/ws"

    @property
    def swarm_url(self) -> str:
        """Where the swarm connects: to the server, or to the proxy in front of it."""
        return f"ws://{self.server_host}:{self.proxy_port or self.server_port}"

    @property
    def server_url(self) -> str:
        """Base of the server under test."""
        return f"ws://{self.server_host}:{self.server_port}"


def server(scenario: Scenario, addresses: Addresses) -> list[str]:
    """Command of the reference server; its secret travels in the environment."""
    return [
        *(sys.executable, "-m", "reference_server"),
        *("--broker", addresses.broker_url),
        *("--host", addresses.server_host),
        *("--port", str(addresses.server_port)),
        *("--time-scale", str(scenario.time_scale)),
        *(("--silence", str(scenario.server.silence_s)) if scenario.server.silence_s is not None else ()),
        *("--qos", str(scenario.qos)),
        *(("--payload", scenario.fleet.payload) if scenario.fleet is not None else ()),
        *("--alerts", str(addresses.directory / ALERTS)),
    ]


def swarm(scenario: Scenario, addresses: Addresses, *, locustfile: Path, longest_s: float) -> list[str]:
    """Command of the swarm; the runner ends it, `longest_s` only bounds it should the runner be gone."""
    swarm = scenario.swarm
    fleet = str(scenario.fleet.buildings) if scenario.fleet else ",".join(scenario.building_names)
    return [
        *(sys.executable, "-m", "locust", "-f", str(locustfile), "--headless"),
        *("--host", addresses.swarm_url, "--ws-path", addresses.ws_path),
        *("-u", str(swarm.managers), "-r", str(swarm.spawn_rate), "-t", f"{longest_s:.0f}s"),
        *("--run-dir", str(addresses.directory)),
        *("--fleet", fleet),
        *("--buildings-per-manager", str(swarm.buildings_per_manager)),
        *("--swarm-seed", str(scenario.seed)),
        *("--backoff", ",".join(str(delay) for delay in swarm.backoff_s)),
        *("--jitter", swarm.jitter),
        *("--churn-per-minute", str(swarm.churn_per_minute)),
        *_behaviours(swarm.behaviour),
    ]


def _behaviours(mix: Sequence[Behaviour]) -> list[str]:
    """The mix as the swarm's options say it; none where all are managers."""
    if not mix:
        return []
    numbers = {name: number for kind in mix for name, number in kind.options.items()}
    return [
        *("--behaviour", ",".join(f"{kind.kind}={kind.weight}" for kind in mix)),
        *(part for name, number in numbers.items() for part in (name, str(number))),
    ]


def proxy(addresses: Addresses, *, delay_ms: float = 0.0) -> list[str]:
    """Command of the TCP proxy in front of the server; another delay is told it while it runs."""
    return [
        *(sys.executable, "-m", "scenarios.proxy"),
        *("--listen", f"{addresses.server_host}:{addresses.proxy_port}"),
        *("--to", f"{addresses.server_host}:{addresses.server_port}"),
        *("--delay-ms", f"{delay_ms:g}"),
    ]


def simulator(scenario: Scenario, addresses: Addresses) -> list[str]:
    """Command of the simulator."""
    common = [
        *(sys.executable, "-m", "simulator"),
        *("--broker", addresses.broker_url),
        *("--run-dir", str(addresses.directory)),
        *("--seed", str(scenario.seed)),
    ]
    if scenario.recording is not None:
        recording = scenario.recording
        return [
            *common,
            *("--replay", str(recording.file)),
            *("--from", str(recording.from_s), "--to", str(recording.to_s)),
            *("--speed", str(recording.speed), "--qos", str(recording.qos)),
        ]
    assert scenario.fleet is not None  # noqa: S101 - validated: a fleet or a recording
    fleet = scenario.fleet
    return [
        *common,
        *("--buildings", str(fleet.buildings), "--sensors", str(fleet.sensors)),
        *("--interval", str(fleet.interval_s), "--duration", str(fleet.duration_s)),
        *("--anomaly-rate", str(fleet.anomaly_rate), "--connections", fleet.connections),
        *("--qos", str(fleet.qos), "--payload", fleet.payload),
        *("--profile", fleet.profile, "--speed", str(fleet.speed)),
        *(("--start", fleet.start) if fleet.start is not None else ()),
        *(("--anomalies", str(addresses.directory / PLAN)) if scenario.anomaly else ()),
    ]


def plan(scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    """The scenario's anomalies in the simulator's words, whose every second is a simulated one."""
    names = {"at_s": "at", "duration_s": "duration"}
    planned = [
        {names.get(key, key): value for key, value in item.model_dump(exclude_none=True).items()}
        for item in scenario.anomaly
    ]
    return {"anomaly": [item | {"at": item["at"] * scenario.time_scale} for item in planned]}
