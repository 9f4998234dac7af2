"""A server described by a TOML file: `--target FILE.toml` (docs/targets.md)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import orjson

from loadtest.books import Books
from loadtest.credentials import Credentials, Given, Signed
from loadtest.handshake import Handshake, TokenPlace, read_token_place
from loadtest.login import LoggedIn, cookie_of, failed, post
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.json_conversation import JsonConversation
from loadtest.targets.json_pointer import compile_pointer
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_schema import BUILDINGS, USER, Login, Spec, load
from loadtest.targets.json_templates import fill
from loadtest.targets.websocket import WebSocketTarget
from loadtest.token_file import Token, read_tokens
from loadtest.unknown import Unknown


class JsonTarget(WebSocketTarget):
    """What the file says.

    Attributes:
        most_managers: managers that it has tokens for; None: any number.

    Raises:
        SensorSwarmError: it says something it may not, or what it names is not there.
    """

    def __init__(self, spec: Spec) -> None:
        self.protocol = Protocol(spec)
        self.path = spec.path
        self.handshake = _handshake(spec)
        self.measures = self.protocol.measures
        self._auth = spec.auth
        self._tokens = read_tokens(spec.auth.file) if spec.auth.file is not None else []
        self.most_managers = len(self._tokens) if len(self._tokens) > 1 else None

    @classmethod
    def of(cls, path: Path) -> JsonTarget:
        """Target of a file."""
        return cls(load(path))

    def manager(self, drawn: Manager) -> Manager:
        """The same, with the buildings that the token file gives its token."""
        buildings = self._given(drawn).buildings if self._tokens else ()
        return replace(drawn, buildings=buildings) if buildings else drawn

    def credentials(self, manager: Manager, site: Site) -> Credentials:
        """As [auth] says."""
        match self._auth.kind:
            case "jwt":
                names = {USER: manager.user, BUILDINGS: list(manager.buildings)}
                return Signed(manager, site.secret, fill(self._auth.claims, names))
            case "file":
                return Given(self._given(manager).token)
            case "login":
                login = self._auth.login
                assert login is not None  # noqa: S101 - validated: they belong together
                return LoggedIn(lambda: _log_in(login, manager, site))
        return Given(None)

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return JsonConversation(self.protocol, manager, books, unknown, take_alert)

    def _given(self, manager: Manager) -> Token:
        return self._tokens[manager.index % len(self._tokens)]  # who takes another's place takes another's token too


def _handshake(spec: Spec) -> Handshake:
    auth, login = spec.auth, spec.auth.login
    place = read_token_place(auth.in_)
    if login is not None and login.cookie is not None:
        place = TokenPlace("cookie", login.cookie)
    return Handshake(
        subprotocols=tuple(spec.subprotocols),
        headers=tuple(auth.headers.items()),
        cookies=tuple(f"{name}={value}" for name, value in auth.cookies.items()),
        token_in=place,
    )


def _log_in(login: Login, manager: Manager, site: Site) -> str:
    """Log in, and take the token out of the answer.

    Raises:
        ConnectionEndedError: it was refused, or brought no token.
    """
    names = {USER: manager.user}
    if login.form is not None:
        kind, body = "application/x-www-form-urlencoded", urlencode(fill(login.form, names)).encode()
    else:
        kind, body = "application/json", orjson.dumps(fill(login.json_, names))
    answer = post(site, login.path, headers=[("Content-Type", kind), *login.headers.items()], body=body)
    if login.cookie is not None:
        return cookie_of(answer, login.cookie)
    assert login.token is not None  # noqa: S101 - validated: one of the two is there
    try:
        token = compile_pointer(login.token)(orjson.loads(answer.body))
    except (LookupError, TypeError, orjson.JSONDecodeError):
        token = None
    if not isinstance(token, str):
        raise failed(f"auth.login.token {login.token!r} points to no text in the answer of {login.path}")
    return token
