"""The link that feeds an ingest: its MQTT session, and how it comes back."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import socket
from typing import Any

from reference_server.ingest import Ingest
from reference_server.settings import Settings
from wire.backoff import Backoff
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerError, MqttLink, Subscription, make_link

SESSION_EXPIRY_S = 300  # how long the broker keeps our session: for a restart, not for a holiday
# Of a worker, to whose session nobody comes back when it was killed: as long as one that lives may need to.
WORKER_SESSION_EXPIRY_S = 60
# Publishers come back too, and what they publish to a new broker before we have subscribed is lost: be quick at first.
RECONNECT = Backoff(delays_s=(0.1,) * 30 + (0.25, 0.5, 1.0, 2.0, 4.0), jitter="equal")
LINK_CLOSE_TIMEOUT_S = 1.0  # stopping must take less than 5 s in all
_log = logging.getLogger("sensorswarm.serve")


def link_of(settings: Settings, ingest: Ingest[Any], session: str, *, lasting: bool = True) -> MqttLink:
    """Build the link that feeds an ingest; at QoS 1 the broker keeps a session of that name.

    Lasting, the session is kept beyond our end; else it ends with us, for nobody would come back to it.
    """
    expiry_s = SESSION_EXPIRY_S if lasting else WORKER_SESSION_EXPIRY_S
    return make_link(
        settings.broker,
        version=settings.mqtt_version,
        on_messages=ingest.messages,
        on_state=ingest.link_changed,
        subscriptions=[Subscription(settings.format.subscription(settings.topics), settings.qos)],
        tls=settings.tls,
        backoff=RECONNECT,
        # At QoS 0 the broker keeps nothing for us: no session, and a name of its own for each connection.
        client_id=f"sensorswarm-serve-{session}" if settings.qos else None,
        session_expiry_s=expiry_s if settings.qos else 0,
        keep_session=lasting,
    )


async def connect(link: MqttLink, *, patient: bool) -> None:
    """Start a link; a patient one waits for a broker that is away, as any link does once it was up.

    Raises:
        BrokerError: the broker does not take us, and the link is not patient.
    """
    rng, attempt = random.Random(), 0
    while True:
        try:
            await link.start()
        except BrokerError as error:
            if not patient:
                raise
            if not attempt:
                _log.warning("%s; waiting for it", error)
        else:
            return
        attempt += 1
        await asyncio.sleep(RECONNECT.delay_s(attempt, rng))


class SessionNameError(SensorSwarmError):
    """A session name that cannot stand in an MQTT client id."""


def check_session(name: str | None) -> str | None:
    """Give the name back.

    Raises:
        SessionNameError: empty, too long, or with characters beyond letters, digits, '.', '_', ':' and '-'.
    """
    if name is not None and not re.fullmatch(r"[A-Za-z0-9._:-]{1,100}", name):
        raise SessionNameError(f"--session {name[:100]!r}: use 1 to 100 letters, digits, '.', '_', ':' and '-'")
    return name


def session_name(listening: socket.socket) -> str:
    """Name of the server at this address: the same after a restart, another for another server of the same broker."""
    host, port = listening.getsockname()[:2]
    return f"{socket.gethostname()}-{host}-{port}"
