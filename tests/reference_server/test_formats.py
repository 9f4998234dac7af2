"""Which payload the server is told to read."""

import pytest

from reference_server.formats import Format
from wire.errors import SensorSwarmError
from wire.topics import TopicTemplate


def test_what_is_subscribed_to() -> None:
    """The template's topics, or one filter for a whole Sparkplug group."""
    assert Format.parse("cbor").subscription(TopicTemplate()) == "buildings/+/+/+"
    assert Format.parse("sparkplug").subscription(TopicTemplate()) == "spBv1.0/sensorswarm/#"
    assert Format.parse("sparkplug:plant").subscription(TopicTemplate()) == "spBv1.0/plant/#"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("jsn", "did you mean 'json'"),
        ("json:x", "is no format"),
        ("template:{value}", "the server cannot read one"),
        ("sparkplug:a/#", "leave out '/'"),
    ],
)
def test_no_format_is_one_line(text: str, complaint: str) -> None:
    """With what may have been meant."""
    with pytest.raises(SensorSwarmError, match=complaint):
        Format.parse(text)
