"""Names of buildings, sensors and quantities."""

import pytest

from wire.reading import QUANTITIES, Reading, building_name, sensor_id


def test_buildings_are_counted_from_one_and_keep_their_order() -> None:
    """The fleet's names sort as they count, and outgrow four digits without colliding."""
    assert [building_name(index) for index in (0, 49, 9999)] == ["b-0001", "b-0050", "b-10000"]


def test_a_reading_knows_its_building_and_quantity() -> None:
    """Both are read off the sensor's id."""
    reading = Reading(sensor_id("b-0001", "co2", "0042"), 1.0, 0, 600.0, "ppm")
    assert (reading.building, reading.quantity) == ("b-0001", "co2")


@pytest.mark.parametrize(("quantity", "decimals"), [("temperature", 2), ("humidity", 2), ("co2", 0), ("power", 0)])
def test_digits_carry_the_resolution(quantity: str, decimals: int) -> None:
    """A payload has as many digits as the sensor resolves."""
    assert QUANTITIES[quantity].decimals == decimals
