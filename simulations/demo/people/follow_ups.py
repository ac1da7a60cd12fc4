"""Follow-up tasks that a program brings by POST /api/v1/events: work that an agent does between contacts."""

from typing import Any, Final

from simulations.demo.people.api import Api
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance

OVER: Final = frozenset({"end_contact", "refuse_contact", "call_back"})


class FollowUps:
    """All tasks of a run. `run` makes their names differ from those of another run over the same log."""

    def __init__(self, api: Api, chance: Chance, tally: Tally, run: str) -> None:
        self._api = api
        self._chance = chance
        self._tally = tally
        self._run = run
        self._open: set[str] = set()

    @property
    def count(self) -> int:
        """Tasks that are not over."""
        return len(self._open)

    def bring(self) -> None:
        """A program wants somebody to call back a customer who looked at an offer."""
        self._tally.tasks += 1
        contact = f"task-{self._run}-{self._tally.tasks}"
        self._open.add(contact)
        fact = {"type": "contact_arrived", "id": contact, "contact": contact, "queue": "follow-ups", "channel": "task"}
        attributes = {"subject": "offer without an answer"}
        self._api.tell(fact | {"customer": self._chance.number(), "attributes": attributes})

    def take_back(self) -> None:
        """Nobody needs what is still open: the day is over."""
        for contact in self._open:
            self._api.tell({"type": "contact_released", "contact": contact, "by": "customer"})
        self._open.clear()

    def take(self, name: str, said: dict[str, Any]) -> None:
        """React to one message of the stream."""
        if name == "effect" and said.get("type") in OVER:
            self._open.discard(said.get("contact", ""))
