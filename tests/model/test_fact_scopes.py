"""Every fact has a scope, and no scope lets its holder do more than it says."""

from typing import get_args

import pytest

from engine.messages.observed import (
    AgentStatusChanged,
    CallerMoved,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    LegRecorded,
    Observed,
    QueueClosed,
    TrunkReleased,
    TrunkRequested,
)
from engine.model.fact_scopes import SCOPE_OF_FACT, missing_scopes, own_contacts_only
from engine.model.scopes import Scope


def test_no_fact_is_forgotten() -> None:
    assert set(SCOPE_OF_FACT) == set(get_args(Observed))


@pytest.mark.parametrize(
    ("fact", "enough"),
    [
        (ContactArrived(contact="c", queue="q"), {"ingest"}),
        (ContactReleased(contact="c"), {"ingest", "supervise"}),
        (ContactHeld(contact="c"), {"ingest", "agent"}),
        (LegRecorded(contact="c", leg="l", record=b""), {"ingest"}),
        (TrunkRequested(contact="c", trunk_groups=["t"]), {"ingest"}),
        (AgentStatusChanged(agent="a", status="paused"), {"agent"}),
        (QueueClosed(queue="q"), {"supervise"}),
        (CaseOpened(kind="k"), {"agent", "supervise"}),
        (CaseResolved(case_id=1, resolution="r"), {"agent", "supervise"}),
        (CaseReopened(case_id=1), {"agent", "supervise"}),
    ],
)
def test_each_fact_asks_for_one_of_its_scopes(fact: Observed, enough: set[str]) -> None:
    assert {scope for scope in Scope if not missing_scopes([fact], {scope})} == {*enough, "admin"}
    assert missing_scopes([fact], {"read"})[type(fact)] in enough


def test_contacts_of_others_need_more_than_ingest() -> None:
    assert {ContactReleased, ContactHeld, LegRecorded} <= own_contacts_only({"ingest"})
    assert ContactArrived not in own_contacts_only({"ingest"})
    assert ContactHeld not in own_contacts_only({"ingest", "agent"})
    assert ContactReleased in own_contacts_only({"ingest", "agent"})
    assert own_contacts_only({"ingest", "agent", "supervise"}) == {
        LegRecorded,
        TrunkRequested,
        TrunkReleased,
        CallerMoved,
    }
    assert own_contacts_only({"admin"}) == frozenset()
