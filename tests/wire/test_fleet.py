"""What a simulated fleet may be asked to be."""

from datetime import datetime

import pytest

from wire.fleet import start_of


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026-01-05", datetime(2026, 1, 5)),  # noqa: DTZ001 - simulated time has no zone
        (" 2199-12-31T23:59 ", datetime(2199, 12, 31, 23, 59)),  # noqa: DTZ001 - the same
    ],
)
def test_a_start_is_a_date_or_a_date_and_time(text, start):
    """ISO 8601, as a person writes it."""
    assert start_of(text) == start


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soon", "'soon' is no date; write 2025-09-08"),
        ("2026-02-30", "'2026-02-30' is no date"),
        ("2026-01-05T09:00+01:00", "leave out the zone"),
        ("1969-12-31", "give a year from 1970 to 2199"),
        ("2200-01-01", "give a year from 1970 to 2199"),
    ],
)
def test_what_is_no_start_is_told_with_the_remedy(text, told):
    """One line, whoever asked: the command or a scenario."""
    with pytest.raises(ValueError, match=told) as caught:
        start_of(text)
    assert repr(text) in str(caught.value)
