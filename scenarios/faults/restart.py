"""Restart: the server or the broker is killed with -9 and started again after a while, on the same ports.

The embedded broker remembers nothing: neither sessions nor messages outlive it.

The runner carries it out: it owns the processes.
"""

from __future__ import annotations

from scenarios.schema import Restart
from wire import records


def order(fault: Restart, load_started_ts: float) -> records.Fault:
    """Order for the runner; it is over when the process is started again, not when it is ready."""
    ts = load_started_ts + fault.at_s
    return records.Fault(ts=ts, kind="restart", until=ts + fault.down_s, role=fault.role)
