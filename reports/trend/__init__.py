"""A series of runs and where it changed; advisory, never a gate. Start at `reports.trend.api`."""
