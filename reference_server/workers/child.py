"""One process of several: a worker or the detector, as its place says, until the parent or a signal ends it."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import nullcontext
from dataclasses import replace

from reference_server.alert_feed import AlertFeed
from reference_server.operations import Operations
from reference_server.service import Service, until_signal
from reference_server.settings import Settings
from reference_server.workers.detecting import Detecting
from reference_server.workers.line import NEWS, READY, RELIEVED, Line
from reference_server.workers.place import Place


async def run(settings: Settings, place: Place) -> None:
    """Do the work of this place.

    Raises:
        SensorSwarmError: it cannot be done, and why.
    """
    # Of the whole family only the parent heeds what a terminal sends; it tells the others.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    line = Line(place.line)
    settings = replace(settings, session=place.session, patient=place.patient)
    if place.listening is None:
        detecting = Detecting(settings, place.session, lambda: line.say(NEWS))
        line.listen({})
        await until_signal(detecting.run(lambda: line.say(READY)), lambda: asyncio.sleep(0), lambda: None)
        return
    assert settings.alerts is not None  # noqa: S101 - the parent refuses to start without
    service = Service(
        settings,
        socket.socket(fileno=place.listening),
        feed=AlertFeed(settings.alerts),
        number=place.number,
    )
    words = {NEWS: service.take_news}
    watched = None if place.watched is None else Operations(service, socket.socket(fileno=place.watched))
    if watched is not None:
        words[RELIEVED] = watched.leave  # who comes to its port now asks for the new process
    line.listen(words)
    async with watched or nullcontext():
        await until_signal(service.run(lambda: line.say(READY)), service.drain, service.server.hurry)
