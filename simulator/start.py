"""The simulated date at which a fleet begins: text in, a date-time out. Pure.

The simulated city keeps UTC all the year: local time, UTC and what an export writes are one and the same, and no day
has 23 or 25 hours.
"""

from __future__ import annotations

from datetime import UTC, datetime

from wire.errors import SensorSwarmError
from wire.fleet import start_of

MIDNIGHT = datetime(2025, 9, 8)  # noqa: DTZ001 - a Monday by the simulated city's clock, which is no zone of ours


def parse_start(text: str) -> datetime:
    """Read a date or a date and time, without a zone, as the simulated city's clock shows it.

    Raises:
        SensorSwarmError: it is none, has a zone, or lies outside 1970 to 2199.
    """
    try:
        return start_of(text)
    except ValueError as error:
        raise SensorSwarmError(f"--start {error}") from None


def unix_us(start: datetime) -> int:
    """Microseconds from 1970 to a simulated date-time."""
    seconds = round(start.replace(microsecond=0, tzinfo=UTC).timestamp())  # a float holds whole seconds exactly
    return seconds * 1_000_000 + start.microsecond
