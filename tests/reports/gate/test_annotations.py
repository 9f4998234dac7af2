"""The one ::error line, escaped as GitHub's runner unescapes it."""

import pytest

from reports.gate.annotations import error_line
from reports.gate.model import CountDecision

FAILED = [CountDecision("a", "failed", "why"), CountDecision("b", "regressed", "why")]


def test_one_line_however_much_failed():
    """Two failures, one line, the sentence in it; % and line ends cannot end it."""
    line = error_line("gate", "Failed: +20 %,\r\nand more::x", FAILED)
    assert line == "::error title=latency gate gate::Failed: +20 %25,%0D%0Aand more::x"


def test_properties_are_escaped_further():
    """A colon or a comma in the title would end it."""
    assert error_line("a:b,c%\n", "s", FAILED) == "::error title=latency gate a%3Ab%2Cc%25%0A::s"


@pytest.mark.parametrize("outcome", ["held", "suspect", "inconclusive", "not_supported"])
def test_no_failure_no_line(outcome):
    """What did not fail is no error."""
    assert error_line("gate", "s", [CountDecision("a", outcome, "why")]) is None
