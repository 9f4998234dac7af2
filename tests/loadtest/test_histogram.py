"""Vectorised bucketing against the reference implementation of HdrHistogram."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loadtest.histogram import (
    HIGHEST_US,
    Delta,
    Tally,
    delta_of,
    encode,
    highest_of_slots,
    new_histogram,
    slots_of,
    to_microseconds,
)

values = arrays(np.int64, st.integers(1, 60), elements=st.integers(0, HIGHEST_US))


def recorded(us: np.ndarray) -> HdrHistogram:
    histogram = new_histogram()
    for value in us.tolist():
        assert histogram.record_value(value)
    return histogram


@given(values)
def test_an_encoded_second_decodes_to_what_recording_one_by_one_gives(us):
    """Other HdrHistogram tools read our lines as if each value had been recorded by them."""
    decoded, one_by_one = HdrHistogram.decode(encode(delta_of(to_microseconds(us / 1e6)))), recorded(us)
    assert decoded.get_total_count() == len(us)
    assert decoded.get_max_value() == one_by_one.get_max_value()
    for percentile in (1, 50, 90, 99, 100):
        assert decoded.get_value_at_percentile(percentile) == one_by_one.get_value_at_percentile(percentile)


@given(values)
def test_a_tally_has_the_percentiles_of_the_reference(us):
    """Percentiles agree with the reference, but never exceed the true maximum."""
    tally = Tally()
    for part in np.array_split(us, 3):
        if len(part):
            tally.add(delta_of(to_microseconds(part / 1e6)))
    reference = recorded(us)
    expected = [min(reference.get_value_at_percentile(p), int(us.max())) / 1e3 for p in (50, 90, 99)]
    assert tally.percentiles_ms() == (*expected, us.max() / 1e3)


@given(values)
def test_a_delta_comes_out_of_a_message_as_it_went_in(us):
    """Counts that travel to the master are the counts there."""
    delta = delta_of(to_microseconds(us / 1e6))
    read = Delta.from_plain(delta.plain())
    assert read.plain() == delta.plain()
    assert (read.total, read.sum_us, read.max_us) == (len(us), us.sum(), us.max())


@pytest.mark.parametrize("value", [0, 1, 1023, 1024, 2047, 2048, 4095, 4096, 10**6, HIGHEST_US])
def test_slots_at_the_borders(value):
    """A value lies in the slot the reference gives, which ends where the reference says."""
    histogram = new_histogram()
    slot = int(slots_of(np.array([value]))[0])
    assert slot == histogram._counts_index_for(value)
    assert highest_of_slots(np.array([slot])) == histogram.get_highest_equivalent_value(value)


def test_negative_and_endless_latencies_are_kept_and_told():
    """A negative latency counts as 0 and is told; what is beyond an hour, or no number, counts as an hour."""
    latencies = to_microseconds(np.array([-0.5, 0.001, 1e9, np.nan, np.inf]))
    assert latencies.us.tolist() == [0, 1000, HIGHEST_US, HIGHEST_US, HIGHEST_US]
    assert latencies.negative == 1


def test_nothing_recorded_has_no_percentiles():
    """An empty row shows zeros instead of failing."""
    assert Tally().percentiles_ms() == (0.0, 0.0, 0.0, 0.0)
    assert Tally().percentiles_ms((50.0, 99.9)) == (0.0, 0.0, 0.0)
