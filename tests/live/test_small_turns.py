"""A turn of few rows, looked at one by one, means what it means when numpy looks at all of it."""

import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.live.turns import outcomes
from engine.messages import kinds
from engine.messages.effects import (
    AnyEffect,
    ConnectContact,
    InformQueued,
    OfferContact,
    RejectFact,
)
from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED
from engine.messages.observed import ContactArrived, Observed
from engine.messages.rows import ROW, empty_rows
from engine.ports import Receipt
from engine.projections.feed.events import Event
from tests.projections.support import Centre

EVERYTHING, NOTHING = 10**9, 0


class Told(NamedTuple):
    """What became of a life."""

    effects: list[tuple[str, AnyEffect]]
    receipts: list[Receipt]
    open: list[tuple[str, int, int, int]]
    events: list[Event]


async def told(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, few: int) -> Told:
    """Live at random, where so many rows are few."""
    for module in ("engine.live.turns", "engine.effects.derive"):
        monkeypatch.setattr(f"{module}.FEW", few)
    monkeypatch.setattr("engine.live.loop.INFORM_EVERY_S", 3600.0)  # who waits hears by the clock on the wall
    centre = Centre(folder)
    effects, receipts = list[tuple[str, AnyEffect]](), list[Receipt]()
    monkeypatch.setattr(centre.engine.outbox, "hold", lambda _seq, more: effects.extend(more))
    await centre.live(seed, 300)
    chance = random.Random(seed)
    for _ in range(40):  # several facts a turn, so that contacts come, wait and go in one
        facts: list[Observed] = [
            ContactArrived(contact=f"many {chance.randrange(12)}", queue="sales", trunk_group="main") for _ in range(5)
        ]
        facts += [centre._something(chance, f"many {chance.randrange(12)}") for _ in range(chance.randrange(1, 20))]
        receipts += await centre.say(*facts)
    found = [(entry.name, entry.slot, entry.arrival_seq, entry.line_ns) for entry in centre.engine.state.contacts]
    return Told(effects, receipts, sorted(found), centre.views.read_events(0, 100_000).events)


@pytest.mark.parametrize("seed", range(3))
async def test_short_way_and_long_way_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    short = await told(tmp_path, monkeypatch, seed, EVERYTHING)
    assert short == await told(tmp_path, monkeypatch, seed, NOTHING)
    kinds_of_effects = {type(effect) for _, effect in short.effects}
    assert kinds_of_effects >= {OfferContact, ConnectContact, InformQueued, RejectFact}
    assert short.open


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(("fact", "refused", "decided")), max_size=40))
def test_outcomes_of_few_and_many_rows_agree(shape: list[str]) -> None:
    made: list[tuple[int, int]] = []
    for what in shape:
        made.append((kinds.CONTACT_RELEASED, 0))
        made += {"fact": [], "refused": [(FACT_REFUSED, 1)], "decided": [(FIRST_DECIDED, 1), (FIRST_DECIDED + 1, 2)]}[
            what
        ]
    rows = np.asarray(empty_rows(len(made))).view(ROW).copy()
    rows["kind"], rows["cause"] = [kind for kind, _ in made], [cause for _, cause in made]
    rows["a"] = np.arange(len(made)) % 7
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.live.turns.FEW", NOTHING - 1)
        by_numpy = outcomes(100, rows)
        patch.setattr("engine.live.turns.FEW", EVERYTHING)
        assert outcomes(100, rows) == by_numpy
    assert len(by_numpy[0]) == len(shape)
    assert len(by_numpy[1]) == shape.count("refused")
