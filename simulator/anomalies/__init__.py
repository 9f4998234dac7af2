"""Kinds of anomalies, one file each, and their registry."""

from simulator.anomalies._kind import Kind, Moment
from simulator.anomalies.dropout import DROPOUT
from simulator.anomalies.fire import FIRE
from simulator.anomalies.spike import SPIKE
from simulator.anomalies.stuck import STUCK

KINDS: dict[str, Kind] = {kind.name: kind for kind in (SPIKE, STUCK, DROPOUT, FIRE)}

__all__ = ["DROPOUT", "FIRE", "KINDS", "SPIKE", "STUCK", "Kind", "Moment"]
