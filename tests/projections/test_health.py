"""What is seen first: a queue's health, and why contacts wait."""

import pytest

from engine.messages.observed import AgentReachabilityChanged, AgentStatusChanged, ContactArrived, OfferAnswered
from engine.projections.formulas.abandonment import Abandonment
from engine.projections.formulas.service_level import ServiceLevel
from engine.projections.queues.health import judge
from tests.projections.support import Centre

WAITING = "contacts are waiting and nobody can take them"
BELOW = "service level 70% is below the target of 80%"


def lost(count: int, of: int) -> Abandonment:
    """Return an abandonment rate."""
    return Abandonment("AR_NET", "", count, of, count / of if of else None)


def level(value: float | None, of: int = 10) -> ServiceLevel:
    """Return a service level."""
    return ServiceLevel("SL_SHORT", "", "<=", 20.0, round((value or 0.0) * of), of, 0, value)


@pytest.mark.parametrize(
    ("given", "health", "reason"),
    [
        ((True, 1, 0, 0, True, level(None), 0.8, lost(0, 0)), "breached", WAITING),
        ((True, 3, 2, 1, True, level(0.9), 0.8, lost(9, 10)), "breached", "2 contacts wait longer than the threshold"),
        ((True, 0, 0, 1, True, level(0.7), 0.8, lost(0, 10)), "at_risk", BELOW),
        ((True, 0, 0, 1, True, level(0.3, 9), 0.8, lost(0, 9)), "ok", "on target"),
        ((True, 0, 0, 1, True, level(0.9), 0.8, lost(2, 10)), "at_risk", "20% abandoned"),
        ((True, 0, 0, 1, True, level(0.7), 0.8, lost(5, 10)), "at_risk", f"{BELOW} and 50% abandoned"),
        ((True, 0, 0, 1, True, level(0.9), 0.8, lost(1, 10)), "ok", "on target"),
        ((True, 0, 0, 1, True, level(0.9), 0.8, lost(4, 9)), "ok", "on target"),
        ((False, 0, 0, 1, True, level(None), 0.8, lost(0, 0)), "closed", "the queue is closed"),
        ((True, 0, 0, 0, True, level(None), 0.8, lost(0, 0)), "at_risk", "nobody can take a contact"),
        ((True, 0, 0, 0, False, level(None), 0.8, lost(0, 0)), "ok", "nobody waits and nobody is logged in"),
        ((True, 1, 0, 0, False, level(None), 0.8, lost(0, 0)), "breached", WAITING),
    ],
)  # fmt: skip
def test_health(
    given: tuple[bool, int, int, int, bool, ServiceLevel, float, Abandonment], health: str, reason: str
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
