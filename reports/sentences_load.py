"""One sentence a figure, computed: those that tell how latency is spread, and how the measuring itself went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reports.tables.cdf import Distribution
from reports.tables.heatmap import SLOW, HeatMap
from reports.tables.lateness import LatenessSeries
from reports.tables.resources import ResourceTable
from reports.words import listed, milliseconds, percent, plural, when

_MIB_PER_GIB = 1024


def heat_sentence(table: HeatMap) -> str:
    """Say where the middle half of the readings lies, and how many were far above it."""
    if not table.n:
        return "No latency of a reading was recorded."
    first_ms, third_ms = table.quartiles_ms
    text = (
        f"The middle half of {plural(table.n, 'reading')} took between {milliseconds(first_ms)} and "
        f"{milliseconds(third_ms)}"
    )
    if not table.slow.any():
        return f"{text}; none took more than {SLOW} times as long."
    columns = np.flatnonzero(table.slow)
    begin_s, end_s = max(float(table.left_s[columns[0]]), 0.0), float(table.right_s[columns[-1]])
    return (
        f"{text}; {int(table.slow.sum()):,} took more than {SLOW} times as long, all between second {begin_s:,.0f} and "
        f"{end_s:,.0f}."
    )


def distribution_sentence(curves: Sequence[Distribution]) -> str:
    """Say of each curve how much came at once and how much while one waits."""
    if not curves:
        return "No latency was recorded."
    soon = [f"{percent(one.within_100_ms)} of {one.name}" for one in curves]
    later = [f"{percent(one.within_1_s)} of {one.name}" for one in curves]
    every = len(curves)
    return f"Within 100 ms arrived {listed(soon, most=every)}; within 1 s {listed(later, most=every)}."


def lateness_sentence(table: LatenessSeries) -> str:
    """Say how late the publisher was at its worst, and what it shed."""
    if not table.second.size:
        return "How late the publisher was is unknown: it left no record."
    intended, shed, worst = int(table.intended.sum()), int(table.shed.sum()), table.worst_second
    dropped = "nothing was shed"
    if shed:
        at = table.second[table.shed > 0]
        where = when(at[0], at[-1] - at[0] + table.span_s)
        dropped = f"{shed:,} of {plural(intended, 'reading')} were shed, {where}"
    if worst is None:
        return f"Nothing was sent; {dropped}."
    typical = float(np.nanmedian(table.p50_ms))
    spans = "seconds" if table.span_s == 1 else f"spans of {table.span_s} s"
    return (
        f"In half of all {spans} every building sent half of its readings within {milliseconds(typical)} of their "
        f"time; the latest of all was {milliseconds(float(table.max_ms[worst]))} late, "
        f"{when(table.second[worst], table.span_s)}; {dropped}."
    )


def resource_sentence(table: ResourceTable) -> str:
    """Say who worked most, who was biggest, and whose loop was held up longest, since the load began."""
    if not table.processes and not table.lags:
        return "CPU and memory are unknown: no process was sampled."
    told = []
    if table.processes:
        busiest = max(table.processes, key=lambda one: _mean(_loaded(one.cpu_percent, one.time_s)))
        cpu = _loaded(busiest.cpu_percent, busiest.time_s)
        biggest = max(table.processes, key=lambda one: float(one.rss_mib.max()))
        told.append(
            f"The {busiest.role} worked most, {cpu.mean():.0f} % of a core on average and {cpu.max():.0f} % at most; "
            f"the {biggest.role} was biggest, {_memory(float(biggest.rss_mib.max()))}"
        )
    if table.restarts:
        several = "process" if table.restarts == 1 else "processes"
        told.append(f"{table.restarts:,} {several} took the place of one that had ended")
    told.append(_lag(table))
    return "; ".join(told) + "."


def _lag(table: ResourceTable) -> str:
    """Whose event loop was held up longest."""
    if not table.lags:
        return "no process tells its loop lag"
    worst = max(table.lags, key=lambda one: float(_loaded(one.lag_ms, one.time_s).max()))
    lag_ms = _loaded(worst.lag_ms, worst.time_s)
    return f"the {worst.role}'s event loop was the latest, {milliseconds(float(lag_ms.max()))} at its worst"


def _loaded(values: NDArray[np.float64], time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out what was before the load, when processes start; all of it where there is nothing else."""
    during = values[time_s >= 0]
    return during if during.size else values


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean())


def _memory(mib: float) -> str:
    return f"{mib:,.0f} MiB" if mib < _MIB_PER_GIB else f"{mib / _MIB_PER_GIB:.1f} GiB"
