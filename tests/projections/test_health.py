"""What is seen first: a queue's health, and why contacts wait."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.messages.observed import (
    AgentReachabilityChanged,
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    OfferAnswered,
)
from engine.projections.formulas.abandonment import Abandonment
from engine.projections.formulas.service_level import ServiceLevel
from engine.projections.queues.health import judge
from tests.projections.support import CENTRE, Centre

WAITING = "contacts are waiting and nobody can take them"
LATE = "2 contacts wait longer than the threshold"
BELOW = "service level 70% is below the target of 80%"


PHONES = CENTRE.replace("max_wait: 5m", "max_wait: 5m\n    wrap_up: 60s").replace(
    "queues: [help]}", "queues: [help], capacity: {chat: 2}}"
)
for name in ("alice", "bob"):
    PHONES = PHONES.replace(f"name: {name},", f"name: {name}, phone: {{address: 'sip:{name}@example.org'}},")


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Centre]:
    """Return a centre in which alice and bob need their phones, and chats are wrapped up for a minute."""
    centre = Centre(tmp_path, PHONES)
    yield centre
    await centre.engine.stop()


def lost(count: int, of: int) -> Abandonment:
    """Return an abandonment rate."""
    return Abandonment("AR_NET", "", count, of, count / of if of else None)


def level(value: float | None, of: int = 10) -> ServiceLevel:
    """Return a service level."""
    return ServiceLevel("SL_SHORT", "", "<=", 20.0, round((value or 0.0) * of), of, 0, value)


@pytest.mark.parametrize(
    ("given", "health", "reason"),
    [
        ((True, True, 0, 0, True, level(None), 0.8, lost(0, 0)), "breached", WAITING),
        ((True, False, 2, 1, True, level(0.9), 0.8, lost(9, 10)), "breached", LATE),
        ((True, False, 0, 1, True, level(0.7), 0.8, lost(0, 10)), "at_risk", BELOW),
        ((True, False, 0, 1, True, level(0.3, 9), 0.8, lost(0, 9)), "ok", "on target"),
        ((True, False, 0, 1, True, level(0.9), 0.8, lost(2, 10)), "at_risk", "20% abandoned"),
        ((True, False, 0, 1, True, level(0.7), 0.8, lost(5, 10)), "at_risk", f"{BELOW} and 50% abandoned"),
        ((True, False, 0, 1, True, level(0.9), 0.8, lost(1, 10)), "ok", "on target"),
        ((True, False, 0, 1, True, level(0.9), 0.8, lost(4, 9)), "ok", "on target"),
        ((False, False, 0, 1, True, level(None), 0.8, lost(0, 0)), "closed", "the queue is closed"),
        ((True, False, 0, 0, True, level(None), 0.8, lost(0, 0)), "at_risk", "nobody can take a contact"),
        ((True, False, 0, 0, False, level(None), 0.8, lost(0, 0)), "ok", "nobody waits and nobody is logged in"),
        ((True, True, 0, 0, False, level(None), 0.8, lost(0, 0)), "breached", WAITING),
    ],
)  # fmt: skip
def test_health(
    given: tuple[bool, bool, int, int, bool, ServiceLevel, float, Abandonment], health: str, reason: str
) -> None:
    assert judge(*given) == (health, reason)


async def test_why_each_contact_waits(centre: Centre) -> None:
    def reasons() -> dict[str, str]:
        longest = centre.views.contacts.longest_waiting(10)
        said = centre.views.contacts.waiting_reasons([wait.slot for wait in longest])
        return {wait.contact: why.text for wait, why in zip(longest, said, strict=True)}

    await centre.after(1, ContactArrived(contact="c1", queue="sales", customer="+1555"))
    await centre.after(1, ContactArrived(contact="c2", queue="sales", skills={"english": 9}))
    assert reasons() == {"c1": "nobody is at work", "c2": "no agent may serve it"}
    assert [wait.customer for wait in centre.views.contacts.longest_waiting(10)] == ["+1555", ""]
    for name in ("alice", "bob"):
        await centre.after(1, AgentReachabilityChanged(agent=name, reachable=True))
    await centre.after(1, AgentStatusChanged(agent="alice", status="available"))
    assert reasons()["c1"] == "ringing at alice"
    await centre.after(1, OfferAnswered(contact="c1", agent="alice"), ContactArrived(contact="c3", queue="sales"))
    assert reasons() == {"c2": "no agent may serve it", "c3": "the one agent who can take it is engaged"}
    (waiting,) = [contact for contact in centre.views.contacts.waiting("sales").contacts if contact.contact == "c3"]
    assert waiting.customer == ""


async def test_that_nobody_is_at_work_is_said_only_where_nobody_is(centre: Centre) -> None:
    def reason() -> tuple[str, int, str]:
        (wait,) = centre.views.contacts.longest_waiting(10)
        (why,) = centre.views.contacts.waiting_reasons([wait.slot])
        return why.code, why.agents, why.text

    await centre.after(1, ContactArrived(contact="c1", queue="sales"))
    assert reason() == ("nobody_at_work", 0, "nobody is at work")
    await centre.after(1, AgentStatusChanged(agent="bob", status="paused", reason="lunch"))
    assert reason() == ("paused", 1, "nobody can take it, 1 agent is paused")
    await centre.after(1, AgentStatusChanged(agent="alice", status="available"))
    for _ in range(3):
        await centre.after(30, AgentStatusChanged(agent="bob", status="paused", reason="lunch"))
        if centre.views.agent("alice").state == "not_responding":
            break
    assert centre.views.agent("alice").state == "not_responding"
    assert reason() == ("not_responding", 1, "nobody can take it, 1 agent is not responding")
    await centre.after(1, AgentReachabilityChanged(agent="bob", reachable=True))
    await centre.after(1, AgentStatusChanged(agent="bob", status="available"))
    await centre.after(1, OfferAnswered(contact="c1", agent="bob"), ContactArrived(contact="c2", queue="sales"))
    assert reason() == ("engaged", 1, "the one agent who can take it is engaged, 1 not responding")
    waiting = centre.views.contacts.explain("c2").waiting
    assert waiting is not None
    assert waiting.summary == "the one agent who can take it is engaged; 1 not responding; it is next"


@pytest.mark.parametrize(
    "leaving",
    [
        AgentStatusChanged(agent="alice", status="offline"),
        AgentStatusChanged(agent="alice", status="paused", reason="lunch"),
        AgentReachabilityChanged(agent="alice", reachable=False),
    ],
)
async def test_who_leaves_once_done_is_not_counted_on(
    phones: Centre, leaving: AgentStatusChanged | AgentReachabilityChanged
) -> None:
    def told() -> tuple[int, bool, str]:
        (sales,) = (queue for queue in phones.views.queues().queues if queue.queue == "sales")
        return sales.at_work, sales.unattended, sales.health

    await phones.after(1, AgentReachabilityChanged(agent="alice", reachable=True))
    await phones.after(1, AgentStatusChanged(agent="alice", status="available"))
    await phones.after(1, ContactArrived(contact="c1", queue="sales"))
    await phones.after(1, OfferAnswered(contact="c1", agent="alice"), ContactArrived(contact="c2", queue="sales"))
    assert told() == (1, False, "ok"), "c2 is next"
    await phones.after(1, leaving)
    assert phones.views.agent("alice").state == "busy", "and goes on serving"
    assert told() == (0, True, "breached")
    (wait,) = phones.views.contacts.longest_waiting(10)
    assert phones.views.contacts.waiting_reasons([wait.slot])[0].text.startswith("nobody "), "as the list says"


async def test_a_lost_phone_keeps_nobody_from_chats(phones: Centre) -> None:
    await phones.after(1, AgentReachabilityChanged(agent="bob", reachable=True))
    await phones.after(1, AgentStatusChanged(agent="bob", status="available"))
    await phones.after(1, AgentReachabilityChanged(agent="bob", reachable=False))
    assert {queue.queue: queue.at_work for queue in phones.views.queues().queues} == {"sales": 0, "help": 1, "vip": 0}


async def test_who_is_rung_at_waits_for_an_answer(centre: Centre) -> None:
    await centre.after(1, AgentStatusChanged(agent="carol", status="available"))
    await centre.after(1, ContactArrived(contact="c1", queue="help"))
    assert centre.views.agent("carol").state == "offered"
    assert not any(queue.unattended for queue in centre.views.queues().queues)


async def test_who_waits_on_another_channel_counts_by_who_takes_that(phones: Centre) -> None:
    def told(queue: str) -> tuple[int, bool, str]:
        (found,) = (each for each in phones.views.queues().queues if each.queue == queue)
        return found.at_work, found.unattended, found.health_reason

    await phones.after(1, AgentStatusChanged(agent="bob", status="available"))
    for number in range(phones.views.agent("bob").loads["chat"].capacity):
        await phones.after(1, ContactArrived(contact=f"chat-{number}", queue="sales", channel="chat"))
        await phones.after(1, OfferAnswered(contact=f"chat-{number}", agent="bob"))
    assert told("sales") == (0, False, "nobody can take a contact"), "no call: the phone is not there"
    await phones.after(1, ContactArrived(contact="chat", queue="sales", channel="chat"))
    assert told("sales") == (0, False, "nobody can take a contact"), "the chat is next"
    await phones.after(1, ContactArrived(contact="call", queue="help", channel="voice"))
    assert told("help") == (1, True, WAITING), "who is at work takes chats alone"
    await phones.after(1, ContactArrived(contact="call-2", queue="sales"))
    assert told("sales") == (0, True, WAITING), "a chat would be taken, a call not"


async def test_an_agent_tells_since_when_the_oldest_wrap_up_is_not_done(phones: Centre) -> None:
    await phones.after(1, AgentStatusChanged(agent="carol", status="available"))
    for name in ("c1", "c2"):
        await phones.after(1, ContactArrived(contact=name, queue="help", channel="chat"))
        await phones.after(1, OfferAnswered(contact=name, agent="carol"))
    assert phones.views.agent("carol").wrapping_since_ns == 0
    await phones.after(1, ContactReleased(contact="c1"))
    carol = phones.views.agent("carol")
    assert (carol.state, carol.wrapping_since_ns) == ("busy", phones.clock.now_ns())
