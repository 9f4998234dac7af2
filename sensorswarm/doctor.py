"""`sensorswarm doctor`: one client of a target, and what was understood. The swarm's probe does it, as a process."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from sensorswarm.target import TARGET_HELP
from wire.errors import ExitCode


def doctor(
    target: Annotated[str, typer.Option(help=TARGET_HELP)],
    host: Annotated[str, typer.Option(help="Where the server listens: ws://HOST:PORT or wss://HOST:PORT.")],
    *,
    buildings: Annotated[str, typer.Option(help="What to subscribe to, parted by commas.")] = "b-0001",
    messages: Annotated[int, typer.Option(min=1, help="So many are looked at.")] = 10,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Longest wait for them.")] = 15,
) -> None:
    """Connect one client, show what is understood of its messages, and which line of the target to change.

    The load must run meanwhile, such as `simulate --broker mqtt://HOST:PORT`. Exit code 0: all was understood, 2: the
    line is named, 3: interrupted.
    """
    command = [
        *(sys.executable, "-m", "loadtest.doctor", "--target", target, "--host", host),
        *("--buildings", buildings, "--messages", str(messages), "--seconds", str(seconds)),
    ]
    try:
        code = subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        code = ExitCode.NOT_USABLE  # it has had the signal too
    raise typer.Exit(code)
