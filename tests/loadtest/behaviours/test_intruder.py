"""Intruders against servers that keep them out, and against servers that do not."""

import random
from collections import Counter

import gevent
import jwt
import pytest
from websockets.uri import parse_uri

from loadtest.behaviours import intruder
from loadtest.desk import Desk
from loadtest.roster import Manager
from loadtest.targets.find import find_target
from wire.records import CLIENTS, INTRUSIONS, ClientEvent, Intrusion, read_records

MANAGERS, INTRUDERS = 4, 4
TICKS = 30
HASTY = "from loadtest.behaviours import intruder\nintruder.LISTEN_S, intruder.PAUSE_S = 0.5, (0.02, 0.1)"
CHARGES = ("-u", str(MANAGERS + INTRUDERS), "--behaviour", "manager=1,intruder=1", "--fleet", "3")


def attempts_of(run_dir):
    return read_records(run_dir / INTRUSIONS, Intrusion)


@pytest.fixture
def run(swarm, patched, jwt_secret, patience):
    """Run intruders who are in a hurry, so that all of them try everything once."""

    def go(server, *, expected):
        where = ("--host", server.url, "--jwt-secret", jwt_secret, "--buildings-per-manager", "1")
        return finished(swarm(*CHARGES, *where, locustfile=patched(HASTY)), server, patience, expected)

    return go


def finished(child, server, patience, expected):
    child.ready(patience(20))
    assert server.done.wait(patience(30))
    assert child.stop(patience(20)) == expected, child.out + child.err
    return child


def test_a_server_that_checks_everything_leaks_nothing(dashboard_server, run, run_dir):
    """Every attempt is refused; that is no failure of the run, and no intruder gives up."""
    server = dashboard_server(run_dir=run_dir, awaited=MANAGERS, ticks=TICKS)
    child = run(server, expected=0)
    attempts = attempts_of(run_dir)
    assert {each.outcome for each in attempts} == {"refused"}
    assert {each.attempt for each in attempts} >= {"forbidden_hello", "forbidden_subscribe", "alg_none", "expired"}
    codes = {each.attempt: each.code for each in attempts}
    assert codes["forbidden_hello"] == codes["forbidden_subscribe"] == 4507
    assert codes["alg_none"] == codes["expired"] == 4500
    books = child.books
    assert books.balanced
    assert books.settled
    assert (books.readings.leaked, books.readings.missing, books.alerts.leaked, books.alerts.missing) == (0, 0, 0, 0)
    assert Counter(each.behaviour for each in books.clients) == {"manager": MANAGERS, "intruder": INTRUDERS}
    events = read_records(run_dir / CLIENTS, ClientEvent)
    assert not any(event.event == "given_up" for event in events)
    assert len({event.client for event in events}) == MANAGERS
    assert f"{len(attempts)} refused" in child.out
    assert "failed attempts" not in child.out  # one cut short by the end is none


def test_a_server_that_ignores_claims_is_found_out(dashboard_server, run, run_dir):
    """Readings and alerts of buildings outside the claims are leaked, to the last one; managers' books stay clean."""
    server = dashboard_server(run_dir=run_dir, awaited=MANAGERS, ticks=TICKS, checks_claims=False)
    child = run(server, expected=1)
    outcomes = {(each.attempt, each.outcome) for each in attempts_of(run_dir)}
    assert outcomes >= {("forbidden_hello", "leaked"), ("forbidden_subscribe", "leaked")}
    assert not {attempt for attempt, outcome in outcomes if outcome == "leaked"} & {"alg_none", "expired"}
    by_kind = Counter()
    for each in child.books.clients:
        by_kind[each.behaviour] += each.readings.leaked
    assert by_kind["manager"] == 0
    assert by_kind["intruder"] >= sum(each.leaked for each in attempts_of(run_dir)) - child.books.alerts.leaked > 0
    assert child.books.balanced


def test_a_server_that_accepts_any_signature_is_found_out(dashboard_server, run, run_dir):
    """A welcome for a tampered token is a leak, and so is everything that comes after it."""
    server = dashboard_server(run_dir=run_dir, awaited=MANAGERS, ticks=TICKS, checks_tokens=False)
    child = run(server, expected=1)
    leaks = {each.attempt for each in attempts_of(run_dir) if each.outcome == "leaked"}
    assert leaks == {"flipped_signature", "alg_none", "other_secret", "expired", "edited_claims"}
    assert child.books.readings.leaked > 0
    assert child.books.balanced


TARGET = """first = ["{token}"]
auth = { kind = "jwt", claims = { who = "{user}", at = "{buildings}" } }
welcome = { when = "hi" }
reading = { sensor = "/id" }
"""


def test_tokens_have_the_claims_that_the_target_says(websocket_server, tmp_path, monkeypatch, patience):
    """A server that reads others would refuse each of them for its claims, and nothing would be shown."""
    monkeypatch.setattr(intruder, "PAUSE_S", (0.01, 0.02))
    (tmp_path / "t.toml").write_text(TARGET)
    shown = []

    async def handler(ws) -> None:
        shown.append(await ws.recv())
        await ws.close(4500)

    with websocket_server(handler) as port:
        uri = parse_uri(f"ws://127.0.0.1:{port}/ws")
        secret, draws = "a secret that is long enough for SHA-256", random.Random(0)
        desk = Desk(uri=uri, secret=secret, stamped=True, backoff=None, rng=draws, records_wanted=True)
        target = find_target(str(tmp_path / "t.toml"))
        trying = gevent.spawn(intruder.Intruder("c-1", Manager("m-0001", ("a",)), ["a", "b"], target, desk, draws).stay)
        with gevent.Timeout(patience(10)):
            while len(shown) < 8:
                gevent.sleep(0.01)
        trying.kill()
    said = [jwt.decode(one, options={"verify_signature": False, "verify_exp": False}) for one in shown]
    assert all(claims.keys() == {"who", "at", "exp"} for claims in said)
    assert [*{tuple(claims["at"]) for claims in said} - {("a",)}] == [("a", "b")]
