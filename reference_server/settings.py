"""What a server is told."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from reference_server.certificate import Certificate
from reference_server.formats import Format
from reference_server.hub import READINGS_HISTORY
from reference_server.identity import Access
from reference_server.limits import Limits
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.quotas import Quotas
from reference_server.session import HEARTBEAT_S, HELLO_DEADLINE_S
from wire.mqtt import BrokerAddress, Version
from wire.topics import TopicTemplate


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told. Durations in `limits` are simulated seconds, of `time_scale` in one wall-clock second."""

    secret: str | None = field(repr=False)  # of HS256 tokens; None: only those of the JWKS are accepted
    access: Access = field(default_factory=Access)
    broker: BrokerAddress = field(default_factory=BrokerAddress)
    patient: bool = False  # wait for the broker at the start too
    tls: ssl.SSLContext | None = None
    mqtt_version: Version = "5"
    topics: TopicTemplate = field(default_factory=TopicTemplate)
    format: Format = field(default_factory=Format)  # of the payloads
    qos: int = 1
    session: str | None = None  # name of the MQTT session at QoS 1; by default one of this machine, address and port
    limits: Limits = field(default_factory=Limits)
    time_scale: float = 1.0
    readings_history: int = READINGS_HISTORY
    alerts: Path | None = None  # file that keeps alerts across restarts
    max_buffered_bytes: int = MAX_BUFFERED_BYTES
    hello_deadline_s: float = HELLO_DEADLINE_S
    heartbeat_s: float = HEARTBEAT_S
    quotas: Quotas = field(default_factory=Quotas)
    certificate: Certificate | None = None  # of a server that speaks TLS
    drain_s: float = 0.0  # over how long clients are sent away at the end
