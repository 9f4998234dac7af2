"""The report as a PDF for printing and mailing: the verdict first, then a figure a page with its sentence.

Pages are A4, landscape. A figure keeps its size; one that is too tall for the sheet makes its sheet larger in the same
proportion, which a printer fits to its paper.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from reports.figures import style
from reports.headline import Number, numbers, subtitle
from reports.pictures import Picture
from reports.summary import Summary

_A4_IN = (11.69, 8.27)  # landscape
_MARGIN_IN = 0.6
_LINE_IN = 0.235
_CHARACTERS = 118  # of a line of text across the sheet
_BESIDE = 100  # of a line beside the colour of a verdict
_TITLE_IN = 0.35
_HEADINGS = {"held": "#00664a", "failed": "#a84300", "not_usable": "#5b4a00"}
_BACKS = {"held": "#e2f4ed", "failed": "#fdeade", "not_usable": "#fbf3cd"}


@dataclass(frozen=True, slots=True)
class Box:
    """A verdict on its colour."""

    name: str  # held, failed or not_usable
    label: str
    headline: str
    details: list[str]


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before the figures."""

    title: str
    boxes: list[Box]
    numbers: list[Number] = field(default_factory=list)
    table: list[str] = field(default_factory=list)  # lines of even width
    notices: list[str] = field(default_factory=list)


def front(summary: Summary) -> Front:
    """Say what stands on the first sheet of one run: the verdict, five numbers, doubts."""
    verdict = summary.verdict
    box = Box(verdict.name, verdict.name.replace("_", " ").upper(), verdict.headline, verdict.details)
    return Front(title=subtitle(summary), boxes=[box], numbers=numbers(summary), notices=summary.untold)


@dataclass(frozen=True, slots=True)
class _Look:
    """How a text is set."""

    size: float
    bold: bool = False
    colour: str = style.INK
    even: bool = False  # letters of one width


_PLAIN = _Look(10)


def pdf_of(first: Front, pictures: Iterable[Picture]) -> bytes:
    """Return the bytes of the document."""
    out = io.BytesIO()
    # Type 42 keeps text as text, so that it can be searched; without a date the same run gives the same file.
    with style.look(), mpl.rc_context({"pdf.fonttype": 42, "figure.constrained_layout.use": False}):
        metadata = {"Title": f"SensorSwarm: {first.title}", "CreationDate": None, "ModDate": None}
        with PdfPages(out, metadata=metadata) as document:
            for sheet in _front_sheets(first):
                document.savefig(sheet)
            for one in pictures:
                box = _with_words(one)
                document.savefig(one.figure, bbox_inches=box)
    return out.getvalue()


def _with_words(picture: Picture) -> Bbox:
    """Write title and sentence above a figure that is laid out; give the sheet around it, in inches."""
    figure, (width, height) = picture.figure, picture.figure.get_size_inches()
    _pin_legends(figure)
    lines = textwrap.wrap(picture.on_page.sentence, _CHARACTERS)
    words_in = _TITLE_IN + _LINE_IN * len(lines) + 0.15
    scale = max(1.0, (width + 2 * _MARGIN_IN) / _A4_IN[0], (height + words_in + 2 * _MARGIN_IN) / _A4_IN[1])
    sheet_width, sheet_height = _A4_IN[0] * scale, _A4_IN[1] * scale
    left = (width - sheet_width) / 2
    top = height + words_in
    over_in = left + max(_MARGIN_IN, (sheet_width - width) / 2)
    figure.text(over_in / width, (top - 0.05) / height, picture.on_page.title, fontsize=15, fontweight="bold", va="top")
    for index, line in enumerate(lines):
        y = top - _TITLE_IN - _LINE_IN * index
        figure.text(over_in / width, y / height, line, fontsize=10, va="top")
    high = top + _MARGIN_IN
    return Bbox([[left, high - sheet_height], [left + sheet_width, high]])


def _pin_legends(figure: Figure) -> None:
    """Keep a figure's legends where they are: their anchor, the figure's box, becomes that of the sheet."""
    for legend in figure.legends:
        box = legend.get_window_extent().transformed(figure.transFigure.inverted())
        legend.borderaxespad = 0
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((box.x0, box.y1), transform=figure.transFigure)


class _Sheets:
    """Sheets filled from the top; what does not fit goes on a next one."""

    def __init__(self) -> None:
        self.made: list[Figure] = []
        self._sheet: Figure
        self.left_in = 0.0
        self._turn()

    def _turn(self) -> None:
        self._sheet = Figure(figsize=_A4_IN)
        FigureCanvasAgg(self._sheet)
        self.made.append(self._sheet)
        self.left_in = _A4_IN[1] - _MARGIN_IN

    def need(self, height_in: float) -> None:
        """Begin a next sheet where this much does not fit."""
        if self.left_in - height_in < _MARGIN_IN:
            self._turn()

    def skip(self, height_in: float) -> None:
        """Leave room."""
        self.left_in -= height_in

    def text(self, text: str, *, x_in: float = _MARGIN_IN, down_in: float = 0.0, look: _Look = _PLAIN) -> None:
        """Write at the present height; nothing moves."""
        at = x_in / _A4_IN[0], (self.left_in - down_in) / _A4_IN[1]
        self._sheet.text(
            *at,
            text,
            va="top",
            parse_math=False,  # a reason may hold any signs
            fontsize=look.size,
            fontweight="bold" if look.bold else "normal",
            color=look.colour,
            family="DejaVu Sans Mono" if look.even else "DejaVu Sans",
            linespacing=1.4,
        )

    def line(self, text: str, *, x_in: float = _MARGIN_IN, look: _Look = _PLAIN) -> None:
        """Write a line and go below it."""
        self.need(_LINE_IN)
        self.text(text, x_in=x_in, look=look)
        self.skip(_LINE_IN)

    def box(self, *, x_in: float, width_in: float, height_in: float, colour: str) -> None:
        """Colour an area below the present height."""
        at = x_in / _A4_IN[0], (self.left_in - height_in) / _A4_IN[1]
        area = width_in / _A4_IN[0], height_in / _A4_IN[1]
        self._sheet.add_artist(
            Rectangle(at, *area, transform=self._sheet.transFigure, facecolor=colour, edgecolor="none", zorder=0)
        )


def _front_sheets(first: Front) -> list[Figure]:
    sheets = _Sheets()
    sheets.text("SensorSwarm", look=_Look(11, bold=True))
    for line in textwrap.wrap(first.title, _BESIDE):
        sheets.text(line, x_in=_MARGIN_IN + 1.35, look=_Look(10.5, colour=style.FAINT))
        sheets.skip(_LINE_IN)
    sheets.skip(0.15)
    for box in first.boxes:
        _verdict(sheets, box)
    if first.numbers:
        _numbers(sheets, first.numbers)
    for line in first.table:
        sheets.line(line, look=_Look(_table_size(first.table), even=True))
    if first.notices:
        sheets.skip(0.2)
        sheets.line("Notices", look=_Look(10.5, bold=True))
        for notice in first.notices:
            _item(sheets, notice)
    return sheets.made


def _table_size(table: Sequence[str]) -> float:
    """Type size at which the widest line still fits across the sheet; a letter is 0.602 of its size wide."""
    widest = max(map(len, table), default=1)
    return min(8.5, (_A4_IN[0] - 2 * _MARGIN_IN) * 72 / (0.602 * widest))


def _item(sheets: _Sheets, text: str, *, x_in: float = _MARGIN_IN, characters: int = _CHARACTERS) -> None:
    for index, line in enumerate(textwrap.wrap(text, characters)):
        sheets.line(f"{'•' if index == 0 else ' '} {line}", x_in=x_in)


def _verdict(sheets: _Sheets, box: Box) -> None:
    """The verdict on its colour; its reasons, of which there may be many, below."""
    lines = textwrap.wrap(box.headline, 78)
    height_in = 0.5 + 0.33 * len(lines)
    sheets.need(height_in + _LINE_IN)
    width_in = _A4_IN[0] - 2 * _MARGIN_IN
    sheets.box(x_in=_MARGIN_IN, width_in=width_in, height_in=height_in, colour=_BACKS[box.name])
    sheets.box(x_in=_MARGIN_IN, width_in=0.08, height_in=height_in, colour=_HEADINGS[box.name])
    inner = _MARGIN_IN + 0.3
    sheets.text(box.label, x_in=inner, down_in=0.16, look=_Look(9, bold=True, colour=_HEADINGS[box.name]))
    for index, line in enumerate(lines):
        sheets.text(line, x_in=inner, down_in=0.4 + 0.33 * index, look=_Look(15, bold=True))
    sheets.skip(height_in + 0.12)
    for reason in box.details:
        _item(sheets, reason, x_in=inner, characters=_BESIDE)
    sheets.skip(0.1)


def _numbers(sheets: _Sheets, five: Sequence[Number]) -> None:
    """Five numbers beside each other."""
    sheets.need(1.3)
    step_in = (_A4_IN[0] - 2 * _MARGIN_IN) / len(five)
    for index, one in enumerate(five):
        x_in = _MARGIN_IN + step_in * index
        colour = "#a84300" if one.good is False else style.INK
        sheets.text(one.label, x_in=x_in, down_in=0.1, look=_Look(9, colour=style.FAINT))
        sheets.text(one.value, x_in=x_in, down_in=0.3, look=_Look(16, bold=True, colour=colour))
        note = textwrap.fill(one.note, 26)
        sheets.text(note, x_in=x_in, down_in=0.62, look=_Look(8.5, colour=style.FAINT))
    sheets.skip(1.3)
