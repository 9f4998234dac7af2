"""Words at the right end of rows: what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from reports.figures import style

BAD = "#a84300"  # vermillion, dark enough to read
_GAP_POINTS = 9  # clear of a mark at the very end of the axis


def beside_rows(axes: Axes, outcomes: Sequence[tuple[str, bool]]) -> None:
    """Write a text beside each row 0, 1, 2, ...; one that is bad is bold and coloured."""
    for y, (text, bad) in enumerate(outcomes):
        axes.annotate(
            text,
            (1, y),
            xycoords=axes.get_yaxis_transform(),
            xytext=(_GAP_POINTS, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            annotation_clip=False,
            color=BAD if bad else style.INK,
            fontweight="bold" if bad else "normal",
        )
