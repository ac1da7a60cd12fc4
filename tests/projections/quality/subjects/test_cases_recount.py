"""Every counter of cases equals a naive recount of the log in words; and a start, saved or not, finds the same."""

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from engine.log_port import Turn
from engine.messages.observed import CaseOpened, CaseReopened, CaseResolved, ContactArrived, ContactReleased
from engine.projections.feed.events import Event
from engine.projections.quality.quality import Quality
from tests.projections.quality.support import QualityCentre
from tests.projections.quality.test_quality_recount import events

HOUR_NS = 3600 * 10**9
LIMITS_NS = {"complaint": 48 * HOUR_NS, "request": 8 * HOUR_NS}
WINDOW_NS = 7 * 24 * HOUR_NS
BASES = (("", ""), ("gold", "north"), ("gold", "south"), ("", "south"))


Said = tuple[dict[int, tuple[str, tuple[str, str]]], Counter[tuple[str, str]]]
"""Kind and base of each case by its number, and how many contacts came of each base."""


async def random_life(centre: QualityCentre, seed: int) -> Said:
    """Let contacts come and cases be opened, resolved and reopened at random, often where that cannot be."""
    chance, cases, contacts = random.Random(seed), dict[int, tuple[str, tuple[str, str]]](), Counter[tuple[str, str]]()
    for step in range(300):
        base = chance.choice(BASES)
        about: dict[str, Any] = dict(zip(("customer_base", "region"), base, strict=True))
        match chance.randrange(6):
            case 0 | 1:
                said = {name: value for name, value in about.items() if value}
                await centre.say(ContactArrived(contact=f"c{step}", queue="sales", attributes=said))
                await centre.after(5, ContactReleased(contact=f"c{step}"))
                contacts[base] += 1
            case 2 | 3:
                kind = chance.choice(list(LIMITS_NS))
                (receipt,) = await centre.say(CaseOpened(kind=kind, subject=f"s{step}", report_to="nobody", **about))
                assert not receipt.error
                cases[receipt.seq] = kind, base
            case 4:
                await centre.say(CaseResolved(case_id=chance.choice([*cases, 1][-12:]), resolution="done"))
            case 5:
                await centre.say(CaseReopened(case_id=chance.choice([*cases, 1][-12:]), reason="again"))
        centre.clock.advance(chance.choice((1, 3, 20, 60)) * HOUR_NS)
    return cases, contacts


def recounted(log: list[Event], cases: dict[int, tuple[str, tuple[str, str]]]) -> tuple[Counter[str], set[int], int]:
    """Count once more, case by case: what happened, which are open, and how many were reopened in time."""
    counts, are_open, in_time = Counter[str](), set[int](), 0
    for opening in [event for event in log if event.type == "case_opened"]:
        counts["opened"] += 1
        limit_ns = LIMITS_NS[cases[opening.seq][0]]
        is_open, deadline_ns, resolved_ns = True, opening.at_ns + limit_ns, 0
        for event in log:
            if event.data.get("case_id") != opening.seq:
                continue
            if event.type == "case_resolved" and is_open:
                is_open, resolved_ns = False, event.at_ns
                counts["resolved"] += 1
                counts["resolved_overdue"] += event.at_ns > deadline_ns
            elif event.type == "case_reopened" and not is_open:
                is_open, deadline_ns = True, event.at_ns + limit_ns
                counts["reopened"] += 1
                in_time += event.at_ns - resolved_ns <= WINDOW_NS
        are_open |= {opening.seq} if is_open else set()
    return counts, are_open, in_time


def told(quality: Quality, now_ns: int) -> bytes:
    """Return all that the read model says of cases."""
    lists = [quality.cases(state, None, "", 1000, 0, now_ns) for state in ("open", "overdue", "resolved")]
    return msgspec.json.encode((quality.case_counts(now_ns), lists))


@pytest.mark.parametrize("seed", range(1, 7))
async def test_counters_of_cases_equal_a_recount(centre: QualityCentre, seed: int) -> None:
    cases, contacts = await random_life(centre, seed)
    now_ns = centre.clock.now_ns()
    refused = {event.cause_seq for event in events(centre) if event.type == "fact_refused"}
    counts, are_open, in_time = recounted([event for event in events(centre) if event.seq not in refused], cases)
    found = centre.quality.case_counts(now_ns)
    assert counts["resolved"] > 3
    assert counts["reopened"] > 0
    assert {name: found.events[name] for name in counts} == dict(counts)
    assert found.open == len(are_open)
    listed = centre.quality.cases("open", None, "", 1000, 0, now_ns).cases
    assert {one.id for one in listed} == are_open
    assert listed == sorted(listed, key=lambda one: (one.deadline_ns, one.id))
    late = [one for one in listed if one.deadline_ns < now_ns]
    assert centre.quality.cases("overdue", None, "", 1000, 0, now_ns).cases == late
    assert found.overdue == len(late)
    page = centre.quality.cases("open", None, "", 2, 1, now_ns)
    assert (page.cases, page.next_after) == (listed[1:3], 3 if len(listed) > 3 else None)
    complaints = Counter(base for kind, base in cases.values() if kind == "complaint")
    assert {(one.customer_base, one.region): (one.contacts, one.complaints) for one in found.complaints} == {
        base: (contacts[base] if any(base) else 0, complaints[base])
        for base in BASES
        if complaints[base] or (any(base) and contacts[base])
    }
    flow = centre.quality.summary(None, 0, now_ns + 1, now_ns + 1000 * HOUR_NS).resolution
    assert (flow.cases_resolved, flow.cases_reopened) == (counts["resolved"], in_time)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_start_finds_the_same_cases(centre: QualityCentre, seed: int) -> None:
    await random_life(centre, seed)
    await centre.engine.durable()
    now_ns, whole = centre.clock.now_ns(), told(centre.quality, centre.clock.now_ns())
    turns = [Turn(one.first_seq, one.last_seq, one.rows, one.payload) for one in centre.log.read_runs(1)]
    again = Quality(centre.views.directory)
    for turn in turns:
        again.apply(turn)
    assert told(again, now_ns) == whole
    saved = Quality(centre.views.directory, again.save(), centre.views.as_of)
    assert told(saved, now_ns) == whole
