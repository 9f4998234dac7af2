"""What may be asked of a simulated fleet, in the same words by `simulate` and by a scenario. Pure."""

from __future__ import annotations

from datetime import datetime

PROFILES = ("office", "school", "retail", "hotel", "mixed")
SPEEDS = (1e-3, 1e6)  # simulated seconds per second, least and most
_YEARS = (1970, 2200)  # of what nanoseconds after 1970 hold, with room for the longest load


def start_of(text: str) -> datetime:
    """Read a date or a date and time, without a zone, as the simulated city's clock shows it.

    Raises:
        ValueError: it is none, has a zone, or lies outside 1970 to 2199; says the text and the remedy.
    """
    try:
        start = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no date; write 2025-09-08 or 2025-09-08T09:00") from None
    if start.tzinfo is not None:
        raise ValueError(f"{text!r}: leave out the zone; it is the clock of the simulated city")
    if not _YEARS[0] <= start.year < _YEARS[1]:
        raise ValueError(f"{text!r}: give a year from {_YEARS[0]} to {_YEARS[1] - 1}")
    return start
