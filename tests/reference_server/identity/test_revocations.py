"""The form of a list of revoked tokens."""

from __future__ import annotations

import pytest

from reference_server.identity.revocations import RevocationsError, parse_revocations


@pytest.mark.parametrize(
    ("text", "revoked"),
    [
        ("", set()),
        ("a\nb\n", {"a", "b"}),
        ("  a  \r\n\n# why\nb", {"a", "b"}),
        ("a b", {"a b"}),
    ],
)
def test_one_a_line(text: str, revoked: set[str]) -> None:
    """A jti a line; empty lines and comments are none."""
    assert parse_revocations(text) == revoked


@pytest.mark.parametrize("text", ["a\nb\x00c", "x" * 1025])
def test_some_other_file_is_refused(text: str) -> None:
    """A binary file, or one without lines, revokes nothing by chance: it is refused, and the line is named."""
    with pytest.raises(RevocationsError, match=r"line \d is no token id"):
        parse_revocations(text)
