"""Whether two revisions need the same."""

import pytest

from scenarios.duet_requirements import declared, one_spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("aiomqtt>=2.5", "Aiomqtt >= 2.5"),
        ("a_b.c>=1,<2", "A-b-c<2,>=1"),
        ("x[y]>=1", "x[y] >=1"),
        ("x (>=1)", "x>=1"),
        ("uvloop>=0.21; sys_platform != 'win32'", 'uvloop>=0.21 ; sys_platform!="win32"'),
        ("x @ https://example.org/x.whl", "x @ https://example.org/x.whl"),
    ],
)
def test_spellings_of_one_requirement_are_equal(one: str, other: str) -> None:
    """An environment of its own is made for a difference, not for a blank."""
    assert one_spelling([one]) == one_spelling([other])


@pytest.mark.parametrize(
    ("one", "other"), [("x>=1", "x>=2"), ("x", "y"), ("x[y]", "x"), ("x; python_version<'3.12'", "x")]
)
def test_other_requirements_differ(one: str, other: str) -> None:
    """A different least version is a difference."""
    assert one_spelling([one]) != one_spelling([other])


def test_extras_do_not_count() -> None:
    """Nobody installed them for the server."""
    assert one_spelling(["x>=1", 'y>=2; extra == "bench"']) == one_spelling(["x>=1"])


@pytest.mark.parametrize("text", ["", "no toml [", "[project]\nname='x'", "[project]\ndependencies='x'", "project=1"])
def test_a_file_that_does_not_say_is_none(text: str) -> None:
    """Then this environment has to serve."""
    assert declared(text) is None


def test_declared_dependencies_are_read() -> None:
    """In one spelling."""
    assert declared("[project]\ndependencies = ['B >= 2', 'a']") == one_spelling(["a", "b>=2"])
