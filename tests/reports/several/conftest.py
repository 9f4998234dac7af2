"""Several runs in memory."""

import pytest

from reports.rundata import RunData, load
from reports.several.runs import NamedRun
from reports.summary import summarise
from reports.tables.build import tabulate


@pytest.fixture
def run():
    """A run of a page by its name and its data."""

    def make(name, data):
        tables = tabulate(data)
        return NamedRun(name, tables, summarise(data, tables))

    return make


@pytest.fixture
def runs(run, whole, another):
    """Three runs: one that held, one that lost readings, one of which nothing is known."""
    another.balanced({"expected": 112, "delivered": 100, "missing_away": 12, "received": 100})
    another.record_latency("reading", 2, 250_000)
    another.run.scenario, another.run.seed = "other", 8
    return [run("a", load(whole.write())), run("b", load(another.write())), run("c", RunData())]
