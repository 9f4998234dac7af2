"""The gate's benchmark: its figures are rates with bounds, and keep the promises they are there for."""

import numpy as np
import orjson
import pytest

from benchmarks import gate


@pytest.fixture(scope="module")
def found():
    """Figures of a few hundred jobs by the assumed noise."""
    return gate.measure(comparisons=600, pairs=8, calibration=None)[0]


def test_every_rate_has_its_bounds(found):
    """Each figure lies within the bounds of its confidence interval, from 0 to 1."""
    names = [name for name in found if not name.endswith(("_low", "_high"))]
    for name in names:
        assert 0 <= found[f"{name}_low"] <= found[name] <= found[f"{name}_high"] <= 1
    assert {"false_alarm_rate", "power_p50_20", "power_p95_30", "x2_power_p50_20"} <= set(names)


def test_the_promises(found):
    """Few false alarms where a single pair raises many, and power that contamination costs."""
    assert found["false_alarm_rate"] <= 0.01
    assert found["false_alarm_rate_naive_pair"] > 0.1
    assert found["power_p50_20_high"] >= 0.9
    assert found["power_p95_30_high"] >= 0.9
    assert found["x2_power_p50_20"] < found["x1.2_power_p50_20"]


def test_noise_of_a_calibration(tmp_path):
    """With a calibration the noise is the one measured: louder A/A runs, less power."""
    rng = np.random.default_rng(1)
    power = []
    for sd in (0.02, 0.2):
        d = {metric: {"d": rng.normal(0, sd, size=(3, 8)).tolist()} for metric in gate.METRICS}
        runs = [{"values_ms": dict(zip(gate.METRICS, (20.0, 50.0, 80.0), strict=True))}]
        path = tmp_path / "calibration.json"
        path.write_bytes(orjson.dumps({"schema": 1, "metrics": d, "runs": runs}))
        figures, told = gate.measure(comparisons=300, pairs=8, calibration=path)
        assert told.startswith("fitted to 24 A/A pairs: sd ")
        power.append(figures["power_p50_20"])
    assert power[0] > 0.9 > power[1]


def test_as_a_command(tmp_path, monkeypatch, capsys):
    """It prints the figures and writes them with the machine and the noise they come from."""
    path = tmp_path / "gate.json"
    monkeypatch.setattr("sys.argv", ["gate", "--comparisons", "50", "--json", str(path)])
    gate.main()
    assert "false_alarm_rate" in capsys.readouterr().out
    document = orjson.loads(path.read_bytes())
    assert document["name"] == "gate"
    assert document["noise"].startswith("assumed: sd 3, 6, 12 %")
    assert document["figures"]["power_p50_20"] > 0.5
