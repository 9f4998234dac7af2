"""Where a broker is: mqtt://user:password@host:port, mqtts:// for TLS, ws:// and wss:// for MQTT over WebSocket."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from wire.errors import SensorSwarmError

DEFAULT_PORT = 1883  # IANA: mqtt
_PORTS = {"mqtt": DEFAULT_PORT, "mqtts": 8883, "ws": 80, "wss": 443}  # of IANA, by scheme
_DEFAULT_PATH = "/mqtt"  # where EMQX, HiveMQ and AWS IoT Core listen; mosquitto takes any


class BrokerAddressError(SensorSwarmError):
    """A broker URL or its TLS files that cannot be used."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker and who we are to it."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    secure: bool = False
    websocket_path: str | None = None  # None: MQTT lies on TCP or TLS itself
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read a broker URL.

        Raises:
            BrokerAddressError: another scheme, no host, a port out of range, a query, a fragment, or a path on TCP.
        """
        expected = "write mqtt://[user:password@]host[:port], mqtts://..., or ws://host[:port][/path], wss://..."
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BrokerAddressError(f"broker {_masked(url)!r}: {error}; {expected}") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BrokerAddressError(f"broker {_masked(url)!r} is no MQTT URL; {expected}")
        websocket = parts.scheme in ("ws", "wss")
        if (parts.path.strip("/") and not websocket) or parts.query or parts.fragment:
            raise BrokerAddressError(f"broker {_masked(url)!r} has more than host and port; {expected}")
        return cls(
            host=parts.hostname,
            port=port if port is not None else _PORTS[parts.scheme],
            secure=parts.scheme in ("mqtts", "wss"),
            websocket_path=(parts.path if parts.path.strip("/") else _DEFAULT_PATH) if websocket else None,
            user=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
        )

    @property
    def url(self) -> str:
        """The address without user and password, fit for messages and logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = ("mqtt" if self.websocket_path is None else "ws") + ("s" if self.secure else "")
        return f"{scheme}://{host}:{self.port}{self.websocket_path or ''}"


def _masked(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url


def client_tls(
    address: BrokerAddress, *, ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext | None:
    """TLS settings for this broker, None where it has no TLS.

    Raises:
        BrokerAddressError: as `tls_context`; or files are given and the broker has no TLS.
    """
    if address.secure:
        return tls_context(ca_file=ca_file, cert_file=cert_file, key_file=key_file)
    for option, file in (("--broker-ca", ca_file), ("--broker-cert", cert_file), ("--broker-key", key_file)):
        if file is not None:
            raise BrokerAddressError(
                f"{option} {file} is for TLS, but {address.url} has none; write mqtts:// or wss://"
            )
    return None


def tls_context(
    *, ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """TLS settings of a client: the system's authorities or `ca_file`, and a client certificate where given.

    Raises:
        BrokerAddressError: a file is missing or is not what it should be, or the key does not fit the certificate.
    """
    if key_file and not cert_file:
        raise BrokerAddressError(f"client key {key_file} has no certificate; give --broker-cert FILE")
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
