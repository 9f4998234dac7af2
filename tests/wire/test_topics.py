"""Topic templates fill in one direction and read in the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.topics import TopicParts, TopicTemplate, TopicTemplateError

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/+#\x00"), min_size=1, max_size=20)


@given(building=names, quantity=names, sensor=names)
def test_what_is_filled_in_is_read_back(building: str, quantity: str, sensor: str) -> None:
    """A topic says exactly what went into it, whatever the names."""
    template = TopicTemplate("site/{quantity}/x/{building}/{sensor}")
    topic = template.topic(building=building, quantity=quantity, sensor=sensor)
    assert template.parse(topic) == TopicParts(building, quantity, sensor)


def test_the_default_topic_and_its_subscription() -> None:
    """The default is the documented topic, and its filter hears every reading."""
    template = TopicTemplate()
    assert template.topic(building="b-0001", quantity="co2", sensor="0042") == "buildings/b-0001/co2/0042"
    assert template.subscription == "buildings/+/+/+"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a/{building}/{sensor}", "needs each of"),
        ("a/{building}/{quantity}/{sensor}/{sensor}", "needs each of"),
        ("a/{building}/{quantity}/{sensors}", "unknown field {sensors}; did you mean 'sensor'"),
        ("a/{building}/{quantity}/{}", "unknown field {}; known: building, quantity, sensor"),
        ("a/{building}/{quantity}/{sensor", "a single brace in '{sensor'"),
        ("a/{{x}}/{building}/{quantity}/{sensor}", "braces in '{{x}}' hold no field"),
        ("$SYS/{building}/{quantity}/{sensor}", "begins with '\\$'"),
        ("a/b-{building}/{quantity}/{sensor}", "must fill a whole level"),
        ("a/+/{building}/{quantity}/{sensor}", "wildcards"),
        ("#/{building}/{quantity}/{sensor}", "wildcards"),
    ],
)
def test_a_template_that_cannot_work_is_refused(text: str, complaint: str) -> None:
    """Each mistake in a template is named."""
    with pytest.raises(TopicTemplateError, match=complaint):
        TopicTemplate(text)


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "x\x00"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    """Wildcards, separators and NUL never reach the broker."""
    with pytest.raises(TopicTemplateError, match="cannot stand in a topic"):
        TopicTemplate().topic(building=name, quantity="co2", sensor="1")


@pytest.mark.parametrize("topic", ["buildings/a/b", "buildings/a/b/c/d", "building/a/b/c", "buildings//b/c", ""])
def test_a_topic_of_another_shape_is_none(topic: str) -> None:
    """A foreign topic is no reading."""
    assert TopicTemplate().parse(topic) is None
