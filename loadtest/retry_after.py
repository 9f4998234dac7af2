"""Retry-After: how long a server asks a client to stay away (RFC 9110, 10.2.3). Pure."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_S = 300.0  # a server that asks for more is obeyed this far: a run must end some day


def retry_after_s(value: str, now_ts: float) -> float | None:
    """Seconds to wait that a header's value means: a whole number of seconds, or an HTTP-date.

    Args:
        value: the header's value as it came.
        now_ts: Unix seconds; a date is taken relative to it.

    Returns:
        0 to LONGEST_S; None when the value is neither.
    """
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_S)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # not a date, or one that no clock has
        return None
    # An HTTP-date is always GMT; the old asctime form does not say so.
    when_ts = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return min(max(when_ts - now_ts, 0.0), LONGEST_S)
