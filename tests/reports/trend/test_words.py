"""A series in words."""

import pytest

from reports.trend import words
from reports.trend.model import Trend
from reports.trend.series import series_of


@pytest.mark.parametrize(
    ("share", "said"), [(2.52, "+252 %"), (0.2, "+20 %"), (-0.041, "-4.1 %"), (-0.5, "-50 %"), (12.0, "+1,200 %")]
)
def test_percent(share, said):
    """Signed, to a tenth where it is small."""
    assert words.percent(share) == said


def test_the_sentence_is_of_this_series(trend):
    """What rose or fell, by how much, where, from what to what."""
    assert words.sentence(trend()) == "reading.p50 rose by 25 % at night-07, from 20.1 ms to 25.1 ms."
    falls = trend([25.1, 25.0, 24.9, 25.2, 24.8, 25.3, 20.1, 20.0, 19.9, 20.2, 19.8, 20.3])
    assert words.sentence(falls).startswith("reading.p50 fell by 20 % at night-07")


def test_nothing_found_or_nothing_to_be_found(trend):
    """No change beyond chance is something else than too few runs to tell."""
    assert words.sentence(trend([20.0] * 12)) == "No change beyond chance in reading.p50 over 12 runs."
    assert words.sentence(trend([20.0] * 5)) == "With 5 runs no change can be told from chance: 10 are needed."
    assert [words.ends(trend([20.0] * count).series[0])[2] for count in (12, 5)] == ["none", "–"]  # noqa: RUF001 - a dash


def test_many_changes_are_counted(nights):
    """A sentence names four; the table has the rest."""
    runs = nights(values_ms=[20.0 * 2 ** (index // 8) + index % 2 for index in range(56)])
    found = series_of(runs, ["reading.p50"], seed=0)
    assert len(found[0].changes) == 6
    text = words.sentence(Trend("gate", runs, found, [], [], 0))
    assert text.count(" at night-") == 4
    assert text.endswith("; 2 more changes below.")
    assert len(words.change_rows(found)) == 6


def test_notices(trend, nights):
    """Gaps are told; so is a metric with too few runs beside one that has enough."""
    gap = trend([20.0, None, *[20.0] * 11])
    assert words.notices(gap) == ["reading.p50: 1 run of 13 with too few messages; not shown there."]
    runs = nights()
    mixed = Trend("gate", runs, series_of(runs, ["reading.p50", "alert.p99"], seed=0), [], [], 0)
    assert words.notices(mixed)[-1].startswith("alert.p99: fewer than 10 runs")


def test_the_caption_has_what_a_figure_needs(trend):
    """How many, of what, which seeds, which method and level."""
    text = words.caption(trend()).replace("\N{NO-BREAK SPACE}", " ")
    for part in ("n = 12 runs of gate, seed 7", "E-divisive", "permutations with seed 0", "level 1 %"):
        assert part in text
