"""Rows of a table as Parquet, by pyarrow, which is installed with the extra `parquet`."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from simulator.export_names import COLUMNS, SensorRow
from simulator.export_table import Table
from simulator.source import Ints
from wire.errors import SensorSwarmError


class ParquetWriter:
    """Writes tables to a file that is open for bytes, one row group each.

    `ts` is timestamp[us, UTC], `value` double and null where it is missing, the others are strings in dictionaries.

    Args:
        file: stays open.
        sensors: what stands in the rows of each sensor, in the order of the roster.

    Raises:
        SensorSwarmError: pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO, sensors: list[SensorRow]) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - optional, and heavy to load
            import pyarrow.parquet as pq  # noqa: PLC0415
        except ImportError:
            raise SensorSwarmError(
                "a .parquet file needs pyarrow: pip install 'sensorswarm[parquet]', or give --out a name ending in .csv"
            ) from None
        self._pa = pa
        self._columns = {
            name: _coded([getattr(row, name) for row in sensors])
            for name in ("building", "zone", "sensor", "quantity", "unit")
        }
        self._scale = np.array([10.0**row.decimals for row in sensors])
        text = pa.dictionary(pa.int32(), pa.string())
        types = {"ts": pa.timestamp("us", tz="UTC"), "value": pa.float64()}
        self._schema = pa.schema([(name, types.get(name, text)) for name in COLUMNS])
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, table: Table, labels: list[str]) -> None:
        """Write rows whose labels are numbers in `labels`."""
        pa = self._pa
        columns: dict[str, Any] = {
            name: self._dictionary(codes[table.sensor], texts) for name, (codes, texts) in self._columns.items()
        }
        columns["ts"] = pa.array(table.ts_us, type=self._schema.field("ts").type)
        # The double that the sensor's decimals mean, as in CSV: 35.8, not 0.04 * 895.
        value = np.rint(table.value * self._scale[table.sensor]) / self._scale[table.sensor]
        columns["value"] = pa.array(value, mask=np.isnan(value))
        columns["anomaly"] = self._dictionary(table.label, labels)
        self._writer.write_table(pa.table([columns[name] for name in COLUMNS], schema=self._schema))

    def close(self) -> None:
        """Write what has to stand at the end."""
        self._writer.close()

    def _dictionary(self, codes: Ints, texts: list[str]) -> Any:  # noqa: ANN401 - pyarrow comes without types
        pa = self._pa
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(texts, type=pa.string()))


def _coded(texts: list[str]) -> tuple[Ints, list[str]]:
    """Each text as its number in a list without doubles, in the order of their first appearance."""
    number = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return np.array([number[text] for text in texts], dtype=np.int64), list(number)
