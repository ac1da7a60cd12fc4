"""The interval table as it is made: what rows are counted from is cut out at one position of the log, quickly, and
made into rows wherever there is time.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import CHANNEL_NAMES, CHANNELS, VOICE
from engine.model.directory import Directory
from engine.model.plans import ActivePlans
from engine.model.settings import EngineSetting, QueueSetting
from engine.model.tallies import Tally
from engine.projections.agents.interval_times import AgentShares, AgentTimes
from engine.projections.figures import BY_ARRIVAL, BY_EVENT, NS, add_up, counts, mean_s, overdue_contacts, ratio
from engine.projections.formulas import abandonment, service_level
from engine.projections.formulas.handle_time import average_handle_s
from engine.projections.names import existing
from engine.projections.queues.interval_waits import IntervalWaits
from engine.projections.queues.intervals import IntervalRow

BY: Final = {"event": BY_EVENT, "arrival": BY_ARRIVAL}


class Asked(NamedTuple):
    """Which rows are wanted: those that start in [from_ns, to_ns), `step_ns` long."""

    step_ns: int
    from_ns: int
    to_ns: int
    by: str
    queue: int | None
    level: service_level.Variant
    limit: int | None


class CutInterval(NamedTuple):
    """One interval with the cells (queue * CHANNELS + channel) that have a row."""

    start_ns: int
    cells: list[int]
    tallies: Array
    """Shape (engine's intervals, cells, TALLY_COLUMNS)."""
    gapped: bool
    agents: Mapping[int, AgentShares]
    """What is known of the agents who may serve each queue; each row of a queue tells the same of them."""
    drill: bool


class IntervalCut(NamedTuple):
    """What rows are made of, at one position of the log; nothing changes it."""

    step_ns: int
    by: str
    level: service_level.Variant
    now_ns: int
    directory: Directory
    thresholds_s: list[float]
    """By queue."""
    overdue: Counter[tuple[int, int]]
    """Who waits past T, by the start of the interval in which T passed (or they entered) and by cell."""
    waits: IntervalWaits | None
    parts: list[CutInterval]
    next_from_ns: int | None
    """Where the next page starts."""

    def rows(self) -> list[IntervalRow]:
        """Make the rows, oldest first. Takes 40 us each: many are for a thread."""
        return [self._row(part, *cell) for part in self.parts for cell in enumerate(part.cells)]

    def _row(self, part: CutInterval, place: int, cell: int) -> IntervalRow:
        tally, start_ns, step_ns, by = add_up(part.tallies[:, place]), part.start_ns, self.step_ns, self.by
        c = counts(tally)
        queue = cell // CHANNELS
        level = service_level.service_level(self.level, c, self.thresholds_s[queue], self.overdue[start_ns, cell])
        p50_s = p90_s = None
        if self.waits is not None:
            longest_ns = int(tally[Tally.LONGEST_ANSWERED_NS])
            p50_s, p90_s = self.waits.quantiles_s(start_ns, step_ns, cell, longest_ns, (0.5, 0.9))
        handled, wrapped = int(tally[Tally.HANDLED]), int(tally[Tally.WRAPPED])
        still_in = c.entries - sum(c.exits.values()) if by == "arrival" else 0
        shares = part.agents.get(queue)
        of_agents = msgspec.structs.asdict(shares) if shares is not None else {}
        return IntervalRow(
            **of_agents,
            scenario="live",
            replication=0,
            queue=self.directory.queues.name(queue),
            channel=CHANNEL_NAMES[cell % CHANNELS],
            interval_start=datetime.fromtimestamp(start_ns // 1_000_000_000, UTC).isoformat(),
            interval_s=step_ns / NS,
            by=by,
            open=still_in > 0 or start_ns + step_ns > self.now_ns,
            incomplete=part.gapped,
            offered=c.entries,
            blocked=c.refused,
            answered=c.answered,
            answered_in_threshold=c.answered_within,
            abandoned=c.abandoned,
            short_abandoned=c.short_abandoned,
            dismissed=c.dismissed,
            moved_on=c.moved_on,
            overflowed=c.exits["overflowed"],
            callbacks=c.exits["callback"],
            withdrawn=c.exits["withdrawn"],
            failed=c.failed,
            service_level=level.value,
            service_level_met=level.met,
            service_level_of=level.of,
            sl_lo=None,
            sl_hi=None,
            asa_s=mean_s(tally[Tally.ANSWERED_WAIT_NS], c.answered),
            wait_max_s=round(int(tally[Tally.LONGEST_WAIT_NS]) / NS, 3),
            abandon_rate=abandonment.abandonment(abandonment.variant(abandonment.DEFAULT), c).value,
            aht_s=average_handle_s(tally),
            talk_s=mean_s(tally[Tally.TALK_NS], handled),
            hold_s=mean_s(tally[Tally.HOLD_NS], handled),
            wrap_s=mean_s(tally[Tally.WRAP_UP_NS], wrapped),
            erlangs=round(int(tally[Tally.TALK_NS] + tally[Tally.WRAP_UP_NS]) / step_ns, 4),
            source="live",
            wait_p50_s=p50_s,
            wait_p90_s=p90_s,
            drill=part.drill,
            trunk_blocking=ratio(c.exits["refused_trunk"], c.entries) if cell % CHANNELS == VOICE else None,
        )


def cut_intervals(
    t: Tables,
    directory: Directory,
    now_ns: int,
    asked: Asked,
    waits: IntervalWaits | None,
    times: AgentTimes | None,
    plans: ActivePlans,
) -> IntervalCut:
    """Cut out what the rows asked for are made of, without unused combinations.

    Where an interval is incomplete, every queue has a row: that of its own channel, if no other.
    As soon as there are `limit` rows, no further interval is begun.
    Raises ValueError when the step is not a multiple of the engine's interval, or `by` is unknown.
    """
    step_ns, from_ns, to_ns, by, queue, level, limit = asked
    base_ns = int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
    if step_ns < base_ns or step_ns % base_ns:
        raise ValueError(f"the step must be a multiple of the engine's interval of {base_ns / NS:g} s")
    if by not in BY:
        raise ValueError(f"{by!r} is not one of event, arrival")
    starts = t.interval_starts // step_ns * step_ns
    kept = (t.interval_starts >= 0) & (starts >= from_ns) & (starts < to_ns)
    queues = np.array(existing(directory.queues), np.int64)
    own_cells = queues * CHANNELS + t.queues["settings"][queues, QueueSetting.CHANNEL]
    overdue = _overdue(t, now_ns, step_ns, by)
    parts, count, next_from_ns = list[CutInterval](), 0, None
    for start_ns in np.unique(starts[kept]).tolist():
        if limit is not None and count >= limit:
            next_from_ns = start_ns
            break
        places = np.flatnonzero(kept & (starts == start_ns))
        gapped = bool(t.interval_gaps[places].any())
        used = np.logical_or.reduce([t.intervals[place, BY[by]].any(axis=1) for place in places])
        used[[cell for passed_ns, cell in overdue if passed_ns == start_ns]] = True
        if gapped:
            used[own_cells[~used.reshape(-1, CHANNELS)[own_cells // CHANNELS].any(axis=1)]] = True
        cells = np.flatnonzero(used)
        cells = cells if queue is None else cells[cells // CHANNELS == queue]
        theirs = np.unique(cells // CHANNELS).tolist()
        part = CutInterval(
            start_ns=start_ns,
            cells=cells.tolist(),
            tallies=t.intervals[places[:, None], BY[by], cells],
            gapped=gapped,
            agents=times.of(t, theirs, start_ns, step_ns, now_ns) if times is not None and by == "event" else {},
            drill=plans.is_drilled(start_ns, start_ns + step_ns),
        )
        parts.append(part)
        count += len(part.cells)
    thresholds_s = (t.queues["settings"][:, QueueSetting.THRESHOLD_NS] / NS).tolist()
    still = waits.still() if waits is not None and by == "event" else None
    return IntervalCut(step_ns, by, level, now_ns, directory, thresholds_s, overdue, still, parts, next_from_ns)


def _overdue(t: Tables, now_ns: int, step_ns: int, by: str) -> Counter[tuple[int, int]]:
    found = overdue_contacts(t, now_ns)
    starts_ns = (found.passed_ns if by == "event" else found.entered_ns) // step_ns * step_ns
    return Counter(zip(starts_ns.tolist(), found.cell.tolist(), strict=True))
