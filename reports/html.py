"""The report as one page: everything inline, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import sentences, words
from reports.figures.alerts import shown_rows, without_alert
from reports.headline import numbers, subtitle
from reports.summary import Summary
from reports.tables.alerts import AnomalyRow
from reports.tables.books import BookRow
from reports.tables.build import Tables

_MOST_MISSED = 5  # names of clients in one cell


@dataclass(frozen=True, slots=True)
class PageFigure:
    """One figure, drawn for a desk and for a phone: scaled to a third, nobody can read its labels."""

    name: str
    title: str
    sentence: str
    wide: str  # HTML: a drawing or a picture
    narrow: str  # the same


def page(summary: Summary, tables: Tables, figures: Sequence[PageFigure]) -> str:
    """Return the whole page of one run as text."""
    names = {one.name for one in figures}
    shown = shown_rows(tables.alerts)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            summary=summary,
            verdict=summary.verdict,
            numbers=numbers(summary),
            subtitle=subtitle(summary),
            figures=[inline(one) for one in figures],
            books=tables.books,
            anomalies=[_anomaly(row) for row in shown],
            more_anomalies=len(tables.alerts.rows) - len(shown),
            latencies=[
                ("readings", summary.reading_ms),
                ("alerts", summary.alert_ms),
                ("connect", summary.connect_ms),
                ("reconnect", summary.reconnect_ms),
            ],
            found=summary.anomalies,
            detection_under="detection" if "detection" in names else "alerts",
            detection=sentences.detection_sentence(summary.anomalies),
            intrusion=sentences.intrusion_sentence(summary.intrusions),
            generator=sentences.generator_sentence(summary.generator, tables.doubts),
            bad=_bad,
        )
    )


def environment() -> Environment:
    """Return the templates with the filters that make numbers of ours readable."""
    made = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["keep"] = _keep_units
    made.filters["ms"] = words.milliseconds
    made.filters["count"] = lambda value: words.NONE if value is None else f"{value:,}"
    made.filters["percent"] = words.percent
    return made


def inline(figure: PageFigure) -> dict[str, object]:
    """Return what the base template asks of a figure."""
    return {
        "name": figure.name,
        "title": figure.title,
        "sentence": figure.sentence,
        "wide": Markup(figure.wide),  # noqa: S704 - our own drawing; its texts are glyph outlines
        "narrow": Markup(figure.narrow),  # noqa: S704 - the same
    }


def _anomaly(row: AnomalyRow) -> dict[str, object]:
    spread_ms = None if row.first_s is None or row.last_s is None else (row.last_s - row.first_s) * 1000
    return {
        "kind": row.kind,
        "sensor": row.sensor,
        "onset": f"{row.onset_s:.1f} s",
        "received": f"{row.received:,} of {row.entitled:,}" + (f" (+{row.later:,} later)" if row.later else ""),
        "after": without_alert(row, short=True) if row.first_s is None else words.seconds(row.first_s - row.onset_s),
        "spread": words.milliseconds(spread_ms),
        "missed": words.listed(list(row.missed_by), most=_MOST_MISSED),
        "bad": row.fate in ("missed", "undetected"),
    }


def _keep_units(text: str) -> str:
    """Tie units to their numbers, so that no line begins with one."""
    return re.sub(r"(?<=\d) (?=(?:ms|s|%)(?!\w))", "\N{NO-BREAK SPACE}", text)


def _bad(row: BookRow, count: int | None) -> bool:
    return row.fault and bool(count)
