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
