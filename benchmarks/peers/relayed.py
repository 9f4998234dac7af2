"""What a dashboard server of somebody else has to show: readings that it takes from MQTT, and alerts it makes of them.

A reading above LIMIT of its unit is an alert: no detector, but one whose alerts can be told from the readings.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any, NamedTuple

import aiomqtt
import jwt

LIMIT = {"Cel": 26.0}


class Item(NamedTuple):
    """One thing to show."""

    building: str
    name: str  # "reading" or "alert"
    content: dict[str, Any]


async def items() -> AsyncIterator[Item]:
    """All there is to show from now on, by the broker's MQTT 3.1.1 listener at BROKER_PORT."""
    async with aiomqtt.Client("127.0.0.1", int(os.environ["BROKER_PORT"])) as client:
        await client.subscribe("buildings/#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            building = message.topic.value.split("/")[1]
            reading = json.loads(message.payload)
            yield Item(building, "reading", reading)
            if reading["value"] > LIMIT.get(reading["unit"], float("inf")):
                alert_id = f"{reading['sensor']}:{reading['seq']}"
                about = {key: reading[key] for key in ("sensor", "ts", "value")}
                yield Item(building, "alert", {"id": alert_id, "building": building, "kind": "high", **about})


@lru_cache
def entitled(token: str, buildings: tuple[str, ...]) -> bool:
    """Whether the token, signed with SENSORSWARM_JWT_SECRET, is good for these buildings."""
    try:
        claims = jwt.decode(token, os.environ["SENSORSWARM_JWT_SECRET"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return False
    return set(buildings) <= set(claims["buildings"])
