"""Rows of sensors."""

from __future__ import annotations

from reference_server.sensors import Sensors


def test_each_sensor_keeps_its_row() -> None:
    """Rows count up in the order of meeting, and the columns say whose they are."""
    sensors = Sensors()
    assert [sensors.row(name) for name in ("b-1/co2/1", "b-2/power/x", "b-1/co2/1")] == [0, 1, 0]
    assert (sensors.ids, sensors.buildings, sensors.quantities) == (
        ["b-1/co2/1", "b-2/power/x"],
        ["b-1", "b-2"],
        ["co2", "power"],
    )


def test_there_is_an_end_to_them() -> None:
    """When full, only those that have a row have room."""
    sensors = Sensors(max_sensors=1)
    assert sensors.has_room_for("b/q/1")
    sensors.row("b/q/1")
    assert (sensors.has_room_for("b/q/1"), sensors.has_room_for("b/q/2"), len(sensors)) == (True, False, 1)
