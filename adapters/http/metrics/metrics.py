"""The numbers that Prometheus reads: figures of queues straight from the read models, and counters of this adapter."""

import logging
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.core import Metric

from adapters.http.metrics.arrivals import ArrivalCounts
from adapters.http.metrics.decisions import DecisionCounts
from adapters.http.metrics.engine import EngineMetrics
from adapters.http.metrics.quality import quality_families
from adapters.http.metrics.queues import QueueMetrics
from adapters.http.metrics.sources import SourceCounts
from engine.messages.observed import Observed
from engine.ports import EngineLink, Receipt, Turn
from engine.projections.names import name_at
from engine.projections.turns_aside import TurnsAside, slots_once
from engine.projections.views import Views
from engine.version import installed_version

SOURCES_MAX: Final = 100
"""Sources that have counters of their own; the rest is counted as `other`."""
OTHER: Final = "other"
"""Also the source of duplicate and wrong facts that came another way than by HTTP: the engine keeps no account of whose
they were, adapters do in their own figures."""
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)
APPEND_BUCKETS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH"})
LAG_BUCKETS: Final = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0)
LAG_MAX_NS: Final = 30 * 86_400 * 1_000_000_000
"""A fact of a month ago was told by a clock that is wrong: it would spoil the sum for good."""

logger = logging.getLogger(__name__)


class Metrics:
    """All metrics of one adapter, in a registry of their own."""

    def __init__(self, engine: EngineLink, wall_ns: Callable[[], int]) -> None:
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
        self.append = Histogram(
            "trunkline_event_append_seconds",
            "From handing facts in until they are decided and durable",
            buckets=APPEND_BUCKETS,
            registry=self.registry,
        )
        self.requests = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests",
            ["http_route", "http_request_method", "http_response_status_code"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._timed: dict[tuple[str, str, int], Histogram] = {}
        """Each of these by its labels: finding one that is there is quicker than asking for it anew."""
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
        build = Info("trunkline_build", "Version of the service", registry=self.registry)
        build.info({"version": installed_version(), "python": platform.python_version()})
        self.know_source("http")
        self.know_source(OTHER)
        self.sources, self.decisions, self.arrivals = SourceCounts(), DecisionCounts(), ArrivalCounts()
        self.durations = engine.views.durations()
        self._aside = TurnsAside(self._take)
        self._elsewhere = {"facts_duplicate": 0, "facts_wrong": 0}
        """What this adapter's receipts and the counters of others have told so far, of the engine's figures."""
        self._link = engine
        self._engine = EngineMetrics(engine, wall_ns)

    def follow(self) -> Callable[[], None]:
        """Count every turn from now on; returns the function that ends it."""
        self.durations = self._link.views.durations()
        return self._link.subscribe(self.note)

    def note(self, turn: Turn) -> None:
        """Count one durable turn; must see every one, in order."""
        self._aside.put(turn)

    def _take(self, run: Turn) -> None:
        try:
            self.sources.note(run)
            self.decisions.note(run)
            for piece in slots_once(run):
                self.arrivals.note(piece)
                self.durations.note(piece)
        except Exception:
            logger.exception("what the turns up to sequence %d did could not be counted", run.last_seq)

    def encoder(self, encode: Callable[[Any], bytes], views: Views) -> Callable[[], bytes]:
        """Look at the engine now, and return what encodes all of it: thousands of lines, which a thread may write."""
        now_ns = views.now_ns(self._wall_ns())
        self._aside.take_in()
        self._count_recorded(views)
        told = [
            *self._engine.collect(),
            *self.decisions.families(views.directory.queues),
            *self.arrivals.families(),
        ]
        queues = QueueMetrics(views.still(now_ns), now_ns, self.durations.still(), self.arrivals)

        def encoded() -> bytes:
            of_quality = quality_families(views, now_ns)  # waits for whoever folds much
            return encode(_Families([*told, *of_quality], self.registry, queues))

        return encoded

    def know_source(self, source: str) -> str:
        """Make all counters of a source, at 0; returns the label that it goes by."""
        if source in self._sources:
            return source
        if len(self._sources) >= SOURCES_MAX:
            return OTHER
        self._sources.add(source)
        self.accepted.labels(source)
        self.duplicate.labels(source)
        for reason in ("wrong", "refused"):
            self.rejected.labels(source, reason)
        return source

    def count_facts(self, source: str, facts: Sequence[Observed], receipts: Sequence[Receipt]) -> None:
        """Count what became of the facts of one request and leaves no row; rows are counted as they become durable."""
        label = self.know_source(source)
        wrong = len([receipt for receipt in receipts if receipt.error])
        duplicate = len([receipt for receipt in receipts if receipt.duplicate])
        self._elsewhere["facts_duplicate"] += duplicate
        self._elsewhere["facts_wrong"] += wrong
        if wrong:
            self.rejected.labels(label, "wrong").inc(wrong)
        if duplicate:
            self.duplicate.labels(label).inc(duplicate)
        told_ns = [fact.at_ns for fact in facts if fact.at_ns is not None]
        if told_ns:
            now_ns, lag = self._wall_ns(), self.lag.labels(label)
            for at_ns in told_ns:
                if now_ns - at_ns <= LAG_MAX_NS:
                    lag.observe(max(0.0, (now_ns - at_ns) / 1e9))

    def _count_recorded(self, views: Views) -> None:
        """Take in what the log recorded of every source, and what came to nothing another way than by HTTP."""
        recorded, refused = self.sources.take()
        for number, count in recorded.items():
            label = self.know_source(name_at(views.interned.sources, number))
            self.accepted.labels(label).inc(count)
            self.rejected.labels(label, "refused").inc(refused[number])
        figures = self._link.figures()
        for key, counter in (
            ("facts_duplicate", self.duplicate.labels(OTHER)),
            ("facts_wrong", self.rejected.labels(OTHER, "wrong")),
        ):
            more = figures.get(key, 0) - self._elsewhere[key]
            if more > 0:
                counter.inc(more)
                self._elsewhere[key] += more

    def count_request(self, route: str, method: str, status: int, took_s: float) -> None:
        """Count one HTTP request."""
        key = route, method if method in METHODS else "other", status
        timed = self._timed.get(key)
        if timed is None:
            timed = self._timed[key] = self.requests.labels(*map(str, key))
        timed.observe(took_s)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)


class _Families:
    """What one scrape tells, as encoders take it."""

    def __init__(self, told: Iterable[Metric], registry: CollectorRegistry, queues: QueueMetrics) -> None:
        self._told = list(told)
        self._registry = registry
        self._queues = queues

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._registry.collect()
        yield from self._told
        yield from self._queues.collect()
