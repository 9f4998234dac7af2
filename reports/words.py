"""Numbers as people read them, the same on the page, on the terminal and in figures."""

from __future__ import annotations

import math

NONE = "\N{EN DASH}"
_ROUNDS_UP = 999.5  # three digits would show this as 1000
_ROUNDING = 1e-9  # 29 of 100 is 28.999... in binary


def plural(count: int, noun: str) -> str:
    """Return "1 alert", "12,340 readings", "2 anomalies"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def milliseconds(value_ms: float | None) -> str:
    """Three digits with a unit that fits, a dash for none: "0.21 ms", "42.1 ms", "1.23 s"."""
    if value_ms is None:
        return NONE
    if value_ms < _ROUNDS_UP:
        return f"{value_ms:.3g} ms"
    value_s = value_ms / 1000
    return f"{value_s:.3g} s" if value_s < _ROUNDS_UP else f"{value_s:,.0f} s"


def seconds(value_s: float | None) -> str:
    """The same for a duration in seconds."""
    return milliseconds(None if value_s is None else value_s * 1000)


def percent(part: float | None) -> str:
    """A share in whole percent, never 100 where something is left: "99 %"; a dash for none."""
    if part is None:
        return NONE
    return f"{math.floor(part * 100 + _ROUNDING) if part < 1 else 100} %"


def when(second: float, span_s: float = 1) -> str:
    """Say in which span of the load's time: "in second 12", "between second 600 and 604"."""
    return f"in second {second:,.0f}" if span_s == 1 else f"between second {second:,.0f} and {second + span_s:,.0f}"


def share(part: int, whole: int) -> str:
    """Return "30 of 30"."""
    return f"{part:,} of {whole:,}"


def listed(names: list[str], *, most: int = 3) -> str:
    """Return "a, b, c and 4 more"."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
