"""Drawings in the page's colours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.figures import style
from reports.theme import VARIABLES, themed


@pytest.mark.parametrize(("colour", "name"), VARIABLES.items())
def test_a_colour_becomes_a_variable(colour, name):
    """The drawn colour stays as what is taken where the page says nothing."""
    svg = f'<path d="M 0 0" style="fill: {colour.lower()}; stroke: {colour.upper()}"/>'
    assert themed(svg).lower().count(f"var({name}, {colour.lower()})") == 2


def test_other_colours_and_texts_stay():
    """Only styles are touched: a colour in a label or of the data is what it was."""
    svg = f'<g><!-- {style.INK} --><path style="fill: {style.GREEN}"/></g>'
    assert themed(svg) == svg


def test_digits_nobody_can_see_are_left_out():
    """Coordinates of paths and places keep hundredths; scales, on which glyphs depend, keep all."""
    svg = '<path d="M 12.345678 -0.999999\nL 1e-05 7" transform="scale(0.015625)"/>\n      <use x="1.239999"/>'
    assert themed(svg) == '<path d="M 12.34 -0.99\nL 1e-05 7" transform="scale(0.015625)"/>\n<use x="1.23"/>'


@given(st.lists(st.floats(-1e4, 1e4).map(lambda value: f"{value:.6f}"), min_size=1, max_size=8))
def test_no_point_moves_further_than_a_hundredth(numbers):
    """Cutting digits moves a point by less than 1/100 of a point."""
    text = themed(f'<path d="M {" ".join(numbers)}"/>')
    after = re.search(r'd="M ([^"]*)"', text)[1].split()
    assert all(abs(float(old) - float(new)) < 0.01 for old, new in zip(numbers, after, strict=True))
