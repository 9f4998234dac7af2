"""JSON Pointer (RFC 6901): parsed once, compiled into plain functions. Pure.

A pointer is empty (the whole document) or a "/" and a key for each step; in a key "~1" stands for "/" and "~0" for "~".
In an array a key is an index without leading zeros; "-", the place after the last one, is nothing that can be read. In
maps of msgpack and CBOR, whose keys need not be text, a key that is a whole number meets that number too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any

Getter = Callable[[Any], Any]
"""Gives what a pointer points to; raises LookupError or TypeError where that is nothing."""

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_TILDE = re.compile(r"~(?![01])")


def parse(pointer: str) -> tuple[str, ...]:
    """Keys of a pointer.

    Raises:
        ValueError: it is none.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON Pointer: it begins with a slash, as '/{pointer}' does")
    if _TILDE.search(pointer):
        raise ValueError(f"{pointer!r} is no JSON Pointer: write ~0 for ~ and ~1 for / in a key")
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def compile_pointer(pointer: str) -> Getter:
    """Function that follows a pointer.

    Raises:
        ValueError: it is none.
    """
    steps = [_step(key) for key in parse(pointer)]
    if not steps:
        return lambda document: document
    if len(steps) == 1:
        return steps[0]
    first, *rest = steps

    def follow(document: Any) -> Any:  # noqa: ANN401 - any JSON
        value = first(document)
        for step in rest:
            value = step(value)
        return value

    return follow


def _step(key: str) -> Getter:
    """One key down; a key that is no number can only be met in an object, which C looks up."""
    if not _WHOLE_NUMBER.fullmatch(key):
        return itemgetter(key)
    number = int(key)

    def step(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            if number < 0:
                raise IndexError(key)
            return value[number]
        if not isinstance(value, dict):  # a text has characters, which are nothing of a document's
            raise TypeError(key)
        return value[key] if key in value else value[number]

    return step
