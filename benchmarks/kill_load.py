"""Load over HTTP on an engine that is about to be killed: callers and agents who remember every answer they got."""

import asyncio
from collections import deque
from typing import Any, Final

import aiohttp
import msgspec

BATCH: Final = 20
SENDERS: Final = 4
CONVERSATIONS_MAX: Final = 400
Json = dict[str, Any]


class Acknowledged(msgspec.Struct, frozen=True):
    """A fact that the engine answered for: it is durable, the answer said."""

    seq: int
    kind: str
    contact: str


class Load:
    """One engine's callers and agents over all its lives. Facts that got no answer are sent again, with the same id."""

    def __init__(self, url: str, agents: list[str], queues: list[str]) -> None:
        self._url = url
        self._agents = agents
        self._queues = queues
        self._number = 0
        self._waiting: deque[Json] = deque()
        """To be sent."""
        self._sent: dict[str, Json] = {}
        """Sent, and without an answer so far: by id."""
        self.open: set[str] = set()
        self.acknowledged: list[Acknowledged] = []
        self.duplicates = 0
        self.ids: set[str] = set()
        """Of all facts ever sent."""

    async def run(self) -> None:
        """Send until the engine is gone."""
        async with aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(total=30)) as session:
            self._begin()
            tasks = [asyncio.create_task(self._follow(session))]
            tasks += [asyncio.create_task(self._send(session)) for _ in range(SENDERS)]
            await asyncio.gather(*tasks)

    def _begin(self) -> None:
        """After a crash: repeat what was not answered, and end what is left of the life before."""
        self._waiting = deque(self._sent.values())
        for agent in self._agents:
            self._tell({"type": "agent_status_changed", "agent": agent, "status": "available"})
        for contact in sorted(self.open):
            self._tell({"type": "contact_released", "contact": contact})
        self.open.clear()

    def _tell(self, fact: Json) -> None:
        self._number += 1
        fact["id"] = f"f{self._number}"
        self.ids.add(fact["id"])
        self._waiting.append(fact)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        while True:
            for _ in range(BATCH // 2 if len(self.open) < CONVERSATIONS_MAX else 0):
                contact = f"c{self._number + 1}"
                self.open.add(contact)
                queue = self._queues[self._number % len(self._queues)]
                self._tell({"type": "contact_arrived", "contact": contact, "queue": queue, "channel": "chat"})
            facts = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not facts:
                await asyncio.sleep(0.001)
                continue
            self._sent.update((fact["id"], fact) for fact in facts)
            try:
                async with session.post("/api/v1/events", json=facts) as response:
                    answer = msgspec.json.decode(await response.read())
            except (aiohttp.ClientError, TimeoutError):
                return
            if response.status in (202, 422):
                self._learn(facts, answer)

    def _learn(self, facts: list[Json], answer: Json) -> None:
        """Remember what was answered for; a 422 says that none of them could be taken, and none is in the log."""
        for fact, result in zip(facts, answer.get("results", [{}] * len(facts)), strict=True):
            del self._sent[fact["id"]]
            self.duplicates += result.get("duplicate", False)
            if result.get("seq", 0):
                self.acknowledged.append(Acknowledged(result["seq"], fact["type"], fact.get("contact", "")))

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        """Read what the engine asks for, and do it."""
        timeout = aiohttp.ClientTimeout(total=None)
        try:
            async with session.get("/api/v1/stream", params={"topics": "effects"}, timeout=timeout) as response:
                async for line in response.content:
                    if line.startswith(b"data: {") and b'"type"' in line:
                        self._act(msgspec.json.decode(line[6:]))
        except (aiohttp.ClientError, TimeoutError):
            return

    def _act(self, effect: Json) -> None:
        contact = effect["contact"]
        if effect["type"] == "offer_contact":
            self._tell({"type": "offer_answered", "contact": contact, "agent": effect["agent"]})
        elif effect["type"] == "connect_contact":
            self._tell({"type": "contact_released", "contact": contact, "by": "agent"})
        elif effect["type"] in ("end_contact", "refuse_contact"):
            self.open.discard(contact)
