"""What was not understood."""

from loadtest.unknown import Unknown


def test_kinds_are_counted_and_the_first_example_is_kept_short():
    """Only the first of all is kept, cut at 200 characters, whatever its bytes."""
    unknown = Unknown()
    unknown.count("not JSON", b"\xff" + b"x" * 500)
    unknown.count("not JSON", b"later")
    assert unknown.kinds == {"not JSON": 2}
    assert unknown.first.startswith("\ufffdxxx")
    assert len(unknown.first) == 203


def test_an_example_holds_no_secret():
    """What a server was shown and says back, and what it gives; a secret that the cut would have divided too."""
    unknown = Unknown()
    unknown.secrets.add("key-of-manager-01")
    unknown.count("a", b'{"hi": "key-of-manager-01", "token": "new"}')
    unknown.count("b", "x" * 190 + "key-of-manager-01")
    assert "key-of" not in str(unknown.examples)
    assert "new" not in str(unknown.examples)


def test_each_kind_has_its_first_example():
    """In the order in which they first came; the total is over all kinds."""
    unknown = Unknown()
    for kind, example in (("b", b"1"), ("a", b"2"), ("b", b"3")):
        unknown.count(kind, example)
    assert list(unknown.examples.items()) == [("b", "1"), ("a", "2")]
    assert (unknown.total, unknown.first) == (3, "1")
