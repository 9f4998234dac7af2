"""Cut connections: their TCP connections end without a close frame, as when a proxy or a phone goes away.

The swarm carries it out on its own sockets, so it works against any server.
"""

from __future__ import annotations

from scenarios.schema import Cut
from wire import records


def order(fault: Cut, load_started_ts: float) -> records.Fault:
    """Order for the swarm."""
    return records.Fault(ts=load_started_ts + fault.at_s, kind="cut", connections=fault.connections)
