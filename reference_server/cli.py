"""`sensorswarm serve`, and the same as `python -m reference_server`."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import warnings
from contextlib import ExitStack, closing
from pathlib import Path

import jwt
import typer
import uvloop

from reference_server import limits, options, server
from reference_server.formats import Format
from reference_server.hub import READINGS_HISTORY
from reference_server.identity import Access
from reference_server.identity.origins import check_origin
from reference_server.identity.secret import chosen_secret, given_secret
from reference_server.service import Service, Settings, allow_many_connections, check_session, until_signal
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, client_tls
from wire.mqtt.address import DEFAULT_PORT
from wire.state import state_dir
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

# Readings come in batches of small objects without cycles, and clients and sensors live long: looking through all of
# them every 700 objects cost a third of the ingest's CPU, and a pause for everybody.
_SELDOM = (50_000, 20, 20)


def serve(
    broker: options.Broker = None,
    broker_ca: options.BrokerCa = None,
    broker_cert: options.BrokerCert = None,
    broker_key: options.BrokerKey = None,
    mqtt_version: options.Version = options.MqttVersion.v5,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8765,
    jwt_secret: options.JwtSecret = None,
    jwks: options.Jwks = None,
    audience: options.Audience = None,
    revoked: options.Revoked = None,
    users: options.Users = None,
    origin: options.Origin = None,
    secure_cookies: options.SecureCookies = False,
    time_scale: options.TimeScale = 1.0,
    silence: options.Silence = None,
    stuck: options.Stuck = None,
    limits_file: options.LimitsFile = None,
    topic: options.Topic = DEFAULT_TEMPLATE,
    payload: options.PayloadFormat = "json",
    qos: options.Qos = 1,
    session: options.Session = None,
    alerts: options.Alerts = None,
    history: options.History = READINGS_HISTORY,
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
    address = BrokerAddress.parse(broker) if broker is not None else BrokerAddress()
    settings = Settings(
        secret=secret,
        access=access,
        broker=address,
        mqtt_version=mqtt_version.value,
        tls=client_tls(address, ca_file=broker_ca, cert_file=broker_cert, key_file=broker_key),
        topics=TopicTemplate(topic),
        format=_format(payload, topic),
        qos=qos,
        session=check_session(session),
        limits=_limits(limits_file, silence, stuck or []),
        time_scale=time_scale,
        readings_history=history,
        alerts=_alerts_file(alerts, port),
    )
    _run(settings, host, port, signed=signed, embed=broker is None)


def _format(payload: str, topic: str) -> Format:
    chosen = Format.parse(payload)
    if chosen.kind == "sparkplug" and topic != DEFAULT_TEMPLATE:
        raise SensorSwarmError("--topic: Sparkplug has its own topics; name a group with --payload sparkplug:GROUP")
    return chosen


def _run(settings: Settings, host: str, port: int, *, signed: str, embed: bool) -> None:
    """Start everything and serve until a signal; `embed`: start a broker where none listens."""
    allow_many_connections()
    gc.set_threshold(*_SELDOM)
    with ExitStack() as started:
        bound = started.enter_context(closing(server.listen(host, port)))
        service = Service(settings, bound)  # finds what is wrong with the files before anything else is started
        if embed and not listening(settings.broker.host, DEFAULT_PORT):
            service.embedded = started.enter_context(EmbeddedBroker(port=DEFAULT_PORT))
            url = service.embedded.url
            typer.echo(f"started a broker at {url} (MQTT 5 on port {service.embedded.port + 1})")
        shown = f"[{host}]" if ":" in host else host
        where = f"ws://{shown}:{bound.getsockname()[1]}/ws"
        line = f"serving {where} from {settings.broker.url}, tokens signed with {signed}"
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(service, line))


async def _work(service: Service, line: str) -> None:
    def ready() -> None:
        typer.echo(line)
        sys.stdout.flush()

    await until_signal(service.run(ready))


def _secret(option: str | None, jwks: Path | None) -> tuple[str | None, str]:
    """Return the secret, and what tokens are signed with; with a JWKS, a secret counts only when it was given."""
    if jwks is None:
        return chosen_secret(option)
    given = given_secret(option)
    return (None, f"the keys in {jwks}") if given is None else (given[0], f"the keys in {jwks} or {given[1]}")


def _alerts_file(given: str | None, port: int) -> Path | None:
    """Return where alerts are kept; a free port is another one each time, and so has no file unless one is given."""
    if given is not None:
        return None if given == options.NO_ALERTS_FILE else Path(given)
    return state_dir() / f"alerts-{port}.sqlite" if port else None


def _limits(file: Path | None, silence_s: float | None, stuck: list[str]) -> limits.Limits:
    """Return the defaults, the file over them, the options over both."""
    chosen = limits.load(file) if file is not None else limits.Limits()
    if silence_s is not None:
        if not 0 < silence_s < float("inf"):
            raise limits.LimitsError(f"--silence {silence_s:g}: must be above 0")
        chosen = chosen.with_silence(silence_s)
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
