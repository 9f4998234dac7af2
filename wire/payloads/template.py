"""A payload of the user's own: any text with the fields of a reading in braces, each with a format where wanted.

    {"v":{value},"t":{ts_ms}}        <measure id="{sensor}">{value:.1f}</measure>        {name};{value};{ts_iso}

Formats are those of Python (`:.3f`, `:08d`). Braces that hold no word are text, so JSON needs no escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wire.errors import SensorSwarmError
from wire.nearest import nearest
from wire.reading import Reading

_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Value = str | int | float


def _iso(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


# Of a reading, its time in microseconds, and its value as text with the digits that the sensor has.
_VALUES: dict[str, Callable[[Reading, int], _Value]] = {
    "sensor": lambda reading, _: reading.sensor,
    "building": lambda reading, _: reading.building,
    "quantity": lambda reading, _: reading.quantity,
    "name": lambda reading, _: reading.sensor.split("/", 2)[2],
    "unit": lambda reading, _: reading.unit,
    "seq": lambda reading, _: reading.seq,
    "value": lambda reading, _: reading.value,
    "ts": lambda _, us: us / 1e6,
    "ts_ms": lambda _, us: us // 1000,
    "ts_us": lambda _, us: us,
    "ts_ns": lambda _, us: us * 1000,
    "ts_iso": lambda _, us: _iso(us),
}
FIELDS = tuple(_VALUES)
_EXAMPLE = Reading("b-0001/temperature/0042", 1763856000.123456, 1234, 21.53, "Cel")


class PayloadTemplateError(SensorSwarmError):
    """A payload template that cannot be used."""


@dataclass(frozen=True)
class PayloadTemplate:
    """A text with fields.

    Raises:
        PayloadTemplateError: unknown field, a format that does not fit its field, or no field at all.
    """

    text: str
    _literals: list[str] = field(init=False, repr=False)
    _fields: list[tuple[Callable[[Reading, int], _Value], str, bool]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fields, literals, begin = [], [], 0
        for match in _FIELD.finditer(self.text):
            name, form = match[1], match[2] or {"ts": ".6f"}.get(match[1], "")
            if name not in _VALUES:
                raise PayloadTemplateError(f"payload template: unknown field {{{name}}}; {nearest(name, FIELDS)}")
            try:
                format(_VALUES[name](_EXAMPLE, 0), form)
            except ValueError as error:
                raise PayloadTemplateError(f"payload template: {match[0]}: {error}; see Python's formats") from None
            literals.append(self.text[begin : match.start()])
            fields.append((_VALUES[name], form, name == "value" and not form))
            begin = match.end()
        if not fields:
            raise PayloadTemplateError(f"payload template has no field in it; use {{value}} and of {', '.join(FIELDS)}")
        object.__setattr__(self, "_literals", [*literals, self.text[begin:]])
        object.__setattr__(self, "_fields", fields)

    @classmethod
    def of(cls, file_or_text: str) -> PayloadTemplate:
        """Read the file where there is one of this name, less the end of its last line; else take the text itself.

        Raises:
            PayloadTemplateError: no template, or a file that cannot be read.
        """
        if "{" in file_or_text:
            return cls(file_or_text)
        try:
            return cls(Path(file_or_text).read_text(encoding="utf-8").removesuffix("\n"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PayloadTemplateError(
                f"payload template {file_or_text!r}: {reason}; give a file, or text with fields such as {{value}}"
            ) from None

    def fill(self, reading: Reading, *, decimals: int) -> bytes:
        """Payload of one reading; `decimals` are the digits of a value without a format."""
        us = round(reading.ts * 1e6)
        parts = [self._literals[0]]
        for (value, form, plain), after in zip(self._fields, self._literals[1:], strict=True):
            parts += (format(value(reading, us), f".{decimals}f" if plain else form), after)
        return "".join(parts).encode()
