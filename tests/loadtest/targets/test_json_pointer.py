"""JSON Pointer, RFC 6901."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.targets.json_pointer import compile_pointer, parse

# The document and the pointers of RFC 6901, section 5.
DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc_point_where_it_says(pointer, value):
    """Section 5."""
    assert compile_pointer(pointer)(DOCUMENT) == value


@pytest.mark.parametrize(
    "pointer", ["/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/bar", "/x", "/foo/0/x", "/foo/0/0", "/ /x", "/ /0"]
)
def test_what_points_to_nothing_raises(pointer):
    """A missing key, an index beyond the array or not written as one, a step into what has no keys."""
    with pytest.raises((LookupError, TypeError)):
        compile_pointer(pointer)(DOCUMENT)


@pytest.mark.parametrize("pointer", ["foo", "#/foo", "/a~2", "/a~"])
def test_what_is_no_pointer_is_refused(pointer):
    """It begins with a slash, and a tilde is escaped."""
    with pytest.raises(ValueError, match="no JSON Pointer"):
        parse(pointer)


def test_whole_numbers_are_keys_of_binary_maps_too():
    """SenML in CBOR has such keys; text goes before a number."""
    assert compile_pointer("/-2")({-2: "base"}) == "base"
    assert compile_pointer("/6")({6: 1.5}) == 1.5
    assert compile_pointer("/6")({"6": "text", 6: 1.5}) == "text"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def pointers(value, prefix=""):
    yield prefix, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from pointers(inner, f"{prefix}/{str(key).replace('~', '~0').replace('/', '~1')}")


@given(json)
def test_every_value_of_a_document_is_reached_by_its_pointer(document):
    """Whatever the keys are."""
    for pointer, value in pointers(document):
        assert compile_pointer(pointer)(document) is value
