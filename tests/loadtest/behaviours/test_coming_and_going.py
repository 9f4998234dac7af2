"""Clients that come and go by their own doing: their books stay exact."""

from collections import Counter

from wire.records import CLIENTS, HEALTH, ClientEvent, Health, read_records


def test_flaky_clients_commuters_and_churn_miss_nothing(dashboard_server, swarm, run_dir, jwt_secret, patience):
    """Who drops, leaves or is replaced has everything of its window; churn settles the leaver where it left."""
    server = dashboard_server(run_dir=run_dir, awaited=9, ticks=60)
    child = swarm(
        *("-u", "9", "--behaviour", "manager=1,flaky=1,commuter=1", "--fleet", "3", "--host", server.url),
        *("--flaky-mean-s", "1.5", "--commuter-stay-s", "1.2", "--commuter-away-s", "0.6", "--churn-per-minute", "40"),
        *("--backoff", "0.3", "--jitter", "none", "--jwt-secret", jwt_secret, "--buildings-per-manager", "zipf:1"),
    )
    child.ready(patience(20))
    assert server.done.wait(patience(30))
    assert child.stop(patience(20)) == 0, child.out + child.err

    assert "ERROR" not in child.err  # Locust still knows all of its users

    books = child.books
    assert books.balanced
    assert books.settled
    assert books.not_usable == []  # and not without having looked
    assert len(read_records(run_dir / HEALTH, Health)) >= 3
    assert (books.readings.missing, books.readings.duplicated, books.readings.leaked) == (0, 0, 0)
    assert (books.alerts.missing, books.alerts.leaked) == (0, 0)
    events = read_records(run_dir / CLIENTS, ClientEvent)
    kinds = {each.client: each.behaviour for each in books.clients}
    counts = Counter((kinds[event.client], event.event) for event in events)
    assert counts["flaky", "lost"] >= 2
    assert counts["commuter", "left"] >= 4
    assert counts["manager", "lost"] == counts["commuter", "lost"] == 0
    assert counts["flaky", "retry"] == counts["flaky", "lost"]
    back = Counter(kinds[event.client] for event in events if event.event == "live" and event.recovered)
    assert back["flaky"] >= 1
    assert back["commuter"] >= 3

    replaced = len(books.clients) - 9
    assert 2 <= replaced <= 6  # 40 a minute for about six seconds
    assert sum("for good" in event.reason for event in events) == replaced
    assert f"{replaced} of them left for good" in child.out
    for event in events:
        if "for good" in event.reason:
            leaver = next(each for each in books.clients if each.client == event.client)
            assert leaver.readings.expected < server.ticks * 4 * 3
            assert leaver.readings.expected == leaver.readings.delivered


def test_a_commuter_whom_the_server_does_not_resume_misses_what_came_while_it_was_away(
    dashboard_server, swarm, run_dir, jwt_secret, patience
):
    """What was meant during an absence and not brought back is missing as away, and only as away."""
    server = dashboard_server(run_dir=run_dir, awaited=2, ticks=30, resumes=False)
    child = swarm(
        *("-u", "2", "--behaviour", "commuter=1", "--fleet", "1", "--buildings-per-manager", "1"),
        *("--commuter-stay-s", "1", "--commuter-away-s", "0.8", "--host", server.url, "--jwt-secret", jwt_secret),
    )
    child.ready(patience(20))
    assert server.done.wait(patience(30))
    assert child.stop(patience(20)) == 1, child.out + child.err
    counts = child.books.readings
    assert counts.balanced
    assert counts.missing == counts.missing_away > 0
