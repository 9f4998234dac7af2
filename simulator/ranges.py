"""Numbers that options give, and what they may be. Pure."""

from __future__ import annotations

import math

from wire.errors import SensorSwarmError

Range = tuple[str, float | None, float, float]  # option, value (None: not given), least, most


def check_ranges(*ranges: Range) -> None:
    """Look at numbers.

    Raises:
        SensorSwarmError: one lies outside its range, or is no number at all.
    """
    for option, value, least, most in ranges:
        if value is not None and not (math.isfinite(value) and least <= value <= most):
            raise SensorSwarmError(f"{option} {value:g} is out of range; give {least:g} to {most:g}")
