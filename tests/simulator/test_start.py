"""The simulated date."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.start import parse_start, unix_us
from wire.errors import SensorSwarmError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05", datetime(2026, 1, 5)),  # noqa: DTZ001 - simulated time has no zone
        (" 2026-01-05T09:30 ", datetime(2026, 1, 5, 9, 30)),  # noqa: DTZ001 - the same
        ("2026-01-05 09:30:15.25", datetime(2026, 1, 5, 9, 30, 15, 250_000)),  # noqa: DTZ001 - the same
    ],
)
def test_dates_and_times_are_read(text, expected):
    """ISO 8601, with or without a time."""
    assert parse_start(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tomorrow", "is no date; write"),
        ("2026-02-30", "is no date"),
        ("", "is no date"),
        ("2026-01-05T09:00Z", "leave out the zone"),
        ("1969-12-31", "give a year from 1970 to 2199"),
        ("9999-01-01", "give a year"),
    ],
)
def test_what_is_no_date_is_one_line(text, told):
    """The text and the remedy are named."""
    with pytest.raises(SensorSwarmError, match=told) as caught:
        parse_start(text)
    assert repr(text) in str(caught.value)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)))  # noqa: DTZ001 - hypothesis wants them so
def test_microseconds_are_exact(start):
    """Simulated time is UTC, to the microsecond."""
    apart = start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    assert unix_us(start) == (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds
