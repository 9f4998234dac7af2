"""The client's side of RFC 6455 and RFC 7692 by Autobahn's cases: the swarm's own connection, saying everything back.

Not asked are 1.2, 12.2, 12.3 and 12.5 (the swarm does not tell binary from text), 6 (a text that is no UTF-8 is counted
as not understood, and does not end the connection that is measured), 9 (speed), and 13.2, 13.5 and 13.6 (settings of
the compression that the swarm does not offer). Of 12 and 13 only two short ones are asked.
"""

import asyncio
import contextlib

import gevent
import pytest
from kosoku import FailureError, run_fuzzingserver
from websockets.uri import parse_uri

from loadtest.connection import open_connection
from loadtest.dialing import Dial
from loadtest.endings import ConnectionEndedError
from loadtest.handshake import Handshake

LEFT_OUT = ["1.2.*", "6.*", "9.*", "12.*", "13.*"]
COMPRESSION = ["12.1.1", "13.3.1"]


def talk(url: str, *, echo: bool = False) -> list[bytes]:
    """Receive until the end."""
    dial = Dial(handshake=Handshake(deflate=True))
    connection = open_connection(parse_uri(url), stamped=True, timeout_s=5, dial=dial)
    received = []
    with contextlib.closing(connection), contextlib.suppress(ConnectionEndedError), gevent.Timeout(20):
        while True:
            _, messages = connection.receive()
            received += messages
            for message in messages if echo else ():
                connection.send(message.decode())
    return received


def ask_every_case(url: str) -> None:
    """Be asked each case in turn, as Autobahn's servers want it."""
    (count,) = talk(f"{url}/getCaseCount")
    for number in range(1, int(count) + 1):
        talk(f"{url}/runCase?case={number}&agent=swarm", echo=True)
    talk(f"{url}/updateReports?agent=swarm")


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the cases' own
@pytest.mark.parametrize(
    ("cases", "count"),
    [({"exclude_cases": LEFT_OUT}, 94), ({"cases": COMPRESSION}, 2)],
    ids=["protocol", "compression"],
)
async def test_the_swarms_connection(cases, count, patience) -> None:
    """Framing, pings, fragments, closing, compression: every case is asked, and none fails."""
    async with run_fuzzingserver(**cases, port=0) as server:
        asking = asyncio.create_task(asyncio.to_thread(ask_every_case, f"ws://127.0.0.1:{server.port}"))
        try:
            results = await asyncio.wait_for(server.get_result(), patience(60))
        except FailureError as error:
            results = error.results
        await asking
    assert len(results) == count
    assert not [case.case_id for case in results if not case.passed]
