"""Figures in every form a report needs."""

import re

import numpy as np
import pytest

from reports import pictures
from reports.figures.catalog import Entry


def entry(points):
    def draw(figure):
        axes = figure.subplots()
        axes.plot(np.arange(points), np.random.default_rng(1).random(points), ".")
        return figure

    return Entry("noise", "Noise", "It is noisy.", draw)


@pytest.mark.parametrize(("points", "drawn"), [(5, True), (1500, False)])
def test_a_drawing_of_many_points_becomes_a_picture(points, drawn, monkeypatch):
    """A page stays small: beyond the limit a picture takes the drawing's place, for the desk and for the phone."""
    monkeypatch.setattr(pictures, "MOST_SVG_BYTES", 30_000)
    (made,) = pictures.pictures([entry(points)])
    for text in (made.on_page.wide, made.on_page.narrow):
        assert text.startswith("<svg" if drawn else '<img src="data:image/png;base64,')
        assert len(text) < 300_000
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (made.on_page.wide, made.on_page.narrow)]
    assert all(ids) is drawn
    assert not ids[0] & ids[1]  # both stand in one page: neither may use the other's clip paths
    assert made.png.startswith(b"\x89PNG")
    assert (made.on_page.name, made.on_page.title, made.on_page.sentence) == ("noise", "Noise", "It is noisy.")
