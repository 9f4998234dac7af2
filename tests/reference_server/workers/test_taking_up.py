"""Alerts of one process, served by several: one stream, whichever of them a client is at."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.alert import Alert
from reference_server.hub import Hub, LaneGapError, Publication
from reference_server.lanes import Entry
from wire.dashboard import Position

BUILDINGS = ("b-1", "b-2")


def entries_of(publications: list[Publication[str]]) -> list[Entry]:
    return [entry for publication in publications for entry in publication.entries]


class Family:
    """A hub that numbers alerts, two that take them up from what is committed, and one client that moves."""

    def __init__(self) -> None:
        self.detector: Hub[str] = Hub(epoch="alerts", readings_history=0)
        self.committed: list[Entry] = []
        self.workers: list[Hub[str]] = [Hub(epoch=name, alert_epoch="alerts") for name in ("w1", "w2")]
        self.read = [0, 0]
        self.at: int | None = None
        self.got: list[dict[str, Any]] = []
        self.position: dict[str, Position] = {}

    def find(self, building: str, *, cleared: bool) -> None:
        now = float(len(self.committed))
        alert = Alert(building, f"{building}/temperature/1", "high", now, 50.0, 45.0, cleared)
        self.committed += entries_of(self.detector.publish(building, (), (), [alert]))

    def look(self, worker: int) -> None:
        news = self.committed[self.read[worker] :]
        self.read[worker] = len(self.committed)
        for publication in self.workers[worker].take(news):
            if "c" in publication.subscribers:
                self.hear(list(publication.messages))

    def move(self, worker: int) -> None:
        if self.at is not None:
            self.workers[self.at].forget("c")
        self.look(worker)  # as a worker does before it subscribes anybody
        self.at = worker
        for building in BUILDINGS:
            self.hear(self.workers[worker].subscribe("c", building, self.position.get(building)))

    def hear(self, messages: list[bytes]) -> None:
        for message in map(orjson.loads, messages):
            building = message["building"]
            if message["type"] == "subscribed":
                if building in self.position:
                    assert message["alerts_recovered"], message
                    continue
                offset = message["alert_offset"]
            else:
                offset = message["offset"]
                self.got.append(message)
            self.position[building] = Position(epoch="any", offset=0, alert_epoch="alerts", alert_offset=offset)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("find"), st.sampled_from(BUILDINGS), st.booleans()),
            st.tuples(st.just("look"), st.integers(0, 1)),
            st.tuples(st.just("move"), st.integers(0, 1)),
        ),
        max_size=60,
    )
)
def test_a_client_that_moves_gets_every_alert_once_and_in_order(steps: list[tuple[Any, ...]]) -> None:
    """Whenever which worker looks, and wherever the client comes back: same ids, same numbers, none twice."""
    family = Family()
    family.move(0)
    for step in steps:
        match step:
            case ("find", building, cleared):
                family.find(building, cleared=cleared)
            case ("look", worker):
                family.look(worker)
            case ("move", worker):
                family.move(worker)
    family.look(0)
    family.look(1)
    for building in BUILDINGS:
        mine = [(message["offset"], message["id"]) for message in family.got if message["building"] == building]
        assert mine == [(entry.offset, entry.alert_id) for entry in family.committed if entry.building == building]


def test_followers_hear_of_a_building_by_its_first_alert() -> None:
    """Who follows all buildings is subscribed to one that only ever raised alerts."""
    family = Family()
    family.workers[0].follow("c", lambda _: True, {})
    family.find("b-1", cleared=False)
    family.look(0)
    assert [message["offset"] for message in family.got] == [1]
    assert family.workers[0].published_buildings == 1


def test_what_is_no_longer_kept_is_a_gap_and_no_silence() -> None:
    """A worker that was away for longer than alerts are kept must end: its clients would miss some and not know."""
    family = Family()
    for _ in range(3):
        family.find("b-1", cleared=False)
    with pytest.raises(LaneGapError, match="alerts 1 to 2 of b-1"):
        family.workers[0].take(family.committed[2:])
