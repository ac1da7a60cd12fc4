"""Facts taken in by columns become the rows, and get the answers, that they have when taken in one by one."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.config import Config
from engine.config.compile import compile_directory
from engine.ingest import admission as admission_module
from engine.ingest.admission import Admission
from engine.ingest.runs import RUN_MIN, next_run
from engine.ingest.stamp import RowBuffer
from engine.kernel.tables import Capacity
from engine.messages.observed import CALLBACK_NUMBER, ContactArrived, ContactHeld, ContactReleased, Observed
from engine.model.phone_numbers import NumberPlan
from engine.ports import Receipt
from engine.state import EngineState
from tests.driver_support import START_NS, load_centre

ODD: tuple[dict[str, Any], ...] = (
    {"queue": "nowhere"},
    {"skills": {"english": 1}},
    {"preferred_agent": "alice"},
    {"trunk_group": "main"},
    {"protected": True},
    {"callback": False},
    {"waiting_since_ns": 5},
    {"waiting_since_ns": START_NS + 5},
    {"attributes": {CALLBACK_NUMBER: "+4930123456"}},
    {"at_ns": -1},
    {"at_ns": 2**63},
    {"at_ns": "noon"},
    {"contact": ["c"]},
    {"contact": "\ud800"},
    {"id": "\ud800"},
    {"customer": "\ud800"},
    {"channel": "smoke"},
    {"priority": 2**62},
    {"priority": 1.5},
    {"customer": "x" * 300_000},
)


def released(name: str, **fields: Any) -> ContactReleased:
    return ContactReleased(contact=name, **fields)


def arrived(name: str, **fields: Any) -> ContactArrived:
    return ContactArrived(**({"contact": name, "queue": "sales"} | fields))


def a_batch(seed: int, open_names: Sequence[str]) -> list[Observed]:
    """Runs of arrivals, releases and others, most of them plain, with and without ids, some of them twice."""
    dice = random.Random(seed)
    facts: list[Observed] = []
    names = [*open_names]
    for part in range(dice.randint(1, 5)):
        ids = dice.choice(("all", "none", "some"))
        for number in range(dice.choice((1, RUN_MIN - 1, RUN_MIN, 30))):
            name = f"{seed}-{part}-{number}"
            fact_id = name if ids == "all" or (ids == "some" and dice.random() < 0.5) else ""
            facts.append(
                arrived(name, id=fact_id, customer="030 1234567", channel=dice.choice(("voice", "chat")), priority=3)
            )
            names.append(name)
        for number in range(dice.choice((0, 3, RUN_MIN, 25))):
            by, cause = dice.choice(("customer", "network")), dice.choice((0, 16, -7))
            fact_id = f"{seed}-{part}-{number}-r" if ids == "all" else ""
            facts.append(released(dice.choice(names or ["none"]), by=by, cause=cause, id=fact_id))
        if dice.random() < 0.3:
            facts.append(ContactHeld(contact=dice.choice(names)))
    if dice.random() < 0.6:
        place = dice.randrange(len(facts))
        facts[place] = arrived(f"{seed}-odd", **dice.choice(ODD)) if dice.random() < 0.8 else facts[place // 2]
    if dice.random() < 0.2:
        place = dice.randrange(len(facts))
        facts[place] = released(dice.choice(names), cause=dice.choice((2**63, -(2**70), 1.5, True)))
    return facts


class Gate:
    """An admission into turns of a state, and everything that came of it."""

    def __init__(self, state: EngineState, rows: int) -> None:
        self.state = state
        self.buffer = RowBuffer(rows, 600_000)
        self.admission = Admission(state.tables, state.names, self.buffer, state.contacts, state.interned)
        self.source = state.interned.numbered(state.interned.source("desk", "desk"))
        state.interned.record()

    def take(self, facts: list[Observed], own_only: frozenset[Any]) -> tuple[Any, ...]:
        self.buffer.begin(START_NS)
        self.admission.begin()
        results = list[int | Receipt]()
        for start in range(0, len(facts), 70):
            some = facts[start : start + 70]
            told = self.admission.admit(self.source, some, *self.state.seen.look_up("desk", some), own_only)
            results += told
            if len(told) < len(some):
                break
        entries = sorted(msgspec.msgpack.encode(entry) for entry in self.state.contacts)
        payload = self.buffer.payload_of_first(self.buffer.count)
        return results, np.asarray(self.buffer.rows).tobytes(), payload, dict(self.admission.fresh), entries


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load_centre(tmp_path_factory.mktemp("centre"))


@pytest.mark.parametrize("seed", range(60))
def test_by_columns_as_one_by_one(seed: int, centre: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = Capacity(contacts=128, agents=8, queues=8, trunk_groups=4, requirements=16, lines=32, intervals=8)
    found = []
    for in_runs in (True, False):
        with monkeypatch.context() as patch:
            if not in_runs:
                patch.setattr(admission_module, "next_run", lambda kinds, _start: (len(kinds), len(kinds)))
            state = EngineState(capacity)
            state.directory = msgspec.structs.replace(
                compile_directory(centre), numbers=NumberPlan("49") if seed % 2 else None
            )
            gate = Gate(state, rows=(40, 256)[seed % 3 > 0])
            own_only = frozenset({ContactReleased}) if seed % 5 == 0 else frozenset[Any]()
            first = gate.take(a_batch(1000 + seed, ()), own_only)
            found.append((first, gate.take(a_batch(seed, [entry.name for entry in state.contacts][:20]), own_only)))
    assert found[0] == found[1]


def test_a_plain_run_is_put_at_once(centre: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    state = EngineState(Capacity(contacts=64, agents=8, queues=8))
    state.directory = compile_directory(centre)
    gate = Gate(state, 256)
    monkeypatch.setattr(Admission, "_admit_each", lambda *_: pytest.fail("taken one by one"))
    names = [f"c{number}" for number in range(RUN_MIN)]
    facts: list[Observed] = [*(arrived(name, id=name) for name in names), *map(released, names)]
    assert gate.take(facts, frozenset())[0] == list(range(2 * RUN_MIN))


@pytest.mark.parametrize(
    ("word", "run"),
    [
        ("", (0, 0)),
        ("a" * RUN_MIN, (0, RUN_MIN)),
        ("a" * (RUN_MIN - 1), (RUN_MIN - 1, RUN_MIN - 1)),
        ("h" * 40, (40, 40)),
        ("ar" * 20, (40, 40)),
        ("h" + "ar" * 5 + "a" * 20 + "r", (11, 31)),
        ("h" * 30 + "r" * 13, (30, 43)),
    ],
)
def test_where_a_run_is(word: str, run: tuple[int, int]) -> None:
    kinds = {"a": ContactArrived, "r": ContactReleased, "h": ContactHeld}
    assert next_run([kinds[letter] for letter in word], 0) == run
