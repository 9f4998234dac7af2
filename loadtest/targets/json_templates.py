"""Messages to be sent, made of what the target file says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtest.targets.json_pointer import compile_pointer
from loadtest.targets.json_schema import PLACES


def fill(template: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Put values where their names stand.

    A text that is nothing but a name becomes its value, of whatever kind; inside of a longer text the value is written
    out.
    """
    if isinstance(template, dict):
        return {key: fill(value, names) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, names) for value in template]
    if not isinstance(template, str):
        return template
    if template in names:
        return names[template]
    for name, value in names.items():
        template = template.replace(name, str(value))
    return template


def places_of(template: Any, message: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """What stands in a message at the places that an answer names in braces; nothing where there is nothing."""
    found = {}
    for place in PLACES.findall(repr(template)):
        try:
            found[f"{{{place}}}"] = compile_pointer(place.removeprefix("^"))(message)
        except (LookupError, TypeError):
            found[f"{{{place}}}"] = None
    return found
