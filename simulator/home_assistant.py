"""The fleet for Home Assistant: a retained message a sensor, by which its MQTT integration makes an entity. Pure.

Topic `homeassistant/sensor/{node}/{object}/config`; a building is a device. Names of keys, device classes and units
are from memory, and were not tried with a Home Assistant. A quantity of which we know no class has none: the entity
then is a number with its unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from simulator.metadata import MOST_SENSORS
from simulator.source import Roster, Sensor
from wire.errors import SensorSwarmError
from wire.topics import TopicTemplate

_PREFIX = "homeassistant"
_CLASSES = {"temperature": "temperature", "humidity": "humidity", "co2": "carbon_dioxide", "power": "power"}
_UNITS = {"Cel": "°C", "%RH": "%"}  # where Home Assistant writes it differently from SenML
_OTHER = re.compile(r"[^a-zA-Z0-9-]")  # than may stand in a node or object id, but `_`, which we escape with


def home_assistant(roster: Roster, template: TopicTemplate) -> Iterator[tuple[str, bytes]]:
    """Topic and payload for each sensor, whose readings are JSON.

    Raises:
        SensorSwarmError: there are too many.
    """
    if len(roster.sensors) > MOST_SENSORS:
        raise SensorSwarmError(
            f"--home-assistant: {len(roster.sensors):,} entities are more than {MOST_SENSORS:,}; make the fleet smaller"
        )
    return (_entity(sensor, template) for sensor in roster.sensors)


def _entity(sensor: Sensor, template: TopicTemplate) -> tuple[str, bytes]:
    config = {
        "name": f"{sensor.quantity} {sensor.name}",
        "unique_id": f"sensorswarm/{sensor.id}",
        "state_topic": template.topic(building=sensor.building, quantity=sensor.quantity, sensor=sensor.name),
        "value_template": "{{ value_json.value }}",
        "unit_of_measurement": _UNITS.get(sensor.unit, sensor.unit),
        "state_class": "measurement",
        "suggested_display_precision": sensor.decimals,
        "device": {
            "identifiers": [f"sensorswarm/{sensor.building}"],
            "name": sensor.building,
            "manufacturer": "SensorSwarm",
            "model": "simulated building",
        },
    }
    if sensor.quantity in _CLASSES:
        config["device_class"] = _CLASSES[sensor.quantity]
    topic = f"{_PREFIX}/sensor/{_id(sensor.building)}/{_id(sensor.quantity)}_{_id(sensor.name)}/config"
    return topic, orjson.dumps(config)


def _id(name: str) -> str:
    """Name in the characters of an id, another for every name."""
    return _OTHER.sub(lambda match: f"_{ord(match[0]):x}_", name)
