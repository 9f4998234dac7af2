"""Absolute limits: their grammar, units, and what a run makes of them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate.slo import check_slo, parse_slo
from wire.errors import SensorSwarmError


@pytest.mark.parametrize(
    ("text", "metric", "compare", "limit"),
    [
        ("reading.p99<250ms", "reading.p99", "<", 250),
        (" reading.p50 <= 1.5 s ", "reading.p50", "<=", 1500),
        ("alert.max<900us", "alert.max", "<", 0.9),
        ("alert.missing==0", "alert.missing", "==", 0),
        ("connection.lost!=0", "connection.lost", "!=", 0),
        ("reading.delivered_share>=99.9%", "reading.delivered_share", ">=", 0.999),
        ("anomaly.recall>0.5", "anomaly.recall", ">", 0.5),
    ],
)
def test_limits_that_are_understood(text, metric, compare, limit):
    """Metric, operator, number and unit; blanks do not matter; latencies end up in milliseconds."""
    slo = parse_slo(text)
    assert (slo.metric, slo.compare, slo.limit) == (metric, compare, pytest.approx(limit))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99<", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99=250ms", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99<-1ms", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99<1..5ms", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p99<250ms<3", "write METRIC OPERATOR NUMBER UNIT"),
        ("reading.p98<250ms", "did you mean reading.p9"),
        ("readings.p99<250ms", "did you mean reading.p99?"),
        ("alerts_missing==0", "did you mean alert.missing?"),
        ("zzz==0", "metrics begin with one of reading, alert"),
        ("reading.p99<250", "write 250us, 250ms or 250s"),
        ("reading.p99<250m", "unit 'm' is no time"),
        ("reading.p99==250ms", "write reading.p99<=250ms"),
        ("alert.missing==0ms", "is a count and has none; write alert.missing==0"),
        ("reading.delivered_share>99ms", "a share is a number from 0 to 1, or 99%"),
    ],
)
def test_limits_that_are_not(text, said):
    """One line that quotes the limit and says what to write."""
    with pytest.raises(SensorSwarmError) as caught:
        parse_slo(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"limit {text!r}: ")
    assert "\n" not in str(caught.value)


@given(st.lists(st.sampled_from(["reading", ".", "p99", "alert", "missing", "<", "=", "9", "ms", "%", " ", "\n", "-"])))
def test_no_text_is_a_traceback(parts):
    """Whatever is put together: understood, or refused in words."""
    text = "".join(parts)
    with contextlib.suppress(SensorSwarmError):
        assert text.strip() == parse_slo(text).text


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [
        ("reading.p99<80.1ms", "held", "reading.p99 is 80 ms"),
        ("reading.p99<80ms", "failed", "reading.p99 is 80 ms"),
        ("reading.p99<=80ms", "held", "reading.p99 is 80 ms"),
        ("reading.missing==0", "held", "reading.missing is 0"),
        ("reading.missing!=0", "failed", "reading.missing is 0"),
        ("reading.delivered_share>=99.9%", "held", "reading.delivered_share is 99.9 %"),
        ("reading.delivered_share>99.9%", "failed", "reading.delivered_share is 99.9 %"),
        ("alert.p50<1s", "not_supported", "not supported: 0 independent messages, 20 are needed; make the run longer"),
        ("anomaly.recall>0.5", "not_supported", "not supported: the run's files do not say"),
    ],
)
def test_a_run_against_a_limit(figures, text, outcome, reason):
    """Each operator at its edge; what the run cannot tell is not supported, never held."""
    result = check_slo(parse_slo(text), figures())
    assert (result.metric, result.outcome, result.reason) == (text, outcome, reason)


@pytest.mark.parametrize(("count", "outcome"), [(999, "not_supported"), (1000, "held")])
def test_a_quantile_needs_its_messages(figures, count, outcome):
    """Ten messages beyond the 99th percentile are a thousand in all."""
    run = figures(samples={"reading.p99": count})
    assert check_slo(parse_slo("reading.p99<1s"), run).outcome == outcome
