"""`sensorswarm`: run scenarios, serve, report. Each command is a few lines over the room that does the work."""

from __future__ import annotations

import sys
import textwrap
import threading
import time
import traceback
from pathlib import Path
from typing import Annotated

import typer

import reference_server.cli
import reference_server.token_cli
import reports.cli
import reports.gate_cli
import reports.trend_cli
import sensorswarm.calibrate
import sensorswarm.compare
import sensorswarm.doctor
from reports.gate.scenario_limits import parse_all
from scenarios import library, runner, schema
from scenarios.duet_side import Revision, parse_side
from sensorswarm.target import TARGET_HELP, check_target
from wire.broker import EmbeddedBroker
from wire.errors import ExitCode, SensorSwarmError, UnusableError

WIDTH = 80  # columns of a terminal nobody has widened
SERVER_HELP = (
    "The server under test: cmd:COMMAND with {port} and {broker}, url:ws://HOST:PORT,mqtt://HOST:PORT, or options of "
    "our own server, which is the default."
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Does every reading and every alert of a live IoT dashboard reach everyone it should, how fast, and what "
    "happens when things break?",
    epilog="Exit codes: 0 held, 1 a gate failed, 2 wrong usage or configuration, 3 the measurement is not usable.",
)
app.command()(reference_server.cli.serve)
app.command()(reference_server.token_cli.token)
app.command()(reference_server.token_cli.password)
app.command()(reports.cli.report)
app.command()(reports.gate_cli.gate)
app.command()(reports.trend_cli.trend)
app.command()(sensorswarm.compare.compare)
app.command()(sensorswarm.calibrate.calibrate)
app.command()(sensorswarm.doctor.doctor)


@app.command()
def run(
    scenario: Annotated[
        str, typer.Argument(help="A shipped scenario's name (`sensorswarm scenarios`) or a .toml file.")
    ],
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the run's files go; by default runs/NAME-TIME in this folder.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the scenario's own seed.")] = None,
    server: Annotated[str, typer.Option(help=SERVER_HELP)] = "",
    target: Annotated[str | None, typer.Option(help=TARGET_HELP)] = None,
    ready: Annotated[str | None, typer.Option(help="HTTP path where a cmd: server says 200.")] = None,
    allow_remote: Annotated[bool, typer.Option(help="Let url: be another machine.")] = False,
) -> None:
    """Run a scenario: broker, server, swarm and simulator as real processes; then report and verdict."""
    chosen = schema.load(library.find(scenario))
    if target is not None:
        chosen = schema.with_target(chosen, target, folder=Path.cwd())
    check_target(chosen)
    under_test = parse_side(server, ready_path=ready, allow_remote=allow_remote)
    if isinstance(under_test, Revision):
        raise SensorSwarmError(f"--server {server}: revisions are for `sensorswarm compare`; give cmd: or url:")
    parse_all(chosen.gate.slo, scenario=scenario)
    if seed is not None:
        chosen = chosen.model_copy(update={"seed": seed})
    directory = run_dir or Path("runs") / f"{chosen.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    typer.echo(textwrap.fill(f"{chosen.name}: {chosen.description}", WIDTH))
    try:
        runner.run(
            chosen, directory, tell=lambda line: typer.echo(f"  {line}"), progress=_show_progress, server=under_test
        )
    except UnusableError as error:
        # What was written can still be looked at: the report names what is missing.
        typer.echo(f"sensorswarm: {error}", err=True)
        reports.cli.tell_one(directory)
        raise typer.Exit(ExitCode.NOT_USABLE) from None
    raise typer.Exit(reports.cli.tell_one(directory))


def _show_progress(passed_s: float, whole_s: float) -> None:
    """Count the seconds of the load in place; a log file is spared."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r  {min(passed_s, whole_s):.0f} of {whole_s:.0f} s \r")
        sys.stdout.flush()


@app.command()
def scenarios() -> None:
    """List the scenarios that ship with SensorSwarm."""
    for name in library.names():
        typer.echo(f"{name:12} {schema.load(library.find(name)).description}")


@app.command()
def locustfile() -> None:
    """Print the path of the swarm's locustfile, for `locust -f "$(sensorswarm locustfile)"`."""
    typer.echo(runner.locustfile())


@app.command()
def broker(
    port: Annotated[int, typer.Option(min=1, max=65534, help="MQTT 3.1.1 here, MQTT 5 on the port after it.")] = 1883,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run the embedded MQTT broker until Ctrl-C."""
    with EmbeddedBroker(host=host, port=port) as running:
        typer.echo(f"MQTT 3.1.1 on {running.url}, MQTT 5 on port {running.port + 1}; Ctrl-C ends it")
        ended = threading.Event()
        while running.exit_code is None:
            ended.wait(0.5)
    raise UnusableError(f"the broker ended with {running.exit_code}")


def main() -> None:
    """Entry point: errors of ours become one line and their exit code; what else went wrong is no gate that failed."""
    try:
        app()
    except SensorSwarmError as error:
        typer.echo(f"sensorswarm: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - Python has 1 for it, which would say that a gate failed
        traceback.print_exc()
        typer.echo("sensorswarm: the error above is a mistake of SensorSwarm; it proves nothing", err=True)
        sys.exit(ExitCode.NOT_USABLE)
