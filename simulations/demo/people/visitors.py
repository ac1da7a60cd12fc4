"""Customers who write, and follow-up tasks that a program brings: both come in by POST /api/v1/events."""

import asyncio
from typing import Any, Final

from simulations.demo.people.api import Api
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance

OVER: Final = frozenset({"end_contact", "refuse_contact", "call_back"})


class Visitors:
    """Everybody who writes."""

    def __init__(self, api: Api, chance: Chance, tally: Tally, run: str) -> None:
        self._api = api
        self._chance = chance
        self._tally = tally
        self._run = run
        """Makes contacts' names differ from those of another run over the same log."""
        self._number = 0
        self._waiting: dict[str, asyncio.TimerHandle | None] = {}
        self._open: set[str] = set()

    @property
    def count(self) -> int:
        """Contacts that are not over."""
        return len(self._open)

    def stop(self) -> None:
        """Do nothing more."""
        for timer in self._waiting.values():
            if timer is not None:
                timer.cancel()

    def chat(self) -> None:
        """Somebody begins to write."""
        self._tally.chats += 1
        contact = self._bring("chat", "chat", {"language": self._chance.one_of(["vi", "en", "fr"])})
        delay_s = self._chance.patience_s(self._chance.traits.chat_patience_s)
        self._waiting[contact] = asyncio.get_running_loop().call_later(delay_s, self._give_up, contact)

    def task(self) -> None:
        """A program wants somebody to call back a customer who looked at an offer."""
        self._tally.tasks += 1
        self._waiting[self._bring("task", "follow-ups", {"subject": "offer without an answer"})] = None

    def end_soon(self, patience_s: float) -> None:
        """Whoever waits leaves after this."""
        for contact, timer in self._waiting.items():
            if timer is not None:
                timer.cancel()
            self._waiting[contact] = asyncio.get_running_loop().call_later(patience_s, self._give_up, contact)

    def take(self, name: str, said: dict[str, Any]) -> None:
        """React to one message of the stream."""
        if name != "effect":
            return
        kind, contact = said.get("type"), said.get("contact", "")
        if kind == "connect_contact" or kind in OVER:
            timer = self._waiting.pop(contact, None)
            if timer is not None:
                timer.cancel()
        if kind in OVER:
            self._open.discard(contact)

    def _bring(self, channel: str, queue: str, attributes: dict[str, str]) -> str:
        self._number += 1
        contact = f"{channel}-{self._run}-{self._number}"
        self._open.add(contact)
        fact = {"type": "contact_arrived", "id": contact, "contact": contact, "queue": queue, "channel": channel}
        self._api.tell(fact | {"customer": self._chance.number(), "attributes": attributes})
        return contact

    def _give_up(self, contact: str) -> None:
        timer = self._waiting.pop(contact, None)
        if timer is not None:
            timer.cancel()
        self._tally.http_given_up += 1
        self._open.discard(contact)
        self._api.tell({"type": "contact_released", "contact": contact, "by": "customer"})
