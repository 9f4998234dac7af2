"""Which row each sensor has in the tables kept of all of them. Pure."""

from __future__ import annotations

MAX_SENSORS = 1 << 20  # about half a kilobyte each: a stray publisher must not fill the memory


class Sensors:
    """Sensors in the order in which they were first heard of; a row is never given to another.

    `ids`, `buildings` and `quantities` run in parallel: read them, never change them.
    """

    def __init__(self, *, max_sensors: int = MAX_SENSORS) -> None:
        self.ids: list[str] = []
        self.buildings: list[str] = []
        self.quantities: list[str] = []
        self._rows: dict[str, int] = {}
        self._max_sensors = max_sensors

    def __len__(self) -> int:
        return len(self.ids)

    def has_room_for(self, sensor: str) -> bool:
        """Whether the sensor has a row, or one more may have one."""
        return sensor in self._rows or len(self.ids) < self._max_sensors

    def row(self, sensor: str) -> int:
        """Row of a sensor id "{building}/{quantity}/{name}", a new one where it has none yet."""
        row = self._rows.get(sensor)
        if row is None:
            row = self._rows[sensor] = len(self.ids)
            building, quantity, _ = sensor.split("/", 2)
            self.ids.append(sensor)
            self.buildings.append(building)
            self.quantities.append(quantity)
        return row
