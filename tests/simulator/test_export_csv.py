"""Lines of an export, byte by byte."""

import gzip
import io

import numpy as np

from simulator.export_csv import CsvLines, CsvWriter
from simulator.export_names import COLUMNS, SensorRow, sensor_rows
from simulator.export_table import Table
from simulator.layout import Layout

ROWS = [
    SensorRow("b-0001", "z-001", "b-0001/humidity/0002", "humidity", "%RH", 2),
    SensorRow("b-0001", "z-002", "b-0001/co2/0008", "co2", "ppm", 0),
]
TABLE = Table(
    ts_us=np.array([0, 1_757_289_600_250_000]),
    sensor=np.array([0, 1]),
    value=np.array([41.5, np.nan]),
    label=np.array([0, 1]),
)
LINES = (
    b"1970-01-01T00:00:00.000000Z,b-0001,z-001,b-0001/humidity/0002,humidity,%RH,41.50,\n"
    b"2025-09-08T00:00:00.250000Z,b-0001,z-002,b-0001/co2/0008,co2,ppm,,dropout\n"
)


def test_a_line_is_written_to_the_byte():
    """ISO 8601 in UTC, the sensor's decimals, empty where a value is missing; a percent sign is just one."""
    assert CsvLines(ROWS).of(TABLE, ["", "dropout"]) == LINES
    assert CsvLines(ROWS).of(TABLE.part(0, 0), [""]) == b""


def test_packed_and_plain_hold_the_same():
    """The header once; the same rows pack to the same bytes."""
    files = []
    for packed in (False, True, True):
        file = io.BytesIO()
        writer = CsvWriter(file, ROWS, packed=packed)
        writer.write(TABLE, ["", "dropout"])
        writer.close()
        files.append(file.getvalue())
    assert files[0] == ",".join(COLUMNS).encode() + b"\n" + LINES
    assert gzip.decompress(files[1]) == files[0]
    assert files[1] == files[2]


def test_names_follow_roster_and_layout():
    """Ids as in payloads and ground truth, zones as the layout has them."""
    layout = Layout(2, 7)
    rows = sensor_rows(layout.roster(), layout)
    assert len(rows) == 14
    assert rows[13] == SensorRow("b-0002", "z-002", f"b-0002/{layout.quantities[6]}/0007", "humidity", "%RH", 2)
