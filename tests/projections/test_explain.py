"""Why this agent, why still waiting, and how long: each constraint by name."""

from copy import copy

import numpy as np
import pytest

from engine.messages.effects import InformQueued
from engine.messages.kinds import EXIT_NAMES, RING_ALL, VOICE
from engine.messages.observed import (
    AgentReachabilityChanged,
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    OfferAnswered,
    QueueClosed,
    TransferRequested,
    WrapUpFinished,
)
from engine.model.directory import AgentCard
from engine.model.settings import AgentSetting, QueueSetting
from engine.projections.contacts.explain_exit import _TEXTS
from engine.projections.formulas.waits import edges_s, quantiles_s
from engine.projections.queues.expected_wait import expected_wait
from tests.projections.support import SECOND_NS, START_NS, Centre


def available(agent: str) -> AgentStatusChanged:
    """Return the fact that an agent is there."""
    return AgentStatusChanged(agent=agent, status="available")


async def constraints(centre: Centre, contact: str) -> dict[str, str]:
    """Return what keeps each agent from a contact."""
    waiting = centre.views.contacts.explain(contact, centre.clock.now_ns()).waiting
    assert waiting is not None
    assert sum(waiting.constraints.values()) == 3
    return {block.agent: block.constraint for block in waiting.agents}


async def test_the_blocking_constraint_of_each_agent(centre: Centre) -> None:
    await centre.say(available("alice"), AgentStatusChanged(agent="bob", status="paused", reason="lunch"))
    await centre.say(ContactArrived(contact="c1", queue="sales"))
    await centre.after(1, OfferAnswered(contact="c1", agent="alice"))
    await centre.after(1, ContactArrived(contact="c2", queue="sales"))
    assert await constraints(centre, "c2") == {"alice": "busy", "bob": "paused", "carol": "not_a_member"}
    await centre.after(1, ContactReleased(contact="c1"))
    assert await constraints(centre, "c2") == {"alice": "wrapping_up", "bob": "paused", "carol": "not_a_member"}
    await centre.say(AgentStatusChanged(agent="bob", status="offline"))
    assert (await constraints(centre, "c2"))["bob"] == "not_logged_in"


async def test_offers_that_nobody_answered(centre: Centre) -> None:
    await centre.say(available("alice"), ContactArrived(contact="c1", queue="sales"))
    assert (await constraints(centre, "c1"))["alice"] == "ringing"
    for _ in range(3):
        await centre.after(21, available("carol"))
        await centre.after(6, available("carol"))
    explained = centre.views.contacts.explain("c1", centre.clock.now_ns())
    assert [offer.outcome for offer in explained.offers[:2]] == ["no_answer", "no_answer"]
    assert (await constraints(centre, "c1"))["alice"] == "not_responding"
    assert centre.views.agent("alice").state == "not_responding"


async def test_a_skill_that_nobody_has(centre: Centre) -> None:
    await centre.say(available("bob"), ContactArrived(contact="c1", queue="vip"))
    found = centre.views.contacts.explain("c1", centre.clock.now_ns()).waiting
    assert found is not None
    assert found.requires == {"english": 3}
    details = {block.agent: block.detail for block in found.agents}
    assert details["bob"] == "lacks english level 3 (has 2)"
    assert details["carol"] == "lacks english level 3 (has 0)"
    assert details["alice"] == "not logged in"
    assert found.summary == "nobody can take it: 1 not logged in"


async def test_the_order_of_the_line_and_the_next_step(centre: Centre) -> None:
    for name, priority in (("c1", 0), ("c2", 0), ("c3", 5)):
        await centre.after(1, ContactArrived(contact=name, queue="sales", priority=priority))
    waiting = centre.views.contacts.waiting("sales", centre.clock.now_ns())
    assert [(contact.contact, contact.position) for contact in waiting.contacts] == [("c3", 1), ("c1", 2), ("c2", 3)]
    (step,) = {(contact.next_step.action, contact.next_step.queue) for contact in waiting.contacts if contact.next_step}
    assert step == ("overflow", "help")
    assert [row.contact for row in centre.views.contacts.longest_waiting(2)] == ["c1", "c2"]
    await centre.after(120, AgentReachabilityChanged(agent="carol", reachable=True))
    assert centre.views.contacts.waiting("sales").total == 0
    assert centre.views.contacts.find("c1").contact.queue == "help"


async def test_a_step_that_falls_due_while_it_rings_is_not_shown_as_the_next(centre: Centre) -> None:
    await centre.say(available("alice"))
    await centre.after(1, ContactArrived(contact="c1", queue="sales"))
    shown = []
    for later_s in (0, 3600):
        now_ns = centre.clock.now_ns() + later_s * 1_000_000_000
        (waiting,) = centre.views.contacts.waiting("sales", now_ns).contacts
        assert waiting.offered_to == ["alice"]
        shown.append(waiting.next_step is not None)
    assert shown == [True, False]


async def test_an_agent_who_was_chosen(centre: Centre) -> None:
    await centre.say(available("alice"), available("bob"))
    await centre.after(1, ContactArrived(contact="c1", queue="sales"))
    (offer,) = centre.views.contacts.explain("c1").offers
    assert (offer.candidates, offer.strategy, offer.agent, offer.runner_up) == (2, "longest-idle", "alice", "bob")
    assert offer.text.startswith("alice was chosen of 2 free agents by longest-idle; next would have been bob")


async def test_occupancy_counts_the_running_state(centre: Centre) -> None:
    await centre.say(available("alice"))
    await centre.after(30, ContactArrived(contact="c1", queue="sales"))
    await centre.after(10, OfferAnswered(contact="c1", agent="alice"))
    centre.clock.advance(60 * SECOND_NS)
    alice = centre.views.agent("alice", centre.clock.now_ns())
    assert alice.occupancy == pytest.approx(70 / 100, abs=0.001)
    told = centre.views.formulas("sales", centre.clock.now_ns()).occupancy
    assert told.occupancy == pytest.approx(0.7, abs=0.001)
    assert (told.state_s["idle"], told.state_s["offered"], told.state_s["busy"]) == pytest.approx(
        (30, 10, 60), abs=0.01
    )
    assert centre.views.queue("sales", centre.clock.now_ns()).occupancy == pytest.approx(0.7, abs=0.001)


async def test_trunk_traffic(centre: Centre) -> None:
    for number in range(7):
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales", trunk_group="main"))
    centre.clock.advance(30 * SECOND_NS)
    (group,) = centre.views.trunk_groups(centre.clock.now_ns()).trunk_groups
    assert (group.busy, group.peak, group.seized, group.refused) == (5, 5, 5, 2)
    assert group.blocking == pytest.approx(2 / 7)
    assert group.erlangs == pytest.approx(5.0, abs=0.01)


async def test_expected_wait_depends_on_place_and_agents(centre: Centre) -> None:
    t = centre.views.tables
    assert expected_wait(t, 0, 1).p50_s is None
    await centre.say(available("alice"))
    assert expected_wait(t, 0).slots == 1
    waits = [expected_wait(t, 0, place) for place in (1, 2, 8)]
    assert [wait.p50_s for wait in waits] == sorted(wait.p50_s or 0.0 for wait in waits)
    assert all((wait.p50_s or 0) < (wait.p80_s or 0) < (wait.p90_s or 0) for wait in waits)
    await centre.say(available("bob"))
    assert (expected_wait(t, 0, 2).p50_s or 0) < (waits[1].p50_s or 0)
    assert (expected_wait(t, 0).p90_s or 0) < (waits[0].p50_s or 0), "somebody is free: it only rings"


def test_quantiles_of_a_histogram() -> None:
    histogram = np.zeros(len(edges_s()), np.int64)
    assert quantiles_s(histogram, 0) == [None] * 4
    place = int(np.searchsorted(edges_s(), 16.0))
    histogram[place] = 10
    (p50,) = quantiles_s(histogram, 16_000_000_000, (0.5,))
    assert p50 is not None
    assert edges_s()[place - 1] < p50 < edges_s()[place]
    longest_ns = int(edges_s()[place - 1] * 1e9) + 1000
    assert quantiles_s(histogram, longest_ns) == [round(longest_ns / 1e9, 3)] * 4
    histogram[:] = 0
    histogram[-1] = 1
    ten_days_s = 10 * 86_400.0
    assert edges_s()[-1] < (quantiles_s(histogram, int(ten_days_s * 1e9))[0] or 0) < ten_days_s


async def test_no_quantile_is_above_the_longest(centre: Centre) -> None:
    await centre.say(available("alice"))
    for _ in range(2):
        await centre.say(ContactArrived(contact="c1", queue="sales"))
        await centre.after(0.015, OfferAnswered(contact="c1", agent="alice"))
        await centre.after(0.1, ContactReleased(contact="c1"))
        await centre.after(0.01, WrapUpFinished(agent="alice"))
    told = centre.views.queue("sales")
    assert told.waits.longest_s == told.waits.answered_p50_s == told.waits.answered_p95_s == 0.015
    assert told.handle_time.handle_p90_s == 0.11


async def test_who_is_being_offered_counts_for_nobodys_place_and_keeps_nobody_back(centre: Centre) -> None:
    await centre.say(available("alice"), ContactArrived(contact="c1", queue="sales"))
    await centre.say(ContactArrived(contact="c2", queue="sales"))
    await centre.say(available("bob"), available("bob"))
    # bob takes c2; c3 waits behind two that ring
    await centre.say(ContactArrived(contact="c3", queue="sales"), ContactArrived(contact="c4", queue="sales"))
    waiting = centre.views.contacts.waiting("sales").contacts
    assert [(c.contact, c.state, c.position) for c in waiting] == [
        ("c1", "offered", 1),
        ("c2", "offered", 1),
        ("c3", "waiting", 1),
        ("c4", "waiting", 2),
    ]
    found = centre.views.contacts.explain("c4").waiting
    assert found is not None
    assert (found.position, found.waiting) == (2, 4)
    assert found.expected_wait == waiting[3].expected_wait
    assert centre.views.queue("sales").expected_wait.place == 3
    assert centre.engine._maker is not None
    told_again = [told.effect for told in centre.engine._maker.lines.due(centre.clock.now_ns() + 60 * SECOND_NS)]
    (due,) = [effect for effect in told_again if effect.contact == "c4" and isinstance(effect, InformQueued)]
    assert (due.position, due.wait_p50_s, due.wait_p90_s) == (2, found.expected_wait.p50_s, found.expected_wait.p90_s)


async def test_a_free_agent_is_not_kept_for_others_while_the_contact_rings_elsewhere(centre: Centre) -> None:
    await centre.say(available("alice"), available("bob"), ContactArrived(contact="c1", queue="sales"))
    found = centre.views.contacts.explain("c1").waiting
    assert found is not None
    details = {block.agent: block.detail for block in found.agents}
    assert details["bob"] == "is free: the contact rings at another agent"
    assert details["alice"] == "is being offered this contact"


async def test_who_brought_a_call_rings_the_phone(centre: Centre) -> None:
    await centre.say(available("alice"), ContactArrived(contact="c1", queue="sales"))
    explained = centre.views.contacts.explain("c1")
    assert (explained.source, explained.note) == ("test", "")
    number = centre.views.agent_number("alice")
    cards = list(centre.views.directory.agent_cards)
    cards[number] = AgentCard(phone="sip:alice@example.org")
    directory = copy(centre.views.directory)
    directory.agent_cards = tuple(cards)
    centre.views.reconfigure(directory)
    assert "'test' alone: that side rings alice, and not" in centre.views.contacts.explain("c1").note


async def test_who_takes_none_of_the_channel_is_not_engaged(centre: Centre) -> None:
    number = centre.views.agent_number("bob")
    centre.views.tables.agents["settings"][number, AgentSetting.CAPACITY + VOICE] = 0
    await centre.say(available("alice"), available("bob"), ContactArrived(contact="c1", queue="sales"))
    await centre.after(1, OfferAnswered(contact="c1", agent="alice"), ContactArrived(contact="c2", queue="sales"))
    found = centre.views.contacts.explain("c2").waiting
    assert found is not None
    details = {block.agent: (block.constraint, block.detail) for block in found.agents}
    assert details["bob"] == ("takes_none_of_this_channel", "takes no voice contacts")
    assert found.summary == "the one agent who can take it is engaged; it is next"
    assert (
        centre.views.contacts.waiting_reasons([centre.views.open_contacts.slot_of("c2")])[0].text
        == "the one agent who can take it is engaged"
    )


async def test_ring_all_tells_nobody_that_another_would_have_been_next(centre: Centre) -> None:
    centre.views.tables.queues["settings"][0, QueueSetting.STRATEGY] = RING_ALL
    await centre.say(available("alice"), available("bob"), ContactArrived(contact="c1", queue="sales"))
    offers = centre.views.contacts.explain("c1", centre.clock.now_ns()).offers
    assert [offer.agent for offer in offers] == ["alice", "bob"]
    assert [(offer.runner_up, offer.tied) for offer in offers] == [("", False)] * 2
    assert all("ring-all rings at all" in offer.text for offer in offers)


async def test_a_transfer_to_an_agent_who_is_being_rung_names_the_agent(centre: Centre) -> None:
    centre.views.tables.queues["settings"][0, QueueSetting.PREFERRED_WAIT_NS] = 60 * SECOND_NS
    await centre.say(available("alice"), ContactArrived(contact="c1", queue="sales"))
    await centre.say(OfferAnswered(contact="c1", agent="alice"), available("bob"))
    await centre.say(ContactArrived(contact="c2", queue="sales"))
    await centre.say(TransferRequested(contact="c1", agent="bob"))
    waiting = centre.views.contacts.explain("c1", centre.clock.now_ns()).waiting
    assert waiting is not None
    assert waiting.summary == "it waits for bob, who is being rung; in 60 s anybody may have it"
    assert {block.agent: block.detail for block in waiting.agents}["bob"].startswith("is being offered another contact")
    await centre.say(ContactReleased(contact="c2"))
    waiting = centre.views.contacts.explain("c1", centre.clock.now_ns()).waiting
    assert waiting is not None
    assert waiting.summary == "it is being offered to bob"


async def test_who_was_not_served_is_told_why(centre: Centre) -> None:
    settings = centre.views.tables.queues["settings"]
    sales, vip = (centre.views.queue_number(name) for name in ("sales", "vip"))
    await centre.say(QueueClosed(queue="vip"), ContactArrived(contact="closed", queue="vip"))
    settings[sales, QueueSetting.MAX_LENGTH] = 1
    await centre.say(ContactArrived(contact="first", queue="sales"), ContactArrived(contact="full", queue="sales"))
    settings[sales, QueueSetting.FULL_TARGET] = vip
    await centre.say(ContactArrived(contact="passed on", queue="sales"))
    assert centre.views.contacts.explain("first", centre.clock.now_ns()).left is None
    await centre.after(2.5, ContactReleased(contact="first"))
    found = {
        name: centre.views.contacts.explain(name, centre.clock.now_ns()).left
        for name in ("closed", "full", "passed on", "first")
    }
    told = {name: (left.queue, left.exit, left.waited_s, left.text) for name, left in found.items() if left}
    assert told == {
        "closed": ("vip", "refused_closed", 0.0, "the queue was closed: vip refused it at the door"),
        "full": ("sales", "refused_full", 0.0, "the queue was full (`max_length`): sales refused it at the door"),
        "passed on": (
            "vip",
            "refused_closed",
            0.0,
            "the queue was closed: vip refused it at the door; sales had sent it on",
        ),
        "first": (
            "sales",
            "short_abandoned",
            2.5,
            "the customer hung up, sooner than counts as abandoned (`short_abandon`), after 2.5 s in sales",
        ),
    }


def test_every_exit_has_its_sentence() -> None:
    assert set(EXIT_NAMES.values()) == _TEXTS.keys() | {"answered", "transferred"}


async def test_who_is_served_did_not_leave(centre: Centre) -> None:
    await centre.say(available("alice"), ContactArrived(contact="c1", queue="sales"))
    await centre.say(OfferAnswered(contact="c1", agent="alice"))
    assert centre.views.contacts.explain("c1", centre.clock.now_ns()).left is None
    await centre.say(ContactReleased(contact="c1"))
    assert centre.views.contacts.explain("c1", centre.clock.now_ns()).left is None


async def test_who_waits_for_an_agent_of_its_own_is_told_whom_and_how_long(centre: Centre) -> None:
    centre.views.tables.queues["settings"][0, QueueSetting.PREFERRED_WAIT_NS] = 60 * SECOND_NS
    await centre.say(available("alice"), AgentStatusChanged(agent="bob", status="paused"))
    await centre.say(ContactArrived(contact="c1", queue="sales"), OfferAnswered(contact="c1", agent="alice"))
    await centre.say(TransferRequested(contact="c1", agent="bob"))
    centre.clock.advance(10 * SECOND_NS)
    waiting = centre.views.contacts.explain("c1", centre.clock.now_ns()).waiting
    assert waiting is not None
    assert waiting.summary == "it waits for bob, who is paused; in 50 s anybody may have it"
    assert {block.agent: block.constraint for block in waiting.agents} == {
        "alice": "waits_for_another_agent",
        "bob": "paused",
        "carol": "not_a_member",
    }
    assert waiting.next_step is not None
    assert waiting.next_step.action == "any_agent"


async def test_who_never_logged_in_is_offline_since_the_configuration_named_them(centre: Centre) -> None:
    await centre.after(100)
    now_ns = centre.clock.now_ns()
    carol = centre.views.agent("carol", now_ns)
    assert (carol.since_ns, carol.for_s) == (START_NS, 100.0)
    assert centre.views.formulas("help", now_ns).occupancy.state_s["offline"] == pytest.approx(200.0)
    await centre.say(AgentStatusChanged(agent="carol", status="available"))
    assert centre.views.formulas("help", now_ns).occupancy.state_s["offline"] == pytest.approx(200.0)
