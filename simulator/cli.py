"""The command `simulate`: options in, one line out when something is wrong."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from simulator.control import TOPIC
from simulator.export import export
from simulator.fleet import START
from simulator.preview import preview
from simulator.recording import Columns
from simulator.session import Settings, simulate
from simulator.start import parse_start
from simulator.truth_cli import truth
from wire.errors import ExitCode, SensorSwarmError
from wire.topics import DEFAULT_TEMPLATE

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_UsageError: type[Any] = typer.BadParameter.__bases__[0]  # of every mistake in how a command is written
_COLUMNS = ("time", "building", "sensor", "quantity", "unit", "value", "label")
_FLEET_ONLY = (
    "buildings",
    "sensors",
    "interval",
    "shard",
    "control_topic",
    "profile",
    "start",
    "anomalies",
    "anomaly_rate",
)
_REPLAY_ONLY = ("from_s", "to_s", *(f"{name}_column" for name in _COLUMNS))
_NAMES = {"from_s": "from", "to_s": "to"}


class Connections(StrEnum):
    """How many connections to the broker."""

    auto = "auto"
    building = "building"
    one = "one"


FLEET, REPLAY, BROKER = "Fleet", "Recording", "Broker"


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    *,
    buildings: Annotated[int, typer.Option(help="Buildings of the fleet.", rich_help_panel=FLEET)] = 50,
    sensors: Annotated[int, typer.Option(help="Sensors in EACH building.", rich_help_panel=FLEET)] = 200,
    interval: Annotated[float, typer.Option(help="Seconds between two readings of a sensor.")] = 5.0,
    shard: Annotated[
        str | None, typer.Option(help="I/N: publish part I of N of the fleet.", rich_help_panel=FLEET)
    ] = None,
    metadata: Annotated[
        bool | None, typer.Option(help="Publish zone, unit and resolution retained; up to 100,000 sensors by itself.")
    ] = None,
    duration: Annotated[float | None, typer.Option(help="Seconds until it ends; without it, Ctrl-C does.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random: one seed, one fleet.")] = 0,
    profile: Annotated[str, typer.Option(help="Of buildings: office, school, retail, hotel, mixed.")] = "office",
    start: Annotated[str, typer.Option(help="Simulated date, or date and time, of the start.")] = START.isoformat(),
    anomalies: Annotated[Path | None, typer.Option(help="TOML or JSON file of anomalies.")] = None,
    anomaly_rate: Annotated[float, typer.Option(help="Expected random anomalies per sensor and day.")] = 1.0,
    broker: Annotated[
        str | None, typer.Option(help="mqtt[s]://\\[user:password@]host\\[:port]; without it, the one on this machine.")
    ] = None,
    broker_ca: Annotated[Path | None, typer.Option(help="PEM file of the authority that signed the broker.")] = None,
    connections: Annotated[
        Connections, typer.Option(help="One per building, one for all, or by the rate.")
    ] = Connections.auto,
    qos: Annotated[int, typer.Option(help="MQTT quality of service, 0 or 1.")] = 0,
    topic: Annotated[str, typer.Option(help="Topic template.")] = DEFAULT_TEMPLATE,
    control_topic: Annotated[
        str, typer.Option(help="Hears here what anomaly to begin now; empty for nowhere.", rich_help_panel=BROKER)
    ] = TOPIC,
    run_dir: Annotated[Path | None, typer.Option(help="Directory for the records of this load.")] = None,
    replay: Annotated[Path | None, typer.Option(help="CSV recording, plain or .gz, instead of the fleet.")] = None,
    from_s: Annotated[float | None, typer.Option("--from", help="Begin at this second of the recording.")] = None,
    to_s: Annotated[float | None, typer.Option("--to", help="End before this second of the recording.")] = None,
    speed: Annotated[float, typer.Option(help="Simulated or recorded seconds per second.")] = 1.0,
    time_column: Annotated[str, typer.Option(help="Column of the seconds.")] = Columns().time,
    building_column: Annotated[str, typer.Option(help="Column of the building.")] = Columns().building,
    sensor_column: Annotated[str, typer.Option(help="Column of the sensor.")] = Columns().sensor,
    quantity_column: Annotated[str, typer.Option(help="Column of the quantity.")] = Columns().quantity,
    unit_column: Annotated[str, typer.Option(help="Column of the unit.")] = Columns().unit,
    value_column: Annotated[str, typer.Option(help="Column of the value.")] = Columns().value,
    label_column: Annotated[
        str, typer.Option(help="Column that says 1 where a reading is anomalous.")
    ] = Columns().label,
) -> None:
    """Publish the readings of a simulated fleet of buildings, or of a recording, over MQTT."""
    if context.invoked_subcommand is not None:
        _check_alone(context)
        return
    _check_combination(context, replay=replay is not None)
    settings = Settings(
        buildings=buildings,
        sensors=sensors,
        interval_s=interval,
        seed=seed,
        anomalies=anomalies,
        anomaly_rate=anomaly_rate,
        replay=replay,
        profile=profile,
        start=parse_start(start),
        from_s=from_s,
        to_s=to_s,
        speed=speed,
        columns=Columns(
            time=time_column,
            building=building_column,
            sensor=sensor_column,
            quantity=quantity_column,
            unit=unit_column,
            value=value_column,
            label=label_column,
        ),
        broker=broker,
        broker_ca=broker_ca,
        connections=connections.value,
        qos=qos,
        topic=topic,
        control_topic=control_topic,
        duration_s=duration,
        run_dir=run_dir,
        shard=shard,
        metadata=metadata,
    )
    simulate(settings, Console())


def _check_combination(context: typer.Context, *, replay: bool) -> None:
    """Refuse options that would silently do nothing."""
    for name in _FLEET_ONLY if replay else _REPLAY_ONLY:
        if _given(context, name):
            belongs = "the simulated fleet; leave out --replay or it" if replay else "recordings; give --replay FILE"
            raise SensorSwarmError(f"{_option(name)} is for {belongs}")


def _check_alone(context: typer.Context) -> None:
    """Refuse options before a subcommand: they are those of the load, and would silently do nothing."""
    for name in filter(partial(_given, context), context.params):
        command = context.invoked_subcommand
        raise SensorSwarmError(f"{_option(name)} stands before {command!r}: write simulate {command} {_option(name)}")


def _given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _option(name: str) -> str:
    return f"--{_NAMES.get(name, name).replace('_', '-')}"


app.command()(export)
app.command()(preview)
app.command()(truth)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with an exit code of the design: 0, 2 or 3."""
    try:
        code = app(arguments, standalone_mode=False)
    except SensorSwarmError as error:
        code = _complain(str(error), error.exit_code)
    except _UsageError as error:
        code = _complain(f"{error.format_message().rstrip('.')}; see simulate --help", ExitCode.USAGE)
    except KeyboardInterrupt:  # before the load had its own handler
        code = ExitCode.HELD
    sys.exit(int(code or 0))


def _complain(message: str, code: ExitCode) -> ExitCode:
    print("simulate:", " ".join(message.split()), file=sys.stderr)  # noqa: T201 - the one line of an error
    return code


if __name__ == "__main__":
    main()
