"""What happens in the buildings, before any sensor looks."""

from simulator.physics.building import Physics
from simulator.physics.disturbances import Disturbances
from simulator.physics.weather import City

__all__ = ["City", "Disturbances", "Physics"]
