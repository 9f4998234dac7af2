"""The target of a run, checked before anything is started.

The swarm is asked by a process of its own, for gevent lives there.
"""

from __future__ import annotations

import os
import subprocess
import sys

from scenarios.schema import Scenario
from wire.errors import ExitCode, SensorSwarmError

TARGET_HELP = "Kind of server: a shipped target, a .toml file (docs/targets.md), or MODULE:CLASS."


def check_target(scenario: Scenario) -> None:
    """Refuse a target that the swarm would refuse, before there is load or a server.

    Raises:
        SensorSwarmError: in the swarm's own words.
    """
    target = scenario.swarm.target
    if target is None:
        return
    told = subprocess.run(
        [sys.executable, "-m", "loadtest.doctor", "--target", target, "--managers", str(scenario.swarm.managers)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    if told.returncode == ExitCode.HELD:
        return
    words = told.stderr.strip().removeprefix("probe: ")
    if told.returncode != ExitCode.USAGE:
        words = f"target {target} could not be checked: {(words.splitlines() or ['the check died'])[-1]}"
    raise SensorSwarmError(words)
