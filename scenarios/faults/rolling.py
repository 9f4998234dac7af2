"""Rolling: the reference server is told by SIGHUP to replace its processes one by one, while it serves.

The runner sends the signal; when the last process is replaced only the server knows.
"""

from __future__ import annotations

from scenarios.schema import Rolling
from wire import records


def order(fault: Rolling, load_started_ts: float) -> records.Fault:
    """Order for the runner."""
    return records.Fault(ts=load_started_ts + fault.at_s, kind="rolling", role="server")
