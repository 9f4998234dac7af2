"""What a comparison is gone on with only under the same, beside its options: this machine, our parts, files it reads.

What stands behind `cmd:`, `url:` and a target in Python cannot be known, and is taken on trust.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from scenarios import facts
from scenarios.schema import Scenario
from wire.errors import SensorSwarmError

_SHOWN = 16  # digits of a checksum, so that two of them fit the line that tells them apart


def circumstances(scenario: Scenario) -> dict[str, Any]:
    """Each by the name it is told by where it differs.

    Raises:
        SensorSwarmError: a file cannot be read.
    """
    return {
        **{f"machine: {name}": value for name, value in facts.machine().items()},
        **{f"version of {part}": version for part, version in facts.versions().items()},
        **{f"content of the {what}": _checksum(path) for what, path in _files(scenario).items()},
    }


def _files(scenario: Scenario) -> dict[str, Path]:
    files = {}
    if (target := scenario.swarm.target) is not None and target.endswith(".toml"):
        files["target file"] = Path(target)
    if scenario.recording is not None:
        files["recording"] = scenario.recording.file
    return files


def _checksum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:_SHOWN]
    except OSError as error:
        raise SensorSwarmError(f"{path}: {error.strerror}") from None
