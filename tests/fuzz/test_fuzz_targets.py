"""The fuzz targets on their seeds and on what hypothesis makes of them; `make fuzz` does it for minutes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.catalog import TARGETS

TOKENS = [b"null", b"true", b"1e308", b"-1", b"9223372036854775807", b"[]", b"{}", b'""', b"\n", b"\n\n", b"\t"]


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed in which some stretches are replaced, left out or doubled."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + 20)))
        stretch = data[start:stop]
        other = draw(st.one_of(st.just(stretch * 2), st.binary(max_size=6), st.sampled_from(TOKENS)))
        data = data[:start] + other + data[stop:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_pass(name: str) -> None:
    """Real messages, and none at all, are taken without an exception."""
    for seed in (b"", *TARGETS[name].seeds):
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_nothing_but_the_protocols_own_errors_escapes(name: str, data: st.DataObject) -> None:
    """However real messages are bent, a target keeps its promises."""
    TARGETS[name].run(data.draw(mutated(TARGETS[name].seeds)))
