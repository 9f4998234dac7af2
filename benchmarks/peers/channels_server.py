"""A fan-out server with Django Channels as its documentation shows it: a consumer, a group a building, Redis between.

Run as `uvicorn benchmarks.peers.channels_server:application`, and beside it as a module of its own, which takes
readings from MQTT and sends each to its group: what a management command does in a Django project. Both find the
Redis-protocol server at REDIS_PORT, the second one the broker's MQTT 3.1.1 listener at BROKER_PORT.
"""

from __future__ import annotations

import asyncio
import os

import aiomqtt
import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

settings.configure(
    SECRET_KEY="of a benchmark on loopback",  # noqa: S106 - nothing is signed with it
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [("127.0.0.1", int(os.environ["REDIS_PORT"]))]},
        }
    },
)
django.setup()


class Readings(AsyncWebsocketConsumer):
    """One client of one building."""

    async def connect(self) -> None:
        """Join the building's group."""
        self.group = self.scope["url_route"]["kwargs"]["building"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave it."""
        del code
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def reading(self, event: dict[str, str]) -> None:
        """Send one reading on; the group's messages of type `reading` come here."""
        await self.send(text_data=event["text"])


application = ProtocolTypeRouter({"websocket": URLRouter([path("<str:building>", Readings.as_asgi())])})


async def relay() -> None:
    """Send every reading to its building's group."""
    layer = get_channel_layer()
    async with aiomqtt.Client("127.0.0.1", int(os.environ["BROKER_PORT"])) as client:
        await client.subscribe("buildings/#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            building = message.topic.value.split("/")[1]
            await layer.group_send(building, {"type": "reading", "text": message.payload.decode()})


if __name__ == "__main__":
    asyncio.run(relay())
