"""The server that is attacked, a process of its own: as its users run it, but patient for seconds and not for minutes.

Prints its port when it serves; ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from reference_server.certificate import Certificate
from reference_server.quotas import Quotas, connections_allowed
from reference_server.server import listen
from reference_server.service import Service, allow_many_connections, until_signal
from reference_server.settings import Settings
from wire.mqtt import BrokerAddress
from wire.topics import TopicTemplate


async def main(broker: str, topic: str, secret: str, patience_s: str, certificate: str | None = None) -> None:
    """Serve until a signal, over TLS with a `certificate` and its key in one file.

    `patience_s`: for a handshake, for a hello, and in two halves for a pong.
    """
    settings = Settings(
        secret=secret,
        broker=BrokerAddress.parse(broker),
        topics=TopicTemplate(topic),
        hello_deadline_s=float(patience_s),
        heartbeat_s=float(patience_s) / 2,
        quotas=Quotas(connections=connections_allowed(None, allow_many_connections())),
        certificate=Certificate(Path(certificate), Path(certificate)) if certificate is not None else None,
    )
    listening = listen("127.0.0.1", 0)
    service = Service(settings, listening)
    port = listening.getsockname()[1]

    def ready() -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    await until_signal(service.run(ready), service.drain, service.server.hurry)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
