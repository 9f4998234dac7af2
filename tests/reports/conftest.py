"""A builder of run directories: small, exact runs written the way the other rooms write them."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from reports.api import write_report
from reports.figures.catalog import entries
from wire import records
from wire.records import (
    AlertCounts,
    AlertDelivery,
    Anomaly,
    Books,
    ClientBooks,
    ClientEvent,
    Clock,
    Fault,
    Health,
    Intrusion,
    Published,
    PublishedFinal,
    PublishedStart,
    PublishedTotal,
    ReadingCounts,
    RecordWriter,
    Resource,
    Run,
)

T0 = 1_763_856_000.0  # when the load of every built run begins
INTERVAL_S = 5.0


@dataclass
class Builder:
    """A run in memory; change what a test is about, then `write` it."""

    directory: Path
    t0: float = T0
    duration_s: int = 10
    run: Run | None = None
    books: Books | None = None
    records: list[records.Record] = field(default_factory=list)
    latency: dict[tuple[str, int], list[int]] = field(default_factory=dict)  # (tag, second): microseconds

    def add(self, *made: records.Record) -> Builder:
        """Keep records for their files."""
        self.records += made
        return self

    def publisher(self, **changes: Any) -> Builder:
        """A publisher of one building with one sensor that was on time."""
        total = PublishedTotal(
            started_ts=T0,
            ended_ts=T0 + self.duration_s,
            buildings=1,
            sensors=1,
            intended=100,
            sent=100,
            shed=0,
            late_ms_p50=0.4,
            late_ms_p99=2.0,
            late_ms_max=3.5,
            cpu_s=0.5,
        )
        second = Published(
            ts=T0, building="b-0001", intended=100, sent=100, shed=0, late_ms_p50=0.4, late_ms_p99=2.0, late_ms_max=3.5
        )
        return self.add(
            PublishedStart(
                ts=T0, buildings=["b-0001"], sensors=1, interval_s=INTERVAL_S, time_scale=1.0, seed=7, source="fleet"
            ),
            second,
            dataclasses.replace(total, **changes),
            PublishedFinal(building="b-0001", interval_s=INTERVAL_S, sensors=["s"], first_ts=[T0], last_seq=[1]),
        )

    def client(self, name: str, *, buildings: Iterable[str] = ("b-0001",), ends: bool = True) -> Builder:
        """A client that is live from a second before the load to a second after it."""
        self.add(
            ClientEvent(ts=T0 - 2, client=name, event="start", user=name, buildings=list(buildings)),
            ClientEvent(ts=T0 - 1.1, client=name, event="open", attempt=1, took_s=0.02),
            ClientEvent(ts=T0 - 1, client=name, event="live", took_s=0.03),
        )
        return self.add(ClientEvent(ts=T0 + self.duration_s + 1, client=name, event="stop")) if ends else self

    def loss(self, name: str, *, at_s: float, back_s: float, delay_s: float = 0.9, cut: bool = True) -> Builder:
        """A connection of `name` cut at `at_s` and live again `back_s` later."""
        ts = T0 + at_s
        if cut:
            self.add(ClientEvent(ts=ts, client=name, event="cut"))
        return self.add(
            ClientEvent(ts=ts + 0.001, client=name, event="lost", code=1006, reason="cut"),
            ClientEvent(ts=ts + 0.001, client=name, event="retry", attempt=1, delay_s=delay_s),
            ClientEvent(ts=ts + back_s - 0.01, client=name, event="open", attempt=1, took_s=0.01),
            ClientEvent(ts=ts + back_s, client=name, event="live", took_s=back_s, recovered=True),
        )

    def anomaly(self, name: str, *, at_s: float = 3.0, end_s: float = 4.0, **changes: Any) -> Builder:
        """A spike of one sensor."""
        made = Anomaly(id=name, building="b-0001", sensor="b-0001/t/1", kind="spike", start=T0 + at_s, end=T0 + end_s)
        return self.add(dataclasses.replace(made, **changes))

    def alert(
        self, client: str, *, alert: str = "a1", at_s: float = 3.0, after_s: float = 0.02, **changes: Any
    ) -> Builder:
        """One alert as one client got it."""
        made = AlertDelivery(
            arrival=T0 + at_s + after_s,
            client=client,
            alert=alert,
            building="b-0001",
            sensor="b-0001/t/1",
            alert_kind="high",
            ts=T0 + at_s,
        )
        return self.add(dataclasses.replace(made, **changes))

    def cut_fault(self, *, at_s: float, connections: int) -> Builder:
        """An order to cut."""
        return self.add(Fault(ts=T0 + at_s, kind="cut", connections=connections))

    def record_latency(self, tag: str, second: int, *values_us: int) -> Builder:
        """Latencies of one second."""
        self.latency.setdefault((tag, second), []).extend(values_us)
        return self

    def intrusion(self, outcome: str, *, leaked: int = 0) -> Builder:
        """One attempt of an intruder."""
        return self.add(Intrusion(ts=T0 + 4, client="i1", attempt="expired", outcome=outcome, code=4500, leaked=leaked))

    def health(self, *, lag_ms_p99: float = 4.0, cpu_percent: float = 20.0) -> Builder:
        """One second of the swarm by its own word."""
        return self.add(
            Health(
                ts=T0 + 4, role="swarm", lag_ms_p99=lag_ms_p99, cpu_percent=cpu_percent, receive_queue_bytes_max=1500
            )
        )

    def clock(self, process: str = "swarm", how: str = "one", **changes: Any) -> Builder:
        """One comparison of clocks."""
        return self.add(Clock(ts=T0, process=process, clock="a", how=how, **changes))

    def resources(self, role: str, *samples: tuple[float, int, float, int]) -> Builder:
        """Samples of (second, pid, cpu_percent, rss_bytes)."""
        return self.add(
            *(
                Resource(ts=T0 + second, role=role, pid=pid, cpu_percent=cpu, rss_bytes=rss)
                for second, pid, cpu, rss in samples
            )
        )

    def ended(self, **changes: Any) -> Builder:
        """A run.json of a run that ended well."""
        run = Run(
            scenario="built",
            started_ts=T0 - 5,
            ended_ts=T0 + self.duration_s + 5,
            load_started_ts=T0,
            load_ended_ts=T0 + self.duration_s,
            seed=7,
            usable=True,
            settings={"gate": {}},
            versions={"sensorswarm": "0.1.0"},
            machine={"cpus": 2},
        )
        self.run = dataclasses.replace(run, **changes)
        return self

    def balanced(self, readings: dict[str, int] | None = None, alerts: dict[str, int] | None = None) -> Builder:
        """Books of one client; what is not given is 0."""
        counts = ReadingCounts(
            **(readings if readings is not None else {"expected": 100, "delivered": 100, "received": 100})
        )
        told = AlertCounts(**(alerts or {}))
        self.books = Books(
            settled=True,
            balanced=True,
            readings=counts,
            alerts=told,
            clients=[ClientBooks("c1", "m1", dataclasses.replace(counts), dataclasses.replace(told))],
            stamps="kernel",
        )
        return self

    def write(self) -> Path:
        """Write every file that has something in it; give the directory."""
        with RecordWriter(self.directory) as writer:
            for record in self.records:
                writer.add(record)
        if self.run is not None:
            records.write_json(self.directory / records.RUN, self.run)
        if self.books is not None:
            records.write_json(self.directory / records.BOOKS, self.books)
        if self.latency:
            (self.directory / records.LATENCY).write_text(self.hlog())
        return self.directory

    def hlog(self, *, relative: bool = False) -> str:
        """The interval log, by absolute stamps or by stamps relative to a BaseTime comment."""
        out = io.StringIO()
        writer = HistogramLogWriter(out)
        writer.output_log_format_version()
        if relative:
            out.write(f"#[StartTime: {T0:f} (seconds since epoch), x]\n")
            writer.output_base_time(T0 * 1000)
        writer.output_legend()
        for (tag, second), values in sorted(self.latency.items(), key=lambda item: item[0][1]):
            histogram = HdrHistogram(1, 3_600_000_000, 3)
            for value in values:
                histogram.record_value(value)
            start = second + (0.001 if relative else T0)
            out.write(f"Tag={tag},")
            writer.output_interval_histogram(histogram, start, start + 1)
        return out.getvalue()


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Builder]:
    """An empty run to be built, in a directory of its own."""
    return lambda **settings: Builder(tmp_path_factory.mktemp("run"), **settings)


@pytest.fixture
def whole(build: Callable[..., Builder]) -> Builder:
    """A run in which everything held: two clients, one cut, one anomaly with its alert."""
    return whole_run(build())


@pytest.fixture
def another(build: Callable[..., Builder]) -> Builder:
    """The same, to be laid beside the first."""
    return whole_run(build())


@pytest.fixture
def series_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[int]], Path]:
    """A folder of runs, a day apart, in which every reading took so many microseconds; enough of them for a median."""

    def made(latencies_us: Iterable[int]) -> Path:
        folder = tmp_path_factory.mktemp("series")
        for index, value_us in enumerate(latencies_us):
            run = Builder(folder / f"night-{index + 1:02}").ended(started_ts=T0 + 86_400 * index).publisher()
            run.directory.mkdir()
            run.balanced().record_latency("reading", 1, *[value_us] * 30).write()
        return folder

    return made


@pytest.fixture(scope="session")
def reported(build: Callable[..., Builder]) -> Path:
    """The directory of a whole run with its report, to be looked at and not changed."""
    directory = whole_run(build()).write()
    write_report(directory)
    return directory


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without figures, for tests of everything else: drawing takes a second or more."""
    monkeypatch.setattr("reports.api.entries", lambda *_: [])
    monkeypatch.setattr("reports.several.api.entries", lambda *_: [])


@pytest.fixture
def one_figure(monkeypatch: pytest.MonkeyPatch) -> str:
    """Reports with one real figure; its name."""
    name = "percentiles"
    monkeypatch.setattr("reports.api.entries", lambda *given: [one for one in entries(*given) if one.name == name])
    return name


def whole_run(builder: Builder) -> Builder:
    """Fill in a run in which everything held."""
    builder.ended().publisher().balanced(
        {"expected": 100, "delivered": 100, "received": 100}, {"expected": 2, "delivered": 2, "received": 2}
    )
    builder.client("c1").client("c2", ends=False)
    builder.loss("c2", at_s=5, back_s=1.2)
    builder.add(ClientEvent(ts=T0 + 11, client="c2", event="stop"))
    builder.anomaly("an1").alert("c1", after_s=0.02).alert("c2", after_s=0.05)
    builder.cut_fault(at_s=5, connections=1)
    for second in range(10):
        builder.record_latency("reading", second, 1000, 2000, 3000, 10_000)
    builder.record_latency("alert", 3, 20_000, 50_000)
    builder.record_latency("connect", -1, 4000, 5000).record_latency("reconnect", 6, 1_200_000)
    builder.intrusion("refused").health().clock()
    return builder.resources("server", (1, 10, 5.0, 1 << 20), (2, 10, 15.0, 3 << 20))
