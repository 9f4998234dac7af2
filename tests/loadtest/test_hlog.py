"""The interval log, read by the reference reader."""

import numpy as np
import pytest
from hdrh.log import HistogramLogReader

from loadtest.histogram import Latencies, delta_of, new_histogram
from loadtest.hlog import LatencyLog, line
from wire.errors import UnusableError


def test_the_reference_reader_finds_tags_times_and_values(tmp_path):
    """Every line has its tag, its absolute start time and its values."""
    path = tmp_path / "latency.hlog"
    log = LatencyLog(path, 1_763_856_000.0)
    log.write(
        [
            line("reading", 1_763_856_000.25, 1.0, delta_of(Latencies(np.array([10, 2000]), 0))),
            line("alert", 1_763_856_001.25, 1.0, delta_of(Latencies(np.array([5]), 0))),
        ]
    )
    reader = HistogramLogReader(str(path), new_histogram())
    try:
        first, second = reader.get_next_interval_histogram(), reader.get_next_interval_histogram()
        assert reader.get_next_interval_histogram() is None
    finally:
        reader.input_file.close()
    assert (first.get_tag(), second.get_tag()) == ("reading", "alert")
    assert first.get_start_time_stamp() == pytest.approx(1_763_856_000_250)
    assert (first.get_total_count(), first.get_max_value(), second.get_max_value()) == (2, 2000, 5)


def test_a_directory_that_is_gone_ends_with_one_line(tmp_path):
    """A log that cannot be written says where and why."""
    with pytest.raises(UnusableError, match=r"latency\.hlog"):
        LatencyLog(tmp_path / "gone" / "latency.hlog", 0.0)
