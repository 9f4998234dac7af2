"""JUnit XML as a parser reads it back."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from reports.gate import junit
from reports.gate.decide import judge
from reports.gate.model import CountDecision

OUTCOMES = ("held", "regressed", "failed", "suspect", "inconclusive", "not_supported")


def cases_of(text):
    """Each case's name and the tag of what came of it."""
    return [
        (case.get("name"), case[0].tag, case[0].get("message") or case[0].text)
        for case in ET.fromstring(text).iter("testcase")  # noqa: S314 - our own XML
    ]


def test_each_outcome():
    """Broken is a failure, undecided is skipped with its reason, only what held passes; the totals say so."""
    cases = [CountDecision(f"m.{outcome}", outcome, f"because {outcome}") for outcome in OUTCOMES]
    text = junit.document("gate", "A sentence.", cases)
    tags = ["system-out", "failure", "failure", "skipped", "skipped", "skipped"]
    assert cases_of(text) == [(f"m.{o}", tag, f"because {o}") for o, tag in zip(OUTCOMES, tags, strict=True)]
    root = ET.fromstring(text)  # noqa: S314
    for suite in (root, root[0]):
        assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "2", "0", "3"]
    assert root[0].get("name") == "gate"
    assert root[0].findtext("system-out") == "A sentence."


def test_a_comparison(job, pairs):
    """A case for the counts and one for each metric."""
    verdict = judge(job, pairs(slower=(0.2, 0, 0)))
    text = junit.document(verdict.scenario, verdict.sentence, verdict.cases)
    assert [case[:2] for case in cases_of(text)] == [
        ("counts", "system-out"),
        ("reading.p50", "skipped"),
        ("reading.p95", "system-out"),
        ("reading.p99", "system-out"),
    ]


@given(st.text(alphabet="a<>&\"'\x00\x1b\ud800]\n\t\N{SNOWMAN}", max_size=20))
def test_any_text_is_well_formed(text):
    """Whatever a label holds, the document can be parsed."""
    written = junit.document(text, text, [CountDecision(text, "failed", text), CountDecision(text, "held", text)])
    assert len(cases_of(written)) == 2
