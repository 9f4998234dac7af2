"""How messages are written: JSON, msgpack or CBOR. Libraries are wanted only for what is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from loadtest.transport import Message
from wire.errors import SensorSwarmError


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write messages."""

    name: str  # for people
    decode: Callable[[bytes], Any]
    encode: Callable[[Any], Message]  # text of a plain string is sent as it is
    errors: tuple[type[Exception], ...]  # what decode raises


def format_of(name: str) -> Format:
    """Format by its name: json, msgpack or cbor.

    Raises:
        SensorSwarmError: its library is not installed.
    """
    if name == "json":
        return Format("JSON", orjson.loads, lambda value: orjson.dumps(value).decode(), (orjson.JSONDecodeError,))
    library = {"msgpack": "msgpack", "cbor": "cbor2"}[name]
    try:
        module = importlib.import_module(library)
    except ImportError:
        raise SensorSwarmError(
            f'format = "{name}" needs the package {library}: pip install "sensorswarm[binary]"'
        ) from None
    if name == "msgpack":
        unpack = module.unpackb
        return Format("msgpack", lambda data: unpack(data, strict_map_key=False), module.packb, (ValueError, TypeError))
    return Format("CBOR", module.loads, module.dumps, (module.CBORDecodeError, ValueError, TypeError, EOFError))
