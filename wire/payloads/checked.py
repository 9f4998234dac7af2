"""What every payload must say to be a reading, whatever its format. Pure."""

from __future__ import annotations

import math

from wire.reading import Reading


class PayloadError(ValueError):
    """A payload that is not a reading. Its text says what is wrong, never the whole payload."""


def reading_of(record: object, kind: str) -> Reading:
    """Reading of a decoded map with the keys sensor, ts, seq, value and unit; `kind` names the format.

    Raises:
        PayloadError: no map, a key is missing or of the wrong type, or a number is not finite.
    """
    if type(record) is not dict:
        raise PayloadError(f"a {kind} {type(record).__name__}, expected an object")
    try:
        sensor, ts, seq = record["sensor"], record["ts"], record["seq"]
        value, unit = record["value"], record["unit"]
    except KeyError as error:
        raise PayloadError(f"key {error} is missing") from None
    return checked(sensor, ts, seq, value, unit)


def checked(sensor: object, ts: object, seq: object, value: object, unit: object) -> Reading:
    """Reading of its five fields.

    Raises:
        PayloadError: a field is of the wrong type, or a number is not finite.
    """
    if type(sensor) is not str or sensor.count("/") != 2 or type(unit) is not str:  # noqa: PLR2004
        raise PayloadError("sensor must be 'building/quantity/name' and unit a string")
    if type(seq) is not int or seq < 0:
        raise PayloadError(f"seq must be a whole number from 0, not {seq!r}")
    if type(ts) not in (int, float) or type(value) not in (int, float):
        raise PayloadError("ts and value must be numbers")
    assert isinstance(ts, int | float)  # noqa: S101 - for the type checker
    assert isinstance(value, int | float)  # noqa: S101 - for the type checker
    try:
        seconds, number = float(ts), float(value)
    except OverflowError:  # a whole number of more than 300 digits, which CBOR can say
        seconds = number = math.inf
    if not (math.isfinite(seconds) and math.isfinite(number)):
        raise PayloadError("ts and value must be finite")
    return Reading(sensor, seconds, seq, number, unit)


def seq_from(ts: float) -> int:
    """Sequence number of a reading that came without one: its time in microseconds.

    The same reading has the same number whenever it comes, and a later one a higher, so that duplicates are found. What
    is missing is not: no number follows another.
    """
    return max(0, round(ts * 1e6))
