"""One page that shows a visitor's chat: a cursor over the log, and what it was told of the chat's state last."""

import asyncio
import hashlib

import msgspec

from adapters.webchat import frames
from adapters.webchat.changes import frames_between
from adapters.webchat.chats import Visitor
from adapters.webchat.core import Core
from adapters.webchat.frames import AnyServerFrame
from adapters.webchat.lines import PAGE, lines_after
from adapters.webchat.reception import Reception
from adapters.webchat.told import State


class Page:
    """Nothing is queued for it: woken, it reads what is newer than what it has. So it loses and doubles nothing."""

    def __init__(
        self, core: Core, reception: Reception, visitor: Visitor, after_seq: int, seen: State | None, left: int = 0
    ) -> None:
        self._core = core
        self._reception = reception
        self.visitor = visitor
        self._after_seq = after_seq if after_seq <= core.seq else 0
        """A page that has seen more than there is has seen a log that a backup took the place of."""
        self._contact_id = 0
        self._left = left
        self._seen = seen
        self.news = asyncio.Event()
        """Set when there may be something to read."""

    def wake(self) -> None:
        """See `chats.Watcher`."""
        self.news.set()

    async def read(self) -> list[AnyServerFrame]:
        """What is new, lines first; `news` stays set where there is more."""
        self.news.clear()
        chat, found = self.visitor.chat, list[AnyServerFrame]()
        if chat is not None and chat.contact_id and not chat.is_left(self._left):
            if self._contact_id and self._contact_id != chat.contact_id:
                self._after_seq = chat.contact_id
            self._contact_id = chat.contact_id
            lines, self._after_seq = await lines_after(self._core, chat.contact_id, self._after_seq)
            found += [frames.Message(seq=line.seq, line=line) for line in lines]
            if len(lines) >= PAGE:
                self.news.set()
                return found
        state = self._reception.state_of(self.visitor, left=self._left)
        found += frames_between(self._core.seq, self._seen, state, self._core.now_ms)
        self._seen = state
        return found

    @property
    def seen_tag(self) -> str:
        """Stands for the state that was read: who brings it back is told nothing while it is the same."""
        return tag_of(self._seen) if self._seen is not None else ""


def tag_of(state: State) -> str:
    """A short name of a state."""
    return hashlib.sha256(msgspec.json.encode(state)).hexdigest()[:16]
