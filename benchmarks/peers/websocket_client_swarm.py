"""The swarm as a Locust user writes it with websocket-client: one event a reading."""

from __future__ import annotations

import json
import time

from locust import User, task
from websocket import create_connection


class Dashboard(User):
    """One connection, received from until the end."""

    @task
    def watch(self) -> None:
        """Say hello, then tell Locust each reading's latency."""
        socket = create_connection(self.host + "/ws", subprotocols=["sensorswarm.v1"])
        socket.send(json.dumps({"type": "hello", "token": "t", "subscribe": ["b-0001"]}))
        while True:
            message = json.loads(socket.recv())
            if message["type"] != "readings":
                continue
            for reading in message["readings"]:
                self.environment.events.request.fire(
                    request_type="WS",
                    name="reading",
                    response_time=1e3 * (time.time() - reading["ts"]),
                    response_length=0,
                    exception=None,
                )
