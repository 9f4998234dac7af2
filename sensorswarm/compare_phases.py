"""Which set of pairs a comparison runs next. Pure.

    first    K pairs; what they flag is only suspected
    again    a fresh set of K pairs, when something is suspected: what it does not flag too was chance
    control  base against base, before anybody is told that something regressed, unless a calibration brings its own:
             a job that flags a server against itself says nothing of another one

A green comparison is over after the first set. The control comes last because it is needed for a red one only.
"""

from __future__ import annotations

from collections.abc import Collection

from scenarios.duet import AGAIN, CONTROL, FIRST


def next_phase(done: Collection[str], *, suspected: bool, regressed: bool, calibrated: bool) -> str | None:
    """Name of the next set, None when there is nothing more to run.

    Args:
        done: sets that are over.
        suspected: whether the first set flagged something.
        regressed: whether the sets so far agree that something regressed.
        calibrated: whether a calibration of this machine brings its control.
    """
    if FIRST not in done:
        return FIRST
    if AGAIN not in done:
        return AGAIN if suspected else None
    if CONTROL not in done and regressed and not calibrated:
        return CONTROL
    return None
