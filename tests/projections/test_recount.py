"""Figures of random histories against a naive recount of the log."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.messages.kinds import (
    CHANNEL_NAMES,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    EXIT_NAMES,
    FLAG_CALLS_BACK,
)
from engine.messages.observed import CALLBACK_NUMBER, AgentStatusChanged, ContactArrived, OfferAnswered
from engine.model.tallies import Tally
from engine.projections.queues.intervals import as_csv
from tests.projections.support import SECOND_NS, Centre

THRESHOLD_NS = 20 * SECOND_NS
SHORT_NS = 5 * SECOND_NS


class Recount:
    """What a reader with pencil and paper makes of the log."""

    def __init__(self, centre: Centre) -> None:
        self.entries: Counter[str] = Counter()
        self.exits: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.waits: defaultdict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.talk_ns: Counter[str] = Counter()
        self.in_queue: dict[int, tuple[str, int]] = {}
        self.in_line: dict[int, int] = {}
        """Since when who is in a queue waits: of a callback, since its customer does."""
        self.calls_back: set[int] = set()
        self.arrived = 0
        for frame in centre.log.read():
            for row in frame.rows:
                self._take(centre, row)

    def _take(self, centre: Centre, row: Any) -> None:
        kind, slot = int(row["kind"]), int(row["contact"])
        queue = centre.views.directory.queues.name(int(row["queue"]))
        if kind == CONTACT_ARRIVED:
            self.arrived += 1
            self.calls_back.discard(slot)
            if row["flags"] & FLAG_CALLS_BACK:
                self.calls_back.add(slot)
        elif kind == CONTACT_QUEUED:
            self.entries[queue] += 1
            self.in_queue[slot] = queue, int(row["at_ns"])
            self.in_line[slot] = int(row["a"] if slot in self.calls_back else row["at_ns"])
        elif kind in (CONTACT_ANSWERED, CONTACT_LEFT):
            # A contact that is refused at the door was never in line.
            name = "answered" if kind == CONTACT_ANSWERED else EXIT_NAMES[int(row["a"])]
            if slot in self.in_queue:
                entered, since_ns = self.in_queue.pop(slot)
                assert entered == queue
                self.waits[queue][name].append(int(row["at_ns"]) - since_ns)
            else:
                self.entries[queue] += 1
                self.waits[queue][name].append(0)
            self.exits[queue][name] += 1
        elif kind == CONTACT_ENDED:
            self.talk_ns[queue] += int(row["b"])


@pytest.mark.parametrize("seed", range(6))
async def test_figures_equal_a_recount_of_the_log(centre: Centre, seed: int) -> None:
    await centre.live(seed, 250)
    recount, now_ns = Recount(centre), centre.clock.now_ns()
    assert recount.arrived > 30
    for queue in centre.views.queues(now_ns).queues:
        exits, waits = recount.exits[queue.queue], recount.waits[queue.queue]
        waiting = [recount.in_line[slot] for slot, (name, _) in recount.in_queue.items() if name == queue.queue]
        assert queue.entries == recount.entries[queue.queue]
        assert {name: count for name, count in queue.exits.items() if count} == dict(exits)
        assert queue.waiting == len(waiting) == queue.entries - sum(exits.values())
        assert queue.oldest_since_ns == min(waiting, default=0)
        entered = [since_ns for name, since_ns in recount.in_queue.values() if name == queue.queue]
        overdue = sum(now_ns - since_ns > THRESHOLD_NS for since_ns in entered)
        assert queue.overdue == overdue
        answered, lost = waits["answered"], [*waits["abandoned"], *waits["short_abandoned"]]
        assert sum(wait <= SHORT_NS for wait in lost) == queue.short_abandoned
        if answered:
            mean_s = sum(answered) / len(answered) / SECOND_NS
            assert queue.waits.average_speed_of_answer_s == pytest.approx(mean_s, abs=0.001)
        every = [wait for some in waits.values() for wait in some]
        longest_ns = max([*every, *(now_ns - since_ns for since_ns in waiting)], default=0)
        assert queue.waits.longest_s == pytest.approx(longest_ns / SECOND_NS, abs=0.001)
        assert queue.handle_time.talk_s == pytest.approx(recount.talk_ns[queue.queue] / SECOND_NS, abs=0.001)
        within = sum(wait <= THRESHOLD_NS for wait in answered)
        levels = {level.id: level for level in centre.views.formulas(queue.queue, now_ns).service_levels}
        assert (levels["SL_OFF"].met, levels["SL_OFF"].of) == (within, len(answered) + len(lost) + overdue)
        lost_within = sum(wait <= THRESHOLD_NS for wait in lost)
        assert levels["SL_IGN"].of == len(answered) + len(lost) - lost_within + overdue


@pytest.mark.parametrize("seed", range(3))
async def test_all_readers_tell_one_service_level(centre: Centre, seed: int) -> None:
    await centre.live(20 + seed, 250)
    recount, now_ns = Recount(centre), centre.clock.now_ns()
    views, dismissed = centre.views, 0
    realtime = {row.queue: row.service_level for row in views.realtime(["queue"], now_ns=now_ns).rows}
    cells = views.metrics(now_ns).cells(100)[0]
    tables = [views.cut_intervals(15 * 60 * SECOND_NS, by=by, now_ns=now_ns)().rows for by in ("event", "arrival")]
    for status in views.queues(now_ns).queues:
        waits = recount.waits[status.queue]
        met = sum(wait <= THRESHOLD_NS for wait in waits["answered"])
        at_once = [*waits["abandoned"], *waits["timed_out"], *waits["empty"]]
        others = [waits[name] for name in waits if name not in ("abandoned", "timed_out", "empty")]
        late = sum(wait > THRESHOLD_NS for some in others for wait in some)
        of = met + len(at_once) + late + status.overdue
        dismissed += len(waits["timed_out"])
        level = status.service_level
        assert (level.id, level.met, level.of) == ("SL_LIVE", met, of)
        assert views.formulas(status.queue, now_ns).service_levels[0] == level
        assert realtime[status.queue] == level.value
        own = [cell for cell in cells if cell.queue == status.queue]
        assert sum(int(cell.tally[Tally.MET]) for cell in own) == met
        assert sum(int(cell.tally[Tally.MISSED]) + cell.overdue for cell in own) == of - met
        for rows in tables:
            told = [row for row in rows if row.queue == status.queue]
            assert sum(row.service_level_met for row in told) == met
            assert sum(row.service_level_of for row in told) == of
    assert dismissed


@pytest.mark.parametrize("seed", range(3))
async def test_a_window_has_the_level_of_its_intervals(centre: Centre, seed: int) -> None:
    await centre.live(30 + seed, 250)
    views, now_ns = centre.views, centre.clock.now_ns()
    every = views.cut_intervals(15 * 60 * SECOND_NS, now_ns=now_ns)().rows
    realtime = {
        row.queue: row for row in views.realtime(["queue"], now_ns=now_ns, since_ns=now_ns - 1800 * SECOND_NS).rows
    }
    for status in views.queues(now_ns, now_ns - 1800 * SECOND_NS).queues:
        since = datetime.fromtimestamp(status.since_ns / SECOND_NS, UTC).isoformat()
        rows = [row for row in every if row.queue == status.queue and row.interval_start >= since]
        told = sum(row.service_level_met for row in rows), sum(row.service_level_of for row in rows)
        assert (status.service_level.met, status.service_level.of) == told
        assert views.formulas(status.queue, now_ns, status.since_ns).service_levels[0] == status.service_level
        assert realtime[status.queue].service_level == status.service_level.value


async def test_who_was_late_before_the_window_is_no_miss_of_it(centre: Centre) -> None:
    await centre.say(ContactArrived(contact="c1", queue="vip"))
    await centre.after(7200, ContactArrived(contact="c2", queue="vip"))
    await centre.after(30, AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
    now_ns = centre.clock.now_ns()
    for since_ns, of in ((0, 2), (now_ns - 900 * SECOND_NS, 1)):
        status = next(one for one in centre.views.queues(now_ns, since_ns).queues if one.queue == "vip")
        assert (status.overdue, status.service_level.of) == (2, of)


async def test_a_level_does_not_rise_as_the_queue_hangs_up_on_people(centre: Centre) -> None:
    await centre.say(*(ContactArrived(contact=f"c{number}", queue="help", channel="chat") for number in range(9)))
    levels = []
    for seconds in (30, 300):
        await centre.after(seconds, AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
        status = next(one for one in centre.views.queues(centre.clock.now_ns()).queues if one.queue == "help")
        levels.append((status.exits["timed_out"], status.service_level.met, status.service_level.of))
    assert levels == [(0, 0, 9), (9, 0, 9)]


@pytest.mark.parametrize("by", ["event", "arrival"])
async def test_intervals_add_up_to_the_whole(centre: Centre, by: str) -> None:
    await centre.live(11, 250)
    now_ns = centre.clock.now_ns()
    quarter, half = (centre.views.cut_intervals(step * 60 * SECOND_NS, by=by, now_ns=now_ns)() for step in (15, 30))
    parts = ("blocked", "answered", "abandoned", "dismissed", "moved_on", "callbacks", "withdrawn", "failed")
    if by == "arrival":
        assert all(sum(getattr(row, part) for part in parts) == row.offered for row in half.rows if not row.open)
    for column in ("offered", *parts, "answered_in_threshold", "overflowed"):
        whole = sum(getattr(row, column) for row in quarter.rows)
        assert whole == sum(getattr(row, column) for row in half.rows)
        if column == "offered":
            assert whole == sum(queue.entries for queue in centre.views.queues(now_ns).queues)
    assert len({row.interval_start for row in quarter.rows}) > 1
    assert len(as_csv(quarter.rows).splitlines()) == len(quarter.rows) + 1
    with pytest.raises(ValueError, match="multiple"):
        centre.views.cut_intervals(10 * 60 * SECOND_NS)()
    with pytest.raises(ValueError, match="cohort"):
        centre.views.cut_intervals(15 * 60 * SECOND_NS, by="cohort")()


async def test_a_window_leaves_out_what_was_before_it(centre: Centre) -> None:
    await centre.live(12, 100)
    later_ns = centre.clock.now_ns() + 3600 * SECOND_NS
    assert all(queue.entries == 0 for queue in centre.views.queues(later_ns, since_ns=later_ns).queues)
    everything = centre.views.queues(later_ns, since_ns=1).queues
    assert [queue.entries for queue in everything] == [queue.entries for queue in centre.views.queues(later_ns).queues]


async def test_what_counts_as_missed_stays_missed(centre: Centre) -> None:
    """Callbacks, too: their customers wait for longer, but the service level is of this stay in the queue."""
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    since_ns = centre.clock.now_ns() - 300 * SECOND_NS
    attributes = {CALLBACK_NUMBER: "+84 1"}
    await centre.say(ContactArrived(contact="c", queue="sales", attributes=attributes, waiting_since_ns=since_ns))
    counted = []
    for seconds in (0, 1):
        centre.clock.advance(seconds * SECOND_NS)
        if seconds:
            await centre.say(OfferAnswered(contact="c", agent="alice"))
        live = centre.views.live(centre.clock.now_ns())
        counted.append(int(centre.views.tables.tallies[:, Tally.MISSED].sum() + live.overdue.sum()))
    assert counted == sorted(counted)
    assert centre.views.tables.tallies[:, Tally.MET].sum() == 1


async def test_histories_agree_with_tables(centre: Centre) -> None:
    await centre.live(13, 250)
    views, slots = centre.views, 0
    for record in views.history.records():
        slot = centre.engine.state.contacts.slot_of(record.contact)
        if not record.open:
            assert slot < 0
            continue
        slots += 1
        contact = views.tables.contacts[slot]
        assert int(contact["arrival_seq"]) == record.id
        explained = views.contacts.explain(record.contact, centre.clock.now_ns())
        assert explained.state == record.state
        assert record.queue == views.directory.queues.name(int(contact["queue"]))
        assert record.channel == CHANNEL_NAMES[int(contact["channel"])]
    assert slots == len(centre.engine.state.contacts)
    rebuilt = type(views)(views.tables, views.directory, views.open_contacts, centre.log, views.interned)
    assert list(rebuilt.history.records()) == list(views.history.records())


async def test_realtime_groups_add_up(centre: Centre) -> None:
    await centre.live(14, 200)
    now_ns = centre.clock.now_ns()
    fine = centre.views.realtime(("queue", "channel"), now_ns).rows
    coarse = centre.views.realtime((), now_ns).rows
    for column in (
        "contacts_in_queue",
        "contacts_active",
        "contacts_queued",
        "contacts_answered",
        "contacts_abandoned",
    ):
        assert sum(getattr(row, column) for row in fine) == getattr(coarse[0], column)
    assert coarse[0].agents_online == 3
