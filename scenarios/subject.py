"""The server under test: how it is started, where, and what tells that it is ready. Pure.

The runner starts whatever a `Subject` says. Broker, swarm and simulator are always our own, of this installation: when
two servers are compared, the instrument is the same.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scenarios import commands
from scenarios.commands import Addresses
from scenarios.schema import Restart, Rolling, Scenario
from wire.errors import SensorSwarmError

PLACEHOLDERS = ("port", "broker", "host")


class SubjectError(SensorSwarmError):
    """A server under test that cannot be started as it was described."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server that runs already, and the broker it reads from."""

    host: str
    port: int
    ws_path: str  # empty: the target's own
    broker_url: str


class Subject(Protocol):
    """What the runner asks of a server under test."""

    @property
    def label(self) -> str:
        """A word or two for people: what this server is."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the server's process, beside ours."""

    @property
    def folder(self) -> Path | None:
        """Folder the server's process starts in; None: ours."""

    @property
    def ready_path(self) -> str | None:
        """HTTP path that answers 200 as soon as it is ready; None: it is when its port accepts connections."""

    @property
    def place(self) -> Place | None:
        """Where it runs already; None: it is to be started."""

    @property
    def delay_ms(self) -> float | None:
        """Delay of the TCP proxy in front of it, in each direction; None: no proxy."""

    def command(self, scenario: Scenario, addresses: Addresses) -> list[str]:
        """What starts it."""


@dataclass(frozen=True, slots=True)
class Own:
    """Our reference server: of this installation, or of another one by its Python and its folder."""

    label: str = "reference"
    options: tuple[str, ...] = ()  # after those that the runner gives, so they win
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    delay_ms: float | None = None
    ready_path: str | None = "/healthz"
    place: None = None

    def command(self, scenario: Scenario, addresses: Addresses) -> list[str]:
        """The reference server's command line."""
        return [self.python, *commands.server(scenario, addresses)[1:], *self.options]


@dataclass(frozen=True, slots=True)
class Command:
    """A server of the user's own that a command serves.

    It is told {port}, {host} and {broker} in its words, and the tokens' secret in SENSORSWARM_JWT_SECRET.
    """

    words: tuple[str, ...]
    label: str = "cmd"
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    ready_path: str | None = None
    delay_ms: float | None = None
    place: None = None

    def __post_init__(self) -> None:
        names = {name for word in self.words for name in _names(word)}
        if unknown := sorted(names - set(PLACEHOLDERS)):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise SubjectError(f"{' '.join(self.words)}: unknown {{{unknown[0]}}}; known are {known}")
        if "port" not in names:
            raise SubjectError(
                f"{' '.join(self.words)}: says nowhere {{port}}, so the swarm cannot know where it listens"
            )

    def command(self, scenario: Scenario, addresses: Addresses) -> list[str]:
        """The words, filled in."""
        del scenario
        values = {
            "port": str(addresses.server_port),
            "host": addresses.server_host,
            "broker": addresses.broker_url,
        }
        return [word.format(**values) for word in self.words]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs already: nothing of it is started, stopped or made fresh."""

    place: Place
    label: str = "url"
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: None = None
    ready_path: None = None
    delay_ms: None = None

    def command(self, scenario: Scenario, addresses: Addresses) -> list[str]:
        """Never called: it runs already."""
        raise AssertionError(f"{self.label} at {addresses.server_url} runs already ({scenario.name})")


def check(subject: Subject, scenario: Scenario) -> None:
    """Refuse a scenario whose faults cannot be carried out on this server.

    Raises:
        SubjectError: a restart of what we did not start, or a rolling restart of a server that is none of ours.
    """
    if not isinstance(subject, Own) and any(isinstance(fault, Rolling) for fault in scenario.fault):
        raise SubjectError(
            f"scenario {scenario.name}: fault 'rolling' is what our reference server does at SIGHUP, and "
            f"{subject.label} is another one: take the fault out"
        )
    if subject.place is not None and any(isinstance(fault, Restart) for fault in scenario.fault):
        raise SubjectError(
            f"scenario {scenario.name}: fault 'restart' needs a server and a broker that we start; "
            f"{subject.label} runs already: take the fault out, or give the server as cmd:"
        )


def _names(word: str) -> list[str]:
    """Names in braces.

    Raises:
        SubjectError: braces that do not close, or something inside them that is no plain name.
    """
    try:
        parts = list(string.Formatter().parse(word))
    except ValueError as error:
        raise SubjectError(f"{word}: {error}; write {{{{ and }}}} for braces that mean nothing") from None
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise SubjectError(f"{word}: only plain names may stand in braces")
    return [name for _, name, _, _ in parts if name is not None]
