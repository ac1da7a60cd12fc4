"""The numbers that Prometheus reads: figures of queues straight from the read models, and counters of this adapter."""

import platform
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from adapters.http.queue_metrics import QueueMetrics
from engine.messages.observed import Observed
from engine.ports import Receipt
from engine.projections.views import Views

SOURCES_MAX: Final = 100
"""Sources that have counters of their own; the rest is counted as `other`."""
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)
LAG_BUCKETS: Final = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0)


class Metrics:
    """All metrics of one adapter, in a registry of their own."""

    def __init__(self, views: Callable[[], Views], wall_ns: Callable[[], int]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._wall_ns = wall_ns
        self._sources: set[str] = set()
        self.accepted = self._counter("trunkline_events_accepted", "Facts accepted", "source")
        self.duplicate = self._counter("trunkline_events_duplicate", "Facts sent again and already known", "source")
        self.rejected = self._counter("trunkline_events_rejected", "Facts not accepted", "source", "reason")
        self.lag = Histogram(
            "trunkline_event_lag_seconds",
            "Arrival of a fact less the time its source says it happened",
            ["source"],
            buckets=LAG_BUCKETS,
            registry=self.registry,
        )
        self.requests = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests",
            ["http_route", "http_request_method", "http_response_status_code"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self.stream_clients = Gauge(
            "trunkline_stream_clients", "Open event streams", ["transport"], registry=self.registry
        )
        self.stream_dropped = self._counter(
            "trunkline_stream_dropped",
            "States skipped and streams closed for slow readers",
            "transport",
            "what",
        )
        self.stream_clients.labels("sse")
        for what in ("state", "stream"):
            self.stream_dropped.labels("sse", what)
        build = Gauge("trunkline_build_info", "Version of the service", ["version", "python"], registry=self.registry)
        build.labels(installed_version(), platform.python_version()).set(1)
        self.know_source("http")
        self.registry.register(QueueMetrics(views, wall_ns))

    def know_source(self, source: str) -> str:
        """Make all counters of a source, at 0; returns the label that it goes by."""
        if source in self._sources:
            return source
        if len(self._sources) >= SOURCES_MAX:
            return "other"
        self._sources.add(source)
        self.accepted.labels(source)
        self.duplicate.labels(source)
        for reason in ("wrong", "refused"):
            self.rejected.labels(source, reason)
        return source

    def count_facts(self, source: str, facts: Sequence[Observed], receipts: Sequence[Receipt]) -> None:
        """Count what became of the facts of one request."""
        label, now_ns = self.know_source(source), self._wall_ns()
        for fact, receipt in zip(facts, receipts, strict=True):
            if receipt.error:
                self.rejected.labels(label, "wrong").inc()
            elif receipt.duplicate:
                self.duplicate.labels(label).inc()
            else:
                self.accepted.labels(label).inc()
                if receipt.refused:
                    self.rejected.labels(label, "refused").inc()
            if fact.at_ns is not None:
                self.lag.labels(label).observe(max(0.0, (now_ns - fact.at_ns) / 1e9))

    def count_request(self, route: str, method: str, status: int, took_s: float) -> None:
        """Count one HTTP request."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH") else "other"
        self.requests.labels(route, known, str(status)).observe(took_s)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)


def installed_version() -> str:
    """Return the version of the service that is installed."""
    try:
        return version("trunkline")
    except PackageNotFoundError:
        return "unknown"
