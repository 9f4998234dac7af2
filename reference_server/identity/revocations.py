"""Tokens that were taken back, by their `jti`: the form of the file. Pure."""

from __future__ import annotations

from wire.errors import SensorSwarmError

MAX_JTI = 1024  # characters


class RevocationsError(SensorSwarmError):
    """A list that cannot be used."""


def parse_revocations(text: str) -> frozenset[str]:
    """Read one `jti` a line; empty lines and lines that begin with '#' are left out.

    Raises:
        RevocationsError: a line too long to be one, or with a NUL in it: this is some other file.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        jti = line.strip()
        if not jti or jti.startswith("#"):
            continue
        if len(jti) > MAX_JTI or "\x00" in jti:
            raise RevocationsError(f"line {number} is no token id: one jti a line, at most {MAX_JTI} characters")
        found.append(jti)
    return frozenset(found)
