"""The server under test can be exchanged; everything else of a run stays."""

import sys
from pathlib import Path

import pytest

from scenarios import commands, library, schema, subject
from scenarios.subject import Command, Own, Place, Running, SubjectError

ADDRESSES = commands.Addresses("mqtt://127.0.0.1:4001", "127.0.0.1", 4002, Path("run"))


def test_our_own_server_is_what_it_was() -> None:
    """Without a word about the server, its command is the scenario's."""
    demo = schema.load(library.find("demo"))
    assert Own().command(demo, ADDRESSES) == commands.server(demo, ADDRESSES)


def test_options_come_last_so_that_they_win() -> None:
    """Another Python and other options replace the runner's own."""
    demo = schema.load(library.find("demo"))
    command = Own(python="/other/python", options=("--silence", "5")).command(demo, ADDRESSES)
    assert command == ["/other/python", *commands.server(demo, ADDRESSES)[1:], "--silence", "5"]


def test_a_command_is_filled_in() -> None:
    """Port, host and broker of this run; doubled braces are braces."""
    demo = schema.load(library.find("demo"))
    words = ("serve", "--at={host}:{port}", "{broker}", "{{}}")
    assert Command(words).command(demo, ADDRESSES) == [
        "serve",
        "--at=127.0.0.1:4002",
        "mqtt://127.0.0.1:4001",
        "{}",
    ]


def test_what_runs_already_cannot_be_restarted() -> None:
    """A fault that nobody could carry out is refused before anything is started."""
    running = Running(Place("127.0.0.1", 1, "/ws", "mqtt://127.0.0.1:2"))
    with pytest.raises(SubjectError, match="scenario restart: fault 'restart' needs a server"):
        subject.check(running, schema.load(library.find("restart")))
    subject.check(running, schema.load(library.find("demo")))
    subject.check(Own(), schema.load(library.find("restart")))


def test_only_our_own_server_is_replaced_while_it_serves() -> None:
    """What SIGHUP does to another one nobody knows: most end."""
    with pytest.raises(SubjectError, match="scenario rolling: fault 'rolling' is what our reference server does"):
        subject.check(Command(("serve", "{port}")), schema.load(library.find("rolling")))
    subject.check(Own(), schema.load(library.find("rolling")))


def test_the_swarm_goes_where_the_server_is() -> None:
    """Another path of the WebSocket endpoint, and a proxy that delays from its beginning."""
    demo = schema.load(library.find("demo"))
    elsewhere = commands.Addresses("mqtt://h:1", "h", 2, Path("run"), proxy_port=3, ws_path="/live")
    swarm = commands.swarm(demo, elsewhere, locustfile=Path("ws.py"), longest_s=1)
    assert swarm[swarm.index("--ws-path") + 1] == "/live"
    assert commands.proxy(elsewhere, delay_ms=1.5) == [
        *(sys.executable, "-m", "scenarios.proxy", "--listen", "h:3", "--to", "h:2", "--delay-ms", "1.5")
    ]
