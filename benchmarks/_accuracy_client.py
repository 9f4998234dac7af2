"""The swarm's receive path on its own, for `benchmarks.accuracy`: connection, conversation, books, under gevent.

A process of its own. It says hello as user 0, 1, ... on one connection each, receives until the server closes them,
and prints one JSON object: the latencies that the books were given, in the order delivered, and its share of a core.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from array import array

import gevent
from websockets.uri import parse_uri

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.connection import open_connection
from loadtest.dialing import Dial
from loadtest.endings import ConnectionEndedError
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.targets.sensorswarm import SensorSwarmTarget
from loadtest.unknown import Unknown

BUILDING = "b-0001"
BURST_S = 0.009  # of computing without a break: ten milliseconds a turn at 90 %
LEAST_PAUSE_S = 0.0001  # not 0: gevent does not look at sockets between callbacks that take longer than 5 ms
MOST_DEBT_S = 1.0  # of computing that is made up for when somebody else had the core


class Client:
    """One connection and its books."""

    def __init__(self, user: int, catalogue: Catalogue, register: AlertRegister, unknown: Unknown) -> None:
        self.latencies_s = array("d")
        self.books = Books(
            [BUILDING], catalogue=catalogue, register=register, unknown=unknown, delivered=self.latencies_s.append
        )
        target = SensorSwarmTarget()
        self._dial = Dial(handshake=target.handshake)
        manager = Manager(str(user), (BUILDING,))
        self._conversation = target.conversation(manager, self.books, unknown, lambda *_: None)
        self._user = user

    def receive(self, url: str, *, stamped: bool) -> None:
        """Live until the server closes the connection."""
        connection = open_connection(parse_uri(url), stamped=stamped, timeout_s=30, dial=self._dial)
        for message in self._conversation.hello(str(self._user)):
            connection.send(message)
        take, receive = self._conversation.take, connection.receive
        try:
            while True:
                arrival_ts, messages = receive()
                take(messages, arrival_ts)
        except ConnectionEndedError:
            connection.close()


def keep_busy(share: float) -> None:
    """Compute for `share` of a core, BURST_S at a time, and yield to the readers in between."""
    due_s = time.perf_counter()
    while True:
        began_s = time.thread_time()
        while (burst_s := time.thread_time() - began_s) < BURST_S:
            sum(range(1000))
        now_s = time.perf_counter()
        due_s = max(due_s + burst_s / share, now_s - MOST_DEBT_S)
        gevent.sleep(max(LEAST_PAUSE_S, due_s - now_s))


def _core_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run the clients and print what they measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--busy", type=float, default=0.0, help="share of a core to compute beside")
    parser.add_argument("--unstamped", action="store_true", help="take the time after the read instead of the kernel's")
    options = parser.parse_args()
    catalogue, register, unknown = Catalogue(), AlertRegister(), Unknown()
    clients = [Client(user, catalogue, register, unknown) for user in range(options.clients)]
    readers = [gevent.spawn(client.receive, options.url, stamped=not options.unstamped) for client in clients]
    began_s, core_began_s = time.perf_counter(), _core_s()
    if options.busy:
        gevent.spawn(keep_busy, options.busy)
    gevent.joinall(readers, raise_error=True)
    told = {
        "core_share": (_core_s() - core_began_s) / (time.perf_counter() - began_s),
        "duplicated": sum(client.books.duplicated for client in clients),
        "not_understood": sum(unknown.kinds.values()),
        "latencies_s": [client.latencies_s.tolist() for client in clients],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
