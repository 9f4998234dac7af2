"""Numbers as people read them."""

import pytest

from reports import words


@pytest.mark.parametrize(
    ("value_ms", "text"),
    [
        (None, words.NONE),
        (0.0, "0 ms"),
        (0.2134, "0.213 ms"),
        (42.06, "42.1 ms"),
        (999.4, "999 ms"),
        (999.5, "1 s"),
        (1234, "1.23 s"),
        (123_456, "123 s"),
        (999_499, "999 s"),
        (999_600, "1,000 s"),
        (3_600_000, "3,600 s"),
    ],
)
def test_three_digits_and_a_unit(value_ms, text):
    """Three digits, the unit that fits, and never an exponent."""
    assert words.milliseconds(value_ms) == text


def test_plurals():
    """One alert, two alerts, three anomalies."""
    assert [words.plural(1, "alert"), words.plural(12340, "reading"), words.plural(0, "anomaly")] == [
        "1 alert",
        "12,340 readings",
        "0 anomalies",
    ]


@pytest.mark.parametrize(
    ("part", "text"),
    [(None, words.NONE), (0.0, "0 %"), (0.29, "29 %"), (2 / 3, "66 %"), (0.9999, "99 %"), (1.0, "100 %")],
)
def test_percent_is_never_rounded_up(part, text):
    """100 % means all of them; no share at all is a dash."""
    assert words.percent(part) == text


def test_lists_end():
    """A long list says how many it leaves out."""
    assert words.listed(["a", "b"]) == "a, b"
    assert words.listed(list("abcde")) == "a, b, c and 2 more"
