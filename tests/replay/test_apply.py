"""However a log is cut into runs, frame by frame or all at once, replay comes to the very state of the live engine."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.effects.derive import OwedCallback
from engine.kernel.fingerprint import fingerprint
from engine.log.memory import MemoryLog
from engine.log.runs import joined
from engine.log_port import Frame, Turn
from engine.messages import kinds
from engine.messages.observed import (
    AgentStatusChanged,
    CallbackRequested,
    ContactArrived,
    ContactReleased,
    LegRecorded,
    QueueOpened,
)
from engine.messages.rows import ROW
from engine.replay import contacts
from engine.replay.apply import StateReplay
from engine.replay.contacts import latest_before
from engine.state import EngineState
from tests.driver_support import CAPACITY, House, house
from tests.random_day import AGENTS, Day


def pieces(frames: Sequence[Frame], turns: int) -> Iterator[Turn]:
    """The frames joined to runs of so many turns."""
    for start in range(0, len(frames), turns):
        yield joined(frames[start : start + turns])


def replayed(frames: Sequence[Frame], turns: int, state: EngineState | None = None) -> StateReplay:
    """A state that has the frames applied in runs of so many turns."""
    replay = StateReplay(state or EngineState(CAPACITY))
    for run in pieces(frames, turns):
        replay.apply(run)
    replay.finish()
    return replay


def owed_of(found: Sequence[OwedCallback]) -> list[Any]:
    """What callbacks are owed, but for legs: those are over when the customer is called."""
    return [
        (owed.seq, owed.queue, owed.line_ns, msgspec.structs.replace(owed.entry, legs={}, slot=-1)) for owed in found
    ]


def everything(state: EngineState) -> dict[str, Any]:
    """All that a state knows."""
    window = state.seen.save()
    return {
        "seq": state.seq,
        "tables": fingerprint(state.tables),
        "contacts": sorted(state.contacts, key=lambda entry: entry.slot),
        "wrapping": state.contacts.wrapping.all(),
        "taken": state.contacts.taken().tolist(),
        "names": (state.interned.sources, state.interned.owners, state.interned.reasons),
        "directory": state.directory,
        "requirements": state.directory.requirements.pairs,
        "seen": dict(zip(window["seen_keys"].tolist(), window["seen_values"].tolist(), strict=True)),
    }


async def busy_day(folder: Path, seed: int, steps: int) -> tuple[House, list[OwedCallback]]:
    """A random day with many callbacks and legs, and the callbacks that the engine left to the next start."""
    owed: list[OwedCallback] = []
    async with house(folder) as h:
        queue_callback = h.engine.queue_callback

        def noted(asked: OwedCallback) -> None:
            if asked.seq % 5:
                owed.append(asked)
            else:
                queue_callback(asked)

        h.engine.queue_callback = noted  # type: ignore[method-assign,assignment]
        for lap in range(4):
            await Day(seed * 10 + lap).run(h, steps // 4)
            names = [f"own-{lap}-{place}" for place in range(6)]
            await h.submit(
                *(ContactArrived(contact=name, queue="sales", customer=f"+84 {name}") for name in names),
                *(LegRecorded(contact=name, leg="caller", record=name.encode()) for name in names),
                *(LegRecorded(contact=name, leg="caller", record=b"again") for name in names[:2]),
                *(CallbackRequested(contact=name, number="+84 7") for name in names[1:4]),
                *(ContactReleased(contact=name, by="customer") for name in names[4:5]),
            )
            await h.pass_time(61)
        await h.submit(*(AgentStatusChanged(agent=agent, status="offline") for agent in AGENTS))
        names = [f"open-{place}" for place in range(6)]
        await h.submit(
            QueueOpened(queue="later"),
            *(ContactArrived(contact=name, queue="later") for name in names),
            *(LegRecorded(contact=name, leg=f"leg of {name}", record=b"last") for name in names[:3]),
        )
        await h.settle()
    return h, owed


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_all_ways_to_cut_a_log_lead_to_the_live_state(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    h, owed = await busy_day(tmp_path, seed, 200)
    frames = list(h.log.read())
    wanted = everything(h.state)
    assert len(wanted["contacts"]) > 5
    assert any(entry.legs for entry in wanted["contacts"])
    assert len(owed) > 7
    for turns, kept in ((1, 1), (1, 7), (3, 2), (40, 32), (len(frames), 1)):
        monkeypatch.setattr(contacts, "RUNS_KEPT", kept)
        replay = replayed(frames, turns)
        assert everything(replay._state) == wanted, (turns, kept)
        assert owed_of(list(replay.owed)) == owed_of(owed), (turns, kept)


@pytest.mark.parametrize("seed", [4, 5])
async def test_from_any_position_on_the_rest_leads_to_the_same(tmp_path: Path, seed: int) -> None:
    h, owed = await busy_day(tmp_path, seed, 120)
    frames = list(h.log.read())
    wanted = everything(h.state)
    for cut in range(5, len(frames), 37):
        before = replayed(frames[:cut], 1)._state
        saved = before.save()
        again = EngineState(CAPACITY)
        again.load(saved)
        later = [one for one in owed if one.seq > before.seq]
        for turns in (1, 11, len(frames)):
            state = EngineState(CAPACITY)
            state.load(saved)
            replay = replayed(frames[cut:], turns, state)
            assert everything(state) == wanted
            assert owed_of(list(replay.owed)) == owed_of(later)


async def test_only_what_is_still_open_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as h:
        await h.tell(*(ContactArrived(contact=f"c{number}", queue="sales") for number in range(9)))
        await h.tell(*(ContactReleased(contact=f"c{number}") for number in range(8)))
        await h.settle()
        frames = list(h.log.read())
    spoiled = MemoryLog(row_dtype=ROW)
    for frame in frames:
        payload = bytearray(frame.payload)
        for row in frame.rows[frame.rows["kind"] == kinds.CONTACT_ARRIVED][:8]:
            payload[row["payload_offset"]] = 0xC1  # never used by MessagePack
        spoiled.append(frame.rows, payload, frame.at_ns)
    (entry,) = replayed(list(spoiled.read()), len(frames))._state.contacts
    assert entry.name == "c8"
    monkeypatch.setattr(contacts, "RUNS_KEPT", 1)
    with pytest.raises(msgspec.DecodeError):
        replayed(list(spoiled.read()), 1)


def test_the_latest_before_is_of_the_same_slot() -> None:
    places, slots = np.array([1, 4, 6, 9]), np.array([3, 0, 3, 3], np.int32)
    asked, of = np.array([0, 1, 5, 6, 7, 99, 99, 3]), np.array([3, 3, 3, 3, 3, 3, 7, 0], np.int32)
    assert latest_before(places, slots, asked, of).tolist() == [-1, -1, 1, 1, 6, 9, -1, -1]
    nothing = np.zeros(0, np.int64)
    assert latest_before(nothing, nothing, asked, of).tolist() == [-1] * 8
