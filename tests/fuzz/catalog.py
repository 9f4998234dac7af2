"""All fuzz targets by name."""

from tests.fuzz import server_targets, swarm_targets

TARGETS = {**server_targets.TARGETS, **swarm_targets.TARGETS}
