"""How the clocks of the swarm's processes stood to the simulator's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.words import milliseconds, plural
from wire.records import Clock

_MS = 1e3


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is known of all of them together."""

    bound_ms: float  # latencies of readings and alerts are no further off; 0: all read one clock
    offset_ms_max: float  # the largest that was set right, without its sign
    measured: int  # processes whose clock was compared with the simulator's, and is another one
    uncompared: int  # machines whose clock nobody compared, where there is more than one


def clocks(comparisons: Sequence[Clock]) -> Clocks | None:
    """Put comparisons together; None where there are none."""
    if not comparisons:
        return None
    measured = [one for one in comparisons if one.how == "measured"]
    unknown = {one.clock for one in comparisons if one.how == "unmeasured"}
    return Clocks(
        bound_ms=max((one.bound_s * _MS for one in measured), default=0.0),
        offset_ms_max=max((abs(one.offset_s) * _MS for one in measured), default=0.0),
        measured=len({one.process for one in measured}),
        uncompared=len(unknown) if len({one.clock for one in comparisons}) > 1 else 0,
    )


def told(found: Clocks | None) -> list[str]:
    """What a reader must know of it; empty where one clock was read."""
    notices = []
    if found is not None and found.measured:
        notices.append(
            f"{found.measured:,} of the swarm's processes had another clock than the simulator, up to "
            f"{found.offset_ms_max:,.1f} ms off; set right to within {milliseconds(found.bound_ms)}"
        )
    if found is not None and found.uncompared:
        notices.append(
            f"clocks of {plural(found.uncompared, 'machine')} were not compared with the simulator's (--clock): "
            "latencies may be off by any amount"
        )
    return notices
