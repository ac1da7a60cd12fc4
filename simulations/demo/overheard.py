"""The latest lines of one chat after the other, for who looks at the terminal."""

from collections import deque
from typing import Final

import numpy as np

from engine.live.loop import LiveEngine
from engine.messages.kinds import MESSAGE_SENT
from engine.ports import Turn

LINES: Final = 4


class Overheard:
    """Hears every durable turn and keeps what was said last."""

    def __init__(self, engine: LiveEngine) -> None:
        self._views = engine.views
        self.lines: deque[str] = deque(maxlen=LINES)
        """As `chat 4711  Nga: ...`, the number being the contact's."""

    def hear(self, turn: Turn) -> None:
        """Take in a durable turn."""
        for place in np.flatnonzero(turn.rows["kind"] == MESSAGE_SENT).tolist():
            seq = turn.first_seq + place
            contact_id = self._views.history.id_in(int(turn.rows["contact"][place]), seq)
            found = self._views.contacts.latest_lines(contact_id, seq - 1, 1) if contact_id else None
            for said in found or ():
                self.lines.append(f"chat {contact_id}  {said.agent or said.by}: {said.text}")
