"""What every benchmark shares: options, interleaved repetitions, medians with spread, a table and a JSON file.

Absolute figures belong to the machine they were measured on; ratios are what carries over. A figure is the median
over the repetitions, its `_low` and `_high` neighbours in the JSON are the least and the greatest.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scenarios import facts
from wire.records import write_json

Measure = Callable[[float], Mapping[str, float]]  # seconds it may take -> figures by name


@dataclass
class Benchmark:
    """One benchmark's measurements.

    Args:
        name: as in `python -m benchmarks.NAME`.
        about: one line for --help and above the table.
        seconds: default for --seconds, the time one measurement of one contestant may take.
        repetitions: how often the contestants take turns.
    """

    name: str
    about: str
    seconds: float
    repetitions: int = 5
    samples: dict[str, list[float]] = field(default_factory=dict)  # figure -> one value a repetition
    ratios: dict[str, list[float]] = field(default_factory=dict)
    json_file: Path | None = None

    def parse(
        self, arguments: list[str] | None = None, *, more: argparse.ArgumentParser | None = None
    ) -> argparse.Namespace:
        """Read --seconds, --repetitions and --json, and the options of `more`, a parser without a help of its own."""
        parents = [] if more is None else [more]
        parser = argparse.ArgumentParser(
            prog=f"python -m benchmarks.{self.name}", description=self.about, parents=parents
        )
        parser.add_argument("--seconds", type=float, default=self.seconds, help="per measurement (%(default)g)")
        parser.add_argument("--repetitions", type=int, default=self.repetitions, help="%(default)d")
        parser.add_argument("--json", type=Path, help="write the figures to this file")
        options = parser.parse_args(arguments)
        if options.seconds <= 0 or options.repetitions < 1:
            parser.error("--seconds must be above 0 and --repetitions at least 1")
        self.seconds, self.repetitions, self.json_file = options.seconds, options.repetitions, options.json
        return options

    def take_turns(self, contestants: Mapping[str, Measure]) -> None:
        """Measure each contestant in turn, `repetitions` times over; each names its own figures."""
        for turn in range(self.repetitions):
            for name, measure in contestants.items():
                for figure, value in measure(self.seconds).items():
                    self.samples.setdefault(figure, []).append(value)
                print(f"  {turn + 1}/{self.repetitions} {name}", flush=True)

    def ratio(self, name: str, numerator: str, denominator: str) -> None:
        """A ratio of two figures, taken within each repetition, so that a slow moment hits both sides."""
        pairs = zip(self.samples[numerator], self.samples[denominator], strict=True)
        self.ratios[name] = [above / below for above, below in pairs]

    def finish(self) -> None:
        """Print the table and write the JSON file where one was asked for."""
        table = Table(title=self.about)
        for column in ("figure", "median", "least", "greatest", "n"):
            table.add_column(column, justify="left" if column == "figure" else "right")
        for name, values in (*self.samples.items(), *self.ratios.items()):
            table.add_row(name, *(f"{number(values):,.4g}" for number in (_median, min, max)), str(len(values)))
        Console().print(table)
        if self.json_file is not None:
            write_json(
                self.json_file,
                {
                    "name": self.name,
                    "figures": _flat(self.samples),
                    "ratios": _flat(self.ratios),
                    "machine": facts.machine(),
                    "versions": facts.versions(),
                },
            )


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _flat(samples: Mapping[str, list[float]]) -> dict[str, float]:
    flat = {}
    for name, values in samples.items():
        flat[name] = _median(values)
        flat[f"{name}_low"] = min(values)
        flat[f"{name}_high"] = max(values)
    return flat
