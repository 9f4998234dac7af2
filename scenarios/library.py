"""Where scenarios are: the ones that ship with us by name, anybody's by path."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from scenarios.schema import ScenarioError

SHIPPED = Path(__file__).parent


def names() -> list[str]:
    """Names of the scenarios that ship with us."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def find(scenario: str) -> Path:
    """Path of a scenario given by name or by path; a file of that name wins over a shipped one.

    Raises:
        ScenarioError: there is none; the nearest name is given.
    """
    given = Path(scenario)
    if given.suffix == ".toml" or given.is_file():
        if given.is_file():
            return given
        raise ScenarioError(f"scenario {given} does not exist; shipped ones are run by name: {', '.join(names())}")
    shipped = SHIPPED / f"{scenario}.toml"
    if scenario in names():
        return shipped
    near = get_close_matches(scenario, names(), n=1)
    remedy = (
        f"did you mean {near[0]}?" if near else f"there are: {', '.join(names())}; or give the path of a .toml file"
    )
    raise ScenarioError(f"no scenario {scenario!r}; {remedy}")
