"""`simulate preview` as a person uses it."""

import matplotlib.image
import numpy as np
import pytest

from simulator.cli import main

SMALL = ["--buildings", "2", "--sensors", "10", "--hours", "6", "--interval", "300", "--seed", "4"]


def _preview(out, *arguments):
    with pytest.raises(SystemExit) as caught:
        main(["preview", "--out", str(out), *SMALL, *arguments])
    assert caught.value.code == 0
    return out


@pytest.mark.parametrize("profile", ["mixed"])
def test_a_picture_of_a_day(profile, tmp_path, capsys):
    """1200 pixels wide on white, with something drawn; seed, profile and anomalies are told."""
    path = _preview(tmp_path / "day.png", "--profile", profile, "--anomaly-rate", "10")
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[1] == 1200
    np.testing.assert_array_equal(pixels[0, 0, :3], 1.0)
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50
    told = capsys.readouterr().out
    assert f"seed 4, profile {profile}" in told
    assert "Anomalies in the building: " in told
    assert "building: none" not in told


def test_the_same_order_gives_the_same_picture_and_another_another(tmp_path):
    """One seed, one picture, to the byte; another building of the fleet is another one."""
    first, again = (_preview(tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    other = _preview(tmp_path / "c.png", "--building", "b-0002").read_bytes()
    assert first == again
    assert first != other


@pytest.mark.parametrize("sensors", ["1", "4"])
def test_a_building_of_hardly_any_sensor_is_drawn(sensors, tmp_path):
    """A panel a quantity that is there, be it one."""
    assert _preview(tmp_path / "day.png", "--sensors", sensors, "--anomaly-rate", "0").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "x.png", "--hours", "0"], "--hours 0 is out of range"),
        (["--out", "x.png", "--interval", "0"], "--interval 0 is out of range"),
        (["--out", "x.png", "--interval", "0.1"], "--hours divided by --interval 864000 is out of range"),
        (["--out", "x.png", "--building", "b-0099"], "no such building in a fleet of 50; did you mean"),
        (["--out", "x.png", "--profile", "hotl"], "did you mean 'hotel'?"),
        (["--out", "x.jpg"], "unknown ending '.jpg'; a preview is a .png"),
        (["--out", "no/x.png"], "cannot write"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, told, capsys, tmp_path, monkeypatch):
    """Value, place and remedy; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["preview", *arguments])
    line = capsys.readouterr().err
    assert caught.value.code == 2
    assert line.startswith("simulate: ")
    assert line.count("\n") == 1
    assert told in line
    assert list(tmp_path.iterdir()) == []
