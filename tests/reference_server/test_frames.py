"""Frames as the library would build them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from reference_server.frames import text_frames


def by_the_library(messages: list[bytes]) -> bytes:
    return b"".join(Frame(Opcode.TEXT, message).serialize(mask=False) for message in messages)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_each_form_of_the_length(length: int) -> None:
    """RFC 6455, 5.2: 7 bits, 16 bits from 126 on, 64 bits from 65,536 on."""
    assert text_frames([b"x" * length]) == by_the_library([b"x" * length])


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_many_messages_follow_each_other(messages: list[bytes]) -> None:
    """One frame a message, nothing between them."""
    assert text_frames(messages) == by_the_library(messages)
