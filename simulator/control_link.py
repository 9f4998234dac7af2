"""Hears the control topic with aiomqtt (MQTT 3.1.1), beside the load and without ever disturbing it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator

import aiomqtt

from simulator.control import ERRORS_TOPIC, TOPIC, Control
from wire.backoff import Backoff
from wire.mqtt import BrokerAddress

_WAITING = 1000  # messages that aiomqtt keeps for us; it drops what is beyond


@contextlib.asynccontextmanager
async def hearing(
    control: Control,
    address: BrokerAddress,
    *,
    topic: str = TOPIC,
    errors_topic: str = ERRORS_TOPIC,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[asyncio.Event]:
    """Hear `topic` until the end of the block; yields an event that is set while the topic is subscribed to.

    Every message goes to `control`; what it refuses is answered on `errors_topic`. A broker that goes away is tried
    again with backoff. Not guaranteed: a message that is sent while we are away is lost.
    """
    heard = asyncio.Event()
    task = asyncio.create_task(_hear(control, address, topic, errors_topic, tls, heard))
    try:
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _hear(
    control: Control,
    address: BrokerAddress,
    topic: str,
    errors_topic: str,
    tls: ssl.SSLContext | None,
    heard: asyncio.Event,
) -> None:
    backoff, rng, attempt = Backoff(), random.Random(), 0
    while True:
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            async with _client(address, tls) as client:
                await client.subscribe(topic, qos=1)
                heard.set()
                attempt = 0
                async for message in client.messages:
                    # Copies are left out: a retained order would inject again at every reconnect.
                    if not message.retain and (refusal := control.take(_bytes(message.payload))) is not None:
                        await client.publish(errors_topic, refusal.payload(), qos=0)
        heard.clear()
        attempt += 1
        await asyncio.sleep(backoff.delay_s(attempt, rng))


def _client(address: BrokerAddress, tls: ssl.SSLContext | None) -> aiomqtt.Client:
    return aiomqtt.Client(
        address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        tls_context=tls,
        transport="tcp" if address.websocket_path is None else "websockets",
        websocket_path=address.websocket_path,
        max_queued_incoming_messages=_WAITING,
    )


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload).encode()
