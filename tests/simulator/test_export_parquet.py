"""An export as Parquet."""

import io
import sys
from datetime import UTC, datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulator.export_names import COLUMNS, SensorRow
from simulator.export_parquet import ParquetWriter
from simulator.export_table import Table
from wire.errors import SensorSwarmError

ROWS = [
    SensorRow("b-0001", "z-001", "b-0001/humidity/0002", "humidity", "%RH", 2),
    SensorRow("b-0001", "z-001", "b-0001/co2/0003", "co2", "ppm", 0),
]


def test_types_and_values():
    """Times in UTC, null where a value is missing, and texts, also when new labels come up between row groups."""
    file = io.BytesIO()
    writer = ParquetWriter(file, ROWS)
    table = Table(np.array([0, 1_500_000]), np.array([1, 0]), np.array([600.0 + 1e-13, np.nan]), np.array([0, 1]))
    writer.write(table, ["", "dropout"])
    writer.write(replaced_label(table), ["", "dropout", "bias"])
    writer.close()
    read = pq.read_table(io.BytesIO(file.getvalue()))
    assert read.column_names == list(COLUMNS)
    assert read.to_pylist()[0] == {
        "ts": datetime(1970, 1, 1, tzinfo=UTC),
        "building": "b-0001",
        "zone": "z-001",
        "sensor": "b-0001/co2/0003",
        "quantity": "co2",
        "unit": "ppm",
        "value": 600.0,
        "anomaly": "",
    }
    assert read["value"].to_pylist() == [600.0, None, 600.0, None]
    assert read["anomaly"].to_pylist() == ["", "dropout", "bias", "bias"]
    assert str(read.schema.field("ts").type) == "timestamp[us, tz=UTC]"


def replaced_label(table: Table) -> Table:
    return Table(table.ts_us, table.sensor, table.value, np.array([2, 2]))


def test_without_pyarrow_the_remedy_is_named(monkeypatch):
    """One line: what to install, and what works without."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SensorSwarmError, match=r"needs pyarrow: pip install 'sensorswarm\[parquet\]'.*\.csv"):
        ParquetWriter(io.BytesIO(), ROWS)
