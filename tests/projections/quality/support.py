"""A contact centre with surveys, scorecards, a schedule and cases, on a clock of its own."""

from pathlib import Path

from engine.config.load import load_config
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from tests.projections.support import CENTRE, START_NS, Centre

QUALITY = """
wrap_up_codes: [{code: bill}, {code: other}]
quality:
  surveys:
    csat: {queues: [sales], cool_down: 30d, expires: 2d}
    nps: {sample: 0.5}
  window: 7d
  tolerance: 5m
  schedule:
    - {agent: alice, from: 2027-01-15T08:00+00:00, to: 2027-01-15T09:00+00:00, activity: work}
    - {agent: alice, from: 2027-01-15T09:00+00:00, to: 2027-01-15T09:15+00:00, activity: break}
    - {agent: alice, from: 2027-01-15T09:15+00:00, to: 2027-01-15T10:15+00:00, activity: work}
  scorecards:
    - name: calls
      version: 1
      sections:
        - name: greeting
          criteria: [{name: greets, weight: 40}]
        - name: solution
          criteria:
            - {name: solves, weight: 60, points: 5}
            - {name: identifies, weight: 0, auto_fail: true, optional: false}
    - name: calls
      version: 2
      sections:
        - name: all
          criteria: [{name: solves, weight: 100, points: 5}]
cases:
  complaint: {queue: back, limit: 2d, report_to: agent, complaint: true, again_after: 10m}
  request: {queue: back, limit: 8h, report_to: customer, report_queue: sales}
"""
WITH_BACK_OFFICE = CENTRE.replace(
    "agents:", "  back: {channel: task, members_only: true, strategy: longest-idle}\nagents:"
).replace("{name: carol, queues: [help]}", "{name: carol, queues: [help, back]}")


class QualityCentre(Centre):
    """A Centre whose configuration has all of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = folder / "quality.yaml"
        path.write_text(WITH_BACK_OFFICE + QUALITY)
        self.engine.configure(load_config(path, adapters={}))
        self.quality = self.views.quality

    async def talk(self, name: str, agent: str = "alice", queue: str = "sales", customer: str = "", **more: str) -> int:
        """Let an agent serve a contact from its arrival to its end; returns its id."""
        await self.say(AgentStatusChanged(agent=agent, status="available"))
        arrived = ContactArrived(
            contact=name, queue=queue, customer=customer, preferred_agent=agent, attributes=dict(more)
        )
        (receipt,) = await self.say(arrived)
        await self.after(3, OfferAnswered(contact=name, agent=agent))
        (released,) = await self.after(60, ContactReleased(contact=name))
        assert not released.error
        assert not released.refused
        await self.after(10)
        return receipt.seq


__all__ = ["START_NS", "QualityCentre"]
