"""Cumulative distributions of latency laid over each other: of several runs, or of one run's readings and alerts."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reports.figures import style
from reports.tables.cdf import Distribution

LOOKS = (
    (style.BLUE, "-"),
    (style.VERMILLION, (0, (5, 1.5))),
    (style.GREEN, (0, (1.2, 1))),
    (style.PURPLE, (0, (5, 1.2, 1.2, 1.2))),
    (style.BLACK, "-"),
    (style.ORANGE, (0, (5, 1.5))),
    (style.SKY, (0, (1.2, 1))),
)
_LONG_NAME = 28  # of a run
_LONG_ON_PHONE = 22  # beyond, one a line


def draw(figure: Figure, curves: Sequence[Distribution], *, caption: str) -> Figure:
    """Draw one stair a curve, in the order given."""
    if not any(curve.n for curve in curves):
        return style.empty(figure, "no latency was recorded", caption=caption)
    narrow = style.is_narrow(figure)
    places, shown = zip(*((place, curve) for place, curve in enumerate(curves) if curve.n), strict=True)
    names = [f"{shortened(curve.name)}, n = {curve.n:,}" for curve in shown]
    longest = max(map(len, names))
    columns = (
        1 if longest > (_LONG_ON_PHONE if narrow else 2 * _LONG_NAME) else 2 if narrow or longest > _LONG_NAME else 3
    )
    figure.set_figheight(3.3 + 0.19 * (-(-len(shown) // columns)))
    axes = figure.subplots()
    low = min(float(curve.latency_ms[0]) for curve in shown)
    high = max(float(curve.latency_ms[-1]) for curve in shown)
    for place, curve, name in zip(places, shown, names, strict=True):
        colour, line = LOOKS[place % len(LOOKS)]  # the place among all: an empty run keeps its colour
        # From 0 at the fastest, and on at 1 to the right end: the stair is whole for curves that end early.
        x = [curve.latency_ms[0], *curve.latency_ms, high * 1.1]
        y = [0.0, *curve.share, 1.0]
        axes.step(x, y, where="post", color=colour, ls=line, label=name)
    axes.set_xlim(low / 1.1, high * 1.1)
    axes.set_ylim(-0.02, 1.03)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    axes.set_ylabel("share of messages")
    style.latency_axis(axes, "latency at most", across=True)
    figure.legend(loc="outside upper left", ncols=columns)
    style.write_caption(figure, caption)
    return figure


def look_of(index: int) -> tuple[str, style.Dash]:
    """Colour and dash of the run at this position; after the last the first comes again."""
    return LOOKS[index % len(LOOKS)]


def shortened(name: str) -> str:
    """Keep both ends of a long name: runs are told apart by either."""
    half = _LONG_NAME // 2
    return name if len(name) <= 2 * half else f"{name[: half - 1]}…{name[1 - half :]}"
