"""`sensorswarm serve`, and the same as `python -m reference_server`."""

from __future__ import annotations

import asyncio
import logging
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

from reference_server import limits, server
from reference_server.hub import READINGS_HISTORY
from reference_server.identity import Access
from reference_server.identity.origins import check_origin
from reference_server.identity.secret import chosen_secret, given_secret
from reference_server.service import Service, Settings, allow_many_connections, check_session, until_signal
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, BrokerAddressError, tls_context
from wire.mqtt.address import DEFAULT_PORT
from wire.secret import SECRET_VARIABLE
from wire.state import state_dir
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

NO_ALERTS_FILE = "none"


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
    jwks: Annotated[
        Path | None, typer.Option(help="JSON Web Key Set of RS256 and ES256 tokens; re-read when it changes.")
    ] = None,
    audience: Annotated[str | None, typer.Option(help="What `aud` of a token must contain. [default: no aud]")] = None,
    revoked: Annotated[Path | None, typer.Option(help="Revoked tokens, one jti a line; re-read.")] = None,
    users: Annotated[
        Path | None, typer.Option(help="TOML file of users who may log in at /login; see `sensorswarm password`.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin whose pages may connect, such as https://dash.example; repeatable. [default: own]"),
    ] = None,
    secure_cookies: Annotated[bool, typer.Option("--secure-cookies", help="Session cookies over HTTPS only.")] = False,
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
    qos: Annotated[
        int,
        typer.Option(min=0, max=1, help="MQTT quality of service of the subscription; 1: nothing is lost while away."),
    ] = 1,
    session: Annotated[
        str | None,
        typer.Option(help="Name of the MQTT session at QoS 1, unique at the broker. [default: machine, host and port]"),
    ] = None,
    alerts: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=f"Keeps alerts across restarts; {NO_ALERTS_FILE!r} for no file. "
            "[default: one of the port, among your state files]",
        ),
    ] = None,
    history: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Readings per building kept for clients that come back.")
    ] = READINGS_HISTORY,
) -> None:
    """Serve readings and alerts from MQTT to WebSocket clients, each only the buildings its token names."""
    _prepare_logging()
    if not 0 < time_scale < float("inf"):
        raise SensorSwarmError(f"--time-scale {time_scale:g}: must be above 0")
    secret, signed = _secret(jwt_secret, jwks)
    access = Access(
        jwks=jwks,
        audience=audience,
        revoked=revoked,
        users=users,
        origins=frozenset(map(check_origin, origin or [])),
        secure_cookies=secure_cookies,
    )
    settings = Settings(
        secret=secret,
        access=access,
        broker=BrokerAddress.parse(broker) if broker is not None else BrokerAddress(),
        topics=TopicTemplate(topic),
        qos=qos,
        session=check_session(session),
        limits=_limits(limits_file, silence, stuck or []),
        time_scale=time_scale,
        readings_history=history,
        alerts=_alerts_file(alerts, port),
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
            f"serving ws://{shown}:{bound.getsockname()[1]}/ws from {settings.broker.url}, tokens signed with {signed}"
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(settings, bound, embedded, line))


async def _work(settings: Settings, bound: socket.socket, embedded: EmbeddedBroker | None, line: str) -> None:
    def ready() -> None:
        typer.echo(line)
        sys.stdout.flush()

    await until_signal(Service(settings, bound, embedded=embedded).run(ready))


def _secret(option: str | None, jwks: Path | None) -> tuple[str | None, str]:
    """Return the secret, and what tokens are signed with; with a JWKS, a secret counts only when it was given."""
    if jwks is None:
        return chosen_secret(option)
    given = given_secret(option)
    return (None, f"the keys in {jwks}") if given is None else (given[0], f"the keys in {jwks} or {given[1]}")


def _alerts_file(given: str | None, port: int) -> Path | None:
    """Return where alerts are kept; a free port is another one each time, and so has no file unless one is given."""
    if given is not None:
        return None if given == NO_ALERTS_FILE else Path(given)
    return state_dir() / f"alerts-{port}.sqlite" if port else None


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
