"""One client of a target, for the doctor: `python -m loadtest.doctor --target FILE --host ws://127.0.0.1:8765`.

Without --host the target is only read, as every run does before there is load. Exit code 0: all was understood, 2: not.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gevent

from loadtest.books import Books
from loadtest.desk import Desk
from loadtest.endings import ConnectionEndedError
from loadtest.examination import Examination
from loadtest.options import check_managers, endpoint
from loadtest.roster import Manager
from loadtest.secrecy import hide
from loadtest.sites import Site
from loadtest.stamps import kernel_stamps_work
from loadtest.targets import Conversation, Target
from loadtest.targets.carried import CarriedConversation
from loadtest.targets.find import find_target
from loadtest.targets.json import JsonTarget
from loadtest.targets.json_conversation import JsonConversation
from loadtest.targets.json_explain import Problem
from loadtest.targets.toml_lines import line_of
from loadtest.transport import Message, Transport
from wire.errors import ExitCode, SensorSwarmError
from wire.secret import SECRET_VARIABLE, development_secret

COLUMNS = 80


class Probe:
    """One client, and what it shows of each message."""

    def __init__(self, target: Target, manager: Manager, desk: Desk) -> None:
        self.live = False
        self.ending: ConnectionEndedError | None = None
        self.messages = 0
        self._target = target
        self._token: str | None = None
        self._site: Site = desk.site(target)
        self._desk = desk
        self._credentials = target.credentials(manager, self._site)
        self.books = Books(
            manager.buildings,
            catalogue=desk.catalogue,
            register=desk.register,
            unknown=desk.unknown,
            delivered=lambda _: None,
        )
        self._conversation: Conversation = target.conversation(manager, self.books, desk.unknown, lambda *_: None)
        self.examination = Examination(target.protocol, manager.buildings) if isinstance(target, JsonTarget) else None

    def listen(self, messages: int, seconds: float) -> None:
        """Connect, sign on, and show so many messages, or what came in time."""
        with gevent.Timeout(seconds, False):
            try:
                self._listen(messages)
            except ConnectionEndedError as ended:
                self.ending = ended

    def _listen(self, messages: int) -> None:
        token, in_hello = self._credentials.token(), self._site.token_in_hello
        if token is not None:
            self._token = token
            self._desk.unknown.secrets.add(token)
        transport = self._target.open(self._site, self._conversation, token=None if in_hello else token, timeout_s=10)
        uri = self._site.uri
        tell("connected", f"{uri.host}:{uri.port}{uri.path}")
        try:
            for message in self._conversation.hello(token if in_hello else None):
                self._tell_sent(message)
                transport.send(message)
            while self.messages < messages:
                arrival_ts, read = transport.receive()
                for data in read:
                    if self.messages < messages:
                        self._take(transport, data, arrival_ts)
                if self._conversation.told != (0, ""):
                    return
        finally:
            self.live = self._conversation.live
            transport.close()

    def _tell_sent(self, message: Message) -> None:
        """Tell what is sent."""
        tell("sent", self.shown(str(message)))

    def shown(self, words: str) -> str:
        """Words without the token, which the server may say back: what a person sees is passed on."""
        return hide(words, (self._token,))

    def _take(self, transport: Transport, data: bytes, arrival_ts: float) -> None:
        conversation = self._conversation
        if isinstance(conversation, CarriedConversation):
            for one in conversation.unpacked([data], arrival_ts):
                self._look(one, arrival_ts, partial(JsonConversation.take, conversation))
        else:
            self._look(data, arrival_ts, conversation.take)
        for message in self._conversation.replies:
            self._tell_sent(message)
            transport.send(message)
        self._conversation.replies.clear()

    def _look(self, data: Any, arrival_ts: float, take: Callable[[list[Any], float], None]) -> None:  # noqa: ANN401
        """Take one message, and tell what it was."""
        books, alerts, unknown = self.books.received, self.books.alerts.received, self._desk.unknown.total
        live = self._conversation.live
        take([data], arrival_ts)
        self.messages += live or self.books.received > books
        tell("came", self.shown(self._words(data, arrival_ts, books, alerts, unknown)))

    def _words(self, data: bytes, arrival_ts: float, readings: int, alerts: int, unknown: int) -> str:
        """What one message was: by its target file, or by what became of it."""
        if self.examination is not None:
            return self.examination.look(data, arrival_ts)
        if self._desk.unknown.total > unknown:
            return f"NOT UNDERSTOOD ({list(self._desk.unknown.kinds)[-1]}): {data[:60].decode(errors='replace')}"
        if self.books.received > readings:
            return f"{self.books.received - readings} readings"
        return "an alert" if self.books.alerts.received > alerts else "understood, no reading"

    @property
    def not_understood(self) -> int:
        """Messages and readings that were not."""
        return self._desk.unknown.total

    def problems(self, seconds: float) -> list[Problem]:
        """What to change, by key of the target file."""
        if self.ending is not None:
            return [Problem(_blamed(self.ending), self.ending.reason)]
        if self._conversation.told != (0, ""):
            code, reason = self._conversation.told
            return [Problem(self._shown_by, f"the server refused: {reason or code}")]
        if not self.live and isinstance(self._conversation, CarriedConversation):
            return [Problem(("subscribe",), f"not all was acknowledged within {seconds:g} s")]
        if not self.live:
            table = "acknowledged" if self._acknowledges_only or self._conversation.welcomed else "welcome"
            strange = self.examination.strange if self.examination is not None else ""
            words = f"no message met it within {seconds:g} s"
            return [
                Problem((table, "when"), f"{words}; this came, and is nothing else: {strange}" if strange else words)
            ]
        found = self.examination.problems() if self.examination is not None else []
        if not found and not self.books.received:
            words = f"no reading came within {seconds:g} s; does the load run (simulate), is this how to subscribe?"
            found.append(Problem(("subscribe",), words))
        return found

    @property
    def _acknowledges_only(self) -> bool:
        """Whether the server is to acknowledge, and not to welcome before."""
        return isinstance(self._target, JsonTarget) and self._target.protocol.spec.welcome is None

    @property
    def _shown_by(self) -> tuple[str, ...]:
        """Key that says what is shown to be let in."""
        kind = self._target.protocol.spec.auth.kind if isinstance(self._target, JsonTarget) else ""
        return ("auth", kind)


def _blamed(ending: ConnectionEndedError) -> tuple[str, ...]:
    """Key that a failed connection most likely comes from; none where it is the address, which no file says."""
    if ending.kind.startswith("login"):
        return ("auth", "login")
    if ending.code in (401, 403, 1008) or 4500 <= ending.code <= 4999:  # noqa: PLR2004 - see reconnection
        return ("auth",)
    return ("path",) if ending.kind.startswith("HTTP") else ()


def tell(what: str, words: str) -> None:
    """Print one line, or as many as it takes, of 80 columns."""
    indent = " " * 11
    sys.stdout.write(textwrap.fill(words, COLUMNS, initial_indent=f"{what:<11}", subsequent_indent=indent) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> ExitCode:
    """Read the target, and where a host is given, try it."""
    parser = argparse.ArgumentParser(prog="probe")
    parser.add_argument("--target", required=True)
    parser.add_argument("--host")
    parser.add_argument("--managers", type=int, default=1)
    parser.add_argument("--buildings", default="b-0001")
    parser.add_argument("--messages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args(arguments)
    try:
        target = find_target(options.target)
        check_managers(target, options.managers)
        if options.host is None:
            return ExitCode.HELD
        desk = _desk(options.host, target)
    except SensorSwarmError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    manager = target.manager(Manager("m-0001", tuple(sorted(options.buildings.split(",")))))
    tell("target", options.target)
    tell("manager", f"{manager.user}, who wants {', '.join(manager.buildings)}")
    probe = Probe(target, manager, desk)
    probe.listen(options.messages, options.seconds)
    return _conclude(probe, target, options.target, options.seconds)


def _desk(host: str, target: Target) -> Desk:
    return Desk(
        uri=endpoint(host, target.path),
        secret=os.environ.get(SECRET_VARIABLE) or development_secret(),
        stamped=kernel_stamps_work(),
        backoff=None,
        rng=random.Random(0),
        records_wanted=False,
    )


def _conclude(probe: Probe, target: Target, file: str, seconds: float) -> ExitCode:
    examination = probe.examination
    if examination is not None:
        tell(
            "in all",
            f"{examination.understood} of {examination.messages} messages understood, "
            f"{examination.readings} readings in them",
        )
        for note in examination.notes():
            tell("note", note)
    for reason in target.measures.lacking.values():
        tell("lacks", f"not measurable: {reason}")
    problems = [problem._replace(words=probe.shown(problem.words)) for problem in probe.problems(seconds)]
    for problem in problems:
        _tell_problem(problem, file)
    return ExitCode.USAGE if problems or (examination is None and probe.not_understood) else ExitCode.HELD


def _tell_problem(problem: Problem, file: str) -> None:
    """Name the line of the target file to change, where the target is one."""
    if not (file.endswith(".toml") and problem.keys):
        tell("CHANGE", problem.words)
        return
    text = Path(file).read_text(encoding="utf-8")
    number = line_of(text, problem.keys)
    tell("CHANGE", f"{file}:{number}: {problem}")
    line = text.splitlines()[number - 1]
    if problem.keys[0] == "auth":  # passwords stand there
        key, sign, _ = line.partition("=")
        line = f"{key}{sign} ..." if sign else line
    sys.stdout.write(f"{'':<11}> {hide(line)[: COLUMNS - 13]}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(ExitCode.NOT_USABLE)
