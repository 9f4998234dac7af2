"""A described server: what its clients say, what they understand, what is booked."""

import json
from pathlib import Path

import cbor2
import msgpack
import orjson
import pytest

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.credentials import Given, Signed
from loadtest.grid import Grid
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.settle import settle_readings
from loadtest.sites import Site
from loadtest.targets.json import JsonTarget
from loadtest.unknown import Unknown
from wire.errors import SensorSwarmError

NOW = 1_763_856_000.0
ROWS = """
first = [{ op = "auth", key = "{token}", user = "{user}" }]
subscribe = { op = "join", site = "{building}" }
[auth]
kind = "jwt"
[welcome]
when = { "/op" = "hi" }
[acknowledged]
when = { "/op" = ["joined", "already joined"] }
building = "/site"
[refused]
when = { "/op" = "no" }
code = "/code"
reason = "/why"
[reading]
when = { "/op" = "rows" }
each = "/rows"
sensor = "{^/site}/{/point}"
building = "^/site"
time = "/at"
time_unit = "ms"
sequence = "/no"
[alert]
when = { "/op" = "alarm" }
id = "{/point}@{/at}"
sensor = "{/site}/{/point}"
building = "/site"
time = "/at"
time_unit = "ms"
kind = "/what"
[ping]
when = { "/op" = "are you there" }
answer = { op = "yes", nonce = "{/nonce}" }
[heartbeat]
every_s = 25
send = { op = "here", user = "{user}" }
[ignored]
when = [{ "/op" = "weather" }, "hum"]
"""
PLAIN = '[reading]\nsensor = "/id"\ntime = "/t"\nsequence = "/n"\n'


class Talk:
    """A conversation with everything it lays down."""

    def __init__(self, tmp_path: Path, text: str, *buildings: str, interval_s: float | None = None) -> None:
        path = tmp_path / "t.toml"
        path.write_text(text)
        self.target = JsonTarget.of(path)
        self.unknown, self.latencies, self.alerts = Unknown(), [], []
        self.grid = Grid(Catalogue(), lambda: interval_s)
        self.books = Books(
            buildings,
            catalogue=self.grid._catalogue,
            register=AlertRegister(),
            unknown=self.unknown,
            delivered=self.latencies.append,
            number=self.grid.number,
        )
        self.talk = self.target.conversation(
            Manager("m-0001", buildings), self.books, self.unknown, lambda *alert: self.alerts.append(alert)
        )

    def hear(self, *messages: object) -> None:
        texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        self.talk.take(texts, NOW)

    def said(self, messages) -> list:
        return [orjson.loads(one) for one in messages]

    @property
    def counts(self):
        return settle_readings(self.books, None, NOW + 10)


def rows(site: str, *numbers: int, point: str = "t/1") -> dict:
    return {
        "op": "rows",
        "site": site,
        "rows": [{"point": point, "at": int((NOW - 1 + number) * 1000), "no": number} for number in numbers],
    }


def test_it_signs_on_as_described(tmp_path):
    """First the first message; subscriptions after the welcome, one a building; live when each is acknowledged."""
    talk = Talk(tmp_path, ROWS, "a", "b")
    assert talk.said(talk.talk.hello("T")) == [{"op": "auth", "key": "T", "user": "m-0001"}]
    talk.hear({"op": "hi"})
    assert talk.talk.welcomed
    assert talk.said(talk.talk.replies) == [{"op": "join", "site": "a"}, {"op": "join", "site": "b"}]
    talk.hear({"op": "joined", "site": "b"})
    assert not talk.talk.live
    talk.hear({"op": "already joined", "site": ["a"]})
    assert talk.talk.live
    assert talk.books.ledgers["a"].presence.first_ts == NOW
    assert not talk.unknown.kinds


def test_a_new_connection_begins_anew(tmp_path):
    """What was asked and told before is forgotten."""
    talk = Talk(tmp_path, ROWS, "a")
    talk.talk.hello("T")
    talk.hear({"op": "hi"}, {"op": "no", "code": 4500, "why": "bad key"})
    assert talk.talk.told == (4500, "bad key")
    talk.talk.hello("T")
    assert (talk.talk.told, talk.talk.welcomed, talk.talk.replies) == ((0, ""), False, [])


def test_without_welcome_and_acknowledgement_it_is_live_at_once(tmp_path):
    """A server that says nothing is taken to have subscribed a client that asked."""
    talk = Talk(tmp_path, 'subscribe = { want = "{buildings}" }\n' + PLAIN, "a", "b")
    assert talk.said(talk.talk.hello(None)) == [{"want": ["a", "b"]}]
    assert talk.talk.live
    assert talk.books.ledgers["b"].presence.here


def test_acknowledgements_without_a_name_are_taken_in_order(tmp_path):
    """One message acknowledges what one message asked for; one too many changes nothing."""
    text = 'subscribe = { join = "{building}" }\n[acknowledged]\nwhen = { "/ok" = true }\n' + PLAIN
    talk = Talk(tmp_path, text, "a", "b")
    talk.talk.hello(None)
    talk.hear({"ok": True})
    assert talk.books.ledgers["a"].presence.here
    assert not talk.talk.live
    talk.hear({"ok": True}, {"ok": True})
    assert talk.talk.live


def test_readings_are_booked_whole(tmp_path):
    """Several of one frame, latencies in seconds, the sensor put together, a gap, a duplicate, a leak."""
    talk = Talk(tmp_path, ROWS, "a")
    talk.hear(rows("a", 0, 1), rows("a", 3), rows("a", 3), rows("z", 0))
    counts = talk.counts
    assert (counts.received, counts.delivered, counts.duplicated, counts.leaked) == (5, 3, 1, 1)
    assert (counts.expected, counts.missing) == (4, 1)
    assert talk.latencies == [1.0, 0.0, -2.0]
    assert talk.grid._catalogue.places("a") == {"a/t/1": 0}


def test_one_reading_that_is_not_as_described_does_not_spoil_the_others(tmp_path):
    """The good ones of a frame are booked, the bad one is counted with the key that is wrong."""
    talk = Talk(tmp_path, ROWS, "a")
    frame = rows("a", 0, 1, 2)
    frame["rows"][1]["at"] = "noon"
    talk.hear(frame)
    assert talk.counts.delivered == 2
    assert talk.unknown.kinds == {"not as reading.time_unit says": 1}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        ({"op": "news"}, "no table says what it is"),
        ([], "no table says what it is"),
        ({"op": "rows", "site": "a"}, "not as reading.each says"),
        ({"op": "rows", "site": "a", "rows": {}}, "not as reading.each says"),
        ({"op": "rows", "site": ["a"], "rows": [{"point": "p", "at": 1, "no": 1}]}, "not as reading.building says"),
        ({"op": "rows", "site": "a", "rows": [{"point": "p", "at": True, "no": 1}]}, "not as reading.time says"),
        ({"op": "rows", "site": "a", "rows": [{"at": 1, "no": 1}]}, "not as reading.sensor says"),
        ({"op": "rows", "site": "a", "rows": [7]}, "not as reading.sensor says"),
        (
            {"op": "rows", "site": "a", "rows": [{"point": "p", "at": 1, "no": "1"}]},
            "reading without a sequence number",
        ),
        ({"op": "alarm", "site": "a", "point": "p", "at": "x"}, "not as alert.time_unit says"),
        ({"op": "no", "code": "x", "why": "y"}, "not as refused.code says"),
        ({"op": "joined"}, "not as acknowledged.building says"),
    ],
)
def test_what_is_not_as_described_is_counted_by_the_key_to_change(tmp_path, message, kind):
    """Whatever comes, nothing raises, and the next message is understood."""
    talk = Talk(tmp_path, ROWS, "a")
    talk.hear(message, rows("a", 0))
    assert talk.unknown.kinds == {kind: 1}
    assert talk.counts.delivered == 1


def test_alerts_are_booked(tmp_path):
    """New, again, and of another building."""
    talk = Talk(tmp_path, ROWS, "a")
    alarm = {"op": "alarm", "site": "a", "point": "t/1", "at": int(NOW * 1000), "what": "high"}
    talk.hear(alarm, alarm, alarm | {"site": "z"})
    assert [(one.alert, one.sensor, one.alert_kind, one.ts, one.leaked, new) for one, new in talk.alerts] == [
        (f"t/1@{int(NOW * 1000)}", "a/t/1", "high", NOW, False, True),
        (f"t/1@{int(NOW * 1000)}", "a/t/1", "high", NOW, False, False),
        (f"t/1@{int(NOW * 1000)}", "z/t/1", "high", NOW, True, False),
    ]


def test_pings_are_answered_heartbeats_sent_and_noise_ignored(tmp_path):
    """The answer carries what the ping did; a whole text may be ignored like a message."""
    talk = Talk(tmp_path, ROWS, "a")
    talk.hear({"op": "are you there", "nonce": [1, "x"]}, {"op": "weather"}, b"hum")
    assert talk.said(talk.talk.replies) == [{"op": "yes", "nonce": [1, "x"]}]
    assert talk.talk.beat_every_s == 25
    assert talk.said(talk.talk.beat()) == [{"op": "here", "user": "m-0001"}]
    assert not talk.unknown.kinds


def test_a_plain_text_is_a_message_too(tmp_path):
    """Pings and answers need not be JSON, even where their text could be read as JSON."""
    talk = Talk(tmp_path, PLAIN + '[ping]\nwhen = "2"\nanswer = "3"\n', "a")
    talk.hear(b"2")
    assert talk.talk.replies == ["3"]


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("s", 1_763_856_000.5),
        ("ms", 1_763_856_000_500),
        ("us", 1_763_856_000_500_000),
        ("ns", 1_763_856_000_500_000_000),
        ("iso8601", "2025-11-23T00:00:00.500Z"),
        ("iso8601", "2025-11-23T01:00:00.500+01:00"),
        ("iso8601-utc", "2025-11-23T00:00:00.500"),
        ("iso8601-utc", "2025-11-23T01:00:00.500+01:00"),
    ],
)
def test_times_come_in_many_units(tmp_path, unit, value):
    """All the same moment; an offset that is there is obeyed."""
    talk = Talk(tmp_path, f'[reading]\nsensor = "/id"\ntime = "/t"\nsequence = "/n"\ntime_unit = "{unit}"\n', "a")
    talk.hear({"id": "a/1", "t": value, "n": 0})
    assert talk.latencies == [-0.5]


@pytest.mark.parametrize(("name", "pack"), [("msgpack", msgpack.packb), ("cbor", cbor2.dumps)])
def test_binary_formats_are_read_and_written(tmp_path, name, pack):
    """Bytes both ways, keys that are numbers, and a broken message is told."""
    text = f'format = "{name}"\nfirst = [{{ hello = "{{user}}" }}]\n' + PLAIN.replace("/id", "/0").replace("/t", "/6")
    talk = Talk(tmp_path, text, "a")
    assert talk.talk.hello(None) == [pack({"hello": "m-0001"})]
    talk.hear(pack({0: "a/1", 6: NOW, "n": 0}), b"\xc1\xff", pack(7))
    assert talk.counts.delivered == 1
    assert sum(talk.unknown.kinds.values()) == 2


@pytest.mark.parametrize(
    "reading",
    [
        {"id": "a/1", "t": float("nan"), "n": 0},
        {"id": "a/1", "t": float("inf"), "n": 0},
        {"id": 7, "t": NOW, "n": 0},
        {"id": "a/1", "t": NOW, "n": 2**64 - 1},
        {"id": "a/1", "t": NOW, "n": float("nan")},
    ],
)
@pytest.mark.parametrize("numbered", [True, False])
def test_what_only_binary_formats_can_say_is_not_understood(tmp_path, reading, numbered):
    """No number, infinity, ids of other kinds: nothing raises, and nothing is booked."""
    plain = PLAIN if numbered else PLAIN.replace('sequence = "/n"\n', "")
    talk = Talk(tmp_path, 'format = "msgpack"\n' + plain, "a", interval_s=1.0)
    talk.hear(msgpack.packb(reading))
    told_by_its_time = not numbered and reading["id"] == "a/1" and reading["t"] == NOW
    assert talk.counts.received == told_by_its_time
    talk.hear(msgpack.packb({"id": "a/1", "t": NOW, "n": 0}))
    assert talk.counts.balanced


def test_buildings_may_change_within_a_frame(tmp_path):
    """By a field of each reading, or by what stands before the sensor id's first slash."""
    text = '[reading]\neach = ""\nsensor = "/id"\ntime = "/t"\nsequence = "/n"\n'
    for more in ("", 'building = "/b"\n'):
        talk = Talk(tmp_path, text + more, "a", "b")
        talk.hear([{"id": f"{one}/1", "b": one, "t": NOW, "n": 0} for one in "abz"])
        assert (talk.counts.delivered, talk.counts.leaked) == (2, 1)


def test_without_numbers_times_tell_which_reading_it_is(tmp_path):
    """A gap, a duplicate and one that comes late are found by the interval; to the millisecond is enough."""
    talk = Talk(tmp_path, '[reading]\nsensor = "/id"\ntime = "/t"\n', "a", interval_s=0.5)
    for step in (3, 4, 7, 7, 6, 2):
        talk.hear({"id": "a/1", "t": round(NOW + 0.3333 + step * 0.5, 3)})
    counts = talk.counts
    assert (counts.received, counts.delivered, counts.duplicated, counts.order_breaks) == (6, 5, 1, 2)
    assert counts.missing == 1
    assert not talk.grid.problem()
    talk.hear({"id": "a/1", "t": NOW + 0.3333 + 0.25})
    assert "1 of their times lie between" in talk.grid.problem()


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ('[reading]\nsensor = "/id"\nsequence = "/n"\n', {"time"}),
        ('[reading]\nsensor = "/id"\n', {"time", "sequence"}),
        ('[reading]\ntime = "/t"\n', {"sequence", "building"}),
        ('[reading]\nbuilding = "/b"\n', {"time", "sequence"}),
    ],
)
def test_what_is_not_carried_is_said_and_the_rest_is_counted(tmp_path, text, lacking):
    """Every reading is received and the identities hold; of what cannot be told nothing is."""
    talk = Talk(tmp_path, text, "a")
    talk.hear({"id": "a/1", "t": NOW - 2, "n": 0, "b": "a"}, {"id": "a/1", "t": NOW - 1, "n": 1, "b": "a"})
    assert set(talk.target.measures.lacking) == lacking | {"alerts", "refusals"}
    assert (talk.counts.received, talk.counts.delivered, talk.counts.expected) == (2, 2, 2)
    assert talk.counts.balanced


SITE = Site(uri=None, dial=None, stamped=False, secret="s" * 32)


def test_tokens_come_from_where_the_file_says(tmp_path):
    """Signed by us with claims of its own, one for all, or one each with its buildings."""
    talk = Talk(tmp_path, ROWS.replace('kind = "jwt"', 'kind = "jwt"\nclaims = { who = "{user}" }'), "a")
    assert isinstance(talk.target.credentials(Manager("m", ("a",)), SITE), Signed)
    keys = tmp_path / "keys.txt"
    by_file = 'first = ["{token}"]\nauth = { kind = "file", file = "keys.txt" }\n' + PLAIN
    keys.write_text("# all\none-for-all\n\n")
    target = Talk(tmp_path, by_file, "a").target
    assert (target.most_managers, target.manager(Manager("m", ("a",), 7))) == (None, Manager("m", ("a",), 7))
    assert target.credentials(Manager("m", ("a",), 7), SITE).token() == "one-for-all"
    keys.write_text("k1 b,a\nk2\n")
    target = Talk(tmp_path, by_file, "a").target
    assert target.most_managers == 2
    assert target.manager(Manager("m", ("z",), 0)).buildings == ("a", "b")
    assert target.manager(Manager("m", ("z",), 1)).buildings == ("z",)
    given = target.credentials(Manager("m", ("z",), 1), SITE)
    assert isinstance(given, Given)
    assert given.token() == "k2"


@pytest.mark.parametrize(
    ("text", "words"), [(None, "No such file"), ("\n", "holds no token"), ("a b c\n", "keys.txt:1: give a token")]
)
def test_a_token_file_that_is_none_is_told(tmp_path, text, words):
    """One line with its name."""
    if text is not None:
        (tmp_path / "keys.txt").write_text(text)
    with pytest.raises(SensorSwarmError, match=words):
        Talk(tmp_path, 'first = ["{token}"]\nauth = { kind = "file", file = "keys.txt" }\n' + PLAIN, "a")


def test_a_format_whose_package_is_missing_is_told(tmp_path, monkeypatch):
    """With what to install."""
    monkeypatch.setitem(__import__("sys").modules, "cbor2", None)
    with pytest.raises(SensorSwarmError, match=r"needs the package cbor2: pip install"):
        Talk(tmp_path, 'format = "cbor"\n' + PLAIN, "a")
