"""What the tests of read models share: a running engine on a clock of its own, and a random history of facts."""

import random
from collections.abc import Sequence
from pathlib import Path

from engine.config.load import load_config
from engine.kernel.tables import Capacity
from engine.live.clock import ManualClock
from engine.live.loop import LiveEngine
from engine.log.memory import MemoryLog
from engine.messages.observed import (
    AgentStatusChanged,
    CallbackRequested,
    Channel,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    ContactResumed,
    ContactWithdrawn,
    ExitKeyPressed,
    Observed,
    OfferAnswered,
    OfferDeclined,
    TransferRequested,
    WrapUpFinished,
)
from engine.messages.rows import ROW
from engine.ports import Receipt
from engine.state import EngineState

SECOND_NS = 1_000_000_000
START_NS = 1_800_000_000 * SECOND_NS
CENTRE = """
service: {interval: 15m}
skills: [english]
pause_reasons: [lunch]
trunk_groups:
  main: {channels: 6, reserve: 1}
queues:
  sales:
    strategy: longest-idle
    members_only: true
    wrap_up: 5s
    service_level: {threshold: 20s, target: 0.8, short_abandon: 5s}
    steps: [{after: 90s, do: overflow, to: help}]
  help:
    channel: chat
    members_only: true
    max_wait: 5m
  vip:
    skills: {english: 3}
    members_only: false
agents:
  - {name: alice, queues: [sales], skills: {english: 5}}
  - {name: bob, queues: [sales, help], skills: {english: 2}}
  - {name: carol, queues: [help]}
"""
CAPACITY = Capacity(contacts=512, agents=8, queues=8, trunk_groups=4, requirements=32, lines=32, intervals=32)
AGENTS = ("alice", "bob", "carol")


class Centre:
    """One engine whose time is moved by hand."""

    def __init__(self, folder: Path, text: str = "", start_ns: int = START_NS) -> None:
        path = folder / "centre.yaml"
        path.write_text(text or CENTRE)
        self.clock = ManualClock(start_ns)
        self.engine = LiveEngine(EngineState(CAPACITY), clock=self.clock)
        self.log = MemoryLog(row_dtype=ROW, on_durable=self.engine.on_durable)
        self.engine.attach(self.log)
        self.engine.run()
        self.engine.configure(load_config(path, adapters={}))
        self.views = self.engine.views

    async def say(self, *facts: Observed) -> Sequence[Receipt]:
        """Submit facts now."""
        return await self.engine.submit("test", facts)

    async def after(self, seconds: float, *facts: Observed) -> Sequence[Receipt]:
        """Let time pass, then submit facts."""
        self.clock.advance(int(seconds * SECOND_NS))
        return await self.say(*facts)

    async def live(self, seed: int, facts: int) -> None:
        """Say so many random facts, sensible and not."""
        chance = random.Random(seed)
        names: list[str] = []
        for agent in AGENTS:
            await self.say(AgentStatusChanged(agent=agent, status="available"))
        for number in range(facts):
            self.clock.advance(int(chance.choice((0.0, 0.3, 1.0, 3.0, 10.0, 45.0)) * SECOND_NS))
            if chance.random() < 0.35 or not names:
                queue = chance.choice(("sales", "sales", "help", "vip"))
                names.append(f"c{number}")
                channel: Channel = "chat" if queue == "help" else "voice"
                trunk = "main" if queue == "sales" else ""
                customer = f"customer {chance.randrange(9)}"
                arrival = ContactArrived(
                    contact=names[-1], queue=queue, channel=channel, trunk_group=trunk, customer=customer
                )
                await self.say(arrival)
            else:
                await self.say(self._something(chance, chance.choice(names[-12:])))

    def _something(self, chance: random.Random, name: str) -> Observed:
        record = self.views.history.find(name)
        offers = [offer.agent for offer in record.offers if not offer.outcome] if record else []
        agent = offers[0] if offers else chance.choice(AGENTS)
        choices: list[Observed] = [
            OfferAnswered(contact=name, agent=agent),
            OfferAnswered(contact=name, agent=agent),
            OfferAnswered(contact=name, agent=agent),
            OfferDeclined(contact=name, agent=agent),
            ContactReleased(contact=name),
            ContactReleased(contact=name),
            ContactHeld(contact=name),
            ContactResumed(contact=name),
            ContactWithdrawn(contact=name),
            CallbackRequested(contact=name),
            ExitKeyPressed(contact=name, key="1"),
            TransferRequested(contact=name, queue=chance.choice(("sales", "help"))),
            WrapUpFinished(agent=agent),
            AgentStatusChanged(agent=chance.choice(AGENTS), status="available"),
            AgentStatusChanged(agent="carol", status="paused", reason="lunch"),
        ]
        return chance.choice(choices)
