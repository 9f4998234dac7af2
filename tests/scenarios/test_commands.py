"""Command lines are made of the scenario and of nothing else."""

from pathlib import Path

from scenarios import commands, faults, library, schema
from wire import records

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
    ]
    assert faults.orders(planned, load_started_ts=100.0) == [
        records.Fault(ts=101.0, kind="restart", until=103.0, role="server"),
        records.Fault(ts=105.0, kind="latency", until=109.0, delay_ms=20),
    ]


def test_faults_are_ordered_by_the_clock() -> None:
    """Seconds after the load's start become wall-clock orders, earliest first."""
    planned = [schema.Cut(kind="cut", at_s=at, connections=3) for at in (9.0, 2.0)]
    assert faults.orders(planned, load_started_ts=100.0) == [
        records.Fault(ts=102.0, kind="cut", connections=3),
        records.Fault(ts=109.0, kind="cut", connections=3),
    ]
