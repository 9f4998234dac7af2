"""The simulated fleet, or a recording of a real one, over MQTT."""
