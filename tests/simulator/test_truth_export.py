"""Exports of the truth: a flag for every reading, and windows as NAB has them."""

import csv
import io
import json

import pytest

from simulator.truth_export import flags, nab_windows
from wire.records import Anomaly, PublishedFinal

FIRST = 1_700_000_000.25
FINAL = PublishedFinal("a", 5.0, ["a/co2/1", "a/co2/2"], [FIRST, FIRST + 1], [4, -1], [[0, 2, 3]])


def _anomaly(kind: str, begin: int, end: int, sensor: str = "a/co2/1") -> Anomaly:
    """From reading number `begin` to `end` of a sensor whose first reading is meant at FIRST."""
    return Anomaly("x", "a", sensor, kind, round(FIRST + 5 * begin, 6), round(FIRST + 5 * end, 6))


def _rows(finals, anomalies) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(flags(finals, anomalies)).decode())))


def test_every_reading_has_its_flag():
    """Every number that was meant, sent or not; flagged from the first to the last reading of an anomaly."""
    rows = _rows([FINAL], [_anomaly("spike", 1, 2), _anomaly("drift", 2, 9)])
    assert [row["seq"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row["sent"] for row in rows] == ["1", "1", "0", "0", "1"]
    assert [row["anomaly"] for row in rows] == ["0", "1", "1", "1", "1"]
    assert [row["kinds"] for row in rows] == ["", "spike", "drift+spike", "drift", "drift"]
    assert [row["ts"] for row in rows][:2] == ["1700000000.250000", "1700000005.250000"]
    assert {(row["building"], row["sensor"]) for row in rows} == {("a", "a/co2/1")}


@pytest.mark.parametrize(("begin", "end"), [(-3, -1), (5, 8)])
def test_an_anomaly_beside_the_load_flags_nothing(begin, end):
    """Before the first reading or after the last."""
    assert {row["anomaly"] for row in _rows([FINAL], [_anomaly("spike", begin, end)])} == {"0"}


def test_stamps_rounded_to_microseconds_still_meet_their_reading():
    """An interval that no decimal number holds: the flag lies on the very reading."""
    third = PublishedFinal("a", 1 / 3, ["a/co2/1"], [FIRST], [1000])
    at = round(FIRST + 700 / 3, 6)
    rows = _rows([third], [Anomaly("x", "a", "a/co2/1", "spike", at, at)])
    assert [row["seq"] for row in rows if row["anomaly"] == "1"] == ["700"]


def test_nab_windows_name_every_sensor():
    """Times in UTC with microseconds; what overlaps is one window; a sensor without anomalies has an empty list."""
    anomalies = [_anomaly("spike", 4, 6), _anomaly("drift", 0, 1), _anomaly("stuck", 5, 9)]
    assert json.loads(nab_windows(FINAL.sensors, anomalies)) == {
        "a/co2/1": [
            ["2023-11-14 22:13:20.250000", "2023-11-14 22:13:25.250000"],
            ["2023-11-14 22:13:40.250000", "2023-11-14 22:14:05.250000"],
        ],
        "a/co2/2": [],
    }
