"""Which payload an option names, and what it asks of a load."""

from typing import Any

import pytest

from simulator.payloads import Payload
from simulator.wiring import Connections
from wire.errors import SensorSwarmError
from wire.topics import DEFAULT_TEMPLATE

USUAL: dict[str, Any] = {
    "qos": 0,
    "connections": Connections.auto,
    "topic": DEFAULT_TEMPLATE,
    "marked": False,
    "will": False,
}


@pytest.mark.parametrize(
    "text", ["json", "senml", "senml-pack", "sparkplug", "sparkplug:plant-7", "cbor", "template:{ts}"]
)
def test_every_format_can_be_carried_as_usual(text: str) -> None:
    """By its name, Sparkplug with a group, a template with its text."""
    payload = Payload.parse(text)
    payload.check(**USUAL)
    assert payload.kind == text.partition(":")[0]
    assert payload.group == ("plant-7" if "plant" in text else "sensorswarm")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("senlm", "did you mean 'senml'"),
        ("cbor:x", "is no format"),
        ("template", "did you mean 'template:FILE_OR_TEXT'"),
        ("template:", "payload template ''"),
        ("sparkplug:a/b", "leave out '/'"),
    ],
)
def test_no_format_is_one_line(text: str, complaint: str) -> None:
    """With what may have been meant."""
    with pytest.raises(SensorSwarmError, match=complaint):
        Payload.parse(text)


@pytest.mark.parametrize(
    ("text", "changed", "complaint"),
    [
        ("senml-pack", {"qos": 1}, "at QoS 0 only"),
        ("senml-pack", {"marked": True}, "--retain"),
        ("senml-pack", {"connections": Connections.sensor}, "--connections sensor"),
        ("sparkplug", {"qos": 2}, "at QoS 0 only"),
        ("sparkplug", {"connections": Connections.one}, "leave out --connections one"),
        ("sparkplug", {"will": True}, "leave out --will"),
        ("sparkplug", {"topic": "{building}/{quantity}/{sensor}"}, "sparkplug:GROUP"),
    ],
)
def test_what_a_format_cannot_have_is_refused(text: str, changed: dict[str, Any], complaint: str) -> None:
    """Nothing is silently left out."""
    with pytest.raises(SensorSwarmError, match=complaint):
        Payload.parse(text).check(**USUAL | changed)
