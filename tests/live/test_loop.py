"""The live loop: receipts and effects only once durable, in order, exactly once, whatever comes in."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import compile_settings
from engine.errors import ConfigError, ContactsFull, Overloaded
from engine.ingest import names as names_module
from engine.kernel.audit import audit
from engine.live import loop
from engine.live.turns import TURN_ROWS
from engine.log.memory import MemoryLog
from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    LegRecorded,
    Observed,
    OfferAnswered,
    QueueClosed,
)
from engine.messages.rows import ROW
from engine.model.settings import QueueSetting
from engine.ports import Receipt
from tests.driver_support import CENTRE, SECOND_NS, START_NS, House, house, load_centre, types_of


class SlowLog(MemoryLog):
    """A log whose turns become durable only when the test says so."""

    def __init__(self, on_durable: Callable[[int], None]) -> None:
        super().__init__(row_dtype=ROW, on_durable=on_durable, hold=True)
        self.full = False
        self.late = False
        self.pretended_bytes = 0

    @property
    def admitting(self) -> bool:
        return not (self.full or self.late)

    @property
    def disk_full(self) -> bool:
        return self.full

    @property
    def staged_bytes(self) -> int:
        return self.pretended_bytes

    @staged_bytes.setter
    def staged_bytes(self, value: int) -> None:
        """How much is staged is what the test pretends."""


def arrived(name: str, queue: str = "sales", **fields: Any) -> ContactArrived:
    return ContactArrived(contact=name, queue=queue, **fields)


async def ticks(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_call_from_arrival_to_hang_up(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"), arrived("c"))
        await h.tell(OfferAnswered(contact="c", agent="alice"))
        await h.tell(ContactReleased(contact="c", by="agent"))
        await h.settle()
        assert list(types_of(h.effects)) == ["OfferContact", "ConnectContact", "EndContact"]
        assert h.engine.views.queue("sales").answered == 1
        assert len(h.state.contacts) == 0
        assert audit(h.state.tables) == []


async def test_nothing_leaves_before_it_is_durable(tmp_path: Path) -> None:
    async with house(tmp_path, log_of=SlowLog) as h:
        turns: list[Turn] = []
        h.engine.subscribe(turns.append)
        future = h.submit(AgentStatusChanged(agent="alice", status="available"), arrived("c"))
        await ticks()
        waiting = h.engine.durable()
        await ticks()
        assert h.state.seq > h.log.durable_seq
        assert (future.done(), waiting.done(), h.effects, turns) == (False, False, [], [])
        h.log.flush()
        receipts = await future
        assert await waiting == h.state.seq == h.log.durable_seq
        assert [receipt.error for receipt in receipts] == ["", ""]
        assert receipts[0].seq < receipts[1].seq
        assert list(types_of(h.effects)) == ["OfferContact"]
        assert turns[-1].last_seq == h.state.seq
        h.log.flush()
        h.log._hold = False


async def test_a_duplicate_waits_for_the_first_and_has_its_sequence(tmp_path: Path) -> None:
    async with house(tmp_path, log_of=SlowLog) as h:
        first = h.submit(arrived("c", id="1"))
        await ticks()
        second = h.submit(arrived("c", id="1"))
        await ticks()
        assert not second.done()
        h.log.flush()
        (one,), (two,) = await first, await second
        assert two == Receipt(one.seq, duplicate=True)
        (three,) = await h.submit(arrived("c", id="1"))
        assert three == two
        assert h.kinds().count(kinds.CONTACT_ARRIVED) == 1
        h.log._hold = False


async def test_facts_of_one_call_stand_in_the_log_in_their_order(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        calls = []
        for call in range(20):
            facts: list[Observed] = [arrived(f"{call}-{n}") for n in range(2)]
            facts += [ContactReleased(contact=f"{call}-{n}") for n in range(2)]
            calls.append(h.submit(*facts))
        receipts = [await future for future in calls]
        for of_call in receipts:
            seqs = [receipt.seq for receipt in of_call]
            assert seqs == sorted(seqs)
            assert 0 not in seqs
        assert [of_call[0].seq for of_call in receipts] == sorted(of_call[0].seq for of_call in receipts)


async def test_each_frame_holds_whole_conclusions(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        for n in range(50):
            await h.tell(arrived(f"c{n}"), ContactReleased(contact=f"c{n}"))
        next_seq = 1
        for frame in h.log.read():
            causes = np.arange(len(frame.rows)) - frame.rows["cause"]
            assert frame.first_seq == next_seq
            assert (causes >= 0).all(), "a decided row follows from an observed one of its own frame"
            assert (frame.rows["kind"][causes] < kinds.FIRST_DECIDED).all()
            next_seq += len(frame.rows)


async def test_more_facts_than_one_turn_takes(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        count = TURN_ROWS + 500
        facts = [AgentStatusChanged(agent="bob", status=("available", "offline")[n % 2]) for n in range(count)]
        receipts = await h.tell(*facts)
        seqs = [receipt.seq for receipt in receipts]
        assert seqs == sorted(set(seqs))
        assert h.engine.counters["frames"] >= 2
        payloads = sum(len(frame.payload) for frame in h.log.read())
        assert payloads > 0


async def test_wrong_facts_are_answered_and_leave_no_row(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        before = h.state.seq
        (wrong,) = await h.submit(arrived("c", queue="sails"))
        assert (wrong.seq, wrong.field) == (0, "queue")
        assert "did you mean 'sales'" in wrong.error
        mixed = await h.submit(ContactReleased(contact="c"), arrived("c"), ContactReleased(contact="c"))
        assert [bool(receipt.error) for receipt in mixed] == [True, False, False]
        assert h.state.seq > before
        assert h.engine.figures()["facts_wrong"] == 2
        assert await h.submit() == []


async def test_a_fact_that_the_kernel_refuses_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c"))
        (receipt,) = await h.submit(OfferAnswered(contact="c", agent="alice", id="1"))
        assert (receipt.refused, receipt.error) == ("no_such_offer", "")
        assert receipt.seq > 0
        (again,) = await h.submit(OfferAnswered(contact="c", agent="alice", id="1"))
        assert again == Receipt(receipt.seq, duplicate=True, refused="no_such_offer")
        assert "RejectFact" in types_of(h.effects)


async def test_a_name_may_return_in_the_very_call_that_ends_it(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        receipts = await h.tell(arrived("c"), ContactReleased(contact="c"), arrived("c"), ContactReleased(contact="c"))
        assert len({receipt.seq for receipt in receipts}) == 4
        (one, two) = await h.submit(arrived("c"), arrived("c"))
        assert not one.error
        assert "is open already" in two.error


async def test_slots_freed_in_a_call_serve_the_rest_of_it(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        facts: list[Observed] = []
        for n in range(200):
            facts += [arrived(f"c{n}"), ContactReleased(contact=f"c{n}")]
        await h.tell(*facts)
        full = await h.submit(*[arrived(f"d{n}") for n in range(64)])
        assert [bool(receipt.error) for receipt in full] == [False] * 56 + [True] * 8
        assert "too many contacts" in full[-1].error
        assert [receipt.full for receipt in full] == [False] * 56 + [True] * 8


async def test_a_full_table_of_contacts_asks_for_patience(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(*[arrived(f"c{n}") for n in range(54)])
        taken = h.submit(arrived("c54"))
        with pytest.raises(ContactsFull, match="54 contacts are open, and there is room for 1 more, not for 2;"):
            await h.submit(arrived("d"), arrived("e"))  # one place is left besides the one that is not decided yet
        await taken
        await h.tell(arrived("c55"))
        for more in ([], [LegRecorded(contact="d", leg="caller", record=b"r")]):
            with pytest.raises(ContactsFull, match=r"56 contacts are open, and no more fit; raise limits\.contacts"):
                await h.submit(arrived("d"), *more)
        await h.tell(ContactReleased(contact="c0"), arrived("d"))
        await h.tell(ContactReleased(contact="c1"))
        await h.tell(arrived("e"))


async def test_who_says_nothing_that_counts_takes_no_number(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        before = list(h.state.interned.sources)
        for number in range(20):
            (receipt,) = await h.submit(ContactReleased(contact="nobody"), source=f"noise {number}")
            assert receipt.error
        assert h.state.interned.sources == before
        late, own = h.submit(ContactReleased(contact="c"), arrived("c"), source="new"), frozenset({ContactReleased})
        again = h.engine.submit_for("desk", "new", [ContactReleased(contact="c")], own)
        assert [bool(receipt.error) for receipt in [*await late, *await again]] == [True, False, False]
        assert h.state.interned.sources == [*before, "new"]
        assert h.engine.figures()["sources"] == len(before) + 1
        rows = np.concatenate([frame.rows for frame in h.log.read()])
        (place,) = np.flatnonzero(rows["kind"] == kinds.CONTACT_ARRIVED)
        assert (rows["source"][place], rows["kind"][place - 1]) == (len(before), kinds.CONFIGURATION_LOADED)


async def test_sources_that_came_at_once_beyond_the_bound_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        monkeypatch.setattr(names_module, "SOURCES_MAX", len(h.state.interned.sources) + 1)
        one, two = h.submit(arrived("c"), source="one"), h.submit(arrived("d"), source="two")
        assert not (await one)[0].error
        assert "'two' would be one more" in (await two)[0].error
        assert {entry.name for entry in h.state.contacts} == {"c"}


async def test_a_full_inbox_refuses_the_new_but_not_what_ends(tmp_path: Path) -> None:
    small = CENTRE.replace("limits: {", "limits: {inbox: 20, ")
    async with house(tmp_path, small) as h:
        await h.tell(arrived("c"))
        futures = [h.submit(*[arrived(f"d{n}") for n in range(20)])]
        with pytest.raises(Overloaded, match="facts are waiting"):
            await h.submit(arrived("one too many"))
        futures.append(h.submit(ContactReleased(contact="c")))
        assert h.engine.inbox.count == 21
        for future in futures:
            assert not any(receipt.error for receipt in await future)
        assert h.engine.counters["facts_overloaded"] == 1
        await h.tell(arrived("later"))


async def test_a_slow_disk_and_a_full_disk_keep_new_contacts_out(tmp_path: Path) -> None:
    async with house(tmp_path, log_of=SlowLog) as h:
        h.log._hold = False
        await h.tell(arrived("c"), arrived("d"))
        h.log.full = True
        with pytest.raises(Overloaded, match="disk space") as refusal:
            await h.submit(arrived("e"))
        assert refusal.value.retry_after_s > 1
        await h.tell(ContactReleased(contact="c"), AgentStatusChanged(agent="bob", status="offline"))
        h.log.full, h.log.late = False, True
        with pytest.raises(Overloaded, match="waits for its next segment") as refusal:
            await h.submit(arrived("e"))
        assert refusal.value.retry_after_s == 2
        h.log.late = False
        h.log.pretended_bytes = 1 << 40
        with pytest.raises(Overloaded, match="waiting for the disk"):
            await h.submit(OfferAnswered(contact="d", agent="bob"))
        await h.tell(ContactReleased(contact="d"))


async def test_deadlines_pass_when_the_clock_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"), arrived("c"))
        await h.pass_time(19.9)
        assert kinds.DEADLINE_PASSED not in h.kinds()
        await h.pass_time(0.2)
        assert list(types_of(h.effects))[:2] == ["OfferContact", "EndOffer"]
        assert kinds.DEADLINE_PASSED in h.kinds()
        row = next(f.rows[f.rows["kind"] == kinds.DEADLINE_PASSED][0] for f in h.log.read() if 19 in f.rows["kind"])
        assert (int(row["source"]), int(row["at_ns"])) == (0, START_NS + int(20.1 * SECOND_NS))


async def test_time_in_the_log_never_goes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c"))
        h.clock._now_ns -= 3600 * SECOND_NS
        await h.tell(arrived("d"))
        times = [int(at_ns) for frame in h.log.read() for at_ns in frame.rows["at_ns"]]
        assert times == sorted(times)


async def test_a_read_model_that_fails_ends_the_engine_and_swallows_no_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = await House(load_centre(tmp_path), log_of=SlowLog).open()
    h.log.flush()
    await h.settle()

    def fail(_turn: Turn) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(h.engine.views.history, "apply", fail)
    future, waiting = h.submit(QueueClosed(queue="sales")), h.engine.durable()
    await ticks()
    h.log.flush()
    async with asyncio.timeout(30):
        (receipt,) = await future
        await waiting
    assert (receipt.error, receipt.seq > 0) == ("", True)
    with pytest.raises(RuntimeError, match="no more"):
        h.engine.views.contacts.find("c")
    assert not h.faults, "who asked was told"
    future = h.submit(QueueClosed(queue="sales"))
    await ticks()
    h.log.flush()
    await future
    assert h.faults == ["a read model failed: RuntimeError: no more"]
    monkeypatch.undo()
    h.log._hold = False
    await h.engine.stop()


async def test_watchers_see_every_turn_until_they_leave_and_may_fail(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        seen: list[int] = []

        def fail(_turn: Turn) -> None:
            raise ValueError("broken watcher")

        leave = h.engine.subscribe(lambda turn: seen.extend(range(turn.first_seq, turn.last_seq + 1)))
        h.engine.subscribe(fail)
        first = h.state.seq + 1
        await h.tell(arrived("c"))
        await h.tell(ContactReleased(contact="c"))
        assert seen == list(range(seen[0], h.state.seq + 1))
        assert seen[0] <= first
        assert h.engine.counters["watchers_failed"] >= 2
        leave()
        leave()
        await h.tell(arrived("d"))
        assert seen[-1] < h.state.seq


async def test_a_configuration_may_change_under_load(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c"), AgentStatusChanged(agent="alice", status="available"))
        changed = load_centre(tmp_path, CENTRE.replace("  later:", "  new: {ring_limit: 5s}\n  later:"))
        assert h.engine.configure(changed) > 0
        await h.tell(arrived("n", queue="new"))
        assert h.engine.configure(changed) == 0
        assert h.engine.views.queue("new").waiting == 1
        gone = load_centre(tmp_path)
        h.engine.configure(gone)
        (receipt,) = await h.submit(arrived("m", queue="new"))
        assert "there is no queue 'new'" in receipt.error
        await h.tell(ContactReleased(contact="n"), QueueClosed(queue="sales", by="eve"))
        assert audit(h.state.tables) == []


async def test_settings_that_routing_refuses_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as h:
        compiled = compile_settings

        def beyond(*arguments: Any) -> Any:
            changes = compiled(*arguments)
            mine = (changes["agent"] == kinds.TABLE_TRUNK_GROUP) & (changes["a"] == 20)
            changes["a"][mine] = 2**40
            return changes

        monkeypatch.setattr(loop, "compile_settings", beyond)
        wanted = load_centre(tmp_path, CENTRE.replace("channels: 10", "channels: 20").replace("20s", "30s"))
        with pytest.raises(ConfigError) as caught:
            h.engine.configure(wanted)
        assert caught.value.faults == ["trunk group 'main': routing does not take 1099511627776 as channels"]
        settings = h.state.settings()
        assert (settings.trunk_groups[0, 0], settings.queues[0, QueueSetting.RING_LIMIT_NS]) == (10, 30 * SECOND_NS)


async def test_the_configurations_bounds_are_within_those_of_routing(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        text = CENTRE.replace("channels: 10", "channels: 1000000, reserve: 1000000, protected_value: 1000000")
        text = text.replace("wrap_up: 0s, ring_limit: 20s", "max_length: 1000000, value: 1000000, wrap_up: 8h")
        h.engine.configure(load_centre(tmp_path, text))
        assert kinds.FACT_REFUSED not in h.kinds()
        await h.tell(arrived("c", trunk_group="main"))


async def test_a_stop_answers_everybody_first(tmp_path: Path) -> None:
    opened = await House(load_centre(tmp_path)).open()
    futures = [opened.submit(arrived(f"c{n}")) for n in range(20)]
    await opened.engine.stop()
    assert all(not receipt.error for future in futures for receipt in future.result())
    with pytest.raises(Overloaded, match="stopping"):
        await opened.submit(arrived("late"))


async def test_an_engine_that_cannot_go_on_says_so_and_answers_nobody(tmp_path: Path) -> None:
    h = await House(load_centre(tmp_path)).open()
    await h.settle()
    h.log.next_seq += 1
    future = h.submit(arrived("c"))
    await ticks()
    assert len(h.faults) == 1
    assert "the log continues with" in h.faults[0]
    assert not future.done()
