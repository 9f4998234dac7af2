"""`sensorswarm serve`, and the same as `python -m reference_server`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import warnings
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import jwt
import typer
import uvloop

from reference_server import auth, limits, server
from reference_server.hub import READINGS_HISTORY
from reference_server.service import Service, Settings, allow_many_connections, until_signal
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, BrokerAddressError, tls_context
from wire.mqtt.address import DEFAULT_PORT
from wire.secret import SECRET_VARIABLE, development_secret, secret_path
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate


def serve(
    broker: Annotated[
        str | None,
        typer.Option(
            help="mqtt://[user:password@]host[:port] or mqtts://. [default: 127.0.0.1:1883, started if absent]"
        ),
    ] = None,
    broker_ca: Annotated[Path | None, typer.Option(help="PEM file with the broker's certificate authority.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8765,
    jwt_secret: Annotated[
        str | None,
        typer.Option(help=f"Secret of the tokens. [default: ${SECRET_VARIABLE}, else a development secret]"),
    ] = None,
    time_scale: Annotated[float, typer.Option(help="Simulated seconds per second of the clock.")] = 1.0,
    silence: Annotated[
        float | None, typer.Option(help="Simulated seconds without a reading until an alert. [default: 60]")
    ] = None,
    stuck: Annotated[
        list[str] | None, typer.Option(metavar="QUANTITY=SECONDS", help="Simulated seconds without change; repeatable.")
    ] = None,
    limits_file: Annotated[
        Path | None, typer.Option("--limits", help="TOML file over the detector's default limits.")
    ] = None,
    topic: Annotated[str, typer.Option(help="Topic template of the readings.")] = DEFAULT_TEMPLATE,
    qos: Annotated[int, typer.Option(min=0, max=1, help="MQTT quality of service of the subscription.")] = 0,
    history: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Readings per building kept for clients that come back.")
    ] = READINGS_HISTORY,
) -> None:
    """Serve readings and alerts from MQTT to WebSocket clients, each only the buildings its token names."""
    _prepare_logging()
    if not 0 < time_scale < float("inf"):
        raise SensorSwarmError(f"--time-scale {time_scale:g}: must be above 0")
    secret, origin = _secret(jwt_secret)
    settings = Settings(
        secret=secret,
        broker=BrokerAddress.parse(broker) if broker is not None else BrokerAddress(),
        topics=TopicTemplate(topic),
        qos=qos,
        limits=_limits(limits_file, silence, stuck or []),
        time_scale=time_scale,
        readings_history=history,
    )
    if broker_ca is not None:
        if not settings.broker.secure:
            raise BrokerAddressError(f"--broker-ca {broker_ca}: only an mqtts:// broker has a certificate to check")
        settings = replace(settings, tls=tls_context(ca_file=broker_ca))
    allow_many_connections()
    with ExitStack() as started:
        bound = started.enter_context(closing(server.listen(host, port)))
        embedded = None
        if broker is None and not listening(settings.broker.host, DEFAULT_PORT):
            embedded = started.enter_context(EmbeddedBroker(port=DEFAULT_PORT))
            typer.echo(f"started a broker at {embedded.url} (MQTT 5 on port {embedded.port + 1})")
        shown = f"[{host}]" if ":" in host else host
        line = (
            f"serving ws://{shown}:{bound.getsockname()[1]}/ws from {settings.broker.url}, tokens signed with {origin}"
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(settings, bound, embedded, line))


async def _work(settings: Settings, bound: socket.socket, embedded: EmbeddedBroker | None, line: str) -> None:
    def ready() -> None:
        typer.echo(line)
        sys.stdout.flush()

    await until_signal(Service(settings, bound, embedded=embedded).run(ready))


def _secret(given: str | None) -> tuple[str, str]:
    """Return the secret, and where it comes from."""
    if given is not None:
        secret, origin = given, "--jwt-secret"
    elif (variable := os.environ.get(SECRET_VARIABLE)) is not None:
        secret, origin = variable, SECRET_VARIABLE
    else:
        secret, origin = development_secret(), f"the development secret in {secret_path()}"
    auth.check_secret(secret)
    if len(secret.encode()) < auth.RECOMMENDED_SECRET_BYTES:
        origin += f" (fit for tests only: shorter than {auth.RECOMMENDED_SECRET_BYTES} bytes, RFC 7518 3.2)"
    return secret, origin


def _limits(file: Path | None, silence_s: float | None, stuck: list[str]) -> limits.Limits:
    """Return the defaults, the file over them, the options over both."""
    chosen = limits.load(file) if file is not None else limits.Limits()
    if silence_s is not None:
        if not 0 < silence_s < float("inf"):
            raise limits.LimitsError(f"--silence {silence_s:g}: must be above 0")
        chosen = replace(chosen, silence_s=silence_s)
    for text in stuck:
        chosen = chosen.with_stuck(*limits.parse_stuck(text))
    return chosen


def _prepare_logging() -> None:
    logging.basicConfig(format="sensorswarm: %(message)s", level=logging.WARNING)
    # Said once, when serving starts, and not at every token.
    warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)


def main() -> None:
    """Entry point of `python -m reference_server`: errors of ours become one line and their exit code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    try:
        app()
    except SensorSwarmError as error:
        typer.echo(f"sensorswarm: {error}", err=True)
        sys.exit(error.exit_code)
