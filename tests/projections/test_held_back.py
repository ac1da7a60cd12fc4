"""A contact that waits beside a free agent: its explanation says for whom the agent is kept, and how long at most."""

from pathlib import Path

import pytest

from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from tests.projections import support

HOLDING = """
skills: [gold, basic]
queues:
  gold: {skills: {gold: 1}, value: 20, members_only: false}
  basic: {skills: {basic: 1}, hold_back: 1m, members_only: false}
agents:
  - {name: alice, skills: {basic: 5}}
  - {name: bob, skills: {basic: 5, gold: 5}}
"""


async def test_why_a_contact_waits_beside_a_free_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "CENTRE", HOLDING)
    centre = support.Centre(tmp_path)
    await centre.say(*(AgentStatusChanged(agent=name, status="available") for name in ("alice", "bob")))
    for number in range(7):
        await centre.say(ContactArrived(contact=f"g{number}", queue="gold"))
        await centre.after(0, OfferAnswered(contact=f"g{number}", agent="bob"))
        await centre.after(40, ContactReleased(contact=f"g{number}"))
    await centre.say(ContactArrived(contact="b0", queue="basic"))
    await centre.say(OfferAnswered(contact="b0", agent="alice"), ContactArrived(contact="b1", queue="basic"))
    await centre.after(10)
    waiting = centre.views.contacts.explain("b1", centre.clock.now_ns()).waiting
    assert waiting is not None
    assert waiting.held_back is not None
    assert waiting.held_back.agent == "bob"
    assert waiting.held_back.price > 1.5 * waiting.held_back.value > 0
    assert waiting.summary.startswith("bob is free and kept for other queues, which would lose ")
    assert waiting.summary.endswith("for 60 s at most since this was decided")
    (event,) = centre.views.read_events(0, 10, ["agent_held_back"]).events
    assert (event.contact, event.queue, event.agent) == ("b1", "basic", "bob")
    await centre.say(ContactReleased(contact="b0"))
    waiting = centre.views.contacts.explain("b1", centre.clock.now_ns()).waiting
    assert waiting is not None
    assert waiting.held_back is None, "it is offered to alice now"
    assert waiting.offered_to == ["alice"]
