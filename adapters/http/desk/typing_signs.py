"""What customers see of an agent's hands at one desk: that a line is being typed, and that it is no more."""

from adapters.http.desk.commands import SERVED
from adapters.http.desk.said import Typing
from engine.ports import EngineLink, Hint


class TypingSigns:
    """Tells who is served that the agent types, and keeps whom it was told."""

    def __init__(self, engine: EngineLink, agent: str) -> None:
        self._engine = engine
        self._agent = agent
        self._told: set[str] = set()
        """Names of the contacts in which the agent types, as far as they know."""

    def tell(self, said: Typing) -> None:
        """Say what the page says of a contact, if that is in the agent's hands."""
        for one in self._engine.views.contacts.engagements(self._agent):
            if one.contact_id == said.contact_id and one.state in SERVED:
                self._hint(one.contact, said.typing)

    def rest(self) -> None:
        """Say that the agent types no more, whatever was in the middle of a line: nobody is there who could send it."""
        for contact in tuple(self._told):
            self._hint(contact, typing=False)

    def _hint(self, contact: str, typing: bool) -> None:
        (self._told.add if typing else self._told.discard)(contact)
        self._engine.hint(Hint(contact, "agent", self._agent, typing))
