"""The options of `simulate`: what each is called, may be, and says in the help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.wiring import Connections


class MqttVersion(StrEnum):
    """Of the protocol."""

    v5 = "5"
    v311 = "3.1.1"


FLEET, REPLAY, BROKER = "Fleet", "Recording", "Broker"

Buildings = Annotated[int, typer.Option(help="Buildings of the fleet.", rich_help_panel=FLEET)]
Sensors = Annotated[int, typer.Option(help="Sensors in EACH building.", rich_help_panel=FLEET)]
Interval = Annotated[float, typer.Option(help="Simulated seconds between two readings of a sensor.")]
Shard = Annotated[str | None, typer.Option(help="I/N: part I of N of the fleet's buildings.", rich_help_panel=FLEET)]
Metadata = Annotated[
    bool | None, typer.Option(help="Publish zone, unit and resolution retained; up to 100,000 sensors by itself.")
]
Duration = Annotated[float | None, typer.Option(help="Seconds until it ends; without it, Ctrl-C does.")]
Seed = Annotated[int, typer.Option(help="Of everything random: one seed, one fleet.")]
Profile = Annotated[str, typer.Option(help="Of buildings: office, school, retail, hotel, mixed.")]
Start = Annotated[str, typer.Option(help="Simulated date, or date and time, of the start.")]
Anomalies = Annotated[Path | None, typer.Option(help="TOML or JSON file of anomalies.")]
AnomalyRate = Annotated[float, typer.Option(help="Expected random anomalies per sensor and day.")]
Broker = Annotated[
    str | None,
    typer.Option(help="mqtt[s]://[user:password@]host[:port] or ws[s]://host[:port][/path]; else the local one."),
]
BrokerCa = Annotated[Path | None, typer.Option(help="PEM file of the authority that signed the broker.")]
BrokerCert = Annotated[Path | None, typer.Option(help="PEM file of our own certificate.")]
BrokerKey = Annotated[Path | None, typer.Option(help="PEM file of its key, where that is not there too.")]
Version = Annotated[MqttVersion, typer.Option("--mqtt-version", help="Of the protocol.")]
HowConnected = Annotated[Connections, typer.Option(help="One for all, per building or per sensor, or by the rate.")]
Qos = Annotated[int, typer.Option(help="MQTT quality of service: 0, 1 or 2.")]
Retain = Annotated[bool, typer.Option("--retain", help="The broker keeps the last reading of each sensor.")]
Will = Annotated[str | None, typer.Option(metavar="TOPIC=PAYLOAD", help="Of every connection, for when it breaks.")]
UserProperty = Annotated[list[str] | None, typer.Option(metavar="K=V", help="Of every reading; may be repeated.")]
HomeAssistant = Annotated[
    bool, typer.Option("--home-assistant", help="Tell Home Assistant of every sensor by its MQTT discovery.")
]
Topic = Annotated[str, typer.Option(help="Topic template.")]
PayloadFormat = Annotated[
    str, typer.Option(help="json, senml, senml-pack, sparkplug[:GROUP], cbor, or template:FILE_OR_TEXT.")
]
Watermark = Annotated[
    bool, typer.Option("--watermark", help="Values carry time and number in the digits below their resolution.")
]
ControlTopic = Annotated[
    str, typer.Option(help="Hears here what anomaly to begin now; empty for nowhere.", rich_help_panel=BROKER)
]
ClockPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Serve this machine's clock here, for a swarm on another machine."),
]
RunDir = Annotated[Path | None, typer.Option(help="Directory for the records of this load.")]
Replay = Annotated[Path | None, typer.Option(help="CSV recording, plain or .gz, instead of the fleet.")]
FromS = Annotated[float | None, typer.Option("--from", help="Begin at this second of the recording.")]
ToS = Annotated[float | None, typer.Option("--to", help="End before this second of the recording.")]
Speed = Annotated[float, typer.Option(help="Simulated or recorded seconds per second.")]
TimeColumn = Annotated[str, typer.Option(help="Column of the seconds.")]
BuildingColumn = Annotated[str, typer.Option(help="Column of the building.")]
SensorColumn = Annotated[str, typer.Option(help="Column of the sensor.")]
QuantityColumn = Annotated[str, typer.Option(help="Column of the quantity.")]
UnitColumn = Annotated[str, typer.Option(help="Column of the unit.")]
ValueColumn = Annotated[str, typer.Option(help="Column of the value.")]
LabelColumn = Annotated[str, typer.Option(help="Column that says 1 where a reading is anomalous.")]
