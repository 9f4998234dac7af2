"""How many readings a second our server takes in on one core: `ingest_per_s` of `benchmarks.fanout`.

The server as its users run it, saturated over MQTT at QoS 1 with the fleet of `_ingest.py`, so that how much it reads
at a time is its own affair. Each building has one client: frames are built, and sent once. What counts is the CPU
time of the server's process, system calls and acknowledgements included.
"""

from __future__ import annotations

import contextlib
import time

from benchmarks._fanout_contestants import one_each, serving
from benchmarks._fanout_processes import Talker, cpu_s, sinks
from benchmarks._fanout_sink import Plan
from benchmarks._ingest import BUILDINGS, PERIOD, WARM_UP
from wire.errors import UnusableError

_PAUSE_S = 0.05  # of the clients between two looks at their sockets
_SETTLES_S = 0.3


def measure_ingest(seconds: float) -> dict[str, float]:
    """Take in whole periods of the fleet for `seconds` of the server's CPU time, after a warm-up.

    Raises:
        UnusableError: the clients did not get every reading, so that the server had less to do than it should.
    """
    with contextlib.closing(Talker("benchmarks._ingest_feeder")) as feeder:
        url = f"mqtt://127.0.0.1:{int(feeder.hear())}"
        with (
            serving(url, BUILDINGS) as running,
            sinks(Plan(one_each(running.dial, BUILDINGS), BUILDINGS, pause_s=_PAUSE_S)) as (sink,),
        ):
            fed, _ = _feed(feeder, WARM_UP)
            taken, used_s, took_s = 0, 0.0, 0.0
            while used_s < seconds:
                before_s = cpu_s(*running.processes)
                readings, fed_s = _feed(feeder, PERIOD)
                used_s += cpu_s(*running.processes) - before_s
                taken, took_s = taken + readings, took_s + fed_s
            time.sleep(_SETTLES_S)
            if sink.readings != fed + taken:
                raise UnusableError(f"the clients got {sink.readings} of {fed + taken} readings")
    return {"ingest_per_s": taken / used_s, "ingest_wall_per_s": taken / took_s}


def _feed(feeder: Talker, intervals: int) -> tuple[int, float]:
    readings, took_s = feeder.ask(f"feed {intervals}").split()
    return int(readings), float(took_s)
