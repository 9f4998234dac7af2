"""Lists of anomalies: what is taken, what is refused, and in which words."""

import json

import pytest

from simulator.anomaly_file import AnomalyFileError, read_entries, resolve
from simulator.layout import Layout
from wire.clock import NS
from wire.errors import ExitCode

LAYOUT = Layout(3, 10)


def _resolved(tmp_path, text, name="list.toml", layout=LAYOUT, seed=0):
    path = tmp_path / name
    path.write_text(text)
    return resolve(read_entries(path), layout, seed=seed, interval_s=5.0)


def test_toml_and_json_say_the_same(tmp_path):
    """Both forms give the same events, with the sensor, time and magnitude that were asked for."""
    table = {"kind": "spike", "at": 20, "duration": 10.0, "magnitude": 15, "sensor": "b-0003/temperature/0001"}
    toml = "[[anomaly]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
    [event] = _resolved(tmp_path, toml)
    assert [event] == _resolved(tmp_path, json.dumps({"anomaly": [table]}), name="list.json")
    assert (event.at_ns, event.duration_ns) == (20 * NS, 10 * NS)
    assert [(hit.sensor, hit.magnitude) for hit in event.hits] == [(20, 15.0)]


def test_what_is_left_open_is_chosen_by_the_seed(tmp_path):
    """The same seed chooses the same sensor, whatever else the list holds behind it; seeds differ."""
    one = '[[anomaly]]\nkind = "stuck"\nat = 1\n'
    layout = Layout(50, 50)
    [event] = _resolved(tmp_path, one, layout=layout)
    assert _resolved(tmp_path, one + one, layout=layout)[0] == event
    chosen = {_resolved(tmp_path, one, layout=layout, seed=seed)[0].hits[0].sensor for seed in range(8)}
    assert len(chosen) > 5


def test_building_and_quantity_narrow_the_choice(tmp_path):
    """The sensor is one of the building and quantity named."""
    text = '[[anomaly]]\nkind = "dropout"\nat = 1\nbuilding = "b-0002"\nquantity = "co2"\n'
    for seed in range(5):
        [hit] = _resolved(tmp_path, text, seed=seed)[0].hits
        assert LAYOUT.roster().sensors[hit.sensor].id in ("b-0002/co2/0003", "b-0002/co2/0008")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('kind = "spyke"\nat = 1', "anomaly 1: unknown kind 'spyke'; did you mean 'spike'?"),
        ('kind = "spike"\nat = 1\nmagnitud = 3', "unknown key 'magnitud'; did you mean 'magnitude'?"),
        ('kind = "spike"', "'at' is missing"),
        ("at = 3", "'kind' is missing"),
        ('kind = "spike"\nat = -1', "at is seconds after the load starts"),
        ('kind = "spike"\nat = "soon"', "at must be a number"),
        ('kind = "spike"\nat = nan', "at must be a number"),
        ('kind = "spike"\nat = true', "at must be a number"),
        ('kind = "spike"\nat = 1e300', "at must be a number"),
        ('kind = "spike"\nat = 1\nduration = 0', "duration must be above 0 s"),
        ('kind = "spike"\nat = 1\nmagnitude = 0', "magnitude cannot be 0"),
        ('kind = "stuck"\nat = 1\nmagnitude = 3', "magnitude means nothing to kind 'stuck'"),
        ('kind = "fire"\nat = 1\nmagnitude = -3', "magnitude must be above 0; it is -3"),
        (
            'kind = "fire"\nat = 1\nquantity = "temperature"\nmagnitude = 1201',
            "magnitude 1201 is beyond physics",
        ),
        ('kind = "fire"\nat = 1\nquantity = "co2"\nmagnitude = 90001', "fire on co2 goes up to 90000"),
        ('kind = "humidity_leak"\nat = 1\nmagnitude = 101', "humidity_leak on humidity goes up to 100"),
        ('kind = "window_open"\nat = 1\nmagnitude = 1e4', "goes up to 100"),
        ('kind = "power_surge"\nat = 1\nmagnitude = 1e8', "power_surge on power goes up to 1e+06"),
        ('kind = "base_load_creep"\nat = 1\nmagnitude = 1e8', "base_load_creep on power goes up to 1e+06"),
        ('kind = "duplicated"\nat = 1\nmagnitude = 0.5', "magnitude must be a whole number from 1 to 100"),
        ('kind = "gateway_outrage"\nat = 1', "did you mean 'gateway_outage'?"),
        ('kind = "power_surge"\nat = 1\nquantity = "co2"', "power_surge cannot befall co2, only power"),
        ('kind = "humidity_leak"\nat = 1\nquantity = "power"', "humidity_leak cannot befall power, only humidity"),
        ('kind = "delayed"\nat = 1\nduration = -5', "duration must be above 0 s"),
        ("kind = 3\nat = 1", "kind must be a string"),
        ('kind = "spike"\nat = 1\nbuilding = "b-004"', "no building 'b-004' in a fleet of 3; did you mean 'b-000"),
        ('kind = "spike"\nat = 1\nquantity = "temprature"', "did you mean 'temperature'?"),
        ('kind = "fire"\nat = 1\nquantity = "power"', "fire cannot befall power, only temperature, co2"),
        (
            'kind = "spike"\nat = 1\nsensor = "b-0001/co2/0004"',
            "no sensor 'b-0001/co2/0004'; did you mean 'b-0001/co2/000",
        ),
        ('kind = "fire"\nat = 1\nsensor = "b-0001/power/0004"', "fire cannot befall power"),
        ('kind = "spike"\nat = 1\nsensor = "b-0001/co2/0003"\nbuilding = "b-0002"', "is not of the building"),
    ],
)
def test_bad_entries_are_named(tmp_path, lines, expected):
    """One line that says which entry, what is wrong and, where there is one, the nearest right word; exit 2."""
    with pytest.raises(AnomalyFileError) as caught:
        _resolved(tmp_path, f"[[anomaly]]\n{lines}\n")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.toml", "[[anomaly]"), ("a.json", "{"), ("a.json", "[]"), ("a.toml", "x = 1"), ("a.json", '{"anomaly": [3]}')],
)
def test_files_that_are_no_list_are_named(tmp_path, name, text):
    """Broken syntax or another shape: one line with the file's name."""
    with pytest.raises(AnomalyFileError, match=name) as caught:
        _resolved(tmp_path, text, name=name)
    assert "\n" not in str(caught.value)


def test_missing_file_and_missing_quantity(tmp_path):
    """A file that is not there, and a quantity no building of this size has."""
    with pytest.raises(AnomalyFileError, match="No such file"):
        read_entries(tmp_path / "none.toml")
    with pytest.raises(AnomalyFileError, match="raise --sensors"):
        _resolved(tmp_path, '[[anomaly]]\nkind = "spike"\nat = 1\nquantity = "power"', layout=Layout(1, 2))
