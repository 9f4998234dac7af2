"""JUnit XML: one case per scenario and metric. What could not be decided is skipped with its reason, never passed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from reports.gate.model import FAILING, UNDECIDED, Case

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def document(scenario: str, sentence: str, cases: Sequence[Case], *, name: str = "sensorswarm") -> str:
    """Return the XML of one suite, named by its scenario.

    Args:
        scenario: name of the suite and class of its cases.
        sentence: the whole verdict, for people.
        cases: one test case each.
        name: of all suites together.
    """
    failures = sum(case.outcome in FAILING for case in cases)
    skipped = sum(case.outcome in UNDECIDED for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_attribute(name)} {counts}>",
        f"  <testsuite name={_attribute(scenario)} {counts}>",
        *(line for case in cases for line in _case(scenario, case)),
        f"    <system-out>{_text(sentence)}</system-out>",
        "  </testsuite>",
        "</testsuites>",
        "",
    ]
    return "\n".join(lines)


def _case(scenario: str, case: Case) -> list[str]:
    head = f"    <testcase classname={_attribute(scenario)} name={_attribute(case.metric)}"
    if case.outcome in FAILING:
        told = f"<failure message={_attribute(case.reason)} type={_attribute(case.outcome)}/>"
    elif case.outcome in UNDECIDED:
        told = f"<skipped message={_attribute(case.reason)}/>"
    else:
        told = f"<system-out>{_text(case.reason)}</system-out>"
    return [f"{head}>", f"      {told}", "    </testcase>"]


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))
