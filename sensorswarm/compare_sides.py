"""The two servers of a comparison: read, found to be there, and built."""

from __future__ import annotations

from pathlib import Path

from scenarios import subject
from scenarios.duet_checkout import Checkouts
from scenarios.duet_side import Revision, SideError, is_loopback, parse_side
from scenarios.runner import Tell
from scenarios.schema import Scenario
from scenarios.subject import Subject
from wire.broker import listening
from wire.mqtt import BrokerAddress


class Sides:
    """What was asked for, before anything is built; nothing but git is started here.

    Args:
        texts: of each side by its name, as `scenarios.duet_side` reads them.
        checkouts: builds what is a revision.

    Raises:
        SensorSwarmError: a side that says nothing, a revision that is not there, or a url that does not answer.
    """

    def __init__(
        self,
        texts: dict[str, str],
        scenario: Scenario,
        checkouts: Checkouts,
        *,
        ready_path: str | None,
        allow_remote: bool,
    ) -> None:
        self._texts = texts
        self._checkouts = checkouts
        self._asked: dict[str, Subject | Revision] = {}
        self._commits: dict[str, str] = {}
        for name, text in texts.items():
            asked = parse_side(text, ready_path=ready_path, allow_remote=allow_remote)
            self._asked[name] = asked
            if isinstance(asked, Revision):
                self._commits[name] = checkouts.commit(asked)
            else:
                subject.check(asked, scenario)
                _check_there(asked)

    @property
    def identity(self) -> dict[str, str]:
        """What each side is, so that another one is told from it: a revision by its commit."""
        return {
            name: f"git:{self._commits[name]}" if name in self._commits else text for name, text in self._texts.items()
        }

    @property
    def commits(self) -> dict[str, str]:
        """Commits of the sides that are revisions."""
        return self._commits

    @property
    def strangers(self) -> list[str]:
        """Hosts beyond this machine that load will be put on."""
        places = [asked.place for asked in self._asked.values() if not isinstance(asked, Revision) and asked.place]
        hosts = {host for place in places for host in (place.host, BrokerAddress.parse(place.broker_url).host)}
        return sorted(host for host in hosts if not is_loopback(host))

    def servers(self) -> dict[str, Subject]:
        """Each side's server, built where it is a revision.

        Raises:
            SensorSwarmError: it does not build.
        """
        return {
            name: self._checkouts.server(self._commits[name]) if isinstance(asked, Revision) else asked
            for name, asked in self._asked.items()
        }


def checkouts(out: Path, *, tell: Tell, build: str, serve: str, ready_path: str | None) -> Checkouts:
    """Worktrees of the repository in this folder; what their builds say goes beside the runs."""
    return Checkouts(Path.cwd(), logs=out, tell=tell, build=build, serve=serve, ready_path=ready_path)


def _check_there(asked: Subject) -> None:
    """Whether a server that should run already does, and its broker.

    Raises:
        SideError: one of them does not answer.
    """
    if asked.place is None:
        return
    broker = BrokerAddress.parse(asked.place.broker_url)
    for what, host, port in (("server", asked.place.host, asked.place.port), ("broker", broker.host, broker.port)):
        if not listening(host, port, timeout_s=3):
            raise SideError(f"url: the {what} at {host}:{port} does not answer; is it started?")
