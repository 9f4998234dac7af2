"""Reads latency.hlog, an HdrHistogram interval log, as far as it can be read."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hdrh.codec import HdrCookieException, HdrHistogramSettingsException, HdrLengthException
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from reports.histogram import Histogram

_BROKEN = (
    ValueError,  # base64 or a number cut short
    TypeError,
    IndexError,
    RuntimeError,
    zlib.error,
    HdrCookieException,
    HdrLengthException,
    HdrHistogramSettingsException,
)


@dataclass(frozen=True, slots=True)
class Interval:
    """What was recorded under one tag during one interval."""

    tag: str  # reading, alert, connect, reconnect
    start_ts: float  # Unix seconds
    histogram: Histogram
    length_s: float = 1.0  # longer where a busy process was late to write it


@dataclass(slots=True)
class IntervalLog:
    """The readable intervals of a log, in its order, and how many lines could not be read."""

    intervals: list[Interval]
    broken: int = 0


def read_hlog(path: Path) -> IntervalLog:
    """Read an interval log; stamps may be absolute, or relative to a StartTime or BaseTime comment.

    Lines that cannot be read are counted, not raised: a killed run leaves half a line. Empty intervals and intervals
    without a tag are left out.

    Raises:
        OSError: the file is not there or cannot be opened.
    """
    result = IntervalLog([])
    reader = HistogramLogReader(str(path), HdrHistogram(1, 3_600_000_000, 3))
    reader.input_file.reconfigure(errors="replace")  # a byte that is no UTF-8 breaks its line, not the reading
    try:
        decoded = 0
        while True:
            try:
                histogram = reader.get_next_interval_histogram(absolute=True)
            except _BROKEN:
                continue  # the reader stands after the bad line already
            if histogram is None:
                break
            decoded += 1
            if histogram.get_tag() and histogram.get_total_count():
                start_ts = histogram.get_start_time_stamp() / 1000
                length_s = histogram.get_end_time_stamp() / 1000 - start_ts
                result.intervals.append(Interval(histogram.get_tag(), start_ts, _sparse(histogram), length_s))
    finally:
        reader.close()
    lines = path.read_bytes().splitlines()
    result.broken = sum(1 for line in lines if line.strip() and line[:1] not in (b"#", b'"')) - decoded
    return result


def _sparse(histogram: HdrHistogram) -> Histogram:
    """Keep the counters that are not zero, each with the highest value that falls into it.

    An index is (bucket + 1) * half + (sub_bucket - half), where the first bucket uses both halves of its sub-buckets
    and every later one only the upper; a sub-bucket of bucket b is 2^(b + unit) wide.
    """
    counters = np.frombuffer(histogram.counts, dtype=np.int64)
    index = np.flatnonzero(counters)
    half = histogram.sub_bucket_half_count
    bucket = (index >> histogram.sub_bucket_half_count_magnitude) - 1
    sub_bucket = (index & (half - 1)) + np.where(bucket < 0, 0, half)
    shift = np.maximum(bucket, 0) + histogram.unit_magnitude
    highest = ((sub_bucket + 1) << shift) - 1
    return Histogram(highest.astype(np.int64), counters[index].copy())
