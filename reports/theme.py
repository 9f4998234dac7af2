"""Fits a drawing of matplotlib's into the page: colours that follow light and dark, and no digit nobody can see."""

from __future__ import annotations

import re

from reports.figures import style

# Colours of a drawing by the CSS variable that takes their place; the page's style sheet sets each for dark screens.
# A drawing made of these needs no second copy for the dark. Whatever is not listed stays as it is drawn.
VARIABLES = {
    style.INK: "--fig-ink",
    style.FAINT: "--fig-soft",
    style.GRID: "--fig-grid",
    "#b8c0c8": "--fig-edge",  # of axes
    "#a84300": "--fig-bad",  # vermillion, dark enough to read
    "#8a3f66": "--fig-fault",  # purple, dark enough to read
    style.BLACK: "--fig-black",
    style.BLUE: "--fig-blue",
    style.SKY: "--fig-sky",
    style.VERMILLION: "--fig-vermillion",
    style.YELLOW: "--fig-yellow",
}

_PATH = re.compile(r' d="[^"]*"')
_PLACE = re.compile(r' (?:x|y)="-?\d+\.\d{3,}"')
_BEYOND_HUNDREDTHS = re.compile(r"(\.\d\d)\d+")
_INDENT = re.compile(r"\n\s+")
_STYLE = re.compile(r'style="[^"]*"')
_COLOUR = re.compile("|".join(map(re.escape, VARIABLES)), re.IGNORECASE)
_BY_COLOUR = {colour.lower(): name for colour, name in VARIABLES.items()}


def themed(svg: str) -> str:
    """Return an inline SVG with its neutral colours as CSS variables and its coordinates to 1/100 point.

    matplotlib writes six decimals and an indent, which are most of the bytes of a drawing with many points.
    """
    svg = _PATH.sub(_short, svg)
    svg = _INDENT.sub("\n", _PLACE.sub(_short, svg))
    return _STYLE.sub(lambda found: _COLOUR.sub(_variable, found[0]), svg)


def _short(found: re.Match[str]) -> str:
    return _BEYOND_HUNDREDTHS.sub(r"\1", found[0])


def _variable(found: re.Match[str]) -> str:
    colour = found[0].lower()
    return f"var({_BY_COLOUR[colour]}, {colour})"
