"""A scenario says what it may say; everything else is one line with file, key and remedy."""

from pathlib import Path

import pytest

from scenarios import library, schema
from scenarios.schema import ScenarioError

GOOD = """
name = "x"
[fleet]
buildings = 2
sensors = 3
duration_s = 10
[swarm]
managers = 4
buildings_per_manager = 2
"""
IN_FLEET = GOOD.replace("duration_s = 10", "duration_s = 10\n%s")
RECORDING = """
name = "x"
[recording]
file = "data.csv"
buildings = ["a"]
to_s = 100
speed = 10
[swarm]
managers = 1
buildings_per_manager = 1
"""


def load(tmp_path: Path, text: str) -> schema.Scenario:
    path = tmp_path / "x.toml"
    path.write_text(text)
    return schema.load(path)


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    """A short scenario is a whole one: five seconds, one connection a building, and nothing may be missing."""
    scenario = load(tmp_path, GOOD)
    assert scenario.fleet is not None
    assert (scenario.fleet.interval_s, scenario.fleet.connections) == (5.0, "building")
    assert scenario.building_names == ["b-0001", "b-0002"]
    assert (scenario.duration_s, scenario.time_scale) == (10.0, 1.0)
    assert scenario.gate.slo == []
    assert set(scenario.gate.model_dump(exclude={"slo"}).values()) == {0}


@pytest.mark.parametrize(
    ("told", "start"),
    [
        ('"2026-01-05"', "2026-01-05T00:00:00"),
        ("2026-01-05", "2026-01-05T00:00:00"),
        ("2026-01-05T09:30:00", "2026-01-05T09:30:00"),
        ('" 2026-01-05 09:30 "', "2026-01-05T09:30:00"),
    ],
)
def test_a_start_is_text_or_a_date_of_toml(tmp_path: Path, told: str, start: str) -> None:
    """Whoever writes TOML knows its dates."""
    scenario = load(tmp_path, IN_FLEET % f"start = {told}")
    assert scenario.fleet is not None
    assert scenario.fleet.start == start


def test_a_recording_is_looked_up_beside_the_scenario(tmp_path: Path) -> None:
    """Its path is relative to the file that names it; speed shortens the run and is the time scale."""
    (tmp_path / "data.csv").touch()
    scenario = load(tmp_path, RECORDING)
    assert scenario.recording is not None
    assert scenario.recording.file == (tmp_path / "data.csv").resolve()
    assert (scenario.duration_s, scenario.time_scale, scenario.building_names) == (10.0, 10.0, ["a"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = [", "not TOML"),
        (IN_FLEET % 'payload = "template:{value}"', "fleet.payload: Input should be 'json', 'senml'"),
        (IN_FLEET % 'payload = "senml-pack"\nqos = 1', "payload = 'senml-pack' is published at QoS 0 only"),
        (IN_FLEET % 'payload = "sparkplug"\nconnections = "one"', "a death is the will of one"),
        (GOOD.replace("sensors", "sensor"), "fleet.sensor: unknown key; did you mean sensors?"),
        (GOOD + "wild = 1", "swarm.wild: unknown key; known here: managers"),
        ("other = 1\n" + GOOD, "other: unknown key; known here: name"),
        (GOOD.replace("managers = 4", ""), "swarm.managers: is missing"),
        (GOOD.replace("= 10", "= -1"), "fleet.duration_s: .*greater than 0.*given: -1"),
        (GOOD.replace("= 10", "= nan"), "fleet.duration_s: .*finite"),
        (GOOD.replace('"x"', '"../x"'), "name: "),
        (IN_FLEET % 'profile = "offise"', r"fleet.profile: no building profile 'offise'; did you mean 'office'\?"),
        (IN_FLEET % 'profile = "factory"', "'factory'; known: office, school, retail, hotel, mixed"),
        (IN_FLEET % "profile = 3", "no building profile 3; known: office"),
        (IN_FLEET % "speed = 0", "fleet.speed: .*greater than or equal to 0.001.*given: 0"),
        (IN_FLEET % "speed = 2e6", "fleet.speed: .*less than or equal to 1000000"),
        (IN_FLEET % "speed = inf", "fleet.speed: .*given: inf"),
        (IN_FLEET % "speed = 100000", "fleet: .* reading of each sensor every 0.05 ms; the least is 1 ms"),
        (IN_FLEET % 'start = "soon"', "fleet.start: 'soon' is no date; write 2025-09-08"),
        (IN_FLEET % "start = 2026", "fleet.start: 2026 is no date; write 2025-09-08"),
        (IN_FLEET % "start = 2026-01-05T09:00:00Z", "fleet.start: '2026-01-05T09:00:00.00:00': leave out the zone"),
        (IN_FLEET % "start = 1969-01-05", "fleet.start: .*give a year from 1970 to 2199"),
        (GOOD + "[recording]\nfile='f'\nbuildings=['a']\nto_s=1", "either a"),
        (GOOD.replace("buildings_per_manager = 2", "buildings_per_manager = 3"), "only 2 buildings"),
        (GOOD + "[[fault]]\nkind='cut'\nat_s=5\nconnections=5", "connections = 5 of 4 managers"),
        (GOOD + "[[fault]]\nkind='cut'\nat_s=10\nconnections=1", "at_s = 10 is not before the end"),
        (
            GOOD + "[[fault]]\nkind='melt'\nat_s=1\nconnections=1",
            "fault.1: .*'melt'.*'cut', 'restart', 'rolling', 'latency'",
        ),
        (GOOD + "[[fault]]\nkind='restart'\nat_s=1\ndown=3", "fault.1.restart.down: unknown key; did you mean down_s?"),
        (GOOD + "[[fault]]\nkind='latency'\nat_s=1\nduration_s=1", "fault.1.latency.delay_ms: is missing"),
        (GOOD + "[[fault]]\nkind='restart'\nrole='swarm'\nat_s=1", "fault.1.restart.role: .*'server' or 'broker'"),
        (GOOD + "[[fault]]\nkind='restart'\nrole='broker'\nat_s=1", "'restart' of the broker needs qos = 1"),
        (GOOD + 2 * "[[fault]]\nkind='restart'\nat_s=4\ndown_s=2\n", "at_s = 4, but the server is down until 6 s"),
        (GOOD + "[[fault]]\nkind='rolling'\nat_s=1", "fault 'rolling' needs server.workers = 2 or more"),
        (
            GOOD
            + "[server]\nworkers=2\n[[fault]]\nkind='restart'\nat_s=4\ndown_s=2\n[[fault]]\nkind='rolling'\nat_s=5",
            "fault 'rolling': at_s = 5, but the server is down until 6 s",
        ),
        (GOOD + "[server]\nworkers=0", "server.workers: .*greater than or equal to 1.*given: 0"),
        (GOOD + "[[swarm.behaviour]]\nkind='lazy'", "swarm.behaviour.1: .*'lazy'.*'manager', 'slow'"),
        (GOOD + "[[swarm.behaviour]]\nkind='slow'\nbytes=9", "slow.bytes: unknown key; did you mean bytes_per_s"),
        (
            GOOD + "[[swarm.behaviour]]\nkind='manager'\nmean_s=9",
            "manager.mean_s: unknown key; known here: weight, kind",
        ),
        (GOOD + "[[swarm.behaviour]]\nkind='slow'\nweight=0", "slow.weight: .*greater than 0.*given: 0"),
        (GOOD + "[[swarm.behaviour]]\nkind='flaky'\nmean_s=nan", "flaky.mean_s: .*"),
        (GOOD + 2 * "[[swarm.behaviour]]\nkind='slow'\n", "swarm: behaviour 'slow' stands there twice"),
        (GOOD + "[[swarm.behaviour]]\nkind='intruder'", "nobody but intruders"),
        (GOOD + "churn_per_minute=-1", "swarm.churn_per_minute: .*given: -1"),
        (GOOD + "[[anomaly]]\nkind='spike'\nat_s=11", "anomaly 'spike': at_s = 11"),
        (GOOD + "[gate]\nleaks=1", "gate.leaks: unknown key; did you mean leaked?"),
        (RECORDING, "recording.file: .*data.csv does not exist"),
        (RECORDING.replace("to_s = 100", "from_s = 100\nto_s = 100"), "must be after from_s"),
        (RECORDING + "[[anomaly]]\nkind='spike'\nat_s=1", "brings its own labels"),
    ],
)
def test_each_mistake_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    """The line names the file, the key and what to do."""
    with pytest.raises(ScenarioError, match=complaint) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "x.toml") in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one error at a time."""
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, GOOD.replace("sensors", "sensor").replace("managers = 4", "managers = 0"))
    assert len(str(caught.value).splitlines()) == 3


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing and binary files are no tracebacks."""
    with pytest.raises(ScenarioError, match="No such file"):
        schema.load(tmp_path / "no.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="not TOML"):
        schema.load(tmp_path / "x.toml")


def test_every_shipped_scenario_loads() -> None:
    """What ships works, and is found by name."""
    assert {"demo", "recorded"} <= set(library.names())
    for name in library.names():
        assert schema.load(library.find(name)).name == name


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("dmeo", "did you mean demo"), ("zzz", "there are: crash, demo"), ("no.toml", "does not exist")],
)
def test_a_scenario_that_is_not_there_is_answered_with_those_that_are(name: str, complaint: str) -> None:
    """The nearest name is given."""
    with pytest.raises(ScenarioError, match=complaint):
        library.find(name)


def test_a_file_wins_over_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is a path."""
    (tmp_path / "demo").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert library.find("demo") == Path("demo")


def test_a_target_file_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    """Wherever the command is run; a name stays a name, and without one it is our own server."""
    in_swarm = GOOD.replace("managers = 4", "managers = 4\ntarget = %s")
    assert load(tmp_path, in_swarm % '"own.toml"').swarm.target == str(tmp_path / "own.toml")
    assert load(tmp_path, in_swarm % '"socketio"').swarm.target == "socketio"
    assert load(tmp_path, GOOD).swarm.target is None
