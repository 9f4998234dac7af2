"""What the TOML file of a target may say, and one clear line for each thing it says wrongly. Reads files, nothing else.

Where something stands in a message is told by a *place*:

    "/a/b"             a JSON Pointer; with `each`, into one reading of the array
    "^/a/b"            a JSON Pointer into the whole message, for what stands once outside the array
    "{^/room}/{/id}"   text made of places in braces
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from loadtest.handshake import read_cookie, read_header, read_subprotocol, read_token_place
from loadtest.secrecy import hide
from loadtest.targets.json_pointer import parse
from loadtest.targets.toml_lines import line_of
from wire.errors import SensorSwarmError

TOKEN, USER, BUILDING, BUILDINGS = "{token}", "{user}", "{building}", "{buildings}"
PLACES = re.compile(r"\{(\^?(?:/[^{}]*)?)\}")
Json = dict[str, Any] | list[Any] | str | int | float | bool


class TargetError(SensorSwarmError):
    """A target file that cannot be used: names file, line, key and remedy, a line for each mistake."""


def _place(text: str) -> str:
    if "{" in text:
        found = PLACES.findall(text)
        if not found:
            raise ValueError(f"{text!r} has no place in its braces; write for example {{/id}}")
        for place in found:
            parse(place.removeprefix("^"))
        return text
    parse(text.removeprefix("^"))
    return text


def _pointer(text: str) -> str:
    parse(text)
    return text


def _token_place(text: str) -> str:
    try:
        read_token_place(text)
    except SensorSwarmError:
        raise ValueError("give hello, header, header:NAME, cookie:NAME or query:NAME") from None
    return text


def _subprotocol(text: str) -> str:
    try:
        return read_subprotocol(text)
    except SensorSwarmError:
        raise ValueError("give one name, without blanks and commas") from None


def _headers(table: dict[str, str]) -> dict[str, str]:
    for name, value in table.items():
        try:
            read = read_header(f"{name}: {value}")
        except SensorSwarmError as error:
            raise ValueError(str(error).removeprefix("--header ")) from None
        if read != (name, value):
            raise ValueError(f"{name!r}: a name without a colon, a value without blanks around it")
    return table


def _login_headers(table: dict[str, str]) -> dict[str, str]:
    for name in table:
        if name.lower() in _OF_LOGIN:
            raise ValueError(f"{name!r} cannot be given: the login makes it")
    return _headers(table)


def _cookies(table: dict[str, str]) -> dict[str, str]:
    for name, value in table.items():
        try:
            read_cookie(f"{name}={value}")
        except SensorSwarmError:
            raise ValueError(f"{name!r} cannot be: no blanks, quotes, commas and semicolons") from None
    return table


def _cookie_name(name: str) -> str:
    _cookies({name: ""})
    return name


_OF_LOGIN = ("host", "connection", "content-type", "content-length", "transfer-encoding")
_PATH = r"^/[!-~]*$"  # with its query; what else there is in it is percent-encoded

Place = Annotated[str, AfterValidator(_place)]
Pointer = Annotated[str, AfterValidator(_pointer)]
Scalar = str | bool | int | float
When = Annotated[dict[Pointer, Scalar | list[Scalar]], Field(min_length=1)]
"""What a message must say: each pointer meets its value, or one of them."""
Condition = When | str
"""The same, or the whole text of a message."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Login(_Table):
    """A request before connecting: POST of a form or of JSON; its answer brings the token, or a cookie that is one."""

    path: str = Field(pattern=_PATH)
    form: dict[str, str] | None = None
    json_: dict[str, Any] | None = Field(default=None, alias="json")
    headers: Annotated[dict[str, str], AfterValidator(_login_headers)] = Field(default_factory=dict)
    token: Pointer | None = None  # in the answer
    cookie: Annotated[str, AfterValidator(_cookie_name)] | None = None  # that the answer sets

    @model_validator(mode="after")
    def _one_of_each(self) -> Login:
        if (self.form is None) == (self.json_ is None):
            raise ValueError("needs either form or json, and not both")
        if (self.token is None) == (self.cookie is None):
            raise ValueError("needs either token, a pointer into the answer, or cookie, and not both")
        return self


class Auth(_Table):
    """How a manager is let in."""

    kind: Literal["none", "jwt", "file", "login"] = "none"
    in_: Annotated[str, AfterValidator(_token_place)] = Field(default="hello", alias="in")
    claims: dict[str, Any] = Field(default={"sub": USER, "buildings": BUILDINGS})  # of the JWT, beside `exp`
    file: Path | None = Field(
        default=None, strict=False
    )  # relative to the target file; one token a line: one for all, or one for each manager
    login: Login | None = None
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default_factory=dict)
    cookies: Annotated[dict[str, str], AfterValidator(_cookies)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Auth:
        for kind in ("file", "login"):
            if (self.kind == kind) != (getattr(self, kind) is not None):
                raise ValueError(f'kind = "{kind}" and auth.{kind} belong together; give both or neither')
        return self


class Welcome(_Table):
    """Shows that the token was accepted; subscriptions are sent after it."""

    when: Condition


class Acknowledged(_Table):
    """Shows that a subscription is in force."""

    when: Condition
    building: Pointer | None = None  # None: one message acknowledges what one message asked for


class Refused(_Table):
    """Shows that something was refused."""

    when: Condition
    code: Pointer | None = None
    reason: Pointer | None = None


class Reading(_Table):
    """Where readings stand."""

    when: When | None = None  # None: every message that is nothing else
    each: Pointer | None = None  # the array, where a message has several
    sensor: Place | None = None
    time: Place | None = None
    time_unit: Literal["s", "ms", "us", "ns", "iso8601", "iso8601-utc"] = "s"
    sequence: Place | None = None
    building: Place | None = None  # None: what stands before the sensor id's first slash
    value: Place | None = None


class Alert(_Table):
    """Where alerts stand."""

    when: When
    each: Pointer | None = None
    id: Place
    sensor: Place
    time: Place  # of the reading that raised it
    time_unit: Literal["s", "ms", "us", "ns", "iso8601", "iso8601-utc"] = "s"
    building: Place | None = None
    kind: Place | None = None


class Ping(_Table):
    """What the server asks to see whether we are there."""

    when: Condition
    answer: Json


class Heartbeat(_Table):
    """What the client says to show that it is there."""

    every_s: float = Field(ge=1, le=3600, strict=False)
    send: Json


class Ignored(_Table):
    """Messages that mean nothing here."""

    when: list[Condition] = Field(min_length=1)


class SocketIo(_Table):
    """What only a Socket.IO server has."""

    namespace: str = Field(default="/", pattern=r"^/[^,?]*$")
    auth: dict[str, Any] = Field(default={"token": TOKEN})  # payload with which the namespace is opened


class LongPoll(_Table):
    """How a server is polled; parts of a query are parted by "&", as in "a=1&b=2"."""

    items: Pointer = ""  # in an answer, an array whose members are messages; without one the answer itself is one
    cursor: Pointer = "/cursor"  # in an answer
    after: str = "after={cursor}"  # part of the query that says where to go on
    first: str = ""  # of the query that asks not to wait
    wait: str = ""  # of all others
    timeout_s: float = Field(default=60.0, gt=0, le=3600, strict=False)  # longest wait for an answer


_NO_USE = {
    "socketio": ("subprotocols", "welcome", "ping", "heartbeat"),
    **dict.fromkeys(
        ("mqtt-ws", "sse", "long-poll"),
        ("subprotocols", "first", "welcome", "acknowledged", "refused", "ping", "heartbeat"),
    ),
}
"""By kind, what its protocol says by itself."""
_SUBSCRIBED: dict[str, tuple[tuple[type, ...], str]] = {
    "socketio": ((list,), "an event: an array of its name and arguments"),
    "mqtt-ws": ((str, list), "topic filters: one, or an array"),
    "sse": ((str,), "the query of the GET"),
    "long-poll": ((str,), "the query of each GET"),
}


class Spec(_Table):
    """A target."""

    kind: Literal["json", "socketio", "mqtt-ws", "sse", "long-poll"] = "json"
    path: str = Field(default="/ws", pattern=_PATH)
    subprotocols: list[Annotated[str, AfterValidator(_subprotocol)]] = Field(default_factory=list)
    format: Literal["json", "msgpack", "cbor"] = "json"
    auth: Auth = Auth()
    first: list[Json] = Field(default_factory=list)  # messages sent first
    subscribe: Json | None = None  # one a building where {building} is in it, else one for all
    welcome: Welcome | None = None
    acknowledged: Acknowledged | None = None
    refused: Refused | None = None
    reading: Reading
    alert: Alert | None = None
    ping: Ping | None = None
    heartbeat: Heartbeat | None = None
    ignored: Ignored | None = None
    socketio: SocketIo | None = None
    long_poll: LongPoll | None = Field(default=None, alias="long-poll")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Spec:
        for name in _NO_USE.get(self.kind, ()):
            if name in self.model_fields_set:
                raise ValueError(f'{name}: a target of kind = "{self.kind}" has no use for it; leave it out')
        for kind, table in (("socketio", self.socketio), ("long-poll", self.long_poll)):
            if table is not None and self.kind != kind:
                raise ValueError(f'[{kind}] and kind = "{kind}" belong together; give both or neither')
        wanted, words = _SUBSCRIBED.get(self.kind, ((object,), ""))
        if not isinstance(self.subscribe, wanted) and (self.subscribe is not None or self.kind == "mqtt-ws"):
            raise ValueError(f'subscribe: with kind = "{self.kind}" give {words}')
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Spec:
        if self.kind != "json":  # their protocols have a place for the token
            return self
        auth, said = self.auth, TOKEN in repr([*self.first, self.subscribe])
        by_cookie = auth.login is not None and auth.login.cookie is not None
        if said and (auth.kind == "none" or auth.in_ != "hello" or by_cookie):
            raise ValueError(f'{TOKEN} is sent in a message; that needs auth.kind and auth.in = "hello"')
        if not said and auth.kind != "none" and auth.in_ == "hello" and not by_cookie:
            raise ValueError(f'auth.in = "hello", but neither first nor subscribe says {TOKEN}; add it, or another in')
        if self.acknowledged is not None and self.subscribe is None:
            raise ValueError("acknowledged: nothing is asked for that could be; add subscribe")
        return self


def load(path: Path) -> Spec:
    """Read a target file; the path of its token file becomes absolute.

    Raises:
        TargetError: the file cannot be read, is no TOML, or says something it may not.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise TargetError(f"target {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"target {path}: not TOML: {error}") from None
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        raise TargetError("\n".join(_mistakes(error, path, text))) from None
    if spec.auth.file is None:
        return spec
    auth = spec.auth.model_copy(update={"file": path.parent / spec.auth.file})
    return spec.model_copy(update={"auth": auth})


def _mistakes(error: ValidationError, path: Path, text: str) -> Iterator[str]:
    """One line each; of the kinds that a value may be, the first is told."""
    told = set()
    for item in error.errors(include_url=False):
        keys = _keys(item["loc"])
        if keys in told:
            continue
        told.add(keys)
        where = f"target {path}:{line_of(text, keys)}: {'.'.join(keys)}".rstrip(": ")
        if item["type"] == "extra_forbidden":
            known = _known(keys[:-1])
            near = get_close_matches(keys[-1], known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
            yield f"{where}: unknown key; {remedy}"
        elif item["type"] == "missing":
            yield f"{where}: is missing; add it"
        else:
            message = item["msg"].removeprefix("Value error, ")
            yield f"{where}: {hide(message)}{_given(keys, item['input'])}"


def _given(keys: tuple[str, ...], value: Any) -> str:  # noqa: ANN401 - any TOML
    """What stands there in the file, unless it is long or may be a password."""
    secret = keys[:1] == ("auth",) and keys[1:] not in (("kind",), ("in",))
    return f" (given: {hide(repr(value))})" if keys and not secret and not isinstance(value, dict | list) else ""


def _keys(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Keys of the file in a location of pydantic's, which names the kinds of a value too."""
    model: Any = Spec
    keys: list[str] = []
    for part in location:
        if model is None:
            break
        keys.append(str(part))
        model = _tables(model).get(str(part))
    return tuple(keys)


def _known(keys: tuple[str, ...]) -> list[str]:
    """Keys that a table knows."""
    model: Any = Spec
    for key in keys:
        model = _tables(model)[key]
    return [field.alias or name for name, field in model.model_fields.items()]


def _tables(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Keys of a table that are tables with keys of their own."""
    found = {}
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found[field.alias or name] = kind
    return found
