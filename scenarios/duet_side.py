"""What stands on one side of a comparison, as a user writes it. Pure.

git:REV                                     the server of a revision, built in a worktree of its own
cmd:COMMAND WITH {port} {broker} {host}     a server that a command serves
url:ws://HOST:PORT/PATH,mqtt://HOST:PORT    a server that runs already, and the broker it reads from
delay:MS                                    our server behind a proxy that delays each direction
--history 100                               our server with these options; "" has none
"""

from __future__ import annotations

import ipaddress
import math
import re
import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import SplitResult, urlsplit

from scenarios.faults.latency import MAX_DELAY_MS
from scenarios.subject import Command, Own, Place, Running, Subject, SubjectError
from wire.mqtt import BrokerAddress

KINDS = ("git:", "cmd:", "url:", "delay:")
_PATH = re.compile(r"/[!-~]*")


class SideError(SubjectError):
    """A side that says nothing we can start or reach."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the repository in the current folder, still to be built."""

    name: str


def parse_side(text: str, *, ready_path: str | None = None, allow_remote: bool = False) -> Subject | Revision:
    """Read one side.

    Args:
        text: as above.
        ready_path: HTTP path of a `cmd:` server that answers 200 when it is ready; None: its port accepting is enough.
        allow_remote: whether a `url:` may be another machine than this one.

    Raises:
        SideError: not one of the above; the remedy is named.
    """
    kind, colon, rest = text.strip().partition(":")
    match kind + colon:
        case "git:":
            if not rest or rest.startswith("-"):
                raise SideError(f"{text!r}: git: needs a revision, such as git:HEAD~1")
            return Revision(rest)
        case "cmd:":
            return command(rest, ready_path=ready_path)
        case "url:":
            return Running(_place(rest, allow_remote=allow_remote), label=rest.partition(",")[0])
        case "delay:":
            return Own(label=text.strip(), delay_ms=_delay_ms(rest))
    if text.strip() and not text.strip().startswith("-"):
        near = get_close_matches(kind + ":", KINDS, n=1)
        remedy = (
            f"did you mean {near[0]}?" if near else "write git:REV, cmd:COMMAND, url:ws://HOST:PORT,mqtt://HOST:PORT"
        )
        raise SideError(f"side {text!r}: {remedy}{'' if near else ', or options of our server, such as --history 100'}")
    return Own(label=f"reference {text.strip()}".strip(), options=tuple(split_words(text)))


def command(text: str, *, ready_path: str | None) -> Command:
    """Read the words of a command that serves.

    Raises:
        SubjectError: no words, quotes that do not close, placeholders that are not known, or no path.
    """
    if ready_path is not None and not _PATH.fullmatch(ready_path):
        raise SideError(f"--ready {ready_path}: give an HTTP path without blanks, such as /healthz")
    words = split_words(text)
    if not words:
        raise SideError(
            "cmd: needs a command that serves, such as cmd:python server.py --port {port} --broker {broker}"
        )
    return Command(tuple(words), label=f"cmd:{words[0]}", ready_path=ready_path)


def split_words(text: str) -> list[str]:
    """Words of a command as a shell would part them; nothing else of a shell happens.

    Raises:
        SideError: quotes that do not close.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise SideError(f"{text!r}: {error}") from None


def _delay_ms(text: str) -> float:
    try:
        delay_ms = float(text.strip().removesuffix("ms"))
    except ValueError:
        delay_ms = math.nan
    if not 0 <= delay_ms <= MAX_DELAY_MS:
        raise SideError(f"delay:{text}: give milliseconds from 0 to {MAX_DELAY_MS:g}, such as delay:2")
    return delay_ms


def _place(text: str, *, allow_remote: bool) -> Place:
    ws_text, comma, mqtt_text = text.partition(",")
    if not comma:
        raise SideError(
            f"url:{text}: which broker does it read from? Write url:{text or 'ws://HOST:PORT'},mqtt://HOST:PORT"
        )
    ws, broker = _ws(ws_text), BrokerAddress.parse(mqtt_text.strip())
    if ws.port is None:
        raise SideError(f"url:{ws_text}: needs a port, such as ws://127.0.0.1:8765")
    if broker.password is not None:
        raise SideError("url: a password would stand in command lines and files; give a broker that needs none")
    for host in (ws.hostname or "", broker.host):
        if not (allow_remote or is_loopback(host)):
            raise SideError(
                f"url: {host} is not this machine, and load is put on this machine only; --allow-remote puts it there, "
                "if you may"
            )
    return Place(ws.hostname or "", ws.port, ws.path if ws.path.strip("/") else "", broker.url)


def _ws(text: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip())
        port = parts.port  # read here, where what is wrong with it can be told
    except ValueError as error:
        raise SideError(f"url: {text.strip()}: {error}") from None
    if parts.scheme != "ws" or not parts.hostname or port == 0:
        raise SideError(f"url: {text.strip()!r}: give ws://HOST:PORT")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name or number."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
