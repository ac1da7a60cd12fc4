"""Visitors and their chats, as far as they must be in memory: who watches, and where each contact is now."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Literal, Protocol

import msgspec

from adapters.webchat.settings import Inbox
from adapters.webchat.told import State
from adapters.webchat.wait_range import WaitRange, told_range

ENDED_MAX: Final = 10_000
"""Chats that are over and remembered; those before are read from the log where somebody asks."""
TYPING_S: Final = 6.0
"""So long somebody types after the last sign of it."""


class LegRecord(msgspec.Struct, frozen=True, array_like=True, tag="v"):
    """What the log keeps of a visitor's side."""

    inbox: str
    known_as: str


class Watcher(Protocol):
    """A page that shows a visitor's chat."""

    def wake(self) -> None:
        """Something is new: look."""


class Chat:
    """One contact of a visitor."""

    def __init__(self, contact: str, contact_id: int, inbox: str, settings: Inbox, known_as: str) -> None:
        self.contact = contact
        self.contact_id = contact_id
        self.inbox = inbox
        self.settings = settings
        self.known_as = known_as
        self.phase: Literal["queued", "connected", "ended"] = "queued"
        self.queue = settings.queue
        self.agent = ""
        """Name of the agent who is there, as routing has it."""
        self.agent_shown = ""
        self.answered = False
        self.position = 0
        self.told: WaitRange | None = None
        self.agent_typing: asyncio.TimerHandle | None = None
        self.agent_read_seq = 0
        self.reason = ""
        self.survey_open = False
        """Set once it is over and the rules allow it: the visitor is asked how it was."""
        self.asked = False
        """Whether the log has that the visitor was asked how it was."""
        self.files: set[str] = set()
        """By their content, so that a line said again brings none that was not there."""
        self.read_seq = 0
        """How far the visitor has read, as the log was told."""
        self.typed_ns = 0
        """When a sign of typing last went on to the agent."""
        self.leaving: asyncio.TimerHandle | None = None
        """Set while nobody shows it and it waits."""

    def place(self, position: int, p50_s: float | None, p90_s: float | None) -> bool:
        """Take in where it stands; whether that changes what is told."""
        before = self.position, self.told
        self.position, self.told = position, told_range(p50_s, p90_s, self.told)
        return (self.position, self.told) != before

    def connect(self, agent: str, shown: str) -> None:
        """An agent is there."""
        self.phase, self.agent, self.agent_shown, self.answered = "connected", agent, shown, True
        self.position, self.told = 0, None

    def wait_again(self, queue: str) -> None:
        """It goes to another agent or queue."""
        self.phase, self.agent, self.agent_shown, self.queue = "queued", "", "", queue
        self.position, self.told = 0, None
        self.stop_typing()

    def end(self, reason: str) -> None:
        """It is over."""
        self.phase, self.reason = "ended", reason
        self.stop_typing()
        self.stay()

    def stop_typing(self) -> None:
        """Nobody types any more."""
        if self.agent_typing is not None:
            self.agent_typing.cancel()
            self.agent_typing = None

    def stay(self) -> None:
        """Somebody shows it again, or it is over."""
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None

    def is_left(self, left: int) -> bool:
        """Whether it is the ended chat that a page shows no more."""
        return self.phase == "ended" and 0 < left == self.contact_id

    def state(self) -> State:
        """All of it, as a client is told."""
        if self.phase == "ended":
            survey = self.settings.survey if self.survey_open else None
            return State(
                phase="ended",
                reason=self.reason,
                survey=survey or "",
                agent_read_seq=self.agent_read_seq,
                contact_id=self.contact_id,
            )
        low, high, longer = self.told or (None, None, False)
        return State(
            phase=self.phase,
            agent=self.agent_shown,
            handed_on=self.phase == "queued" and self.answered,
            position=self.position,
            wait_low_min=low,
            wait_high_min=high,
            longer=longer,
            can_leave_number=self.phase == "queued" and self.settings.callback,
            agent_typing=self.agent_typing is not None,
            agent_read_seq=self.agent_read_seq,
            contact_id=self.contact_id,
        )


class Visitor:
    """Who is at one inbox under one name: the pages that show the chat, and the latest chat."""

    __slots__ = ("chat", "key", "lock", "watchers")

    def __init__(self, key: tuple[str, str]) -> None:
        self.key = key
        self.watchers: set[Watcher] = set()
        self.chat: Chat | None = None
        self.lock = asyncio.Lock()
        """What begins or ends a chat is done one after the other."""

    def wake(self) -> None:
        """Let every page look."""
        for watcher in tuple(self.watchers):
            watcher.wake()


class Visitors:
    """All who are here or have a chat, by inbox and name; and all open chats."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Visitor] = {}
        self._ended: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.by_contact: dict[str, Chat] = {}
        self.by_id: dict[int, Chat] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Visitor]:
        return iter(tuple(self._by_key.values()))

    def at(self, inbox: str, known_as: str) -> Visitor:
        """The visitor of this name, new or not; `let_go` when nobody is there any more."""
        key = inbox, known_as
        visitor = self._by_key.get(key)
        if visitor is None:
            visitor = self._by_key[key] = Visitor(key)
        return visitor

    def find(self, inbox: str, known_as: str) -> Visitor | None:
        """The visitor of this name, where there is one."""
        return self._by_key.get((inbox, known_as))

    def of(self, chat: Chat) -> Visitor:
        """Whose chat it is."""
        return self.at(chat.inbox, chat.known_as)

    def open(self, chat: Chat) -> Visitor:
        """A chat begins, and takes the place of the visitor's last one."""
        visitor = self.of(chat)
        visitor.chat = chat
        self._ended.pop(visitor.key, None)
        self.by_contact[chat.contact] = chat
        if chat.contact_id:
            self.by_id[chat.contact_id] = chat
        return visitor

    def number(self, chat: Chat, contact_id: int) -> None:
        """The id of an open chat is known now."""
        chat.contact_id = contact_id
        if self.by_contact.get(chat.contact) is chat:
            self.by_id[contact_id] = chat

    def forget(self, chat: Chat) -> None:
        """The chat never began."""
        self.by_contact.pop(chat.contact, None)
        self.by_id.pop(chat.contact_id, None)
        visitor = self.of(chat)
        chat.stay()
        if visitor.chat is chat:
            visitor.chat = None
        self.let_go(visitor)

    def close(self, chat: Chat) -> Visitor:
        """A chat is over. It is remembered for a while, for who comes back."""
        self.by_contact.pop(chat.contact, None)
        self.by_id.pop(chat.contact_id, None)
        visitor = self.of(chat)
        self.let_go(visitor)
        return visitor

    def let_go(self, visitor: Visitor) -> None:
        """Nobody shows the visitor's chat: forget it now, or when so many others have ended since."""
        if visitor.watchers or (visitor.chat is not None and visitor.chat.phase != "ended"):
            return
        if visitor.chat is None:
            self._by_key.pop(visitor.key, None)
            return
        self._ended[visitor.key] = None
        while len(self._ended) > ENDED_MAX:
            key, _ = self._ended.popitem(last=False)
            oldest = self._by_key.get(key)
            if oldest is not None and not oldest.watchers and (oldest.chat is None or oldest.chat.phase == "ended"):
                del self._by_key[key]

    def waiting(self) -> Iterator[Chat]:
        """Chats in line."""
        return (chat for chat in self.by_contact.values() if chat.phase == "queued")
