"""The forest plot: every metric has its row, nothing is clipped, verdicts differ by more than colour."""

import dataclasses

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from reports.figures import forest, style
from reports.gate.model import Decision

CAPTION = "8 pairs, seed 3"


def decision(metric="reading.p50", outcome="held", effect=0.0, **changes):
    made = Decision(
        metric, outcome, "", 0.1, 20.0, 21.0, effect, effect - 0.02, effect + 0.03, 0.92, 0.2, 0.6, (0.01, -0.02)
    )
    return dataclasses.replace(made, **changes)


DECISIONS = [
    decision(),
    decision("reading.p95", "regressed", 0.3, limit=0.15),
    decision("reading.p99", "inconclusive", 0.1, high=0.9, limit=0.25),
    decision("reconnect.p999", "suspect", 0.2),
    Decision("alert.p99", "not_supported", "too few", 0.25),
]


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
@pytest.mark.parametrize("shown", [DECISIONS, DECISIONS[:1], DECISIONS[-1:]], ids=["all", "one", "none"])
def test_nothing_is_clipped(width_in, shown):
    """All that is drawn lies within the figure, on a desk and on a phone."""
    figure = style.drawn(lambda figure: forest.draw(figure, shown, caption=CAPTION), width_in=width_in)
    width, height = figure.get_size_inches()
    for canvas in (FigureCanvasAgg, FigureCanvasSVG):
        canvas(figure)
        with style.look():
            box = figure.get_tightbbox()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0, canvas


def test_rows_axis_and_legend():
    """A labelled row a metric in its order, an axis that says what and which way is worse, a mark for each verdict."""
    figure = style.drawn(lambda figure: forest.draw(figure, DECISIONS, caption=CAPTION), width_in=style.WIDE_IN)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [one.metric for one in DECISIONS]
    assert axes.yaxis_inverted()
    assert "slower to the right" in axes.get_xlabel()
    assert axes.get_xticklabels()[-1].get_text().endswith(" %")
    names = {text.get_text() for text in figure.legends[0].get_texts()}
    assert names == {"limit", "pair", "held", "regressed", "inconclusive", "suspect"}
    assert CAPTION in figure.get_supxlabel()
    assert [text.get_text().strip() for text in axes.texts] == ["not enough messages"]


def test_positions_are_per_cent():
    """An effect of ln 1.3 stands at +30 %, its limit at +15 %."""
    figure = style.drawn(lambda figure: forest.draw(figure, DECISIONS[1:2], caption=CAPTION), width_in=style.WIDE_IN)
    by_label = {line.get_label(): line.get_xdata() for line in figure.axes[0].lines}
    assert by_label["limit"][0] == pytest.approx(15)
    assert by_label["regressed"][0] == pytest.approx(34.986, abs=1e-3)
    assert len(by_label["pair"]) == 2
    markers = [marker for _, marker in forest._LOOKS.values()]
    assert len(set(markers)) == len(markers)
