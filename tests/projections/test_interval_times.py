"""Agents' times by interval and queue: as a naive recount of who was in which state when, live, replayed and saved."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.config.load import load_config
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, Observed, OfferAnswered
from engine.projections.agents.interval_times import MARKS_NS, AgentTimes
from engine.projections.queues.intervals import IntervalRow
from engine.projections.views import Views
from engine.replay.apply import StateReplay
from engine.replay.restore import restore
from engine.state import EngineState
from tests.projections.support import AGENTS, CAPACITY, CENTRE, SECOND_NS, START_NS, Centre

STEP_NS = 900 * SECOND_NS
HANDLING = ("offered", "busy", "wrapping")
AWAY = ("paused", "not_responding", "unreachable")


class Diary:
    """Who was in which state from when on: looked at after every fact."""

    def __init__(self, centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
        self._centre = centre
        self._entries: list[tuple[int, dict[str, str]]] = []
        say = centre.say

        async def noted(*facts: Observed) -> Sequence[Any]:
            receipts = await say(*facts)
            self.note()
            return receipts

        monkeypatch.setattr(centre, "say", noted)

    def note(self) -> None:
        """Look."""
        states = {name: self._centre.views.agent(name).state for name in AGENTS}
        self._entries.append((self._centre.clock.now_ns(), states))

    def spent_ns(self, names: Sequence[str], from_ns: int, to_ns: int) -> dict[str, int]:
        """What these agents spent in each state in a window."""
        found = defaultdict[str, int](int)
        ends = [at_ns for at_ns, _ in self._entries[1:]] + [to_ns]
        for (at_ns, states), end_ns in zip(self._entries, ends, strict=True):
            for name in names:
                found[states[name]] += max(0, min(end_ns, to_ns) - max(at_ns, from_ns))
        return found


def check(rows: list[IntervalRow], diary: Diary, views: Views, step_ns: int) -> int:
    """Compare every row with the diary; returns how many rows had something to compare."""
    handled = 0
    for row in rows:
        start_ns = int(datetime.fromisoformat(row.interval_start).timestamp()) * SECOND_NS
        end_ns = min(start_ns + step_ns, views.now_ns())
        mask = views.eligible(row.queue)
        names = [name for name in AGENTS if mask[views.agent_number(name)]]
        spent = diary.spent_ns(names, start_ns, end_ns)
        handling, idle = sum(spent[state] for state in HANDLING), spent["idle"]
        signed_in = handling + idle + sum(spent[state] for state in AWAY)
        assert row.agents_actual == pytest.approx((handling + idle) / (end_ns - start_ns), abs=1e-4)
        assert row.occupancy == (handling / (handling + idle) if handling + idle else None)
        assert row.utilization == (handling / signed_in if signed_in else None)
        handled += handling > 0
    return handled


def agents_of(rows: list[IntervalRow]) -> list[tuple[Any, ...]]:
    """What rows tell of agents."""
    return [(r.interval_start, r.queue, r.channel, r.agents_actual, r.occupancy, r.utilization) for r in rows]


def views_of(centre: Centre, state: EngineState) -> Views:
    """Return read models over a state that was made from the centre's log."""
    return Views(
        state.tables, state.directory, state.contacts, centre.log, state.interned, agent_times=state.agent_times
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_row_equals_the_diary(centre: Centre, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    diary = Diary(centre, monkeypatch)
    diary.note()
    await centre.live(seed, 300)
    centre.clock.advance(5 * STEP_NS // 2)
    await centre.say(AgentStatusChanged(agent="alice", status="offline"))
    half = centre.engine.state.save()
    await centre.live(seed + 10, 300)
    for step in (1, 2, 8):
        rows = centre.views.cut_intervals(STEP_NS * step)().rows
        assert check(rows, diary, centre.views, STEP_NS * step) >= 2
    assert {row.agents_actual for row in centre.views.cut_intervals(STEP_NS, by="arrival")().rows} == {None}
    replayed, loaded = EngineState(CAPACITY), EngineState(CAPACITY)
    loaded.load(half)
    for state in (replayed, loaded):
        restore(centre.log, state)
        assert agents_of(views_of(centre, state).cut_intervals(STEP_NS)().rows) == agents_of(
            centre.views.cut_intervals(STEP_NS)().rows
        )
        assert state.agent_times.save() == centre.engine.state.agent_times.save()


@pytest.mark.parametrize("seed", [1, 2])
async def test_agents_of_several_queues_are_counted_once(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    diary = Diary(centre, monkeypatch)
    diary.note()
    await centre.live(seed, 300)
    centre.clock.advance(5 * STEP_NS // 2)
    await centre.say(AgentStatusChanged(agent="alice", status="offline"))
    await centre.live(seed + 10, 300)
    views, now_ns = centre.views, centre.clock.now_ns()
    for step in (STEP_NS, 2 * STEP_NS):
        first_ns = START_NS // step * step
        starts = list(range(first_ns - step, now_ns + 2 * step, step))
        for queues in ((), ("sales",), ("sales", "vip")):
            serve = [name for name in AGENTS if not queues or any(_serves(views, name, queue) for queue in queues)]
            found = views.agents_at_work(starts, step, queues, now_ns)
            assert (found[0], found[-1]) == (None, None), "before the log, and not yet"
            for start_ns, told in zip(starts[1:], found[1:], strict=True):
                if start_ns < now_ns:
                    end_ns = min(start_ns + step, now_ns)
                    spent = diary.spent_ns(serve, start_ns, end_ns)
                    worked = sum(spent[state] for state in (*HANDLING, "idle")) / (end_ns - start_ns)
                    assert told == pytest.approx(worked, abs=0.02), (start_ns, queues)
            assert max(told for told in found if told is not None) > 0
    views.agent_times = None
    assert views.agents_at_work([START_NS // STEP_NS * STEP_NS], STEP_NS) == [None], "nobody kept their times"


def _serves(views: Views, name: str, queue: str) -> bool:
    return bool(views.eligible(queue)[views.agent_number(name)])


async def test_a_quiet_hour_counts_before_anything_happens(centre: Centre) -> None:
    await centre.live(3, 100)
    asked_ns = centre.clock.now_ns() + 5 * STEP_NS // 2
    told = centre.views.cut_intervals(STEP_NS, now_ns=asked_ns)().rows
    centre.clock.advance(5 * STEP_NS // 2)
    await centre.say(AgentStatusChanged(agent="alice", status="offline"))
    finished = agents_of([row for row in told if not row.open])
    assert any(row[3] for row in finished)
    assert finished == agents_of(centre.views.cut_intervals(STEP_NS)().rows)[: len(finished)]


async def test_what_is_not_kept_is_not_told(centre: Centre) -> None:
    await centre.say(AgentStatusChanged(agent="bob", status="available"))
    for number in range(5):
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales"))
        centre.clock.advance(STEP_NS)
    await centre.after(60, AgentStatusChanged(agent="bob", status="available"))
    rows = centre.views.cut_intervals(STEP_NS)().rows
    starts = sorted({row.interval_start for row in rows})
    small, nobody = EngineState(CAPACITY), EngineState(CAPACITY)
    small.agent_times = AgentTimes(2)
    restore(centre.log, small)
    kept = views_of(centre, small).cut_intervals(STEP_NS)().rows
    first_ns = START_NS // STEP_NS * STEP_NS
    known = views_of(centre, small).agents_at_work(range(first_ns, first_ns + 6 * STEP_NS, STEP_NS), STEP_NS)
    assert [one is None for one in known] == [True, True, True, False, False, False]
    assert len(starts) == 6
    gone = starts[: (centre.log.last_at_ns - START_NS) // STEP_NS - 2]
    assert len(gone) == 3
    assert [row.agents_actual is None for row in kept] == [row.interval_start in gone for row in kept]
    assert [one for one in agents_of(kept) if one[0] not in gone] == [
        one for one in agents_of(rows) if one[0] not in gone
    ]
    nobody.agent_times.pass_all()
    for run in centre.log.read_runs():
        StateReplay(nobody).apply(run)
    assert {row.agents_actual for row in views_of(centre, nobody).cut_intervals(STEP_NS)().rows} == {None}


async def test_short_intervals_are_right_from_the_log_s_beginning(tmp_path: Path) -> None:
    """The tables' own length is another one until the configuration is recorded."""
    start_ns = START_NS // STEP_NS * STEP_NS + 61 * SECOND_NS
    centre = Centre(tmp_path, CENTRE.replace("interval: 15m", "interval: 5m"), start_ns)
    await centre.say(*(AgentStatusChanged(agent=name, status="available") for name in ("alice", "bob")))
    for number in range(17):
        contact = f"c{number}"
        await centre.after(60, ContactArrived(contact=contact, queue="sales"), ContactReleased(contact=contact))
    rows = [row for row in centre.views.cut_intervals(STEP_NS // 3)().rows if row.queue == "sales"]
    assert [row.agents_actual for row in sorted(rows, key=lambda row: row.interval_start)] == [1.5933, 2.0, 2.0, 2.0]
    replayed = EngineState(CAPACITY)
    restore(centre.log, replayed)
    assert replayed.agent_times.save() == centre.engine.state.agent_times.save()


async def test_intervals_of_another_length_begin_anew(centre: Centre, tmp_path: Any) -> None:
    await centre.say(ContactArrived(contact="a", queue="sales"), AgentStatusChanged(agent="bob", status="available"))
    centre.clock.advance(3 * STEP_NS + 60 * SECOND_NS)
    await centre.say(ContactArrived(contact="b", queue="sales"))
    path = tmp_path / "other.yaml"
    path.write_text(CENTRE.replace("interval: 15m", "interval: 30m"))
    centre.engine.configure(load_config(path, adapters={}))
    for number in range(6):
        centre.clock.advance(STEP_NS)
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales"))
    await centre.after(60, AgentStatusChanged(agent="bob", status="available"))
    rows = centre.views.cut_intervals(2 * STEP_NS)().rows
    starts = sorted({row.interval_start for row in rows})
    assert len(starts) == 4
    assert [row.agents_actual is None for row in rows] == [row.interval_start in starts[:1] for row in rows]


async def test_an_agents_own_occupancy_is_since_an_instant(centre: Centre) -> None:
    async def serve(name: str, seconds: float) -> None:
        await centre.say(ContactArrived(contact=name, queue="sales"))
        await centre.say(OfferAnswered(contact=name, agent="alice"))
        await centre.after(seconds, ContactReleased(contact=name))
        await centre.after(5, AgentStatusChanged(agent="carol", status="available"))  # wrap-up is over

    def since(at_ns: int) -> float | None:
        return centre.views.own_figures("alice", at_ns).occupancy

    second_ns = START_NS + STEP_NS
    assert START_NS % STEP_NS == 0
    assert since(START_NS) is None
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    await serve("a", 890)
    await centre.after(305, AgentStatusChanged(agent="carol", status="paused"))
    assert since(START_NS) == pytest.approx(895 / 1200, abs=0.001)
    assert since(second_ns) == since(second_ns + 60 * SECOND_NS) == 0.0
    await serve("b", 295)
    assert since(second_ns) == pytest.approx(300 / 600, abs=0.001)
    assert since(START_NS) == pytest.approx(1195 / 1500, abs=0.001)
    later_ns = centre.views.now_ns() + 500 * SECOND_NS
    assert centre.views.own_figures("alice", START_NS, later_ns).occupancy == pytest.approx(1195 / 2000, abs=0.001)
    for _ in range(3):
        centre.clock.advance(MARKS_NS // 2)
        await centre.say(AgentStatusChanged(agent="carol", status="available"))
    assert since(START_NS) is None
    assert since(centre.clock.now_ns() - MARKS_NS // 2) == 0.0


@pytest.mark.parametrize(
    "without",
    [
        CENTRE.replace("  - {name: bob, queues: [sales, help], skills: {english: 2}}\n", ""),
        CENTRE.replace("queues: [sales, help]", "queues: [help]"),
    ],
    ids=["gone", "elsewhere"],
)
async def test_who_leaves_a_queue_leaves_the_work_behind(centre: Centre, tmp_path: Path, without: str) -> None:
    """A reload takes an agent out of the configuration, or out of a queue, in the middle of an interval."""

    def told() -> list[Any]:
        rows = [row for row in centre.views.cut_intervals(STEP_NS)().rows if row.queue == "sales"]
        return [(row.agents_actual, row.occupancy, row.utilization) for row in rows]

    await centre.say(AgentStatusChanged(agent="bob", status="available"))
    await centre.say(ContactArrived(contact="c", queue="sales"))
    await centre.say(OfferAnswered(contact="c", agent="bob"))
    await centre.after(450, ContactReleased(contact="c"))
    assert told() == [(1.0, 1.0, 1.0)]
    half = centre.engine.state.save()
    path = tmp_path / "other.yaml"
    path.write_text(without)
    centre.engine.configure(load_config(path, adapters={}))
    changed = centre.engine.state.save()
    centre.clock.advance(225 * SECOND_NS)
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    assert told() == [(0.6667, 1.0, 1.0)], "450 of 675 seconds"
    centre.clock.advance(225 * SECOND_NS)
    centre.engine.configure(load_config(path, adapters={}))  # nothing differs
    await centre.after(60, AgentStatusChanged(agent="alice", status="paused"))
    assert told()[:1] == [(0.75, 2 / 3, 2 / 3)], "alice is there for the last quarter"
    for parts in (None, half, changed):
        state = EngineState(CAPACITY)
        if parts is not None:
            state.load(parts)
        restore(centre.log, state)
        assert state.agent_times.save() == centre.engine.state.agent_times.save()
        assert agents_of(views_of(centre, state).cut_intervals(STEP_NS)().rows) == agents_of(
            centre.views.cut_intervals(STEP_NS)().rows
        )
