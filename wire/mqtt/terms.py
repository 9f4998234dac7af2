"""What a link to a broker is asked for and can do, whichever carries it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

from mqtt5 import PublishPacket, Will

from wire.backoff import Backoff

Version = Literal["5", "3.1.1"]
UserProperties = Sequence[tuple[str, str]]
MessageHandler = Callable[[list[PublishPacket]], None]
StateHandler = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter, and the QoS it is delivered at.

    rumqttd delivers at the subscription's QoS even what was published at QoS 0: subscribe with the QoS you mean.
    """

    topic_filter: str
    qos: int = 0


class LinkOptions(TypedDict, total=False):
    """Keyword arguments of every link; `Link` says what they mean."""

    client_id: str | None
    on_messages: MessageHandler | None
    on_state: StateHandler | None
    subscriptions: Sequence[Subscription]
    keep_alive_s: int
    session_expiry_s: int
    keep_session: bool
    will: Will | None
    user_properties: UserProperties
    tls: ssl.SSLContext | None
    backoff: Backoff | None
    max_in_flight: int
    settle_s: float


class MqttLink(Protocol):
    """A connection to a broker that mends itself. `Link` says what each method does and what is not guaranteed."""

    dropped: int
    reconnects: int
    will: Will | None  # of the next connection

    @property
    def connected(self) -> bool: ...  # noqa: D102 - see `Link`

    @property
    def in_flight(self) -> int: ...  # noqa: D102

    @property
    def pending_bytes(self) -> int: ...  # noqa: D102

    async def start(self, *, timeout_s: float = 10.0) -> None: ...  # noqa: D102

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool: ...  # noqa: D102

    def write(self, packets: bytes, count: int) -> bool: ...  # noqa: D102

    async def drained(self) -> None: ...  # noqa: D102

    async def close(self, *, timeout_s: float = 5.0) -> None: ...  # noqa: D102

    async def failed(self) -> None: ...  # noqa: D102

    def check(self) -> None: ...  # noqa: D102
