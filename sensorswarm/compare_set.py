"""Sets of pairs: from run directories to what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.gate.decide import Job, judge
from reports.gate.metrics import read_figures
from reports.gate.model import JobVerdict, Pair
from scenarios.duet import AGAIN, CONTROL, FIRST
from sensorswarm.compare_halves import halves
from sensorswarm.compare_job import PairFiles, Sets


def read_pairs(files: Sequence[PairFiles]) -> list[Pair]:
    """Read the runs of one set.

    Raises:
        SensorSwarmError: a run directory is gone.
    """
    return [Pair(one.index, one.base_first, read_figures(one.base), read_figures(one.candidate)) for one in files]


class Judge:
    """Judges the sets made so far; each run is read once.

    Args:
        job: what is compared.
        out: folder of the comparison.
    """

    def __init__(self, job: Job, out: Path) -> None:
        self._job = job
        self._out = out
        self._read: dict[str, list[Pair]] = {}

    def __call__(self, sets: Sets) -> JobVerdict:
        """Read what is new, and decide.

        Raises:
            SensorSwarmError: as `reports.gate.decide.judge`.
        """
        for name, files in sets.items():
            if name not in self._read:
                self._read[name] = read_pairs(files)
        read = self._read
        return judge(
            self._job,
            read[FIRST],
            again=read.get(AGAIN, ()),
            control=read.get(CONTROL, ()),
            halves=halves(self._out),
        )
