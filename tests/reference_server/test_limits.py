"""Limits as data: defaults, a file over them, and errors that name the key."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from reference_server.limits import DEFAULTS, Limits, LimitsError, QuantityLimits, load, parse_stuck


def test_a_file_overrides_key_by_key(tmp_path: Path) -> None:
    """What the file leaves out keeps its default, false switches off, and other quantities may be named."""
    file = tmp_path / "limits.toml"
    file.write_text("silence_s = 20\n[temperature]\nhigh = 30\nrate_per_minute = false\n[pressure]\nlow = 900\n")
    limits = load(file)
    assert (limits.silence_s, limits.silence_intervals) == (20, 0)
    assert limits.of("temperature") == replace(DEFAULTS["temperature"], high=30, rate_per_minute=math.inf)
    assert limits.of("pressure") == QuantityLimits(low=900)
    assert limits.of("humidity") == DEFAULTS["humidity"]


def test_seconds_that_are_given_are_meant(tmp_path: Path) -> None:
    """A stuck limit in seconds does not keep the default number of readings beside it; one that is given stays."""
    file = tmp_path / "limits.toml"
    file.write_text("[temperature]\nstuck_s = 20\n[co2]\nstuck_s = 20\nstuck_readings = 4\n[power]\nhigh = 9\n")
    limits = load(file)
    assert [limits.of(name).stuck_readings for name in ("temperature", "co2", "power")] == [2, 4, 7]
    changed = Limits().with_stuck("humidity", 30.0).of("humidity")
    assert (changed.stuck_s, changed.stuck_readings) == (30, 2)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[temperature", "not TOML"),
        ("silence = 5", "'silence'"),
        ("silence_s = 0", "silence_s"),
        ("silence_s = nan", "silence_s"),
        ("[temperature]\nhihg = 5", "temperature.hihg"),
        ("[temperature]\nhigh = 'hot'", "temperature.high"),
        ("[temperature]\nhigh = true", "temperature.high"),
        ("[temperature]\nstuck_s = -1", "temperature.stuck_s"),
        ("[power]\nstuck_readings = 1", "power.stuck_readings = 1: one reading is equal to none"),
        ("[temperature]\nlow = 50", "temperature.low"),
        ("[temperature]\ndeadband = -1", "temperature.deadband"),
        ("[temperature]\ndeadband = 75", "temperature.deadband"),
        ("[temperature]\nzscore = 0", "temperature.zscore"),
        ("[pressure]\nzscore = 20", "pressure.zscore needs pressure.resolution"),
    ],
)
def test_errors_name_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    """One line says which file and which key."""
    file = tmp_path / "limits.toml"
    file.write_text(text)
    with pytest.raises(LimitsError) as caught:
        load(file)
    assert named in str(caught.value)
    assert str(file) in str(caught.value)


def test_stuck_defaults_outlast_natural_runs() -> None:
    """The longest runs of one value measured on real sensors are 122 s of temperature and 370 s of humidity."""
    assert DEFAULTS["temperature"].stuck_s > 122
    assert DEFAULTS["humidity"].stuck_s > 370


def test_power_has_no_zscore() -> None:
    """Machines switch: every step would be an outlier."""
    assert DEFAULTS["power"].zscore == math.inf


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that does not exist is said with its reason."""
    with pytest.raises(LimitsError, match=r"nowhere.toml: No such file"):
        load(tmp_path / "nowhere.toml")


def test_stuck_option() -> None:
    """--stuck changes one limit of one quantity and leaves its others."""
    limits = Limits().with_stuck(*parse_stuck("temperature=600"))
    assert limits.of("temperature").stuck_s == 600
    assert limits.of("temperature").high == 45


@pytest.mark.parametrize("text", ["temperature", "=5", "temperature=", "temperature=x", "temperature=0", "t=inf"])
def test_stuck_option_errors(text: str) -> None:
    """Another form, or no positive number, is refused with the option named."""
    with pytest.raises(LimitsError, match="--stuck"):
        parse_stuck(text)
