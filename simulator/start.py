"""The simulated date at which a fleet begins: text in, a date-time out. Pure.

The simulated city keeps UTC all the year: local time, UTC and what an export writes are one and the same, and no day
has 23 or 25 hours.
"""

from __future__ import annotations

from datetime import UTC, datetime

from wire.errors import SensorSwarmError

MIDNIGHT = datetime(2025, 9, 8)  # noqa: DTZ001 - a Monday by the simulated city's clock, which is no zone of ours
_YEARS = (1970, 2200)  # of what nanoseconds after 1970 hold, with room for the longest load


def parse_start(text: str) -> datetime:
    """Read a date or a date and time, without a zone, as the simulated city's clock shows it.

    Raises:
        SensorSwarmError: it is none, has a zone, or lies outside 1970 to 2200.
    """
    try:
        start = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SensorSwarmError(f"--start {text!r} is no date; write 2025-09-08 or 2025-09-08T09:00") from None
    if start.tzinfo is not None:
        raise SensorSwarmError(f"--start {text!r}: leave out the zone; it is the clock of the simulated city")
    if not _YEARS[0] <= start.year < _YEARS[1]:
        raise SensorSwarmError(f"--start {text!r}: give a year from {_YEARS[0]} to {_YEARS[1] - 1}")
    return start


def unix_us(start: datetime) -> int:
    """Microseconds from 1970 to a simulated date-time."""
    seconds = round(start.replace(microsecond=0, tzinfo=UTC).timestamp())  # a float holds whole seconds exactly
    return seconds * 1_000_000 + start.microsecond
