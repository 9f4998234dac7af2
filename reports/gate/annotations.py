"""GitHub's workflow commands: at most one ::error per scenario, for a wall of red lines is read by nobody.

Escapes are those of the runner (actions/toolkit, packages/core/src/command.ts): %, CR and LF in the message, also :
and , in a property.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.gate.model import FAILING, Case


def error_line(scenario: str, sentence: str, cases: Sequence[Case]) -> str | None:
    """Return the one ::error line of a scenario, None where no metric failed."""
    if not any(case.outcome in FAILING for case in cases):
        return None
    return f"::error title={_property(f'latency gate {scenario}')}::{_message(sentence)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
