"""The options of `sensorswarm serve`: what each is called, may be, and says in the help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wire.secret import SECRET_VARIABLE

NO_ALERTS_FILE = "none"


class MqttVersion(StrEnum):
    """Of the protocol."""

    v5 = "5"
    v311 = "3.1.1"


Broker = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="mqtt\\[s]://\\[user:password@]host\\[:port] or ws\\[s]://host\\[:port]\\[/path] "
        "(default: 127.0.0.1:1883, started if absent)",
    ),
]
BrokerCa = Annotated[Path | None, typer.Option(help="PEM file with the broker's certificate authority.")]
BrokerCert = Annotated[Path | None, typer.Option(help="PEM file of our own certificate.")]
BrokerKey = Annotated[Path | None, typer.Option(help="PEM file of its key, where that is not there too.")]
Version = Annotated[MqttVersion, typer.Option("--mqtt-version", help="Of the protocol.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
JwtSecret = Annotated[
    str | None,
    typer.Option(help=f"Secret of the tokens. (default: ${SECRET_VARIABLE}, else a development secret)"),
]
Jwks = Annotated[Path | None, typer.Option(help="JSON Web Key Set of RS256 and ES256 tokens; re-read when it changes.")]
Audience = Annotated[str | None, typer.Option(help="What `aud` of a token must contain. (default: no aud)")]
Revoked = Annotated[Path | None, typer.Option(help="Revoked tokens, one jti a line; re-read.")]
Users = Annotated[
    Path | None, typer.Option(help="TOML file of users who may log in at /login; see `sensorswarm password`.")
]
Origin = Annotated[
    list[str] | None,
    typer.Option(help="Origin whose pages may connect, such as https://dash.example; repeatable. (default: own)"),
]
SecureCookies = Annotated[bool, typer.Option("--secure-cookies", help="Session cookies over HTTPS only.")]
TimeScale = Annotated[float, typer.Option(help="Simulated seconds per second of the clock.")]
Silence = Annotated[
    float | None,
    typer.Option(
        help="Simulated seconds without a reading until an alert. (default: 60, or 5 intervals of the sensor)"
    ),
]
Stuck = Annotated[
    list[str] | None, typer.Option(metavar="QUANTITY=SECONDS", help="Simulated seconds without change; repeatable.")
]
LimitsFile = Annotated[Path | None, typer.Option("--limits", help="TOML file over the detector's default limits.")]
Topic = Annotated[str, typer.Option(help="Topic template of the readings.")]
PayloadFormat = Annotated[
    str, typer.Option(help="Of the readings: json, senml, senml-pack, cbor, or sparkplug\\[:GROUP].")
]
Qos = Annotated[
    int,
    typer.Option(min=0, max=1, help="MQTT quality of service of the subscription; 1: nothing is lost while away."),
]
Session = Annotated[
    str | None,
    typer.Option(help="Name of the MQTT session at QoS 1, unique at the broker. (default: machine, host and port)"),
]
Alerts = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help=f"Keeps alerts across restarts; {NO_ALERTS_FILE!r} for no file. "
        "(default: one of the port, among your state files)",
    ),
]
History = Annotated[
    int, typer.Option(min=0, max=1_000_000, help="Readings per building kept for clients that come back.")
]
