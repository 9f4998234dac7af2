"""Why a broker cannot be used, in one line each."""

from __future__ import annotations

import asyncio
import ssl

from wire.errors import SensorSwarmError, UnusableError
from wire.mqtt.address import BrokerAddress


class BrokerError(SensorSwarmError):
    """The broker cannot be reached, refused us, or does not do what we were asked to do with it."""


def unreachable(where: str, error: OSError) -> BrokerError:
    """No connection, or no TLS on it."""
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        ours = isinstance(error, ssl.SSLCertVerificationError)
        remedy = "--broker-ca and the host name" if ours else "that it speaks TLS here, --broker-cert and --broker-key"
        return BrokerError(f"{where}: TLS failed ({reason}); check {remedy}")
    return BrokerError(f"{where} cannot be reached ({error.strerror or error}); is it running, is the port right?")


def too_low(where: str, most: int, asked: int) -> BrokerError:
    """The broker says, or shows, that it does not take what is published at this QoS."""
    return BrokerError(f"{where} does not take QoS {asked}; use --qos {most}")


def taken_over(where: str, client_id: str) -> BrokerError:
    """Coming back would take it over in turn, for ever."""
    return BrokerError(
        f"{where}: another client took over the session of {client_id!r}; give each client an id of its own"
    )


def raise_if_failed(task: asyncio.Task[None], address: BrokerAddress) -> None:
    """Raise what ended the task that keeps a link up: a BrokerError as it is, another one as UnusableError."""
    if not task.done() or task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, BrokerError):
        raise error
    raise UnusableError(f"handling messages of {address.url} failed: {error!r}") from error
