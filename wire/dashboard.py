"""The dashboard protocol of the reference server: WebSocket, JSON text frames, subprotocol `sensorswarm.v1`.

Client messages are validated models, for they come from strangers. Server messages are built as bytes once and sent
to many; a client reads them with `orjson.loads`. docs/protocol.md has the whole protocol with examples.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

SUBPROTOCOL = "sensorswarm.v1"
MAX_BUILDINGS = 10_000  # in one client message
MAX_EPOCH = 64  # characters


class Close(IntEnum):
    """Close codes. 4500 to 4999 and 1008 mean: do not reconnect unchanged. The rest of 4000 mean: reconnect."""

    NORMAL = 1000
    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009
    RESTART = 1012
    OVERLOAD = 1013
    TOKEN_EXPIRED = 4005
    SLOW = 4008
    CANNOT_RESUME = 4010
    NO_PONG = 4012
    INVALID_TOKEN = 4500
    CONNECTION_LIMIT = 4504
    NOT_YOUR_BUILDING = 4507


def may_reconnect(code: int) -> bool:
    """Whether a client closed with `code` may come back unchanged."""
    return code != Close.POLICY and not 4500 <= code <= 4999  # noqa: PLR2004 - the protocol's own range


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Position(_Message):
    """The last of a building that a client has, on each lane: what it wants to resume after.

    The alert lane has an epoch of its own, for it outlives the server; without one, `epoch` stands for both lanes.
    """

    epoch: str = Field(max_length=MAX_EPOCH)
    offset: int = Field(ge=0)
    alert_epoch: str | None = Field(default=None, max_length=MAX_EPOCH)
    alert_offset: int = Field(default=0, ge=0)


Buildings = Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=MAX_BUILDINGS)]


class Hello(_Message):
    """First message of a client."""

    type: Literal["hello"]
    token: str | None = Field(default=None, max_length=16_384)
    subscribe: Buildings | Literal["all"] = Field(default_factory=list)
    resume: dict[str, Position] = Field(default_factory=dict, max_length=MAX_BUILDINGS)


class Subscribe(_Message):
    """Asks for more buildings, each from its position where one is given."""

    type: Literal["subscribe"]
    buildings: Buildings
    resume: dict[str, Position] = Field(default_factory=dict, max_length=MAX_BUILDINGS)


class Unsubscribe(_Message):
    """Asks for fewer buildings."""

    type: Literal["unsubscribe"]
    buildings: Buildings


class Ping(_Message):
    """Asks for the server's clock; `t0` is the client's, returned as it came."""

    type: Literal["ping"]
    id: int = Field(ge=-(2**63), lt=2**63)  # the answer must be able to carry it
    t0: float = Field(allow_inf_nan=False)


ClientMessage = Hello | Subscribe | Unsubscribe | Ping
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


class MessageError(ValueError):
    """A client message that is not of the protocol. Its text says what is wrong."""


def parse_client_message(data: str | bytes) -> ClientMessage:
    """Read what a client sent.

    Raises:
        MessageError: not JSON, of an unknown type, or with a field that does not fit.
    """
    try:
        return _CLIENT.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MessageError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def welcome(*, user: str, buildings: list[str], heartbeat_s: float) -> bytes:
    """Who the server takes the client for, and the patterns of buildings it may see."""
    return orjson.dumps({"type": "welcome", "user": user, "buildings": buildings, "heartbeat": heartbeat_s})


def subscribed(
    *,
    building: str,
    epoch: str,
    offset: int,
    alert_offset: int,
    recovered: bool,
    alert_epoch: str | None = None,
    alerts_recovered: bool | None = None,
) -> bytes:
    """Where a building stands on both lanes, and what of the past follows.

    Args:
        building: its name.
        epoch: of the readings' lane.
        offset: last reading's number.
        alert_offset: last number of the alert lane.
        recovered: everything since the resume position follows.
        alert_epoch: of the alert lane, by default the readings'.
        alerts_recovered: of the alert lane everything since the resume position follows, by default `recovered`.
    """
    return orjson.dumps(
        {
            "type": "subscribed",
            "building": building,
            "epoch": epoch,
            "offset": offset,
            "alert_epoch": epoch if alert_epoch is None else alert_epoch,
            "alert_offset": alert_offset,
            "recovered": recovered,
            "alerts_recovered": recovered if alerts_recovered is None else alerts_recovered,
        }
    )


@lru_cache(maxsize=MAX_BUILDINGS)
def _quoted(text: str) -> bytes:
    return orjson.dumps(text)


def readings(*, building: str, offset: int, payloads: Iterable[bytes], skipped: int = 0) -> bytes:
    """Readings of one building as they were published; `offset` is that of the first.

    The payloads are spliced in unchanged: they must be JSON objects. `skipped` of this client's readings were
    conflated away before these.
    """
    told = b',"skipped":%d' % skipped if skipped else b""
    return b'{"type":"readings","building":%b,"offset":%d%b,"readings":[%b]}' % (
        _quoted(building),
        offset,
        told,
        b",".join(payloads),
    )


def alert(
    *,
    building: str,
    offset: int,
    alert_id: str,
    sensor: str,
    kind: str,
    ts: float,
    value: float,
    limit: float,
) -> bytes:
    """One alert: `ts` is the intended time of the reading that raised it, `limit` what it passed."""
    return orjson.dumps(
        {
            "type": "alert",
            "building": building,
            "offset": offset,
            "id": alert_id,
            "sensor": sensor,
            "kind": kind,
            "ts": ts,
            "value": value,
            "limit": limit,
        }
    )


def clear(*, building: str, offset: int, alert_id: str, sensor: str, kind: str, ts: float, value: float) -> bytes:
    """The end of an alert: the condition of `alert_id` has ceased. It has a number of its own on the alert lane."""
    return orjson.dumps(
        {
            "type": "clear",
            "building": building,
            "offset": offset,
            "id": alert_id,
            "sensor": sensor,
            "kind": kind,
            "ts": ts,
            "value": value,
        }
    )


def pong(*, ping: Ping, received_ts: float, sent_ts: float) -> bytes:
    """Answer to a ping: the client's own stamp, then ours at receipt and at sending (four-stamp exchange)."""
    return orjson.dumps({"type": "pong", "id": ping.id, "t0": ping.t0, "t1": received_ts, "t2": sent_ts})


def error(*, code: int, reason: str) -> bytes:
    """Say what was refused. The connection stays open unless a close with the same code follows."""
    return orjson.dumps({"type": "error", "code": code, "reason": reason})
