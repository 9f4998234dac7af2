"""Which set of pairs comes next."""

import pytest

from sensorswarm.compare_phases import next_phase


@pytest.mark.parametrize(
    ("done", "suspected", "regressed", "calibrated", "phase"),
    [
        ([], False, False, False, "first"),
        ([], True, True, True, "first"),
        (["first"], False, False, False, None),
        (["first"], True, False, False, "again"),
        (["first"], True, False, True, "again"),
        (["first"], False, True, False, None),  # exact counts alone need no fresh set: nothing was suspected
        (["first", "again"], True, False, False, None),  # chance: the fresh set did not agree
        (["first", "again"], True, True, False, "control"),
        (["first", "again"], True, True, True, None),
        (["first", "again", "control"], True, True, False, None),
    ],
)
def test_the_next_set_is_the_one_still_needed(
    done: list[str], suspected: bool, regressed: bool, calibrated: bool, phase: str | None
) -> None:
    """Green is over after the first set; red needs a fresh set that agrees and a control that is not flagged."""
    assert next_phase(done, suspected=suspected, regressed=regressed, calibrated=calibrated) == phase
