"""Figures of a still copy stay what they were, whatever comes after; they are those of the tables it was made of."""

import asyncio

import msgspec

from engine.messages.observed import AgentReachabilityChanged, AgentStatusChanged, ContactArrived, OfferAnswered
from engine.projections.views import Views
from tests.projections.support import Centre


def told(views: Views, now_ns: int, since_ns: int) -> bytes:
    """Return all figures that a still copy is made for."""
    return msgspec.json.encode(
        [
            views.queues(now_ns, since_ns),
            views.agents(now_ns),
            views.realtime(["queue", "channel"], now_ns, since_ns),
            views.trunk_groups(now_ns),
        ]
    )


async def test_a_still_copy_stays(centre: Centre) -> None:
    await centre.after(1, AgentReachabilityChanged(agent="alice", reachable=True))
    await centre.after(1, ContactArrived(contact="c1", queue="sales"), ContactArrived(contact="c2", queue="sales"))
    await centre.after(1, AgentStatusChanged(agent="alice", status="available"))
    await centre.after(30, OfferAnswered(contact="c1", agent="alice"))
    now_ns, since_ns = centre.clock.now_ns(), centre.clock.now_ns() - 10**12
    expected = told(centre.views, now_ns, since_ns)
    still = centre.views.still(now_ns, since_ns)
    assert told(still, now_ns, since_ns) == expected
    await centre.after(
        30, ContactArrived(contact="c3", queue="sales"), AgentStatusChanged(agent="bob", status="available")
    )
    assert await asyncio.to_thread(told, still, now_ns, since_ns) == expected
    assert told(centre.views, now_ns, since_ns) != expected


async def test_agents_page_by_page(centre: Centre) -> None:
    names, after = [], ""
    while True:
        page = centre.views.agents(None, None, after, 2)
        assert page.summary.agents == 3
        names.append([agent.agent for agent in page.agents])
        if page.next_after is None:
            break
        after = page.next_after
    assert names == [["alice", "bob"], ["carol"]]
    assert centre.views.agents(None, [2, 0], "alice").agents[0].agent == "carol"
