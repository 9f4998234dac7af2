"""A detector and two workers on one broker, all in this process: what a client sees of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reference_server.alert_feed import AlertFeed, AlertFeedError
from reference_server.metrics import Metrics
from reference_server.server import listen
from reference_server.service import Service
from reference_server.settings import Settings
from reference_server.workers.detecting import Detecting
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress
from wire.topics import TopicTemplate

HOT = 60.0  # beyond the default limit


@dataclass
class Several:
    """Two workers of `run_server`, and a detector that can be ended and started again."""

    settings: Settings
    alerts: Path
    session: str
    run_server: Callable[..., Awaitable[Any]]
    within_s: float
    workers: list[Any] = field(default_factory=list)
    woken: tuple[int, ...] = (0, 1)  # workers that hear of a commit
    _detector: asyncio.Task[None] | None = None

    async def detect(self) -> None:
        ready = asyncio.Event()
        self._detector = asyncio.create_task(Detecting(self.settings, self.session, self._told).run(ready.set))
        async with asyncio.timeout(self.within_s):
            await ready.wait()

    async def end_detector(self) -> None:
        assert self._detector is not None
        self._detector.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._detector

    async def serve(self) -> None:
        for number in (1, 2):
            feed = AlertFeed(self.alerts)
            topics = self.settings.topics
            self.workers.append(await self.run_server(topics=topics, session=f"w{number}", feed=feed, number=number))
            self.workers[-1].seqs = self.workers[0].seqs  # they publish for the same sensors

    def _told(self) -> None:
        for worker in [worker for index, worker in enumerate(self.workers) if index in self.woken]:
            worker.service.take_news()


@pytest.fixture
async def several(
    run_server: Callable[..., Awaitable[Any]],
    broker: EmbeddedBroker,
    tmp_path: Path,
    patience: Callable[[float], float],
) -> AsyncIterator[Several]:
    topics = TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}")
    alerts = tmp_path / "alerts.sqlite"
    settings = Settings(secret=None, broker=BrokerAddress.parse(broker.url), topics=topics, alerts=alerts)
    family = Several(settings, alerts, secrets.token_hex(4), run_server, patience(10))
    await family.detect()
    await family.serve()
    yield family
    await family.end_detector()


async def test_one_alert_is_the_same_at_every_worker(several: Several, connect: Any) -> None:
    """Same id, number and epoch, and readings at both; each worker says who it is and has an epoch of readings."""
    clients = [await connect(worker, "b-1") for worker in several.workers]
    several.workers[0].publish("b-1", HOT)
    alerts = [await client.next_of("alert") for client in clients]
    assert alerts[0] == alerts[1]
    told = [client.got[1] for client in clients]
    assert told[0]["alert_epoch"] == told[1]["alert_epoch"]
    assert told[0]["epoch"] != told[1]["epoch"]
    for number, (worker, client) in enumerate(zip(several.workers, clients, strict=True), start=1):
        assert len(await client.readings(1)) == 1
        _, fields = worker.service.health()
        assert (fields["worker"], fields["alerts"]) == (number, 1)
        # It does not know what waits in the detector, and must not say 0.
        assert "unstored_alerts" not in fields
        assert "unstored" not in Metrics(worker.service).text()


async def test_what_was_missed_between_two_workers_comes_once(several: Several, connect: Any) -> None:
    """Alerts and ends are recovered at the other worker; of the readings it says that they are not."""
    first, second = several.workers
    client = await connect(first, "b-1")
    first.publish("b-1", HOT)
    seen = await client.next_of("alert")
    position = {"epoch": client.got[1]["epoch"], "offset": 1, "alert_epoch": client.got[1]["alert_epoch"]}
    await client.socket.close()
    first.publish("b-1", 20.0)
    with contextlib.closing(AlertFeed(several.alerts)) as committed:
        await second.until(lambda: any(entry.cleared for entry in committed.news()))
    back = await connect(second, "b-1", resume={"b-1": position | {"alert_offset": seen["offset"]}})
    assert (back.got[1]["recovered"], back.got[1]["alerts_recovered"]) == (False, True)
    clear = await back.next_of("clear")
    assert (clear["offset"], clear["id"]) == (2, seen["id"])
    first.publish("b-1", HOT)
    assert (await back.next_of("alert"))["offset"] == 3


async def test_a_client_may_know_more_than_the_worker_it_comes_to(
    several: Several, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker looks before it decides: the client is not told that its position is from the future."""
    monkeypatch.setattr("reference_server.service.TICK_S", 60.0)
    several.woken = (0,)
    await asyncio.sleep(0.3)  # the ticks that began before
    client = await connect(several.workers[0], "b-1")
    several.workers[0].publish("b-1", HOT)
    seen = await client.next_of("alert")
    position = {"epoch": "x", "offset": 0, "alert_epoch": client.got[1]["alert_epoch"], "alert_offset": seen["offset"]}
    back = await connect(several.workers[1], "b-1", resume={"b-1": position})
    assert (back.got[1]["alerts_recovered"], back.got[1]["alert_offset"]) == (True, 1)


async def test_an_alert_of_which_nobody_told_comes_a_little_later(several: Several, connect: Any) -> None:
    """Workers look by themselves too."""
    several.woken = ()
    client = await connect(several.workers[1], "b-1")
    several.workers[0].publish("b-1", HOT)
    assert (await client.next_of("alert"))["offset"] == 1


async def test_alerts_of_the_time_without_a_detector_come_when_it_is_back(several: Several, connect: Any) -> None:
    """Its session keeps the readings; what was raised before is not raised again."""
    client = await connect(several.workers[0], "b-1")
    several.workers[0].publish("b-1", HOT, sensor="1")
    assert (await client.next_of("alert"))["offset"] == 1
    await several.end_detector()
    several.workers[0].publish("b-1", HOT, sensor="1")
    several.workers[0].publish("b-1", HOT, sensor="2")
    await client.readings(3)
    await several.detect()
    alert = await client.next_of("alert")
    assert (alert["offset"], alert["sensor"]) == (2, "b-1/temperature/2")


async def test_a_worker_that_cannot_read_the_alerts_ends(several: Several) -> None:
    """Better no worker than one that serves readings and never an alert."""
    feed = AlertFeed(several.alerts)
    service = Service(several.settings, listen("127.0.0.1", 0), feed=feed, number=3)
    feed.close()
    with pytest.raises(AlertFeedError, match="cannot be read"):
        async with asyncio.timeout(several.within_s):
            await service.run(lambda: None)
