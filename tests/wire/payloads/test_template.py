"""A payload template of the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wire.payloads.template import FIELDS, PayloadTemplate, PayloadTemplateError
from wire.reading import Reading

READING = Reading("b-0001/temperature/0042", 1763856000.123456, 1234, 21.5, "Cel")


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('{"v":{value},"t":{ts_ms}}', '{"v":21.50,"t":1763856000123}'),
        ('{"a":{"b":{seq:08d}}}', '{"a":{"b":00001234}}'),
        ("{building}|{quantity}|{name}|{sensor}", "b-0001|temperature|0042|b-0001/temperature/0042"),
        ("{ts}|{ts:.1f}|{ts_us}|{ts_ns}", "1763856000.123456|1763856000.1|1763856000123456|1763856000123456000"),
        ("{ts_iso} {value:.0f}{unit} 100 % {} {9}", "2025-11-23T00:00:00.123456Z 22Cel 100 % {} {9}"),
        ("{value:>8.1f}ü", "    21.5ü"),
    ],
)
def test_fields_are_filled_in_and_all_else_stays(text: str, payload: str) -> None:
    """Every field, formats, and braces that JSON needs."""
    assert PayloadTemplate(text).fill(READING, decimals=2).decode() == payload


def test_every_field_can_stand_in_a_template() -> None:
    """Those that are told in messages are those that are."""
    filled = PayloadTemplate("[" + ",".join(f'"{{{name}}}"' for name in FIELDS) + "]").fill(READING, decimals=1)
    assert len(json.loads(filled)) == len(FIELDS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"v":{valu}}', r"unknown field \{valu\}; did you mean 'value'\?"),
        ("{temperature_of_it}", r"unknown field \{temperature_of_it\}; known: sensor, building"),
        ("{value:x}", r"\{value:x\}: .*format"),
        ("{sensor:.2f}", r"\{sensor:.2f\}: .*format"),
        ("{}", "no field in it"),
        ("no-such-file", "no-such-file.*No such file"),
    ],
)
def test_a_template_that_cannot_work_is_refused(text: str, complaint: str) -> None:
    """Each mistake is named in one line, with what may have been meant."""
    with pytest.raises(PayloadTemplateError, match=complaint) as caught:
        PayloadTemplate.of(text)
    assert "\n" not in str(caught.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    """Without the end of its last line, which editors add."""
    path = tmp_path / "payload.txt"
    path.write_text("<v>{value}</v>\n")
    assert PayloadTemplate.of(str(path)).fill(READING, decimals=0) == b"<v>22</v>"
    path.write_bytes(b"\xff{value}")
    with pytest.raises(PayloadTemplateError, match="utf-8"):
        PayloadTemplate.of(str(path))
