"""Figures of queues, agents and trunks for Prometheus, read at scrape time: no stale series, ages right at the moment.

Buckets of waits and handling times are powers of two seconds, where the engine's own bins have exact edges, plus each
queue's threshold, whose count is exact too. Percentages are never told: their numerators and denominators are.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from adapters.http.metrics.arrivals import ArrivalCounts
from engine.messages.kinds import CHANNELS, EXIT_ANSWERED, EXIT_NAMES, EXITS
from engine.model.tallies import (
    MEASURED_ANSWERED,
    MEASURED_FIRST_RESPONSE,
    MEASURED_HANDLE,
    MEASURED_LOST,
    MEASURED_REPLY,
    Tally,
)
from engine.projections.figures import NS
from engine.projections.formulas.durations import EDGES_S, HOLD, OFFERS, TALK, WRAP_UP, Durations
from engine.projections.formulas.waits import edges_s
from engine.projections.metrics_view import Cell
from engine.projections.views import Views

POWERS: Final = tuple(2.0**power for power in (*range(13), 14, 16, 18))
"""Bucket edges: 1 s to a little over an hour, then with wider steps to three days."""
HANDLE_POWERS: Final = POWERS[2:13:2]
"""Edges of what takes longer than ringing: 4 s to a little over an hour."""
WRITTEN: Final = frozenset({"chat", "email"})
"""Channels in which lines are written."""
SITES_MAX: Final = 100
"""Sites told by name; the rest is `other`."""
SERIES_MAX: Final = 10_000
SERIES_OF_CELL: Final = 200
"""What one queue and channel takes at most: 16 exits, histograms, phases and counters."""
REASONS_MAX: Final = 20
"""Pause reasons told by name; the rest is `other`."""
OTHER_REASON: Final = "other"
QUEUE_LABELS: Final = ["queue", "channel"]
AGENT_STATES: Final = {
    "available": ("idle",),
    "offered": ("offered",),
    "busy": ("busy",),
    "wrapup": ("wrapping",),
    "paused": ("paused",),
    "offline": ("offline",),
    "error": ("not_responding", "unreachable"),
}
"""States of agents as monitoring has them, and the engine's own in each."""
_PHASES: Final = ("ringing", "talking", "held", "wrapup")


class QueueMetrics:
    """One scrape. `views` may be a still copy, then it may be asked in a thread; `now_ns` is of its `still`."""

    def __init__(self, views: Views, now_ns: int, durations: Durations, arrivals: ArrivalCounts) -> None:
        self._views = views
        self._now_ns = now_ns
        self._durations = durations
        self._arrivals = arrivals

    def collect(self) -> Iterable[Metric]:
        """Return every family."""
        scrape = _Scrape(self._views, self._now_ns)
        return [
            *scrape.queue_counters(),
            *scrape.transfers(),
            *scrape.queue_gauges(),
            *scrape.histograms(),
            *scrape.durations(self._durations),
            *scrape.callbacks(self._arrivals),
            *scrape.paused(),
            *scrape.agents(),
            *scrape.trunks(),
        ]


class _Scrape:
    """One look at the figures."""

    def __init__(self, views: Views, wall_ns: int) -> None:
        self.views, self.now_ns = views, views.now_ns(wall_ns)
        self.figures = views.metrics(self.now_ns)
        self.cells, self.omitted = self.figures.cells(SERIES_MAX // SERIES_OF_CELL)
        self.queues = {cell.queue_number: cell.queue for cell in self.cells}
        """Those that are told, by number."""

    def queue_counters(self) -> list[Metric]:
        """Return what was counted since the beginning of the log."""
        entries = _counter("trunkline_queue_entries", "Contacts offered to the queue", *QUEUE_LABELS)
        exits = _counter("trunkline_queue_exits", "Contacts that left the queue", *QUEUE_LABELS, "outcome")
        level = _counter("trunkline_service_level_contacts", "Contacts by service level", *QUEUE_LABELS, "result")
        offers = _counter("trunkline_offers", "Offers to agents", *QUEUE_LABELS, "result")
        told = _counter("trunkline_told_waits", "Answered contacts that were told a wait", *QUEUE_LABELS, "within")
        for cell in self.cells:
            labels, tally = _labels(cell), cell.tally.tolist()
            entries.add_metric(labels, tally[Tally.ENTRIES])
            for number in range(EXITS):
                exits.add_metric([*labels, EXIT_NAMES[number]], tally[Tally.EXIT + number])
            out = sum(tally[Tally.EXIT : Tally.EXIT + EXITS])
            met, missed = tally[Tally.MET], tally[Tally.MISSED] + cell.overdue
            level.add_metric([*labels, "met"], met)
            level.add_metric([*labels, "missed"], missed)
            level.add_metric([*labels, "excluded"], max(0, out + cell.overdue - met - missed))
            offers.add_metric([*labels, "accepted"], tally[Tally.EXIT + EXIT_ANSWERED])
            offers.add_metric([*labels, "declined"], tally[Tally.OFFERS_DECLINED])
            offers.add_metric([*labels, "no_answer"], tally[Tally.OFFERS_NOT_ANSWERED])
            offers.add_metric([*labels, "lost"], tally[Tally.OFFERS_LOST])
            told.add_metric([*labels, "all"], tally[Tally.TOLD])
            told.add_metric([*labels, "p50"], tally[Tally.TOLD_WITHIN_P50])
            told.add_metric([*labels, "p90"], tally[Tally.TOLD_WITHIN_P90])
        return [entries, exits, level, offers, told]

    def transfers(self) -> list[Metric]:
        """Return the connected contacts that went on: where somebody sent them, or back to their queue."""
        out = _counter("trunkline_transfers_out", "Connected contacts handed over", *QUEUE_LABELS)
        put_back = _counter("trunkline_put_back", "Connected contacts put back into their queue", *QUEUE_LABELS)
        counts = self.views.quality.transfer_counts()
        for cell in self.cells:
            labels, found = _labels(cell), counts.get((cell.queue_number, cell.number % CHANNELS), (0, 0))
            out.add_metric(labels, found[0])
            put_back.add_metric(labels, found[1])
        return [out, put_back]

    def queue_gauges(self) -> list[Metric]:
        """Return how things stand."""
        waiting = _gauge("trunkline_queue_waiting", "Contacts waiting", *QUEUE_LABELS)
        oldest = _gauge("trunkline_queue_oldest_wait_seconds", "Age of the oldest; 0 if nobody waits", *QUEUE_LABELS)
        active = _gauge("trunkline_contacts_active", "Contacts with agents", *QUEUE_LABELS, "phase")
        threshold = _gauge("trunkline_queue_service_level_threshold_seconds", "The threshold T", *QUEUE_LABELS)
        target = _gauge("trunkline_queue_service_level_target_ratio", "Share to be answered within T", *QUEUE_LABELS)
        for cell in self.cells:
            labels = _labels(cell)
            waiting.add_metric(labels, cell.waiting)
            oldest.add_metric(labels, cell.oldest_wait_s)
            for phase, count in zip(_PHASES, (cell.offered, cell.connected, cell.held, cell.wrapping), strict=True):
                active.add_metric([*labels, phase], count)
            threshold.add_metric(labels, cell.threshold_s)
            target.add_metric(labels, cell.target)
        expected = _gauge(
            "trunkline_queue_estimated_wait_seconds", "Expected wait from now", *QUEUE_LABELS, "percentile"
        )
        for cell in self.cells:
            wait = self.figures.expected_wait(cell)
            for percentile, value in (("50", wait.p50_s), ("80", wait.p80_s), ("90", wait.p90_s)):
                if value is not None:
                    expected.add_metric([*_labels(cell), percentile], value)
        apart = _gauge("trunkline_queue_for_colleagues", "1: no customers wait in this queue", "queue")
        for queue in self.queues.values():
            if queue in self.views.directory.colleague_queues:
                apart.add_metric([queue], 1)
        sequence = _gauge("trunkline_event_log_sequence", "Position of the log that these figures are true at")
        sequence.add_metric([], self.views.as_of)
        omitted = _gauge("trunkline_metrics_queues_omitted", "Queues and channels left out")
        omitted.add_metric([], self.omitted)
        return [waiting, oldest, active, threshold, target, expected, apart, sequence, omitted]

    def histograms(self) -> list[Metric]:
        """Return waits by outcome and handling times."""
        waits = HistogramMetricFamily(
            "trunkline_queue_wait_seconds", "Wait in the queue", labels=[*QUEUE_LABELS, "outcome"]
        )
        handle = _histogram("trunkline_handle_seconds", "Talk, hold and wrap-up", *QUEUE_LABELS)
        first = _histogram("trunkline_first_response_seconds", "From arrival to an agent's first line", *QUEUE_LABELS)
        reply = _histogram("trunkline_response_seconds", "From a customer's line to the reply", *QUEUE_LABELS)
        for cell in self.cells:
            labels, tally, histogram = _labels(cell), cell.tally, cell.histograms
            within = int(tally[Tally.ANSWERED_WITHIN])
            buckets = _buckets(histogram[MEASURED_ANSWERED], POWERS, cell.threshold_s, within)
            waits.add_metric([*labels, "answered"], buckets, int(tally[Tally.ANSWERED_WAIT_NS]) / NS)
            sum_s = int(tally[Tally.ABANDONED_WAIT_NS]) / NS
            waits.add_metric([*labels, "lost"], _buckets(histogram[MEASURED_LOST], POWERS), sum_s)
            sum_s = int(tally[Tally.TALK_NS] + tally[Tally.WRAP_UP_NS]) / NS
            handle.add_metric(labels, _buckets(histogram[MEASURED_HANDLE], HANDLE_POWERS), sum_s)
            if cell.channel not in WRITTEN:
                continue
            buckets = _buckets(histogram[MEASURED_FIRST_RESPONSE], HANDLE_POWERS)
            first.add_metric(labels, buckets, int(tally[Tally.FIRST_RESPONSE_NS]) / NS)
            buckets = _buckets(histogram[MEASURED_REPLY], HANDLE_POWERS)
            reply.add_metric(labels, buckets, int(tally[Tally.REPLY_NS]) / NS)
        return [waits, handle, first, reply]

    def durations(self, durations: Durations) -> list[Metric]:
        """Return what handling consists of, and ringing."""
        found: list[Metric] = []
        for name, text, what in (
            ("trunkline_talk_seconds", "Connected time, holds included", TALK),
            ("trunkline_hold_seconds", "Holds, of each contact served", HOLD),
            ("trunkline_wrapup_seconds", "Wrap-up", WRAP_UP),
        ):
            family = _histogram(name, text, *QUEUE_LABELS)
            for cell in self.cells:
                family.add_metric(_labels(cell), *_spread(durations, what, cell))
            found.append(family)
        offers = _histogram("trunkline_offer_seconds", "Ringing, of each offer that is over", *QUEUE_LABELS, "result")
        for cell in self.cells:
            for what in OFFERS:
                offers.add_metric([*_labels(cell), what], *_spread(durations, what, cell))
        return [*found, offers]

    def callbacks(self, arrivals: ArrivalCounts) -> list[Metric]:
        """Return what became of callbacks, and how many wait."""
        pending = _gauge("trunkline_callbacks_pending", "Callbacks in line, and ringing", "queue")
        counts = self.figures.pending_callbacks()
        for queue, name in self.queues.items():
            pending.add_metric([name], counts[queue])
        return [arrivals.callbacks(self.queues.items()), pending]

    def paused(self) -> list[Metric]:
        """Return who pauses, by reason; an agent counts in each of their queues."""
        family = _gauge("trunkline_agents_paused", "Paused agents who may serve the queue", "queue", "reason")
        common = {reason for reason, _ in self.figures.pause_reasons().most_common(REASONS_MAX)}
        for queue, name in self.queues.items():
            told: dict[str, int] = {}
            for reason, count in self.figures.pause_reasons(queue).items():
                word = reason if reason in common else OTHER_REASON
                told[word] = told.get(word, 0) + count
            for word, count in told.items():
                family.add_metric([name, word], count)
        return [family]

    def agents(self) -> list[Metric]:
        """Return agents by state, for each queue and as people, and the slots they have."""
        by_queue = _gauge("trunkline_agents", "Agents who may serve the queue, by state", "queue", "state")
        at_work = _gauge("trunkline_agents_at_work", "Agents who can take a contact of the queue, now or next", "queue")
        unattended = _gauge("trunkline_queue_unattended", "1 while somebody waits whom nobody can take", "queue")
        for queue, queue_name in self.queues.items():
            people = self.figures.people(queue)
            for name, own in AGENT_STATES.items():
                by_queue.add_metric([queue_name, name], sum(people.agents[state] for state in own))
            at_work.add_metric([queue_name], people.at_work)
            unattended.add_metric([queue_name], people.unattended)
        summary = self.views.agent_summary()
        staff = _gauge("trunkline_staff", "People by state", "site", "state")
        for site, states in self.figures.staff(SITES_MAX).items():
            for name, own in AGENT_STATES.items():
                staff.add_metric([site, name], sum(states[state] for state in own))
        slots = _gauge("trunkline_capacity_slots", "Contacts agents may hold at once", "channel", "state")
        for name, total in summary.slots_capacity.items():
            used = summary.slots_used[name]
            slots.add_metric([name, "used"], used)
            slots.add_metric([name, "free"], max(0, total - used))
        return [by_queue, at_work, unattended, staff, slots]

    def trunks(self) -> list[Metric]:
        """Return the trunk groups."""
        busy = _gauge("trunkline_trunk_channels", "Busy channels", "trunk")
        limit = _gauge("trunkline_trunk_channels_limit", "Channels there are", "trunk")
        seized = _counter("trunkline_trunk_seizures", "Calls that took a channel", "trunk")
        refused = _counter("trunkline_trunk_refusals", "Calls that found none", "trunk")
        for group in self.views.trunk_groups(self.now_ns).trunk_groups:
            busy.add_metric([group.trunk_group], group.busy)
            limit.add_metric([group.trunk_group], group.channels)
            seized.add_metric([group.trunk_group], group.seized)
            refused.add_metric([group.trunk_group], group.refused)
        return [busy, limit, seized, refused]


def _labels(cell: Cell) -> list[str]:
    return [cell.queue, cell.channel]


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=list(labels))


def _histogram(name: str, text: str, *labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, text, labels=list(labels))


def _spread(durations: Durations, what: str, cell: Cell) -> tuple[list[tuple[str, float]], float]:
    """Return cumulative buckets and the sum in seconds."""
    spread = durations.of(what, cell.number)
    edges = [*map(_edge, EDGES_S[what]), "+Inf"]
    return list(zip(edges, accumulate(spread.counts), strict=True)), spread.total_s


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=list(labels))


def _buckets(
    histogram: Any, powers: Sequence[float], threshold_s: float | None = None, within: int = 0
) -> list[tuple[str, float]]:
    """Return cumulative buckets; the threshold's own count is kept between its neighbours', as T may have changed."""
    reached = np.asarray(histogram).cumsum()
    places = np.searchsorted(edges_s(), [power - 1e-9 for power in powers])
    counts = {power: int(reached[place]) for power, place in zip(powers, places.tolist(), strict=True)}
    total = int(reached[-1])
    if threshold_s is not None and threshold_s not in counts:
        below = max((count for edge, count in counts.items() if edge < threshold_s), default=0)
        above = min((count for edge, count in counts.items() if edge > threshold_s), default=total)
        counts[threshold_s] = min(max(within, below), above)
    return [*((_edge(edge), counts[edge]) for edge in sorted(counts)), ("+Inf", total)]


def _edge(edge: float) -> str:
    return repr(float(edge))
