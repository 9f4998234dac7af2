"""What Home Assistant is told of the sensors."""

import re

import orjson
import pytest

from simulator import home_assistant as told
from simulator.source import Roster, Sensor
from wire.errors import SensorSwarmError
from wire.topics import TopicTemplate

# From memory, as the code is: this shows that nothing is sent beside them, not that Home Assistant takes them.
SENSOR_KEYS = {
    *("name", "unique_id", "state_topic", "value_template", "unit_of_measurement", "device_class", "state_class"),
    *("suggested_display_precision", "device"),
}
DEVICE_KEYS = {"identifiers", "name", "manufacturer", "model"}
# device class -> a unit that it takes, from memory too
UNITS = {"temperature": "°C", "humidity": "%", "carbon_dioxide": "ppm", "power": "W"}
QUANTITIES = {"temperature": "Cel", "humidity": "%RH", "co2": "ppm", "power": "W"}


def messages(*sensors):
    return {topic: orjson.loads(payload) for topic, payload in told.home_assistant(Roster(sensors), TopicTemplate())}


@pytest.mark.parametrize(("quantity", "unit"), QUANTITIES.items())
def test_each_quantity_has_a_class_and_a_unit_that_fits_it(quantity, unit):
    """In Home Assistant's words, on a topic of its form; the value is taken out of our JSON."""
    [(topic, entity)] = messages(Sensor("b-0001", quantity, "0001", unit, 2)).items()
    assert topic == f"homeassistant/sensor/b-0001/{quantity}_0001/config"
    assert entity["state_topic"] == f"buildings/b-0001/{quantity}/0001"
    assert entity["value_template"] == "{{ value_json.value }}"
    assert entity["unit_of_measurement"] == UNITS[entity["device_class"]]
    assert entity.keys() == SENSOR_KEYS
    assert entity["device"].keys() == DEVICE_KEYS


def test_sensors_of_a_building_are_one_device_and_no_two_entities_are_one():
    """Also where names differ only in characters that an id cannot have."""
    names = ["a b", "a_b", "a.b", "a_20_b", "ab"]
    entities = messages(*(Sensor("höhe 1", "temperature", name, "Cel", 1) for name in names))
    assert len(entities) == len(names)
    assert len({entity["unique_id"] for entity in entities.values()}) == len(names)
    assert len({str(entity["device"]) for entity in entities.values()}) == 1
    assert all(re.fullmatch(r"homeassistant/sensor/[\w-]+/[\w-]+/config", topic, re.ASCII) for topic in entities)


def test_a_quantity_it_does_not_know_is_a_number_with_a_unit():
    """A recording may hold anything."""
    [entity] = messages(Sensor("b", "vibration", "1", "mm/s", 1)).values()
    assert "device_class" not in entity
    assert entity["unit_of_measurement"] == "mm/s"


def test_too_many_entities_are_refused(monkeypatch):
    """A broker keeps them for good."""
    monkeypatch.setattr(told, "MOST_SENSORS", 1)
    with pytest.raises(SensorSwarmError, match="2 entities are more than 1"):
        messages(*(Sensor("b", "power", name, "W", 0) for name in "12"))
