"""Turns figures into what the files of a report hold: drawings for a page, a PNG for slides, a sheet for the PDF."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.figure import Figure

from reports.figures import style
from reports.figures.catalog import Entry
from reports.html import PageFigure
from reports.theme import themed

# A drawing with more bytes is cheaper as a picture, and quicker for a phone. Twenty of these are a page under 3 MB.
MOST_SVG_BYTES = 120_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure with its words, in every form that a report needs."""

    on_page: PageFigure
    png: bytes  # the wide one
    figure: Figure  # the wide one, laid out


def pictures(entries: Iterable[Entry]) -> list[Picture]:
    """Draw every figure twice, for a desk and for a phone."""
    return [_picture(entry) for entry in entries]


def _picture(entry: Entry) -> Picture:
    wide = style.drawn(entry.draw, width_in=style.WIDE_IN)
    narrow = style.drawn(entry.draw, width_in=style.NARROW_IN)
    png = style.png(wide)
    inline = _inline(wide, png, name=f"{entry.name}-w"), _inline(narrow, None, name=f"{entry.name}-n")
    return Picture(PageFigure(entry.name, entry.title, entry.sentence, *inline), png, wide)


def _inline(figure: Figure, png: bytes | None, *, name: str) -> str:
    """HTML of a drawing, or of a picture of it where the drawing has too many points."""
    svg = themed(style.svg(figure, name=name))
    if len(svg) <= MOST_SVG_BYTES:
        return svg
    picture = png or style.png(figure)
    img = f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}" alt="">'
    return min(img, svg, key=len)
