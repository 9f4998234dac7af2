"""Where a broker is: mqtt://user:password@host:port, mqtts:// for TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from wire.errors import SensorSwarmError

DEFAULT_PORT = 1883  # IANA: mqtt
DEFAULT_TLS_PORT = 8883  # IANA: secure-mqtt


class BrokerAddressError(SensorSwarmError):
    """A broker URL or its TLS files that cannot be used."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker and who we are to it."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    secure: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read a broker URL.

        Raises:
            BrokerAddressError: another scheme, no host, a port out of range, or a path, query or fragment.
        """
        expected = "write mqtt://[user:password@]host[:port] or mqtts://..."
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BrokerAddressError(f"broker {_masked(url)!r}: {error}; {expected}") from None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise BrokerAddressError(f"broker {_masked(url)!r} is no MQTT URL; {expected}")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise BrokerAddressError(f"broker {_masked(url)!r} has more than host and port; {expected}")
        secure = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=port if port is not None else DEFAULT_TLS_PORT if secure else DEFAULT_PORT,
            secure=secure,
            user=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
        )

    @property
    def url(self) -> str:
        """The address without user and password, fit for messages and logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.secure else 'mqtt'}://{host}:{self.port}"


def _masked(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url


def tls_context(
    *, ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """TLS settings of a client: the system's authorities or `ca_file`, and a client certificate where given.

    Raises:
        BrokerAddressError: a file is missing or is not what it should be, or the key does not fit the certificate.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise BrokerAddressError(f"CA file {ca_file}: {error.strerror or error}; give a PEM file") from None
    if cert_file:
        try:
            context.load_cert_chain(cert_file, key_file)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error
            raise BrokerAddressError(f"client certificate {cert_file}, key {key_file}: {reason}") from None
    return context
