"""The command `simulate`: options in, one line out when something is wrong."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import typer
from rich.console import Console

from simulator import options
from simulator.control import TOPIC
from simulator.export import export
from simulator.fleet import START
from simulator.mqtt_options import check_text, parse_user_properties, parse_will
from simulator.payloads import Payload
from simulator.preview import preview
from simulator.recording import Columns
from simulator.session import Settings, simulate
from simulator.start import parse_start
from simulator.truth_cli import truth
from simulator.wiring import Connections
from wire.errors import ExitCode, SensorSwarmError
from wire.topics import DEFAULT_TEMPLATE

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_UsageError: type[Any] = typer.BadParameter.__bases__[0]  # of every mistake in how a command is written
_START, _COLUMN = START.isoformat(), Columns()  # defaults
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


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    *,
    buildings: options.Buildings = 50,
    sensors: options.Sensors = 200,
    interval: options.Interval = 5.0,
    shard: options.Shard = None,
    metadata: options.Metadata = None,
    duration: options.Duration = None,
    seed: options.Seed = 0,
    profile: options.Profile = "office",
    start: options.Start = _START,
    anomalies: options.Anomalies = None,
    anomaly_rate: options.AnomalyRate = 1.0,
    broker: options.Broker = None,
    broker_ca: options.BrokerCa = None,
    broker_cert: options.BrokerCert = None,
    broker_key: options.BrokerKey = None,
    mqtt_version: options.Version = options.MqttVersion.v5,
    connections: options.HowConnected = Connections.auto,
    qos: options.Qos = 0,
    retain: options.Retain = False,
    will: options.Will = None,
    user_property: options.UserProperty = None,
    home_assistant: options.HomeAssistant = False,
    topic: options.Topic = DEFAULT_TEMPLATE,
    payload: options.PayloadFormat = "json",
    watermark: options.Watermark = False,
    control_topic: options.ControlTopic = TOPIC,
    clock_port: options.ClockPort = None,
    run_dir: options.RunDir = None,
    replay: options.Replay = None,
    from_s: options.FromS = None,
    to_s: options.ToS = None,
    speed: options.Speed = 1.0,
    time_column: options.TimeColumn = _COLUMN.time,
    building_column: options.BuildingColumn = _COLUMN.building,
    sensor_column: options.SensorColumn = _COLUMN.sensor,
    quantity_column: options.QuantityColumn = _COLUMN.quantity,
    unit_column: options.UnitColumn = _COLUMN.unit,
    value_column: options.ValueColumn = _COLUMN.value,
    label_column: options.LabelColumn = _COLUMN.label,
) -> None:
    """Publish the readings of a simulated fleet of buildings, or of a recording, over MQTT."""
    if context.invoked_subcommand is not None:
        _check_alone(context)
        return
    _check_combination(context, replay=replay is not None)
    _check_texts(topic=topic, payload=payload, control_topic=control_topic, will=will, user_property=user_property)
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
            time_column, building_column, sensor_column, quantity_column, unit_column, value_column, label_column
        ),
        broker=broker,
        broker_ca=broker_ca,
        broker_cert=broker_cert,
        broker_key=broker_key,
        mqtt_version=mqtt_version.value,
        connections=connections,
        qos=qos,
        retain=retain,
        will=None if will is None else parse_will(will, qos=qos, retain=retain),
        user_properties=parse_user_properties(user_property or [], mqtt_version.value),
        topic=topic,
        payload=Payload.parse(payload),
        watermark=watermark,
        control_topic=control_topic,
        clock_port=clock_port,
        duration_s=duration,
        run_dir=run_dir,
        shard=shard,
        metadata=metadata,
        home_assistant=home_assistant,
    )
    simulate(settings, Console())


def _check_combination(context: typer.Context, *, replay: bool) -> None:
    """Refuse options that would silently do nothing."""
    for name in _FLEET_ONLY if replay else _REPLAY_ONLY:
        if _given(context, name):
            belongs = "the simulated fleet; leave out --replay or it" if replay else "recordings; give --replay FILE"
            raise SensorSwarmError(f"{_option(name)} is for {belongs}")


def _check_texts(**given: str | list[str] | None) -> None:
    for name, texts in given.items():
        for text in [texts] if isinstance(texts, str) else texts or ():
            check_text(_option(name), text)


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
