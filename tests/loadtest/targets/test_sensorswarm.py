"""The client's side of `sensorswarm.v1`."""

import orjson
import pytest

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.targets.sensorswarm import SensorSwarmTarget
from loadtest.unknown import Unknown
from wire import dashboard

NOW = 1000.0


class Talk:
    """A conversation with everything it lays down."""

    def __init__(self, *buildings: str) -> None:
        self.unknown, self.latencies, self.alerts = Unknown(), [], []
        self.books = Books(
            buildings,
            catalogue=Catalogue(),
            register=AlertRegister(),
            unknown=self.unknown,
            delivered=self.latencies.append,
        )
        self.talk = SensorSwarmTarget().conversation(
            Manager("m-0001", buildings), self.books, self.unknown, lambda *alert: self.alerts.append(alert)
        )

    def hello(self) -> dict:
        return dashboard.parse_client_message(self.talk.hello("token")[0].encode()).model_dump()

    def hear(self, *frames: bytes) -> None:
        self.talk.take(list(frames), NOW)


def subscribed(  # the server's own words
    building: str,
    *,
    offset: int = 0,
    alert_offset: int = 0,
    recovered: bool = False,
    alerts_recovered: bool | None = None,
    epoch: str = "e",
) -> bytes:
    return dashboard.subscribed(
        building=building,
        epoch=epoch,
        offset=offset,
        alert_epoch="a",
        alert_offset=alert_offset,
        recovered=recovered,
        alerts_recovered=alerts_recovered,
    )


CLEAR = {
    "building": "a",
    "offset": 4,
    "alert_id": "x",
    "sensor": "a/t/0",
    "kind": "high",
    "ts": NOW - 1,
    "value": 0,
}


def readings(building: str, offset: int, *seqs: int, skipped: int = 0) -> bytes:
    payloads = [orjson.dumps({"sensor": f"{building}/t/0", "ts": NOW - 1, "seq": seq}) for seq in seqs]
    return dashboard.readings(building=building, offset=offset, payloads=payloads, skipped=skipped)


def alert(building: str, offset: int, alert_id: str) -> bytes:
    return dashboard.alert(
        building=building,
        offset=offset,
        alert_id=alert_id,
        sensor=f"{building}/t/0",
        kind="high",
        ts=NOW - 2,
        value=1,
        limit=0,
    )


def test_it_is_live_when_every_building_is_acknowledged():
    """Live needs the acknowledgement of each building asked for, and the hello asks for exactly the own ones."""
    talk = Talk("a", "b")
    assert talk.hello()["subscribe"] == ["a", "b"]
    talk.hear(dashboard.welcome(user="m", buildings=["a", "b"], heartbeat_s=25), subscribed("a"))
    assert not talk.talk.live
    talk.hear(subscribed("b"))
    assert talk.talk.live
    assert not talk.talk.recovered
    assert talk.unknown.kinds == {}


def test_it_resumes_after_the_last_it_had_on_each_lane():
    """Positions follow readings and alerts; a recovered subscription keeps them until what was missed has come."""
    talk = Talk("a")
    assert talk.hello()["resume"] == {}
    talk.hear(subscribed("a", offset=10, alert_offset=2), readings("a", 11, 0, 1, 2), alert("a", 3, "x"))
    position = {"a": {"epoch": "e", "offset": 13, "alert_epoch": "a", "alert_offset": 3}}
    assert talk.hello()["resume"] == position
    talk.hear(subscribed("a", offset=40, alert_offset=9, recovered=True))
    assert talk.talk.recovered
    assert talk.hello()["resume"] == position
    talk.hear(subscribed("a", offset=50, alert_offset=9, recovered=False))
    assert not talk.talk.recovered
    assert talk.hello()["resume"] == {"a": {"epoch": "e", "offset": 50, "alert_epoch": "a", "alert_offset": 9}}


def test_alerts_resume_across_a_restart_that_readings_do_not_survive():
    """A new epoch of readings leaves the position on the alert lane where it was, until the missed alerts have come."""
    talk = Talk("a")
    talk.hello()
    talk.hear(subscribed("a", offset=10, alert_offset=2))
    talk.hello()
    talk.hear(subscribed("a", epoch="f", offset=0, alert_offset=5, recovered=False, alerts_recovered=True))
    assert not talk.talk.recovered
    assert talk.hello()["resume"] == {"a": {"epoch": "f", "offset": 0, "alert_epoch": "a", "alert_offset": 2}}
    talk.hear(alert("a", 3, "x"), dashboard.clear(**CLEAR), alert("a", 5, "y"))
    assert talk.hello()["resume"]["a"]["alert_offset"] == 5
    assert [delivery.alert for delivery, _ in talk.alerts] == ["x", "y"]
    assert talk.unknown.kinds == {}


def test_readings_and_alerts_are_booked_and_leaks_found():
    """Own readings are delivered, foreign ones leaked, a second alert of one id is a duplicate, skips are told."""
    talk = Talk("a")
    talk.hello()
    talk.hear(subscribed("a"), readings("a", 1, 0, 1, skipped=7), readings("z", 1, 0))
    talk.hear(alert("a", 1, "x"), alert("a", 1, "x"), alert("z", 1, "y"))
    assert (talk.books.received, talk.books.leaked, talk.books.conflated) == (3, 1, 7)
    assert talk.latencies == [1.0, 1.0]
    assert [(delivery.alert, delivery.leaked, new) for delivery, new in talk.alerts] == [
        ("x", False, True),
        ("x", False, False),
        ("y", True, False),
    ]


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "wrong fields"),
        (b"7", "wrong fields"),
        (b"{}", "wrong fields"),
        (b'{"type":"readings","building":"a","readings":7,"offset":1}', "wrong fields"),
        (b'{"type":"readings","building":["a"],"readings":[],"offset":1}', "wrong fields"),
        (b'{"type":"readings","building":"a","readings":[],"offset":"x"}', "wrong fields"),
        (b'{"type":"readings","building":"a","readings":{},"offset":1}', "wrong fields"),
        (b'{"type":"alert","building":"a","offset":1,"id":7,"sensor":"s","kind":"k","ts":1}', "wrong fields"),
        (
            b'{"type":"subscribed","building":["a"],"epoch":"e","offset":1,"alert_offset":1,"recovered":1}',
            "wrong fields",
        ),
        (b'{"type":"error"}', "wrong fields"),
        (b'{"type":["x"]}', "unknown type"),
        (b'{"type":"other"}', "unknown type"),
        (subscribed("z"), "subscribed without asking"),
    ],
)
def test_what_is_not_understood_is_counted_by_kind_and_the_talk_goes_on(frame, kind):
    """Whatever the server sends, no frame raises; the next one is understood."""
    talk = Talk("a")
    talk.hello()
    talk.hear(subscribed("a"), frame, readings("a", 1, 0))
    assert talk.unknown.kinds == {kind: 1}
    assert talk.latencies == [1.0]


def test_a_refusal_is_told():
    """Code and reason of an error message are there for whoever asks."""
    talk = Talk("a")
    talk.hello()
    talk.hear(dashboard.error(code=4507, reason="no"))
    assert talk.talk.told == (4507, "no")


def test_asking_for_more_waits_for_more_acknowledgements():
    """A welcome shows that the token is accepted, on this connection only; asked later, acknowledged like the rest."""
    talk = Talk("b-1", "b-2")
    talk.hello()
    assert not talk.talk.welcomed
    talk.hear(dashboard.welcome(user="m-0001", buildings=["b-1"], heartbeat_s=25))
    assert talk.talk.welcomed
    message = dashboard.parse_client_message(talk.talk.ask(["b-3"])[0].encode())
    assert (message.type, message.buildings) == ("subscribe", ["b-3"])
    talk.hear(subscribed("b-1"), subscribed("b-2"), subscribed("b-3"))
    assert talk.talk.live
    assert not talk.unknown.kinds
    talk.hello()
    assert not talk.talk.welcomed
