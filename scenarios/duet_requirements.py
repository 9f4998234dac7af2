"""Whether another revision of a project can run in this environment. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

_NAME = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*\(?([^()]*)\)?\s*")


def declared(pyproject: str) -> frozenset[str] | None:
    """What `[project] dependencies` of a pyproject.toml asks for, in one spelling; None where it does not say."""
    try:
        dependencies = tomllib.loads(pyproject)["project"]["dependencies"]
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    return one_spelling(dependencies) if isinstance(dependencies, list) else None


def one_spelling(requirements: Iterable[str]) -> frozenset[str]:
    """Requirements without those of extras, so that two spellings of one are equal (PEP 508, PEP 503).

    `Aiomqtt >= 2.5` and `aiomqtt>=2.5` are one, so are `x<2,>=1` and `x>=1,<2`.
    """
    found = set()
    for requirement in requirements:
        head, _, marker = requirement.partition(";")
        marker = re.sub(r"\s+", "", marker).replace('"', "'")
        match = _NAME.fullmatch(head)
        if "extra==" in marker:
            continue
        if match is None:  # a URL, or nothing we know: only the same words are the same
            found.add(requirement.strip())
            continue
        name, extras, versions = match.groups()
        limits = ",".join(sorted(re.sub(r"\s+", "", versions).split(",")))
        found.add(f"{re.sub(r'[-_.]+', '-', name).lower()}{extras or ''}{limits};{marker}")
    return frozenset(found)
