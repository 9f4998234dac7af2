"""Lines of keys in a TOML file."""

import pytest

from loadtest.targets.toml_lines import line_of

TEXT = """\
path = "/live"  # 1
first = [
  { op = "auth" },
]

[reading]  # 6
when = { "/op" = "rows" }
time = "/at"

[ auth.login ]  # comment
path = "/login"
form.user = "x"
"auth" = 7
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("path",), 1),
        (("first",), 2),
        (("reading",), 6),
        (("reading", "time"), 8),
        (("reading", "sensor"), 6),  # not there: its table
        (("reading", "when", "/op"), 7),
        (("auth", "login", "path"), 11),
        (("auth", "login", "form", "user"), 12),
        (("auth", "login", "auth"), 13),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_key_is_found_on_its_line(keys, line):
    """Or else what it would stand in."""
    assert line_of(TEXT, keys) == line
