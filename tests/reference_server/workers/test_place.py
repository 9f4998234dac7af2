"""What a process is told by the environment."""

from __future__ import annotations

import pytest

from reference_server.workers.place import VARIABLE, Place


@pytest.mark.parametrize("place", [Place(0, "s", 3), Place(2, "s-2", 3, 4, 5, patient=True)])
def test_a_place_is_told_once(place: Place) -> None:
    """The process takes it out, so that what it starts itself is not taken for one of the family."""
    environment = {"OTHER": "x"} | place.tell()
    assert Place.told(environment) == place
    assert environment == {"OTHER": "x"}
    assert Place.told(environment) is None


def test_names_for_people() -> None:
    """As they stand in the log."""
    assert [Place(0, "s", 3).name, Place(2, "s", 3, 4).name] == ["detector", "worker 2"]
    assert VARIABLE.startswith("SENSORSWARM_")
