"""What the driver and the adapters say of themselves, for Prometheus and for the check of readiness."""

from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from engine.ports import EngineLink

COUNTED: Final = {
    "turns": ("turns", "Turns made"),
    "rows": ("log_rows", "Rows appended to the log"),
    "frames": ("log_frames", "Frames appended to the log"),
    "facts": ("facts", "Facts that were decided upon, of all sources"),
    "facts_wrong": ("facts_wrong", "Facts not accepted, of all sources"),
    "facts_duplicate": ("facts_duplicate", "Facts sent again, of all sources"),
    "facts_overloaded": ("facts_overloaded", "Facts turned away because the engine was full"),
    "inbox_refused": ("inbox_refused", "Facts that the inbox had no room for"),
    "effects_done": ("effects_done", "Effects handed to their adapter"),
    "effects_failed": ("effects_failed", "Effects that their adapter could not take"),
    "effects_without_adapter": ("effects_without_adapter", "Effects that nobody asked for"),
    "watchers_failed": ("watchers_failed", "Watchers of the log that failed"),
    "callbacks": ("callbacks_queued", "Callbacks that were handed in, to come into line"),
    "callbacks_put_off": ("callbacks_put_off", "Times that a callback found no room and was put off"),
    "callbacks_lost": ("callbacks_lost", "Promised callbacks that could not be kept: the log of the process says why"),
    "snapshots": ("snapshots", "Snapshots written"),
    "snapshots_failed": ("snapshots_failed", "Snapshots that could not be written"),
    "ends_told_again": ("ends_told_again", "Ends of contacts told again after a start"),
    "audits": ("audits", "Times that every invariant was checked"),
    "invariant_violations": ("invariant_violations", "Invariants that did not hold: always 0, or the log is needed"),
}
"""Figures of the driver that only grow, with their names here; there from the start, at 0."""
UNREADABLE: Final = frozenset({"malformed", "unreadable", "framing_lost"})
"""Last words of the names by which adapters count what they could not read."""
STANDING: Final = {
    "inbox_facts": ("inbox_facts", "Facts waiting to be decided upon"),
    "log_staged_bytes": ("log_staged_bytes", "Bytes waiting for the disk"),
    "log_rows_not_durable": ("log_rows_not_durable", "Rows waiting for the disk"),
    "effects_held": ("effects_held", "Effects waiting for their cause to be durable"),
    "callbacks_waiting": ("callbacks_waiting", "Callbacks that found no room and are tried again"),
    "contacts_open": ("contacts_open", "Contacts that are not closed"),
    "configuration_not_taken": (
        "configuration_not_taken",
        "Parts of the configuration file that are not followed though the rest is",
    ),
    "configuration_last_load_successful": (
        "configuration_last_load_successful",
        "Whether the configuration file was followed when it was read last, be it in part",
    ),
}
"""Figures of the driver that rise and fall."""
LOADS: Final = "configuration_loads_"
"""Figures of the driver that begin so count loads of the configuration by what came of them, the rest of the name."""


SNAPSHOT_AT_NS: Final = "snapshot_at_ns"
"""Figure of the driver that is told as an age."""
TIMED: Final = {
    "routing_decision": (
        "trunkline_routing_decision_seconds",
        "Deciding upon one fact, with all that follows from it",
    ),
}
"""Timings of the driver, with their names here."""


class EngineMetrics:
    """Asks the engine at every scrape."""

    def __init__(self, engine: EngineLink, wall_ns: Callable[[], int]) -> None:
        self._engine = engine
        self._wall_ns = wall_ns

    def collect(self) -> Iterable[Metric]:
        """Return every family."""
        return [*self._adapters(), *self._driver(), *self._timings(), self._lag(), self._plans()]

    def _adapters(self) -> list[Metric]:
        up = GaugeMetricFamily("trunkline_adapter_up", "Whether an adapter works", labels=["adapter"])
        reconnects = CounterMetricFamily(
            "trunkline_adapter_reconnects", "Connections that an adapter made anew", labels=["adapter"]
        )
        figure = GaugeMetricFamily(
            "trunkline_adapter_figure", "What an adapter counts of itself", labels=["adapter", "figure"]
        )
        unreadable = CounterMetricFamily(
            "trunkline_adapter_unreadable", "Messages that an adapter could not read", labels=["adapter"]
        )
        for status in self._engine.statuses():
            lost = (count for name, count in status.counters.items() if name.rpartition(".")[2] in UNREADABLE)
            unreadable.add_metric([status.name], sum(lost))
            up.add_metric([status.name], int(status.up))
            reconnects.add_metric([status.name], status.counters.get("reconnects", 0))
            for name, count in status.counters.items():
                figure.add_metric([status.name, name], count)
        return [up, reconnects, unreadable, figure]

    def _driver(self) -> Iterable[Metric]:
        figures = self._engine.figures()
        for key, (name, text) in COUNTED.items():
            yield CounterMetricFamily(f"trunkline_{name}", text, value=figures.get(key, 0))
        loads = CounterMetricFamily(
            "trunkline_configuration_loads", "Times that the configuration file was read", labels=["result"]
        )
        for key, count in figures.items():
            if key.startswith(LOADS):
                loads.add_metric([key.removeprefix(LOADS)], count)
        yield loads
        for key, (name, text) in STANDING.items():
            yield GaugeMetricFamily(f"trunkline_{name}", text, value=figures.get(key, 0))
        age = GaugeMetricFamily(
            "trunkline_snapshot_age_seconds", "Age of the newest snapshot; none while there is none"
        )
        if SNAPSHOT_AT_NS in figures:
            age.add_metric([], max(0, self._wall_ns() - figures[SNAPSHOT_AT_NS]) / 1e9)
        yield age
        others = GaugeMetricFamily("trunkline_engine_figure", "What else the driver counts", labels=["figure"])
        for key, count in figures.items():
            told = key in COUNTED or key in STANDING or key == SNAPSHOT_AT_NS or key.startswith(LOADS)
            if not told and isinstance(count, int | float):
                others.add_metric([key], count)
        yield others

    def _timings(self) -> Iterable[Metric]:
        timings = self._engine.timings()
        for key, (name, text) in TIMED.items():
            timing, family = timings[key], HistogramMetricFamily(name, text)
            edges = [*(repr(edge_s) for edge_s in timing.edges_s), "+Inf"]
            family.add_metric([], list(zip(edges, accumulate(timing.counts), strict=True)), timing.total_s)
            yield family

    def _plans(self) -> Metric:
        active = GaugeMetricFamily(
            "trunkline_plan_active",
            "Whether a continuity plan is in force; drills count, too",
            labels=["plan"],
        )
        for plan in self._engine.plans.overview().plans:
            active.add_metric([plan.plan], int(plan.active is not None))
        return active

    def _lag(self) -> Metric:
        """Figures are read from the tables themselves; histories wait until the disk has what they tell."""
        views = self._engine.views
        lag = GaugeMetricFamily(
            "trunkline_projection_lag_events", "Rows that a projection has not taken in", labels=["projection"]
        )
        lag.add_metric(["figures"], 0)
        lag.add_metric(["contact_history"], max(0, views.as_of - views.history.as_of))
        return lag
