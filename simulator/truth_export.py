"""The truth of a run in forms that other tools read: a flag for every reading, or the windows of NAB. Pure.

NAB is the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating Real-Time Anomaly Detection Algorithms: the Numenta
Anomaly Benchmark", ICMLA 2015); its `labels/combined_windows.json` maps each series to a list of [begin, end]. Ours
maps each sensor, with times in UTC.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np

from simulator.source import Bools
from wire.records import Anomaly, PublishedFinal

HEADER = b"ts,building,sensor,seq,sent,anomaly,kinds\n"
_SLACK = 1e-3  # intervals: stamps are rounded to microseconds


def flags(finals: Iterable[PublishedFinal], anomalies: Iterable[Anomaly]) -> Iterator[bytes]:
    """Lines of a CSV file: the header, then every reading that was meant, sensor after sensor.

    `ts` is the intended time in Unix seconds; `sent` is 0 where the reading was left out on purpose; `anomaly` is 1
    where it lies in an anomaly, and `kinds` then says in which, joined by `+` in the order of their names.
    """
    by_sensor = _by_sensor(anomalies)
    yield HEADER
    for final in finals:
        skipped = defaultdict(list)
        for place, first, last in final.skipped:
            skipped[place].append((first, last))
        for place, sensor in enumerate(final.sensors):
            count = final.last_seq[place] + 1
            sent = np.ones(count, dtype=np.bool_)
            for first, last in skipped[place]:
                sent[first : last + 1] = False
            marks = _marks(by_sensor.get(sensor, ()), final.first_ts[place], final.interval_s, count)
            yield _lines(final, place, sent, marks)


def _marks(anomalies: Iterable[Anomaly], first_ts: float, interval_s: float, count: int) -> dict[str, Bools]:
    """Which readings lie in an anomaly of each kind, shape (count,) each."""
    marks: dict[str, Bools] = {}
    for anomaly in anomalies:
        first = int(np.ceil((anomaly.start - first_ts) / interval_s - _SLACK))
        last = int(np.floor((anomaly.end - first_ts) / interval_s + _SLACK))
        of_kind = marks.setdefault(anomaly.kind, np.zeros(count, dtype=np.bool_))
        of_kind[max(0, first) : max(0, last + 1)] = True
    return dict(sorted(marks.items()))


def _lines(final: PublishedFinal, place: int, sent: Bools, marks: dict[str, Bools]) -> bytes:
    """All readings of one sensor."""
    who = f"{final.building},{final.sensors[place]}"
    first_ts, interval_s = final.first_ts[place], final.interval_s
    lines = []
    for seq, was_sent in enumerate(sent.tolist()):
        kinds = "+".join(kind for kind, marked in marks.items() if marked[seq])
        lines.append(f"{first_ts + seq * interval_s:.6f},{who},{seq},{int(was_sent)},{int(bool(kinds))},{kinds}\n")
    return "".join(lines).encode()


def nab_windows(sensors: Iterable[str], anomalies: Iterable[Anomaly]) -> bytes:
    """JSON with every sensor in order, and the windows of its anomalies; windows that overlap are one."""
    by_sensor = _by_sensor(anomalies)
    names = dict.fromkeys((*sensors, *by_sensor))
    content = {name: [[_utc(begin), _utc(end)] for begin, end in _joined(by_sensor.get(name, ()))] for name in names}
    return json.dumps(content, indent=1).encode() + b"\n"


def _joined(anomalies: Iterable[Anomaly]) -> list[tuple[float, float]]:
    windows: list[tuple[float, float]] = []
    for begin, end in sorted((anomaly.start, anomaly.end) for anomaly in anomalies):
        if windows and begin <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((begin, end))
    return windows


def _by_sensor(anomalies: Iterable[Anomaly]) -> dict[str, list[Anomaly]]:
    found: dict[str, list[Anomaly]] = {}
    for anomaly in anomalies:
        found.setdefault(anomaly.sensor, []).append(anomaly)
    return found


def _utc(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
