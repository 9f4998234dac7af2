"""The server's figures for Prometheus. Nothing is kept here: what the parts count anyway is read when it is scraped.

Names and units follow https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from wire.dashboard import Close

if TYPE_CHECKING:
    from reference_server.histogram import Histogram
    from reference_server.service import Service

_PREFIX = "sensorswarm_"


class Metrics:
    """The figures of one service, as text."""

    def __init__(self, service: Service) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Figures(service))
        ProcessCollector(registry=self._registry)

    def text(self) -> str:
        """All figures in the text format 0.0.4."""
        return generate_latest(self._registry).decode()


class Figures(Collector):
    """Reads one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry would otherwise collect once when this is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now; must run where the service runs, for nothing is locked."""
        yield from self._clients()
        yield from self._deliveries()
        yield from self._ingest()
        service = self._service
        yield _histogram("loop_lag_seconds", "Lateness of the event loop, four times a second.", service.loop_lag)
        yield _gauge("draining", "1 while clients are sent away.", service.server.draining)

    def _clients(self) -> Iterator[Metric]:
        server = self._service.server
        clients = server.clients
        buffered = [client.buffered_bytes for client in clients]
        yield _gauge("connections", "TCP connections, before their handshake too.", server.connections)
        yield _gauge("clients", "WebSocket connections.", len(clients))
        yield _gauge("clients_waiting", "Clients whose turn of the fan-out has not come yet.", server.waiting)
        yield _gauge(
            "clients_behind", "Clients for whom readings are left out.", sum(client.behind for client in clients)
        )
        yield _gauge("send_buffer_bytes", "What waits in all clients' transports.", sum(buffered))
        yield _gauge("send_buffer_max_bytes", "What waits for the slowest client.", max(buffered, default=0))
        yield _counter("handshakes", "WebSocket handshakes accepted.", server.handshakes)
        refused = server.refusals
        yield _counter("evictions", "Clients closed for being too slow.", refused.counts.get(str(int(Close.SLOW)), 0))
        refusals = _counter("refusals", "What was refused, by close code or HTTP status.", labels=["code", "reason"])
        for code, reason, count in refused.by_reason:
            refusals.add_metric([str(code), reason], count)
        yield refusals

    def _deliveries(self) -> Iterator[Metric]:
        hub, traffic = self._service.hub, self._service.server.traffic
        deliveries = _counter("deliveries", "Items given to clients, each once per client.", labels=["lane"])
        kept = _gauge("lane_items", "Items kept for clients that come back, of all buildings.", labels=["lane"])
        given = (traffic.readings, traffic.alerts)
        for lane, delivered, items in zip(("readings", "alerts"), given, hub.kept, strict=True):
            deliveries.add_metric([lane], delivered)
            kept.add_metric([lane], items)
        yield deliveries
        yield kept
        yield _counter("sent_bytes", "WebSocket frames given to clients' transports.", traffic.sent_bytes)
        yield _counter("conflated_readings", "Readings that slow clients never got.", hub.skipped)
        yield _gauge("buildings", "Buildings that have published.", hub.published_buildings)

    def _ingest(self) -> Iterator[Metric]:
        ingest = self._service.ingest
        yield _gauge("broker_connected", "1 while the MQTT broker is.", self._service.link.connected)
        yield _counter("readings", "Readings taken in.", ingest.readings)
        yield _counter("alerts", "Alerts raised.", ingest.alerts)
        unstored = self._service.unstored_alerts
        if unstored is not None:
            yield _gauge("unstored_alerts", "Alerts that wait for room on the disk.", unstored)
        yield _counter("duplicates", "Readings dropped because they came before.", ingest.duplicates)
        malformed = _counter("malformed", "MQTT messages that could not be used.", labels=["kind"])
        for kind, count in ingest.malformed.counts.items():
            malformed.add_metric([kind], count)
        yield malformed
        yield _histogram(
            "ingest_lag_seconds", "From a reading's time to when it was taken in, the last of each read.", ingest.lag
        )


def _counter(
    name: str, text: str, value: float | None = None, *, labels: list[str] | None = None
) -> CounterMetricFamily:
    return CounterMetricFamily(_PREFIX + name, text, value, labels)


def _gauge(name: str, text: str, value: float | None = None, *, labels: list[str] | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, text, value, labels)


def _histogram(name: str, text: str, histogram: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(_PREFIX + name, text, buckets=histogram.cumulative, sum_value=histogram.sum_s)
