"""What a scenario may say, and one clear line for each thing it says wrongly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from scenarios import behaviours
from scenarios.behaviours import Behaviour
from scenarios.fleet import Fleet
from scenarios.table import PositiveSeconds, Seconds, Table
from wire.errors import SensorSwarmError
from wire.reading import building_name


class ScenarioError(SensorSwarmError):
    """A scenario that cannot be run: names file, key and remedy, a line for each mistake."""


class Recording(Table):
    """Recorded telemetry in place of a fleet."""

    file: Path  # relative to the scenario
    buildings: list[str] = Field(min_length=1)  # the names that stand in it
    from_s: float = Field(default=0.0, ge=0)  # seconds of the recording
    to_s: float = Field(gt=0)
    interval_s: PositiveSeconds = 5.0  # between two rows of a sensor, in the recording
    speed: float = Field(default=1.0, gt=0, le=10_000)
    qos: Literal[0, 1] = 0

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Recording:
        if self.to_s <= self.from_s:
            raise ValueError(f"to_s = {self.to_s:g} must be after from_s = {self.from_s:g}")
        return self


class Anomaly(Table):
    """One anomaly of the fleet; the simulator knows its kinds and their defaults."""

    kind: str
    at_s: Seconds  # after the load began, by the clock: as a fault's
    duration_s: Seconds | None = None  # simulated
    magnitude: float | None = None  # in the sensor's unit
    building: str | None = None
    quantity: str | None = None
    sensor: str | None = None  # full id


class Server(Table):
    """The server under test."""

    stack: Literal["reference"] = "reference"
    silence_s: PositiveSeconds | None = None  # simulated seconds without a reading that raise an alert; None: its own
    workers: int = Field(default=1, ge=1, le=64)  # processes that serve
    drain_s: Seconds = 0.0  # over which a process that ends sends its clients away


class Swarm(Table):
    """The clients; all of them managers who keep their dashboard open, unless there are [[swarm.behaviour]] tables."""

    managers: int = Field(ge=1, le=100_000)
    buildings_per_manager: int = Field(default=3, ge=1)
    spawn_rate: float = Field(default=100.0, gt=0)  # clients per second
    backoff_s: list[Seconds] = Field(default=[1.0, 2.0, 4.0, 8.0, 16.0, 30.0], min_length=1)
    jitter: Literal["full", "equal", "none"] = "equal"
    churn_per_minute: float = Field(default=0.0, ge=0, le=1e6, allow_inf_nan=False)  # clients replaced, in all
    behaviour: list[Behaviour] = Field(default_factory=list)
    target: str | None = None  # kind of server; a .toml file is relative to the scenario; None: our own

    @model_validator(mode="after")
    def _each_kind_once(self) -> Swarm:
        kinds = [item.kind for item in self.behaviour]
        twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if twice:
            raise ValueError(f"behaviour {twice[0]!r} stands there twice; give it one table with its whole weight")
        if kinds == ["intruder"]:
            raise ValueError("behaviour: nobody but intruders, so nothing would be expected; add a 'manager'")
        return self


class Cut(Table):
    """TCP connections end without a close frame."""

    kind: Literal["cut"]
    at_s: Seconds  # after the load began
    connections: int = Field(ge=1)


class Restart(Table):
    """A process is killed with -9 and started again."""

    kind: Literal["restart"]
    at_s: Seconds
    role: Literal["server", "broker"] = "server"
    down_s: Seconds = 1.0


class Rolling(Table):
    """The server's processes are replaced one by one."""

    kind: Literal["rolling"]
    at_s: Seconds


class Latency(Table):
    """A TCP proxy between swarm and server delays every byte, in each direction."""

    kind: Literal["latency"]
    at_s: Seconds
    duration_s: PositiveSeconds
    delay_ms: float = Field(gt=0, le=60_000)


Fault = Annotated[Cut | Restart | Rolling | Latency, Field(discriminator="kind")]


class Gate(Table):
    """The most of each count that still holds; none of anything unless the scenario says so."""

    leaked: int = Field(default=0, ge=0)
    duplicated: int = Field(default=0, ge=0)
    missing_connected: int = Field(default=0, ge=0)
    missing_away: int = Field(default=0, ge=0)
    missing_tail: int = Field(default=0, ge=0)
    alerts_missing: int = Field(default=0, ge=0)
    alerts_duplicated: int = Field(default=0, ge=0)
    alerts_leaked: int = Field(default=0, ge=0)
    undetected: int = Field(default=0, ge=0)
    slo: list[str] = Field(default_factory=list)  # limits in words, such as "reading.p99<250ms"; `reports` reads them


class Scenario(Table):
    """One scenario: a fleet or a recording, a server, a swarm, faults, and what must hold."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    description: str = ""
    seed: int = Field(default=0, ge=0)
    warmup_s: Seconds = 0.0  # of the load, left out when runs are compared; the books count it
    drain_s: Seconds = 3.0  # after the last reading, before the books are settled
    fleet: Fleet | None = None
    recording: Recording | None = None
    anomaly: list[Anomaly] = Field(default_factory=list)
    server: Server = Server()
    swarm: Swarm
    fault: list[Fault] = Field(default_factory=list)
    gate: Gate = Gate()

    @model_validator(mode="after")
    def _fits_together(self) -> Scenario:
        if (self.fleet is None) == (self.recording is None):
            raise ValueError("needs either a [fleet] or a [recording], and not both")
        if self.recording is not None and self.anomaly:
            raise ValueError("[[anomaly]] needs a [fleet]: a recording brings its own labels")
        if self.swarm.buildings_per_manager > len(self.building_names):
            raise ValueError(
                f"swarm.buildings_per_manager = {self.swarm.buildings_per_manager}, but there are only "
                f"{len(self.building_names)} buildings"
            )
        if self.warmup_s >= self.duration_s:
            raise ValueError(f"warmup_s = {self.warmup_s:g} leaves nothing of the load, which is {self.duration_s:g} s")
        planned = [("anomaly", item.kind, item.at_s) for item in self.anomaly]
        planned += [("fault", item.kind, item.at_s) for item in self.fault]
        for table, kind, at_s in planned:
            if at_s >= self.duration_s:
                raise ValueError(f"{table} {kind!r}: at_s = {at_s:g} is not before the end at {self.duration_s:g} s")
        self._check_faults()
        return self

    def _check_faults(self) -> None:
        up_again_s: dict[str, float] = {}
        for fault in sorted(self.fault, key=lambda one: one.at_s):
            if isinstance(fault, Cut) and fault.connections > self.swarm.managers:
                raise ValueError(
                    f"fault {fault.kind!r}: connections = {fault.connections} of {self.swarm.managers} managers"
                )
            if isinstance(fault, Rolling) and self.server.workers == 1:
                raise ValueError("fault 'rolling' needs server.workers = 2 or more: one process cannot relieve itself")
            if isinstance(fault, Rolling):
                _check_is_up(fault, up_again_s, "server")
            if isinstance(fault, Restart):
                _check_is_up(fault, up_again_s, fault.role)
                up_again_s[fault.role] = fault.at_s + fault.down_s
                if fault.role == "broker" and self.qos == 0:
                    raise ValueError(
                        "fault 'restart' of the broker needs qos = 1: at 0 what is due meanwhile is shed, and a run "
                        "that was not sent whole proves nothing"
                    )

    @property
    def qos(self) -> int:
        """MQTT quality of service of the load, and of the server's subscription."""
        source = self.fleet if self.fleet is not None else self.recording
        assert source is not None  # noqa: S101 - validated: one of the two is there
        return source.qos

    @property
    def duration_s(self) -> float:
        """Wall-clock seconds of load."""
        if self.fleet is not None:
            return self.fleet.duration_s
        assert self.recording is not None  # noqa: S101 - validated: one of the two is there
        return (self.recording.to_s - self.recording.from_s) / self.recording.speed

    @property
    def time_scale(self) -> float:
        """Simulated or recorded seconds per wall-clock second."""
        source = self.fleet if self.fleet is not None else self.recording
        assert source is not None  # noqa: S101 - validated: one of the two is there
        return source.speed

    @property
    def building_names(self) -> list[str]:
        """The groups of this run."""
        if self.recording is not None:
            return self.recording.buildings
        assert self.fleet is not None  # noqa: S101 - validated: one of the two is there
        return [building_name(index) for index in range(self.fleet.buildings)]


def _check_is_up(fault: Restart | Rolling, up_again_s: Mapping[str, float], role: str) -> None:
    until_s = up_again_s.get(role, 0.0)
    if fault.at_s < until_s:
        raise ValueError(f"fault {fault.kind!r}: at_s = {fault.at_s:g}, but the {role} is down until {until_s:g} s")


def load(path: Path) -> Scenario:
    """Read a scenario file; a recording's path becomes absolute.

    Raises:
        ScenarioError: the file cannot be read, is no TOML, or says something it may not.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"scenario {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"scenario {path}: not TOML: {error}") from None
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        raise ScenarioError("\n".join(f"scenario {path}: {line}" for line in _mistakes(error))) from None
    scenario = with_target(scenario, scenario.swarm.target, folder=path.parent)
    if scenario.recording is None:
        return scenario
    file = (path.parent / scenario.recording.file).resolve()
    if not file.is_file():
        raise ScenarioError(f"scenario {path}: recording.file: {file} does not exist")
    return scenario.model_copy(update={"recording": scenario.recording.model_copy(update={"file": file})})


def with_target(scenario: Scenario, target: str | None, *, folder: Path) -> Scenario:
    """Same scenario on another kind of server; the path of a target file, relative to `folder`, becomes absolute."""
    if target is not None and target.endswith(".toml"):
        target = str((folder / target).resolve())
    return scenario.model_copy(update={"swarm": scenario.swarm.model_copy(update={"target": target})})


def _mistakes(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            keys = _keys_beside(item["loc"])
            near = get_close_matches(str(item["loc"][-1]), keys, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(keys)}"
            lines.append(f"{where}: unknown key; {remedy}")
        elif item["type"] == "missing":
            lines.append(f"{where}: is missing; add it")
        else:
            message = item["msg"].removeprefix("Value error, ")
            given = f" (given: {item['input']!r})" if where and not isinstance(item["input"], dict | list) else ""
            lines.append(f"{where}: {message}{given}" if where else message)
    return lines


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """Keys that the table of a wrong key knows."""
    model: Any = Scenario
    tables: dict[str, type[BaseModel]] = {
        "fleet": Fleet,
        "recording": Recording,
        "anomaly": Anomaly,
        "server": Server,
        "swarm": Swarm,
        "gate": Gate,
    }
    faults: dict[str, type[BaseModel]] = {"cut": Cut, "restart": Restart, "rolling": Rolling, "latency": Latency}
    if location[:2] == ("swarm", "behaviour"):
        model = behaviours.KINDS[str(location[3])]
    elif len(location) > 1:
        model = faults.get(str(location[2])) if location[0] == "fault" else tables.get(str(location[0]), Scenario)
    return list(model.model_fields)
