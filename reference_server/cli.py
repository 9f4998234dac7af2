"""`sensorswarm serve`, and the same as `python -m reference_server`."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import warnings
from collections.abc import Coroutine
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import Any

import jwt
import typer
import uvloop

from reference_server import limits, logs, options, server
from reference_server.certificate import given_certificate
from reference_server.formats import Format
from reference_server.hub import READINGS_HISTORY
from reference_server.identity import Access
from reference_server.identity.origins import check_origin
from reference_server.identity.secret import check_exposed, chosen_secret, given_secret
from reference_server.ingest_link import check_session, session_name
from reference_server.operations import Operations
from reference_server.quotas import FRAMES_PER_S, HANDSHAKES_PER_S, Quotas, connections_allowed
from reference_server.service import Service, allow_many_connections, until_signal
from reference_server.settings import Settings
from reference_server.workers import child
from reference_server.workers.place import Place
from reference_server.workers.process import ProcessEndedError
from reference_server.workers.supervisor import Supervisor, check_workers, listen_several
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, client_tls
from wire.mqtt.address import DEFAULT_PORT
from wire.state import state_dir
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

# Readings come in batches of small objects without cycles, and clients and sensors live long: looking through all of
# them every 700 objects cost a third of the ingest's CPU, and a pause for everybody.
_SELDOM = (50_000, 20, 20)
_STOP_S = 10.0  # for a process to end, beside the drain
_METRICS_OPTIONS = "--metrics-port or --metrics-host"


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
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    drain: options.Drain = 0.0,
    max_connections: options.MaxConnections = None,
    max_per_address: options.MaxPerAddress = 0,
    max_per_user: options.MaxPerUser = 0,
    handshake_rate: options.HandshakeRate = HANDSHAKES_PER_S,
    message_rate: options.MessageRate = FRAMES_PER_S,
    metrics_port: options.MetricsPort = None,
    metrics_host: options.MetricsHost = "127.0.0.1",
    log: options.Log = logs.LogForm.TEXT,
    workers: options.Workers = 1,
) -> None:
    """Serve readings and alerts from MQTT to WebSocket clients, each only the buildings its token names."""
    _prepare_logging(log)
    if not 0 < time_scale < float("inf"):
        raise SensorSwarmError(f"--time-scale {time_scale:g}: must be above 0")
    secret, signed = _secret(jwt_secret, jwks)
    access = Access(
        jwks=jwks,
        audience=audience,
        revoked=revoked,
        users=users,
        origins=frozenset(map(check_origin, origin or [])),
        secure_cookies=secure_cookies or tls_cert is not None,
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
        quotas=Quotas(
            connections=connections_allowed(max_connections, allow_many_connections()),
            per_address=max_per_address,
            per_user=max_per_user,
            handshakes_per_s=handshake_rate,
            frames_per_s=message_rate,
        ),
        certificate=given_certificate(tls_cert, tls_key),
        drain_s=drain,
    )
    metrics = None if metrics_port is None else (metrics_host, metrics_port)
    place = Place.told()
    if place is not None:
        _loop(child.run(settings, place))
    elif workers > 1:
        check_workers(settings, workers)
        _supervise(settings, host, port, workers, signed=signed, embed=broker is None, metrics=metrics)
    else:
        _run(settings, host, port, signed=signed, embed=broker is None, metrics=metrics)


def _format(payload: str, topic: str) -> Format:
    chosen = Format.parse(payload)
    if chosen.kind == "sparkplug" and topic != DEFAULT_TEMPLATE:
        raise SensorSwarmError("--topic: Sparkplug has its own topics; name a group with --payload sparkplug:GROUP")
    return chosen


def _run(
    settings: Settings, host: str, port: int, *, signed: str, embed: bool, metrics: tuple[str, int] | None
) -> None:
    """Start everything and serve until a signal; `embed`: start a broker where none listens."""
    with ExitStack() as started:
        bound = started.enter_context(closing(server.listen(host, port)))
        check_exposed(settings.secret, bound.getsockname()[0])
        service = Service(settings, bound)  # finds what is wrong with the files before anything else is started
        if embed:
            service.embedded = _embedded(settings, started)
        line = _line(settings, host, bound, signed)
        operations = None
        if metrics is not None:
            watched = started.enter_context(closing(server.listen(*metrics, options=_METRICS_OPTIONS)))
            operations = Operations(service, watched)
            line += f", metrics at {_metrics_url(watched)}"
        _loop(_work(service, operations, line))


def _supervise(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    *,
    signed: str,
    embed: bool,
    metrics: tuple[str, int] | None,
) -> None:
    """Start everything in processes of its own, and watch them until a signal; each worker has a port of metrics."""
    with ExitStack() as started:
        taken = started.enter_context(listen_several(host, port, workers))
        check_exposed(settings.secret, taken[0].getsockname()[0])
        line = f"{_line(settings, host, taken[0], signed)}, {workers} workers"
        watched: list[socket.socket] = []
        if metrics is not None:
            ports = [metrics[1] + index if metrics[1] else 0 for index in range(workers)]
            watched = [
                started.enter_context(closing(server.listen(metrics[0], one, options=_METRICS_OPTIONS)))
                for one in ports
            ]
            line += f", metrics at {', '.join(map(_metrics_url, watched))}"
        supervisor = Supervisor(
            taken,
            watched,
            session=settings.session or session_name(taken[0]),
            patience_s=settings.drain_s + _STOP_S,
            embedded=_embedded(settings, started) if embed else None,
        )
        try:
            asyncio.run(until_signal(supervisor.run(lambda: _say(line)), supervisor.drain, supervisor.hurry))
        except ProcessEndedError as error:
            raise typer.Exit(error.exit_code) from None  # it has said why


def _embedded(settings: Settings, started: ExitStack) -> EmbeddedBroker | None:
    """Start a broker where none listens, and say so."""
    if listening(settings.broker.host, DEFAULT_PORT):
        return None
    broker = started.enter_context(EmbeddedBroker(port=DEFAULT_PORT))
    typer.echo(f"started a broker at {broker.url} (MQTT 5 on port {broker.port + 1})")
    return broker


def _loop(work: Coroutine[Any, Any, None]) -> None:
    """Do the work of a process that has clients or readings."""
    gc.set_threshold(*_SELDOM)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def _work(service: Service, operations: Operations | None, line: str) -> None:
    service.reload_at_hangup()
    async with operations or nullcontext():
        await until_signal(service.run(lambda: _say(line)), service.drain, service.server.hurry)


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


def _line(settings: Settings, host: str, bound: socket.socket, signed: str) -> str:
    scheme = "ws" if settings.certificate is None else "wss"
    where = f"{scheme}://{_shown(host)}:{bound.getsockname()[1]}/ws"
    return f"serving {where} from {settings.broker.url}, tokens signed with {signed}"


def _metrics_url(watched: socket.socket) -> str:
    host, port = watched.getsockname()[:2]
    return f"http://{_shown(host)}:{port}/metrics"


def _shown(host: str) -> str:
    """Give a host as URLs have it."""
    return f"[{host}]" if ":" in host else host


def _secret(option: str | None, jwks: Path | None) -> tuple[str | None, str]:
    """Return the secret, and what tokens are signed with; with a JWKS, a secret counts only when it was given."""
    if jwks is None:
        return chosen_secret(option, _show_new_secret)
    given = given_secret(option)
    return (None, f"the keys in {jwks}") if given is None else (given[0], f"the keys in {jwks} or {given[1]}")


def _show_new_secret(secret: str) -> None:
    """To standard output, and so into no log of ours; no later run shows it again."""
    _say(f"made a secret for your tokens, shown this once: {secret}")


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


def _prepare_logging(form: logs.LogForm) -> None:
    logs.prepare(form)
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
