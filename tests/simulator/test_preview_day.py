"""What a preview shows."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.fleet import Fleet
from simulator.preview_day import LINES, Day, live_through, median, panels
from simulator.preview_day import limits as limits_of
from simulator.source import Truth


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return Fleet(buildings=2, sensors=40, interval_s=300.0, seed=5)


@pytest.fixture(scope="module")
def day(fleet) -> Day:
    return live_through(fleet, 1, 24)


def test_the_building_asked_for_is_shown(fleet, day):
    """Each column is that sensor's own readings, in its own time."""
    block = next(fleet.blocks())
    for column in (0, 17, 39):
        [row] = np.flatnonzero(block.sensor == 40 + column)
        assert day.at_s[0, column] == block.offset_ns[row] / 1e9
        assert day.value[0, column] == block.value[row] or not block.kept[row]
    assert day.people.shape == (24,)


def test_every_sensor_belongs_to_one_panel(fleet, day):
    """Main meters apart from those of rooms; each panel draws a few of its own sensors."""
    made = panels(fleet, day)
    assert sorted(column for panel in made for column in panel.columns) == list(range(40))
    assert {panel.title for panel in made} == {"temperature", "humidity", "co2", "power, rooms", "power, main meter"}
    for panel in made:
        assert set(panel.shown) <= set(panel.columns)
        assert 0 < len(panel.shown) <= LINES


def test_listed_anomalies_are_drawn_the_rarest_first(fleet, day):
    """A cause that befalls the whole building does not crowd out one that befalls a single sensor."""
    columns = fleet.layout.columns("temperature").tolist()
    everywhere = {c: Truth(f"e{c}", "b", "s", "hvac_failure", 0, 1, 1.0, "hvac_failure-listed-1") for c in columns}
    truths = [[everywhere[c]] if c in everywhere else [] for c in range(40)]
    truths[columns[5]].append(Truth("f", "b", "s", "fire", 0, 1, 40.0, "fire-listed-2"))
    [panel, *_] = panels(fleet, replace(day, truths=truths))
    assert panel.title == "temperature"
    assert columns[5] in panel.shown


def test_an_anomaly_far_off_does_not_flatten_the_rest(fleet, day):
    """The axis goes as far beyond the healthy readings as they span, not to the spike."""
    [panel, *_] = panels(fleet, day)
    value, labelled = day.value.copy(), np.zeros_like(day.labelled)
    healthy = value[:, panel.shown]
    span = np.nanmax(healthy) - np.nanmin(healthy)
    value[3, panel.shown[0]], labelled[3, panel.shown[0]] = 1e6, True
    low, high = limits_of(replace(day, value=value, labelled=labelled), panel)
    assert low <= np.nanmin(healthy) < np.nanmax(healthy) <= high
    assert high < np.nanmax(healthy) + 2 * span + 1


def test_the_median_leaves_out_what_is_missing(day):
    """And is missing itself where no sensor says anything."""
    value = day.value.copy()
    value[0], value[1, 0] = np.nan, np.nan
    middle = median(replace(day, value=value), [0, 5, 10])
    assert np.isnan(middle[0])
    assert middle[1] == np.nanmedian(value[1, [5, 10]])
