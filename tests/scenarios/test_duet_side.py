"""Sides of a comparison as a user writes them."""

import pytest

from scenarios.duet_side import Revision, parse_side
from scenarios.subject import Command, Own, Place, Running
from wire.errors import SensorSwarmError


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("", Own()),
        ("--history 100", Own(label="reference --history 100", options=("--history", "100"))),
        ("git:HEAD~1", Revision("HEAD~1")),
        ("git:origin/main", Revision("origin/main")),
        ("delay:2", Own(label="delay:2", delay_ms=2)),
        ("delay:0.5ms", Own(label="delay:0.5ms", delay_ms=0.5)),
        ("delay:0", Own(label="delay:0", delay_ms=0)),
        (
            "cmd:python 'my server.py' {port} --mqtt={broker}",
            Command(("python", "my server.py", "{port}", "--mqtt={broker}"), label="cmd:python"),
        ),
        (
            "url:ws://127.0.0.1:8765,mqtt://localhost:1884",
            Running(Place("127.0.0.1", 8765, "", "mqtt://localhost:1884"), label="ws://127.0.0.1:8765"),
        ),
        (
            "url:ws://[::1]:80/live,mqtt://[::1]",
            Running(Place("::1", 80, "/live", "mqtt://[::1]:1883"), label="ws://[::1]:80/live"),
        ),
    ],
)
def test_sides_are_read(text: str, side: object) -> None:
    """Every way that a server may be given."""
    assert parse_side(text) == side


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("gti:HEAD", "did you mean git:?"),
        ("main", "write git:REV"),
        ("git:", "needs a revision"),
        ("git:--upload-pack=x", "needs a revision"),
        ("cmd:", "needs a command"),
        ("cmd:serve --port 80", r"says nowhere \{port\}"),
        ("cmd:serve {prot}", r"unknown \{prot\}"),
        ("cmd:serve {port!r}", "plain names"),
        ("cmd:serve {port", "write {{ and }}"),
        ("cmd:serve '{port}", "No closing quotation"),
        ("--history '1", "No closing quotation"),
        ("delay:", "give milliseconds"),
        ("delay:-1", "give milliseconds"),
        ("delay:nan", "give milliseconds"),
        ("delay:60001", "give milliseconds"),
        ("url:ws://127.0.0.1:1", "which broker"),
        ("url:ws://127.0.0.1,mqtt://127.0.0.1", "needs a port"),
        ("url:wss://127.0.0.1:1,mqtt://127.0.0.1", "give ws://HOST:PORT"),
        ("url:ws://127.0.0.1:1,127.0.0.1", "is no MQTT URL"),
        ("url:ws://127.0.0.1:x,mqtt://127.0.0.1", "[Pp]ort"),
        ("url:ws://127.0.0.1:1,mqtt://me:mine@127.0.0.1", "a password would stand in"),
        ("url:ws://192.0.2.1:1,mqtt://127.0.0.1", "192.0.2.1 is not this machine"),
        ("url:ws://127.0.0.1:1,mqtt://broker.example", "broker.example is not this machine"),
    ],
)
def test_what_is_no_side_is_refused_in_a_line(text: str, complaint: str) -> None:
    """What, where, remedy; wrong usage."""
    with pytest.raises(SensorSwarmError, match=complaint) as caught:
        parse_side(text)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_another_machine_is_a_target_only_when_it_is_asked_for() -> None:
    """Load is put on others by nobody's mistake."""
    side = parse_side("url:ws://192.0.2.1:80,mqtt://broker.example:1", allow_remote=True)
    assert isinstance(side, Running)
    assert side.place == Place("192.0.2.1", 80, "", "mqtt://broker.example:1")


def test_a_command_is_told_its_path_of_readiness() -> None:
    """Where it has none, its port is enough."""
    side = parse_side("cmd:serve {port}", ready_path="/ready")
    assert isinstance(side, Command)
    assert side.ready_path == "/ready"
