"""Writing a report."""

import dataclasses
import re

import orjson
import pytest

from reports.api import study, write, write_report
from reports.figures.catalog import entries
from reports.rundata import FILES
from wire.errors import SensorSwarmError, UnusableError
from wire.records import PublishedTotal

WRITTEN = {"summary.json", "report.html", "figures"}
FILES_OF_A_REPORT = ("report.html", "summary.json")


def test_everything_is_written_and_nothing_else(whole, one_figure):
    """summary.json, report.html and a PNG a figure; the run's own files stay as they were, no draft is left."""
    before = {path.name: path.read_bytes() for path in whole.write().iterdir()}
    summary = write_report(whole.directory)
    assert {path.name for path in whole.directory.iterdir()} == set(before) | WRITTEN
    assert all((whole.directory / name).read_bytes() == content for name, content in before.items())
    assert [path.name for path in (whole.directory / "figures").iterdir()] == [f"{one_figure}.png"]
    told = orjson.loads((whole.directory / "summary.json").read_bytes())
    assert told["sentence"] == summary.verdict.sentence
    assert told["exit_code"] == summary.exit_code == 0


def test_a_picture_of_every_figure(reported):
    """Each figure of the catalogue is a PNG, and a section of the page in the catalogue's order."""
    found = study(reported)
    names = [one.name for one in entries(found.tables, found.summary)]
    assert {path.name for path in (reported / "figures").iterdir()} == {f"{name}.png" for name in names}
    assert re.findall(r'<section id="(\w+)">', (reported / "report.html").read_text()) == [*names, "load"]


def test_a_report_can_be_made_again(whole, undrawn):
    """The same files give the same report, and a report in the directory changes nothing."""
    whole.write()
    made = []
    for _ in range(2):
        write(study(whole.directory), pdf=whole.directory / "report.pdf")
        made.append({name: (whole.directory / name).read_bytes() for name in (*FILES_OF_A_REPORT, "report.pdf")})
    assert made[0] == made[1]


def test_another_place(whole, tmp_path, undrawn):
    """With `out` the run's directory is only read, and the place is made."""
    before = {path: path.read_bytes() for path in whole.write().iterdir()}
    page = write(study(whole.directory), out=tmp_path / "new" / "place")
    assert page == tmp_path / "new" / "place" / "report.html"
    assert sorted(path.name for path in page.parent.iterdir()) == list(FILES_OF_A_REPORT)
    assert {path: path.read_bytes() for path in whole.directory.iterdir()} == before


def test_a_killed_run_is_shown(whole, undrawn):
    """A killed run is not usable, and everything it left is in the report."""
    whole.run = dataclasses.replace(whole.run, ended_ts=None, usable=None)
    whole.books = None
    whole.records = [one for one in whole.records if not isinstance(one, PublishedTotal)]
    for path in whole.write().glob("*.jsonl"):
        path.write_bytes(path.read_bytes()[:-7])
    summary = write_report(whole.directory)
    assert summary.exit_code == 3
    assert summary.verdict.reasons == [
        "the run did not end (killed, or still running)",
        "there are no books (books.json)",
        f"9 lines could not be read, of {', '.join(name for name in FILES if name.endswith('.jsonl'))}",
    ]
    assert (summary.reading_ms.n, summary.connections.lost, summary.anomalies.total) == (40, 1, 0)
    assert "anomalies.jsonl: 1 line could not be read" in summary.notices


def test_no_directory(tmp_path):
    """Wrong usage writes nothing."""
    with pytest.raises(SensorSwarmError, match="does not exist"):
        write_report(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_a_figures_file_in_the_way(whole, one_figure):
    """What cannot be written is one line with the remedy."""
    (whole.write() / "figures").touch()
    with pytest.raises(UnusableError, match=r"cannot write .*figures.*; make room") as caught:
        write_report(whole.directory)
    assert "\n" not in str(caught.value)
    assert (whole.directory / "report.html").exists()  # all the same


def test_a_pdf_into_a_folder_that_is_not_there(whole, tmp_path, undrawn):
    """A folder with a typing error in its name is not made; everything else is written."""
    with pytest.raises(UnusableError, match=r"cannot write .*gone/r\.pdf: No such file"):
        write(study(whole.write()), pdf=tmp_path / "gone" / "r.pdf")
    assert not (tmp_path / "gone").exists()
    assert (whole.directory / "report.html").exists()
