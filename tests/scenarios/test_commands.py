"""Command lines are made of the scenario and of nothing else."""

from pathlib import Path
from types import SimpleNamespace

from loadtest.behaviours.options import KINDS, BehaviourSettings, read_behaviours
from scenarios import behaviours, commands, faults, fleet, library, schema
from simulator import accelerated
from simulator.physics import profiles
from wire import records
from wire.fleet import PROFILES

ADDRESSES = commands.Addresses("mqtt://127.0.0.1:4001", "127.0.0.1", 4002, Path("run"))


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_the_demo_is_what_its_file_says() -> None:
    """Fleet, swarm and anomalies reach the processes; addresses are those of this run."""
    demo = schema.load(library.find("demo"))
    simulator = commands.simulator(demo, ADDRESSES)
    assert option(simulator, "--broker") == "mqtt://127.0.0.1:4001"
    assert (option(simulator, "--buildings"), option(simulator, "--sensors")) == ("10", "20")
    assert option(simulator, "--anomalies") == str(Path("run") / commands.PLAN)
    assert len(commands.plan(demo)["anomaly"]) == 5
    swarm = commands.swarm(demo, ADDRESSES, locustfile=Path("ws.py"), longest_s=99.4)
    assert (option(swarm, "-u"), option(swarm, "--fleet"), option(swarm, "-t")) == ("100", "10", "99s")
    assert option(swarm, "--backoff") == "1.0,2.0,4.0,8.0,16.0,30.0"
    assert option(swarm, "--host") == "ws://127.0.0.1:4002"
    assert option(commands.server(demo, ADDRESSES), "--silence") == "12.0"


def test_a_recording_tells_the_server_its_speed() -> None:
    """Accelerated time changes the pace, so the server must know the factor."""
    recorded = schema.load(library.find("recorded"))
    assert option(commands.simulator(recorded, ADDRESSES), "--speed") == "10.0"
    assert option(commands.server(recorded, ADDRESSES), "--time-scale") == "10.0"
    swarm = commands.swarm(recorded, ADDRESSES, locustfile=Path("ws.py"), longest_s=1)
    assert option(swarm, "--fleet") == "indoor,outdoor"


FAST = """
name = "x"
[fleet]
buildings = 2
sensors = 3
duration_s = 10
profile = "hotel"
payload = "cbor"
speed = 60
start = 2026-01-05T09:00:00
[swarm]
managers = 1
buildings_per_manager = 1
[[anomaly]]
kind = "fire"
at_s = 4
duration_s = 180
"""


def test_what_a_fleet_is_reaches_the_simulator_and_its_speed_the_server(tmp_path: Path) -> None:
    """Profile, speed and start become the simulator's own options; the server's rules are in simulated seconds."""
    (tmp_path / "x.toml").write_text(FAST)
    fast = schema.load(tmp_path / "x.toml")
    simulator = commands.simulator(fast, ADDRESSES)
    told = [option(simulator, name) for name in ("--profile", "--speed", "--start", "--duration")]
    assert told == ["hotel", "60.0", "2026-01-05T09:00:00", "10.0"]
    assert option(commands.server(fast, ADDRESSES), "--time-scale") == "60.0"
    assert option(simulator, "--payload") == option(commands.server(fast, ADDRESSES), "--payload") == "cbor"
    assert fast.time_scale == 60


def test_anomalies_are_planned_by_the_clock_and_last_in_simulated_time(tmp_path: Path) -> None:
    """`at_s` lies on the axis of the faults, whatever the speed; a fire burns as long as fires do."""
    (tmp_path / "x.toml").write_text(FAST)
    assert commands.plan(schema.load(tmp_path / "x.toml")) == {
        "anomaly": [{"kind": "fire", "at": 240.0, "duration": 180.0}]
    }


def test_a_fleet_of_which_little_is_said_is_the_simulators_own(tmp_path: Path) -> None:
    """No start and no silence limit are passed where the scenario has none: the defaults of those commands hold."""
    (tmp_path / "x.toml").write_text(FAST.replace("speed = 60", "").replace("start = 2026-01-05T09:00:00", ""))
    plain = schema.load(tmp_path / "x.toml")
    assert "--start" not in commands.simulator(plain, ADDRESSES)
    assert "--silence" not in commands.server(plain, ADDRESSES)
    assert (option(commands.server(plain, ADDRESSES), "--time-scale"), plain.time_scale) == ("1.0", 1.0)


def test_a_shipped_fleet_is_a_mix_of_buildings() -> None:
    """What ships shows that buildings differ."""
    assert option(commands.simulator(schema.load(library.find("mixed")), ADDRESSES), "--profile") == "mixed"


def test_words_and_ranges_are_the_simulators() -> None:
    """What a scenario accepts of a fleet, the simulator accepts; and the other way round."""
    assert set(PROFILES) == {*profiles.PROFILES, profiles.MIXED}
    assert fleet.LEAST_INTERVAL_S == accelerated.LEAST_INTERVAL_S


def test_no_secret_is_on_a_command_line() -> None:
    """Command lines are seen by every user of a machine."""
    demo = schema.load(library.find("demo"))
    lines = commands.server(demo, ADDRESSES) + commands.swarm(demo, ADDRESSES, locustfile=Path("w"), longest_s=1)
    assert not any("secret" in part for part in lines)


def test_lasting_faults_say_when_they_are_over() -> None:
    """A restart ends when the process starts again, latency when it is taken out."""
    planned = [
        schema.Latency(kind="latency", at_s=5, duration_s=4, delay_ms=20),
        schema.Restart(kind="restart", at_s=1, down_s=2),
        schema.Restart(kind="restart", at_s=4, down_s=1, role="broker"),
    ]
    assert faults.orders(planned, load_started_ts=100.0) == [
        records.Fault(ts=101.0, kind="restart", until=103.0, role="server"),
        records.Fault(ts=104.0, kind="restart", until=105.0, role="broker"),
        records.Fault(ts=105.0, kind="latency", until=109.0, delay_ms=20),
    ]


def test_faults_are_ordered_by_the_clock() -> None:
    """Seconds after the load's start become wall-clock orders, earliest first."""
    planned = [schema.Cut(kind="cut", at_s=at, connections=3) for at in (9.0, 2.0)]
    assert faults.orders(planned, load_started_ts=100.0) == [
        records.Fault(ts=102.0, kind="cut", connections=3),
        records.Fault(ts=109.0, kind="cut", connections=3),
    ]


MIXED = {
    "name": "x",
    "fleet": {"buildings": 2, "sensors": 3, "duration_s": 10, "qos": 1},
    "swarm": {
        "managers": 9,
        "buildings_per_manager": 1,
        "churn_per_minute": 6,
        "behaviour": [
            {"kind": "manager", "weight": 80},
            {"kind": "slow", "weight": 5, "bytes_per_s": 1500},
            {"kind": "commuter", "weight": 2.5, "stay_s": 9, "away_s": 4},
            {"kind": "intruder"},
        ],
    },
}


def test_behaviours_become_the_swarms_own_options() -> None:
    """Weights are one option, each kind's numbers others, and the swarm reads back what the scenario said."""
    scenario = schema.Scenario.model_validate(MIXED)
    swarm = commands.swarm(scenario, ADDRESSES, locustfile=Path("ws.py"), longest_s=1)
    assert option(swarm, "--behaviour") == "manager=80.0,slow=5.0,commuter=2.5,intruder=1.0"
    numbers = [
        (option(swarm, name), name)
        for name in ("--slow-bytes-per-s", "--commuter-stay-s", "--commuter-away-s", "--churn-per-minute")
    ]
    assert [float(number) for number, _ in numbers] == [1500, 9, 4, 6]
    assert "--flaky-mean-s" not in swarm
    read = read_behaviours(
        SimpleNamespace(
            behaviour=option(swarm, "--behaviour"),
            **{name.removeprefix("--").replace("-", "_"): number for number, name in numbers},
        )
    )
    assert read.weights == {"manager": 80, "slow": 5, "commuter": 2.5, "intruder": 1}
    assert (read.slow_bytes_per_s, read.commuter_stay_s, read.commuter_away_s, read.churn_per_minute) == (1500, 9, 4, 6)


def test_kinds_of_behaviour_are_those_of_the_swarm() -> None:
    """A kind that the swarm gains or loses must not be forgotten here, nor its default number."""
    assert set(behaviours.KINDS) == set(KINDS)
    defaults = {
        name: value for kind in behaviours.KINDS.values() for name, value in kind(kind=_name(kind)).options.items()
    }
    theirs = BehaviourSettings()
    assert defaults == {name: getattr(theirs, name.removeprefix("--").replace("-", "_")) for name in defaults}
    assert len(defaults) == 4


def _name(kind: type[behaviours.BaseModel]) -> str:
    return next(name for name, one in behaviours.KINDS.items() if one is kind)


def test_without_behaviours_the_swarms_default_stands() -> None:
    """A scenario that says nothing passes nothing."""
    demo = schema.load(library.find("demo"))
    assert "--behaviour" not in commands.swarm(demo, ADDRESSES, locustfile=Path("ws.py"), longest_s=1)


def test_one_qos_for_publisher_and_server() -> None:
    """At QoS 1 the server subscribes at it too: its subscription decides how readings are delivered to it."""
    scenario = schema.Scenario.model_validate(MIXED)
    assert option(commands.simulator(scenario, ADDRESSES), "--qos") == "1"
    assert option(commands.server(scenario, ADDRESSES), "--qos") == "1"
    assert option(commands.server(schema.load(library.find("demo")), ADDRESSES), "--qos") == "0"


def test_the_server_keeps_its_alerts_in_the_run_directory() -> None:
    """They outlive it there, and no other run finds them."""
    server = commands.server(schema.Scenario.model_validate(MIXED), ADDRESSES)
    assert option(server, "--alerts") == str(Path("run") / commands.ALERTS)
