"""CPU, memory and event loop lag of every process, one below the other on one time axis."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from reports.figures import style
from reports.tables.resources import ResourceTable
from reports.tables.timeline import Timeline

# Lines lie on each other where a process idles: each has a dash of its own beside its colour.
_Look = tuple[str, style.Dash]
_LOOKS: dict[str, _Look] = {
    "simulator": (style.GREEN, "-"),
    "broker": (style.ORANGE, (0, (5, 1.5))),
    "server": (style.VERMILLION, "-"),
    "swarm": (style.BLUE, (0, (2.5, 1.2))),
}
_OTHERS: tuple[_Look, ...] = ((style.BLACK, ":"), (style.SKY, "-."), (style.PURPLE, "-."))
_CORE_PERCENT = 100.0
_FEW = 3  # samples that a line alone would hide


def draw(figure: Figure, table: ResourceTable, timeline: Timeline, *, caption: str) -> Figure:
    """Draw what was sampled; loop lag only where a process tells it."""
    if not table.roles:
        return style.empty(figure, "no process was sampled", caption=caption)
    narrow = style.is_narrow(figure)
    panels = ([_cpu, _memory] if table.processes else []) + ([_lag] if table.lags else [])
    figure.set_figheight(1.1 + (1.55 if narrow else 1.35) * len(panels) + (0.35 if narrow else 0))
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    looks = _looks(table.roles)
    times = [one.time_s for one in table.processes] + [one.time_s for one in table.lags]
    ends = [float(end) for one in times for end in (one[0], one[-1])] + [fault.start_s for fault in timeline.faults]
    for axes, panel in zip(rows, panels, strict=True):
        panel(axes, table, looks)
        style.time_limits(axes, ends)
        style.mark_anomalies(axes, timeline)
        style.mark_faults(axes, timeline, label=axes is rows[0])
    rows[-1].set_xlabel("seconds since the load began")
    figure.align_ylabels(rows)
    handles = [Line2D([], [], color=colour, ls=line, label=role) for role, (colour, line) in looks.items()]
    marks = style.mark_handles(timeline)
    figure.legend(handles=[*handles, *marks], loc="outside upper left", ncols=3 if narrow else 7)
    style.write_caption(figure, caption)
    return figure


def _looks(roles: Sequence[str]) -> dict[str, _Look]:
    """A colour and a dash for each role; a target's own processes take what is left, over and over."""
    others = [role for role in roles if role not in _LOOKS]
    return {role: _LOOKS[role] if role in _LOOKS else _OTHERS[others.index(role) % len(_OTHERS)] for role in roles}


def _cpu(axes: Axes, table: ResourceTable, looks: dict[str, _Look]) -> None:
    for one in table.processes:
        colour, line = looks[one.role]
        axes.plot(one.time_s, one.cpu_percent, color=colour, ls=line, marker=_marker(one.time_s.size), ms=3)
    most = max(float(one.cpu_percent.max()) for one in table.processes)
    if most > _CORE_PERCENT / 2:
        axes.axhline(_CORE_PERCENT, color=style.FAINT, lw=0.9, ls=":")
    axes.set_ylim(0, max(most * 1.08, 10.0))
    axes.set_ylabel("CPU\n(% of a core)")


def _memory(axes: Axes, table: ResourceTable, looks: dict[str, _Look]) -> None:
    for one in table.processes:
        colour, line = looks[one.role]
        axes.plot(one.time_s, one.rss_mib, color=colour, ls=line, marker=_marker(one.time_s.size), ms=3)
    axes.set_ylim(0, max(max(float(one.rss_mib.max()) for one in table.processes) * 1.08, 1.0))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("memory\n(MiB)")


def _lag(axes: Axes, table: ResourceTable, looks: dict[str, _Look]) -> None:
    for one in table.lags:
        shown = one.lag_ms.clip(_least_ms(table))
        style.plot_spans(axes, one.time_s, shown, span_s=0, look=(one.role, *looks[one.role]))
    style.latency_axis(axes, "loop lag")


def _least_ms(table: ResourceTable) -> float:
    """Where a lag of 0 stands on a log axis: at the smallest that is more, at least a microsecond."""
    some = [float(lag) for one in table.lags for lag in one.lag_ms if lag > 0]
    return max(min(some, default=0.001), 0.001)


def _marker(samples: int) -> str:
    return "o" if samples <= _FEW else ""
