"""One run against absolute limits: which of held, failed and not usable, and why."""

import orjson
import pytest

from reports.gate.absolute import judge_run
from reports.gate.slo import parse_slo
from reports.verdict import Gate
from wire.errors import ExitCode

HOLDS = [Gate("leaked", 0, 0), Gate("missing_away", None, 7)]


@pytest.mark.parametrize(
    ("changes", "gates", "slos", "code", "sentence"),
    [
        ({}, HOLDS, ["reading.p99<1s"], ExitCode.HELD, "Held: 2 limits, none broken."),
        ({}, [Gate("leaked", 0, 2)], [], ExitCode.GATE_FAILED, "Failed: leaked is 2, at most 0."),
        (
            {},
            HOLDS,
            ["reading.p99<50ms", "alert.p99<1s"],
            ExitCode.GATE_FAILED,
            "Failed: reading.p99 is 80 ms (reading.p99<50ms).",
        ),
        ({}, HOLDS, ["alert.p50<1s"], ExitCode.NOT_USABLE, "Not usable: alert.p50<1s not supported: 0 independent"),
        (
            {"unusable": ("the publisher was late",)},
            [Gate("leaked", 0, 2)],
            ["reading.p99<1ms"],
            ExitCode.NOT_USABLE,
            "Not usable: the publisher was late.",
        ),
    ],
    ids=["held", "a count", "a latency", "not supported", "not usable"],
)
def test_the_verdict(figures, changes, gates, slos, code, sentence):
    """Unusable before broken, broken before unsupported, and each says so."""
    verdict = judge_run(figures(**changes), gates, [parse_slo(text) for text in slos])
    assert verdict.exit_code == code
    assert verdict.sentence.startswith(sentence)
    if "unusable" in changes:
        assert {case.outcome for case in verdict.cases} == {"inconclusive"}


def test_the_document(figures):
    """JSON names the verdict, every limit with its figure, the seed and the machine."""
    verdict = judge_run(figures(), HOLDS, [parse_slo("reading.p99<1s")])
    document = orjson.loads(orjson.dumps(verdict.document()))
    assert (document["verdict"], document["exit_code"], document["seed"]) == ("held", 0, 7)
    assert document["slos"] == [
        {"metric": "reading.p99<1s", "outcome": "held", "reason": "reading.p99 is 80 ms", "actual": 80.0}
    ]
    assert [one["metric"] for one in document["counts"]] == ["leaked"]
