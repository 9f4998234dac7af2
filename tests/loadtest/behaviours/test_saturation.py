"""The self-check in a real run: a busy generator says so."""

from wire.records import HEALTH, Health, read_records

BURN = """
import time
import gevent
from loadtest import selfcheck
selfcheck.GRACE_S, selfcheck.SATURATED_S = 0.5, 1.5

@events.test_start.add_listener
def burn(**_):
    def forever():
        while True:
            until_s = time.monotonic() + 0.3
            while time.monotonic() < until_s:
                pass
            gevent.sleep(0.001)
    gevent.spawn_later(1.0, forever)
"""


def test_a_busy_generator_says_that_it_is_not_usable(dashboard_server, swarm, patched, run_dir, jwt_secret, patience):
    """Exit code 3, the reason in the books and whole on the last line, and the samples it rests on in health.jsonl."""
    server = dashboard_server(run_dir=run_dir, awaited=2, ticks=40)
    where = ("--host", server.url, "--jwt-secret", jwt_secret)
    child = swarm("-u", "2", "--fleet", "3", *where, locustfile=patched(BURN))
    assert server.done.wait(patience(30))
    assert child.stop(patience(20)) == 3, child.out + child.err
    reasons = child.books.not_usable
    assert any("of a core" in reason or "woke up" in reason for reason in reasons)
    assert child.out.rstrip().splitlines()[-1] == "NOT USABLE: " + "; ".join(reasons)
    samples = read_records(run_dir / HEALTH, Health)
    assert max(sample.lag_ms_p99 for sample in samples) > 200
