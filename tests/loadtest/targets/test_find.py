"""Which target an option names."""

import pytest

from loadtest.targets.find import SHIPPED, find_target
from loadtest.targets.sensorswarm import SensorSwarmTarget
from wire.errors import ExitCode, SensorSwarmError

OWN = """
from loadtest.targets.websocket import WebSocketTarget

class Own(WebSocketTarget):
    path = "/live"

    def conversation(self, manager, books, unknown, take_alert):
        raise NotImplementedError

class Half:
    pass

class Fussy(Own):
    def __init__(self, url):
        pass

NOT_A_CLASS = 7
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_of_test_find.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def test_every_shipped_target_can_be_made():
    """The list names classes that are there."""
    for name in SHIPPED:
        assert find_target(name).path.startswith("/")
    assert isinstance(find_target("sensorswarm"), SensorSwarmTarget)


@pytest.mark.usefixtures("own_module")
def test_a_class_of_ones_own_is_found_beside_what_is_run():
    """MODULE:CLASS is looked for in the present folder too."""
    assert find_target("own_of_test_find:Own").path == "/live"


@pytest.mark.usefixtures("own_module")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sensorswam", "did you mean sensorswarm"),
        ("nothing", "give one of sensorswarm"),
        ("sse", 'that is a kind of target file; give one, with kind = "sse" in it'),
        ("own_of_test_find:Nobody", "has no class 'Nobody'"),
        ("own_of_test_find:NOT_A_CLASS", "has no class 'NOT_A_CLASS'"),
        ("own_of_test_find:Half", "conversation, open; subclass loadtest.targets.websocket.WebSocketTarget"),
        ("own_of_test_find:Fussy", "must be made without arguments"),
        ("no_such_module:Own", "No module named 'no_such_module'"),
    ],
)
def test_what_is_no_target_is_refused_in_one_line(text, words):
    """The line says what is wrong, and it is wrong usage."""
    with pytest.raises(SensorSwarmError) as refused:
        find_target(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == ExitCode.USAGE
