"""States at which a log may begin, as each version since the first kept them: what later versions have to read.

`python -m tests.replay.kept_states` writes that of this version, once one of its two numbers was raised. Files of
versions before are never written again: no code is left that could.
"""

import asyncio
import lzma
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from engine.config.load import load_config
from engine.live.plans import PlanDriver
from engine.log.snapshot import SnapshotStore
from engine.messages.observed import (
    AgentStatusChanged,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    ContactArrived,
    ContactClassified,
    QualityEvaluated,
    ScheduleExcepted,
    SurveyAnswered,
    SurveyRequested,
)
from engine.model.plan_views import PlanOrder
from engine.model.tallies import Tally
from engine.projections.figures import NEVER_NS
from engine.projections.quality.folding import folded
from engine.projections.quality.quality import Quality
from engine.replay.base import BASE_FOLDER, load_base, read_base
from engine.replay.state_code import STATE_VERSION, state_code
from engine.state import QUALITY, StoredState
from tests.projections.quality.support import QUALITY as QUALITY_SECTIONS
from tests.projections.quality.support import WITH_BACK_OFFICE, QualityCentre

FOLDER: Final = Path(__file__).parent / "kept_states"
CHECKSUM: Final = 7
"""Of the chain at each of them: there is no log beside them."""
STEP_NS: Final = 900 * 10**9
PLANS: Final = "\nplans: {storm: {tier: 2, close: [vip], max_length: {sales: 7}}}\n"


async def lived(folder: Path) -> QualityCentre:
    """Let a centre do something of every kind that a state keeps beside the kernel's tables."""
    centre = QualityCentre(folder)
    path = folder / "plans.yaml"
    path.write_text(WITH_BACK_OFFICE + QUALITY_SECTIONS + PLANS)
    centre.engine.configure(load_config(path, adapters={}))
    for seed in range(3):
        await centre.live(seed, 60)
    contact = await centre.talk("ann's", customer="ann")
    again = await centre.talk("ann's again", customer="ann", region="north", customer_base="retail")
    said: dict[str, Any] = {"contact": "ann's", "contact_id": contact}
    await centre.say(ContactClassified(**said, agent="alice", code="bill"))
    await centre.say(SurveyRequested(**said, kind="csat"), SurveyRequested(**said, kind="nps"))
    await centre.after(60, SurveyAnswered(**said, kind="csat", score=4, comment="well"))
    answers: dict[str, int | None] = {"greets": 1, "solves": 3, "identifies": 1}
    await centre.say(
        QualityEvaluated(**said, scorecard="calls", version=1, evaluator="eve", answers=answers, comment="fine")
    )
    now_ns = centre.clock.now_ns()
    await centre.say(ScheduleExcepted(agent="alice", from_ns=now_ns, to_ns=now_ns + STEP_NS, reason="sick"))
    opened = CaseOpened(kind="complaint", agent="alice", subject="late", customer="ann", contact="ann's again")
    for number in range(3):
        case = msgspec.structs.replace(opened, contact_id=again, region="north", customer_base="retail")
        (receipt,) = await centre.after(60, case)
        if number:
            await centre.after(60, CaseResolved(case_id=receipt.seq, resolution="paid back", agent="carol"))
        if number == 2:
            await centre.after(60, CaseReopened(case_id=receipt.seq, reason="not paid", agent="alice"))
    plans = PlanDriver(centre.engine, None, wall_ns=centre.clock.now_ns)
    await plans.activate("storm", PlanOrder(by="mai", reason="no power"))
    plans.stop()
    await centre.talk("ben's", customer="ben")
    await centre.say(AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
    await centre.after(7200, ContactArrived(contact="waits", queue="sales", customer="cid", id="f1"))
    return centre


def told(stored: StoredState) -> dict[str, Any]:
    """Return what a state that was read says, as JSON has it: something of each of its parts."""
    state = load_base(stored)
    quality = Quality(state.directory, bytes(stored.parts[QUALITY]), stored.seq)
    now_ns, queues, agents = state.now_ns, state.directory.queues, state.directory.agents
    entries = state.tables.tallies[:, Tally.ENTRIES].reshape(len(state.tables.queues), -1).sum(axis=1).tolist()
    table = quality.table(("queue", "agent", "interval"), 0, NEVER_NS, STEP_NS, now_ns)
    people = quality.sample(0, NEVER_NS, None, 50, "")
    cases = [quality.cases(wanted, None, "", 50, 0, now_ns) for wanted in ("open", "resolved")]
    kept = {
        "seq": state.seq,
        "entries": {queues.name(number): entries[number] for number in range(len(queues))},
        "statuses": {agents.name(number): int(state.tables.agents["status"][number]) for number in range(len(agents))},
        "contacts": sorted([entry.name, entry.arrival.queue, entry.arrival.customer] for entry in state.contacts),
        "wrapping": len(state.contacts.wrapping.all()),
        "sources": list(state.interned.sources),
        "seen": state.seen.knows("test", "f1"),
        "plans": [[one.record.plan, one.record.by] for one in state.plans],
        "closed_doors": sorted(state.plans.doors),
        "at_work": state.agent_times.at_work(
            state.tables, np.ones(len(state.tables.agents), np.bool_), now_ns - 3600 * 10**9, STEP_NS, now_ns
        ),
        "as_of": quality.from_seq - 1,
        "figures": table.rows,
        "answers": quality.answers("", 50, NEVER_NS, 10).answers,
        "evaluations": quality.evaluations(None, "", 50, NEVER_NS).evaluations,
        "adherence": quality.adherence(0, NEVER_NS, now_ns).agents,
        "cases": [page.cases for page in cases],
        "counts": cases[0].counts,
        "sampled": people.contacts,
    }
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(kept))
    return found


def files() -> list[Path]:
    """The states of all versions, packed, oldest first."""
    return sorted(FOLDER.glob("*.trk.xz"), key=versions)


def versions(file: Path) -> tuple[int, int]:
    """Return the STATE_VERSION and the version of quality that wrote a file."""
    _, state, _, quality = file.name.removesuffix(".trk.xz").split("-")
    return int(state), int(quality)


def unpacked(file: Path, data: Path) -> StoredState:
    """Return one as a start reads it, from a folder that it is unpacked into. Raises LogError."""
    with lzma.open(file) as packed:
        content = packed.read()
    folder = data / BASE_FOLDER
    folder.mkdir()
    (folder / f"snapshot-{1:020d}.trk").write_bytes(content)
    stored = read_base(data, 2, lambda _: CHECKSUM)
    assert stored is not None
    return stored


def write() -> Path:
    """Keep the state of this version for later ones; returns where."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts, seq = asyncio.run(_lived_parts(folder))
        (folder / BASE_FOLDER).mkdir()
        path = SnapshotStore(folder / BASE_FOLDER).write(seq, CHECKSUM, state_code(), parts)
        packed = FOLDER / f"state-{STATE_VERSION}-quality-{folded.VERSION}.trk.xz"
        FOLDER.mkdir(exist_ok=True)
        packed.write_bytes(lzma.compress(path.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
        stored = read_base(folder, 2, lambda _: CHECKSUM)
    assert stored is not None
    (FOLDER / packed.name.replace(".trk.xz", ".json")).write_bytes(
        msgspec.json.format(msgspec.json.encode(told(stored)), indent=1) + b"\n"
    )
    return packed


async def _lived_parts(folder: Path) -> tuple[dict[str, Any], int]:
    centre = await lived(folder)
    state = centre.engine.state
    parts = state.save() | {QUALITY: centre.quality.save()}
    seq = state.seq
    await centre.engine.stop()
    return parts, seq


if __name__ == "__main__":
    print(write())
