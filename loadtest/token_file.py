"""Tokens that the owner of a server made: a line each, and beside it the buildings that it opens, where that is known.

eyJhbGciOi...                  one line: the same for all managers
eyJhbGciOi...  b-0001,b-0007   several: the first line is the first manager's
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from wire.errors import SensorSwarmError


class Token(NamedTuple):
    """One line."""

    token: str
    buildings: tuple[str, ...] = ()  # none: as the swarm draws them


def read_tokens(path: Path) -> list[Token]:
    """Read a token file; blank lines and those that begin with # are passed over.

    Raises:
        SensorSwarmError: it is not there, holds none, or a line is not as above; a token is never repeated.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SensorSwarmError(f"auth.file {path}: {what}; a file with one token a line is wanted") from None
    tokens = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if len(parts) > 2:  # noqa: PLR2004 - a token and its buildings
            raise SensorSwarmError(
                f"auth.file {path}:{number}: give a token, and at most its buildings parted by commas"
            )
        buildings = tuple(sorted(filter(None, parts[1].split(",")))) if len(parts) > 1 else ()
        tokens.append(Token(parts[0], buildings))
    if not tokens:
        raise SensorSwarmError(f"auth.file {path}: holds no token; write one a line")
    return tokens
