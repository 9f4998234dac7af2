"""Options of the fleet's locustfile: declared to Locust's parser, and read into settings. The reading is pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wire.errors import SensorSwarmError

_OURS = {
    "--shard": "the number of users says it",
    "--run-dir": "give --run-dir to locust itself",
    "--broker": "give it as --host",
    "--duration": "give --run-time to locust itself",
}


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """What every shard is told besides its number."""

    options: tuple[str, ...]  # of `simulate`
    run_dir: Path | None  # of the whole fleet; None keeps no records

    def command(self, index: int, count: int) -> list[str]:
        """Arguments of `simulate` for one shard."""
        return [*self.options, "--shard", f"{index}/{count}"]

    def directory(self, index: int, count: int) -> Path | None:
        """Run directory of one shard."""
        return None if self.run_dir is None else self.run_dir / f"shard-{index:04d}-of-{count:04d}"


def declare(parser: Any) -> None:  # noqa: ANN401 - Locust's parser comes without types
    """Add our options to Locust's command line."""
    parser.add_argument(
        "--simulate",
        env_var="SENSORSWARM_SIMULATE",
        default="",
        help='options of simulate in one text, such as "--buildings 500 --sensors 200"; the same for every shard',
    )
    parser.add_argument(
        "--run-dir",
        env_var="SENSORSWARM_RUN_DIR",
        include_in_web_ui=False,
        default="",
        help="where each shard writes its records, a directory each; without it none are kept",
    )


def read(options: Any, host: str | None) -> ShardSettings:  # noqa: ANN401 - a namespace of Locust
    """Settings of a run; `host` is the broker's URL, or None for the one on each machine.

    Raises:
        SensorSwarmError: an option that cannot be used.
    """
    try:
        words = shlex.split(options.simulate)
    except ValueError as error:
        raise SensorSwarmError(f"--simulate {options.simulate!r}: {error}; quote as in a shell") from None
    for word in words:
        if (name := word.partition("=")[0]) in _OURS:
            raise SensorSwarmError(f"--simulate {options.simulate!r}: {name} cannot stand there; {_OURS[name]}")
    if host:
        words += ["--broker", host]
    if options.run_time:
        words += ["--duration", f"{options.run_time:g}"]  # no shard outlives a Locust that was killed
    return ShardSettings(tuple(words), Path(options.run_dir) if options.run_dir else None)
