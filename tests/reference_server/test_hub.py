"""The hub: gapless ordered streams, or none of the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reference_server.alert import Alert
from reference_server.hub import Hub, Publication
from reference_server.lanes import MAX_FRAME_PAYLOAD_BYTES
from wire.dashboard import Position

NAMES = ("b-1", "b-2")


def alert(building: str) -> Alert:
    return Alert(building, f"{building}/temperature/1", "high", 1.0, 50.0, 45.0)


def hub_of(readings: int = 8, alerts: int = 4) -> Hub[str]:
    return Hub(epoch="e1", readings_history=readings, alerts_history=alerts, max_buildings=3)


def payloads(first: int, count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(first, first + count)]


def read(messages: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(message) for message in messages]


def publish(hub: Hub[str], building: str, batch: list[bytes], alerts: Sequence[Alert] = ()) -> list[Publication[str]]:
    """As if every reading came from a sensor of its own."""
    return hub.publish(building, batch, [orjson.loads(payload)["n"] for payload in batch], alerts)


def sent_to(publications: list[Publication[str]], subscriber: str) -> list[dict[str, Any]]:
    return read(
        [m for publication in publications if subscriber in publication.subscribers for m in publication.messages]
    )


def test_a_building_that_never_published_can_be_waited_for() -> None:
    """Subscribing to a building before its first reading starts at offset 0, and its first reading has offset 1."""
    hub = hub_of()
    (told,) = read(hub.subscribe("c", "b-1"))
    assert (told["offset"], told["alert_offset"], told["recovered"], told["epoch"]) == (0, 0, False, "e1")
    (frame,) = sent_to(publish(hub, "b-1", payloads(1, 2)), "c")
    assert (frame["offset"], frame["readings"]) == (1, [{"n": 1}, {"n": 2}])


@pytest.mark.parametrize(
    ("position", "recovered", "readings", "alerts"),
    [
        (Position(epoch="e1", offset=12, alert_offset=6), True, [], []),
        (Position(epoch="e1", offset=10, alert_offset=5), True, [11, 12], [6]),
        (Position(epoch="e1", offset=4, alert_offset=2), True, list(range(5, 13)), [3, 4, 5, 6]),
        (Position(epoch="e1", offset=3, alert_offset=2), False, [], [3, 4, 5, 6]),  # too far back on one lane only
        (Position(epoch="e0", offset=3, alert_epoch="e1", alert_offset=2), False, [], [3, 4, 5, 6]),
        (Position(epoch="e1", offset=10, alert_epoch="e0", alert_offset=2), False, [], []),
        (Position(epoch="e1", offset=4, alert_offset=1), False, [], []),
        (Position(epoch="e1", offset=13, alert_offset=6), False, [], []),
        (Position(epoch="e1", offset=12, alert_offset=7), False, [], []),
        (Position(epoch="e0", offset=12, alert_offset=6), False, [], []),
        (None, False, [], []),
    ],
)
def test_resume_gives_all_or_nothing(
    position: Position | None, recovered: bool, readings: list[int], alerts: list[int]
) -> None:
    """Inside history everything missed comes, in order, or all missed alerts, or nothing; and it is said which."""
    hub = hub_of(readings=8, alerts=4)
    for number in range(1, 13):
        publish(hub, "b-1", payloads(number, 1), [alert("b-1")] if number % 2 else [])
    told, *past = read(hub.subscribe("c", "b-1", position))
    assert (told["recovered"], told["offset"], told["alert_offset"]) == (recovered, 12, 6)
    assert [item["n"] for frame in past if frame["type"] == "readings" for item in frame["readings"]] == readings
    assert [frame["offset"] for frame in past if frame["type"] == "alert"] == alerts


def test_subscribing_twice_sends_nothing_twice() -> None:
    """A subscriber that asks again, even with a position, is told where the building stands and no more."""
    hub = hub_of()
    publish(hub, "b-1", payloads(1, 3))
    hub.subscribe("c", "b-1")
    (told,) = read(hub.subscribe("c", "b-1", Position(epoch="e1", offset=0)))
    assert (told["offset"], told["recovered"]) == (3, False)


def test_followers_hear_of_a_building_when_it_appears() -> None:
    """Who follows a pattern is subscribed to what matches, before its first reading, and to nothing else."""
    hub = hub_of()
    assert hub.follow("c", lambda name: name.startswith("b-"), {}) == []
    assert [frame["type"] for frame in sent_to(publish(hub, "b-1", payloads(1, 1)), "c")] == ["subscribed", "readings"]
    assert sent_to(publish(hub, "x-1", payloads(1, 1)), "c") == []
    assert [frame["type"] for frame in sent_to(publish(hub, "b-1", payloads(2, 1)), "c")] == ["readings"]


def test_a_building_somebody_waited_for_is_announced_to_followers() -> None:
    """A building that only a subscriber has named does not count as seen: followers still hear its first reading."""
    hub = hub_of()
    hub.subscribe("waiting", "b-1")
    hub.follow("c", lambda _: True, {})
    assert [frame["type"] for frame in sent_to(publish(hub, "b-1", payloads(1, 1)), "c")] == ["subscribed", "readings"]


def test_following_resumes_too() -> None:
    """`all` with positions brings back what was missed of each building."""
    hub = hub_of()
    publish(hub, "b-1", payloads(1, 3))
    told, past = read(hub.follow("c", lambda _: True, {"b-1": Position(epoch="e1", offset=1)}))
    assert told["recovered"]
    assert [item["n"] for item in past["readings"]] == [2, 3]


@pytest.mark.parametrize(
    ("position", "recovered", "alerts_recovered"),
    [
        (Position(epoch="e0", offset=7, alert_epoch="e1", alert_offset=0), False, True),  # as from another worker
        (Position(epoch="e1", offset=0, alert_epoch="e1", alert_offset=0), True, True),
        (Position(epoch="e1", offset=0, alert_epoch="e1", alert_offset=1), False, False),
        (Position(epoch="e0", offset=0), False, False),
    ],
)
def test_a_follower_comes_back_before_the_building_publishes_here(
    position: Position, recovered: bool, alerts_recovered: bool
) -> None:
    """Its position counts when the building appears, and is its own; what is known by then is not kept."""
    hub = hub_of()
    publish(hub, "b-2", payloads(1, 1))
    hub.follow("c", lambda _: True, {"b-1": position, "b-2": position})
    hub.follow("d", lambda _: True, {})
    assert list(hub._followers["c"][1]) == ["b-1"]
    publications = publish(hub, "b-1", payloads(1, 1), [alert("b-1")])
    told, *rest = sent_to(publications, "c")
    assert (told["recovered"], told["alerts_recovered"]) == (recovered, alerts_recovered)
    assert [frame["type"] for frame in rest] == ["readings", "alert"]
    told, *_ = sent_to(publications, "d")
    assert (told["recovered"], told["alerts_recovered"]) == (False, False)


def test_names_that_only_subscribers_know_leave_with_them() -> None:
    """Invented names must not stay in memory."""
    hub = hub_of()
    for number in range(100):
        hub.subscribe("c", f"invented-{number}")
    hub.forget("c")
    assert not hub._buildings
    assert not hub._subscribed


def test_no_more_buildings_than_allowed() -> None:
    """A stray publisher cannot open buildings without end; those that are known go on."""
    hub = hub_of()
    for name in ("b-1", "b-2", "b-3"):
        assert hub.has_room_for(name)
        publish(hub, name, payloads(1, 1))
    assert hub.has_room_for("b-1")
    assert not hub.has_room_for("b-4")


def test_no_more_names_are_waited_for_than_allowed() -> None:
    """Invented names must not fill the memory; those that are there, published or not, may be had by anybody."""
    hub: Hub[str] = Hub(epoch="e1", max_awaited=2)
    publish(hub, "b-1", payloads(1, 1))
    hub.subscribe("c", "b-2")
    assert hub.has_place_for("b-3")
    hub.subscribe("c", "b-3")
    assert [hub.has_place_for(f"b-{number}") for number in (1, 2, 3, 4)] == [True, True, True, False]
    publish(hub, "b-2", payloads(1, 1))  # waited for no longer
    assert hub.has_place_for("b-4")
    hub.subscribe("c", "b-4")
    assert not hub.has_place_for("b-5")
    hub.forget("c")
    assert hub.has_place_for("b-5")


def test_alert_ids_are_unique_across_buildings_and_starts() -> None:
    """An alert's id names the life of the server, the building and the offset."""
    ids = set()
    for epoch in ("e1", "e2"):
        hub: Hub[str] = Hub(epoch=epoch)
        for name in NAMES:
            hub.subscribe("c", name)
            ids |= {frame["id"] for frame in sent_to(publish(hub, name, [], [alert(name)] * 3), "c")}
    assert len(ids) == 12


def test_large_batches_are_cut_into_frames_clients_accept() -> None:
    """One publication never makes a frame far above the limit, and the offsets go on from frame to frame."""
    hub: Hub[str] = Hub(epoch="e1")
    hub.subscribe("c", "b-1")
    big = [b'{"n":%d,"x":"%b"}' % (number, b"x" * 10_000) for number in range(100)]
    frames = sent_to(publish(hub, "b-1", big), "c")
    assert max(len(orjson.dumps(frame)) for frame in frames) < MAX_FRAME_PAYLOAD_BYTES + 1000
    assert [frame["offset"] for frame in frames] == [frame["readings"][0]["n"] + 1 for frame in frames]
    assert len(frames) > 1
    assert [item["n"] for frame in frames for item in frame["readings"]] == list(range(100))


def cleared(building: str) -> Alert:
    return Alert(building, f"{building}/temperature/1", "high", 2.0, 40.0, 45.0, cleared=True)


def test_an_end_names_the_alert_it_ends() -> None:
    """It has a number of its own on the lane, and the alert's id; the end of an alert nobody was told of is silent."""
    hub = hub_of()
    hub.subscribe("c", "b-1")
    assert sent_to(publish(hub, "b-1", [], [cleared("b-1")]), "c") == []
    raised, ended = sent_to(publish(hub, "b-1", [], [alert("b-1"), cleared("b-1")]), "c")
    assert (ended["type"], ended["offset"], ended["id"]) == ("clear", 2, raised["id"])
    assert sent_to(publish(hub, "b-1", [], [cleared("b-1")]), "c") == []


def test_alert_lanes_go_on_where_another_process_left_them() -> None:
    """Same epoch, next offset, and who had the first alert gets exactly the others, the end of the first included."""
    hub = hub_of()
    entries = [
        entry
        for batch in ([alert("b-1")], [alert("b-2")], [cleared("b-1"), alert("b-1")])
        for publication in publish(hub, batch[0].building, [], batch)
        for entry in publication.entries
    ]
    after: Hub[str] = Hub(epoch="e2", alert_epoch="e1", alerts_history=4)
    after.restore(entries)
    assert after.published_buildings == 2
    told, ended, raised = read(after.subscribe("c", "b-1", Position(epoch="e1", offset=0, alert_offset=1)))
    assert (told["epoch"], told["recovered"], told["alert_epoch"], told["alerts_recovered"]) == (
        "e2",
        False,
        "e1",
        True,
    )
    assert (ended["offset"], raised["offset"]) == (2, 3)
    (again,) = sent_to(publish(after, "b-1", [], [cleared("b-1")]), "c")
    assert (again["offset"], again["id"]) == (4, raised["id"])


def test_restored_lanes_keep_only_what_is_whole() -> None:
    """A hole in what was stored is never bridged: who stands before it is told so."""
    hub = hub_of()
    entries = [e for _ in range(4) for p in publish(hub, "b-1", [], [alert("b-1")]) for e in p.entries]
    after: Hub[str] = Hub(epoch="e2", alert_epoch="e1", alerts_history=4)
    after.restore([entries[0], entries[2], entries[3]])
    (told,) = read(after.subscribe("c", "b-1", Position(epoch="e1", offset=0, alert_offset=1)))
    assert not told["alerts_recovered"]
    told, *past = read(after.subscribe("d", "b-1", Position(epoch="e1", offset=0, alert_offset=2)))
    assert told["alerts_recovered"]
    assert [message["offset"] for message in past] == [3, 4]


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=12), st.integers(0, 20))
def test_who_is_left_behind_gets_the_latest_of_each_sensor(batches: list[list[str]], behind: int) -> None:
    """Once each, in the order published; what it never gets is counted, and its position ends where the building is."""
    hub = hub_of(readings=2)
    published: list[str] = []
    for batch in batches:
        items = [f"{sensor}{len(published) + index}" for index, sensor in enumerate(batch)]
        hub.publish("b-1", [orjson.dumps(item) for item in items], batch)
        published += items
    after = min(behind, len(published))
    messages = hub.conflated("b-1", after)
    got = [item for frame in read(messages) for item in frame["readings"]]
    missed = published[after:]
    latest = {item[0]: item for item in missed}
    assert got == sorted(latest.values(), key=published.index)
    assert hub.skipped == len(missed) - len(got)
    assert sum(frame.get("skipped", 0) for frame in read(messages)) == hub.skipped
    if messages:
        last = read(messages)[-1]
        assert last["offset"] + len(last["readings"]) - 1 == len(published)


class Streams(RuleBasedStateMachine):
    """Any interleaving of publish, subscribe, loss and resume; clients keep positions as the protocol tells them to."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = hub_of(readings=6, alerts=3)
        self.published: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in NAMES}
        # (client, building) -> [readings, alerts] position it has, and whether it is connected now
        self.positions: dict[tuple[str, str], list[int]] = {}
        self.live: set[tuple[str, str]] = set()

    def _deliver(self, client: str, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            key = (client, message["building"])
            assert key in self.live, "a message of a building that this client is not subscribed to"
            position = self.positions[key]
            if message["type"] == "readings":
                for index, item in enumerate(message["readings"]):
                    assert message["offset"] + index == position[0] + 1 == item["n"]
                    position[0] += 1
            elif message["type"] == "alert":
                assert message["offset"] == position[1] + 1
                position[1] += 1

    @rule(name=st.sampled_from(NAMES), count=st.integers(0, 9), alerts=st.integers(0, 4))
    def publish(self, name: str, count: int, alerts: int) -> None:
        readings, raised = self.published[name]
        batch = payloads(len(readings) + 1, count)
        readings += range(count)
        raised += range(alerts)
        publications = publish(self.hub, name, batch, [alert(name)] * alerts)
        for client in ("c", "d"):
            self._deliver(client, sent_to(publications, client))

    @rule(client=st.sampled_from("cd"), name=st.sampled_from(NAMES), resume=st.booleans())
    def subscribe(self, client: str, name: str, resume: bool) -> None:
        key = (client, name)
        had = self.positions.get(key)
        position = Position(epoch="e1", offset=had[0], alert_offset=had[1]) if resume and had is not None else None
        told, *past = read(self.hub.subscribe(client, name, position))
        if key in self.live:
            assert not past
            return
        self.live.add(key)
        alerts_within = had is not None and told["alert_offset"] - had[1] <= 3
        within = alerts_within and had is not None and told["offset"] - had[0] <= 6
        assert told["recovered"] == (position is not None and within)
        assert told["alerts_recovered"] == (position is not None and alerts_within)
        readings, alerts = had or (0, 0)
        self.positions[key] = [
            readings if told["recovered"] else told["offset"],
            alerts if told["alerts_recovered"] else told["alert_offset"],
        ]
        self._deliver(client, past)

    @rule(client=st.sampled_from("cd"), name=st.sampled_from(NAMES))
    def unsubscribe(self, client: str, name: str) -> None:
        self.hub.unsubscribe(client, name)
        self.live.discard((client, name))

    @rule(client=st.sampled_from("cd"))
    def lose(self, client: str) -> None:
        self.hub.forget(client)
        self.live = {key for key in self.live if key[0] != client}

    @invariant()
    def who_is_live_has_everything(self) -> None:
        for key in self.live:
            readings, raised = self.published[key[1]]
            assert self.positions[key] == [len(readings), len(raised)]


Streams.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStreams = Streams.TestCase
