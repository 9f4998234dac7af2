"""The line of a TOML file on which a key stands, for who must change it. Pure.

`tomllib` tells no positions. This knows tables, dotted keys and the first lines of values, which is what is written by
hand; for a key inside of an inline table it gives the line of that, and for a key that is not there its table's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, keys: Sequence[str]) -> int:
    """Line, from 1, of the longest beginning of `keys` that stands in the file."""
    best_line, best_length = 1, 0
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            table = _parts(header[1])
            here = table
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        if len(here) > best_length and list(keys[: len(here)]) == here:
            best_line, best_length = number, len(here)
    return best_line


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", dotted)]
