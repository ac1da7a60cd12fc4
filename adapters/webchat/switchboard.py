"""From the engine to visitors: effects and durable turns change chats, and wake the pages that show them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from adapters.webchat.chats import TYPING_S, Chat, LegRecord, Visitor
from adapters.webchat.core import Core
from adapters.webchat.lines import files_of, read_marks
from adapters.webchat.settings import SECOND_NS, Settings
from adapters.webchat.surveys import Surveys
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    EndContact,
    InformQueued,
    MoveContact,
    RefuseContact,
)
from engine.messages.kind_set import KindSet
from engine.messages.kinds import (
    BY_AGENT,
    MESSAGE_SENT,
    MESSAGES_READ,
    PLAN_ACTIVATED,
    PLAN_DEACTIVATED,
    QUEUE_CLOSED,
    QUEUE_OPENED,
)
from engine.messages.observed import ContactReleased
from engine.ports import Hint, OpenContact, Turn

logger = logging.getLogger(__name__)
LEG: Final = "visitor"
LINES: Final = KindSet(MESSAGE_SENT, MESSAGES_READ)
PLANS: Final = KindSet(PLAN_ACTIVATED, PLAN_DEACTIVATED)
DOORS: Final = KindSet(QUEUE_OPENED, QUEUE_CLOSED)
PLACES_EVERY_S: Final = 1.0
"""Places in line are told at most so often."""
PLACES_MAX: Final = 500
"""Contacts of one queue, from its head, whose places are looked at so often; those behind hear from the engine."""
TALKING: Final = ("connected", "held")


class Switchboard:
    """Keeps every chat as the engine has it."""

    def __init__(self, core: Core, surveys: Surveys) -> None:
        self._core = core
        self._surveys = surveys
        self._places: asyncio.Task[None] | None = None
        self._ends: list[Callable[[], None]] = []
        self._stirred = True
        """Whether anything happened since places were told last."""

    # --- life

    def start(self, contacts: Sequence[OpenContact]) -> None:
        """Take up the chats of before, and follow the engine from now on."""
        for contact in contacts:
            self._take_up(contact)
        engine = self._core.engine
        self._ends = [engine.subscribe(self._on_turn), engine.watch_hints(self._on_hint)]
        self._places = asyncio.get_running_loop().create_task(self._tell_places(), name="webchat places")

    async def stop(self) -> None:
        """Follow no more. Chats stay as they are, for the next start."""
        for end in self._ends:
            end()
        for chat in self._core.visitors.by_contact.values():
            chat.stay()
            chat.stop_typing()
        task, self._places = self._places, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def follow(self, settings: Settings) -> None:
        """Go on with other settings; chats of an inbox that is gone are released, as nobody serves them any more."""
        core = self._core
        for visitor in core.visitors:
            chat, inbox = visitor.chat, settings.inboxes.get(visitor.key[0])
            if chat is not None and inbox is not None:
                chat.settings = inbox
            elif chat is not None and chat.phase != "ended":
                core.insist([ContactReleased(contact=chat.contact, by="system")])
            visitor.wake()

    def _take_up(self, contact: OpenContact) -> None:
        """A chat of before the restart; contacts without a visitor's leg (messages, callbacks) go on without us."""
        record = leg_record(contact.legs.get(LEG))
        if record is None or contact.closed:
            return
        core = self._core
        settings = core.settings.inboxes.get(record.inbox)
        if settings is None:
            logger.warning("the inbox '%s' of contact %s is gone: it is released", record.inbox, contact.contact)
            core.insist([ContactReleased(contact=contact.contact, by="system")])
            return
        contact_id = core.engine.views.contacts.find(contact.contact).contact.id
        chat = Chat(contact.contact, contact_id, record.inbox, settings, record.known_as)
        chat.queue, chat.answered = contact.queue, contact.was_connected
        chat.read_seq, chat.agent_read_seq = read_marks(core, contact_id)
        chat.files = files_of(core, contact_id)
        if contact.state in TALKING and contact.agents:
            chat.connect(contact.agents[0], core.shown_name(contact.agents[0]))
        core.counters["chats_resumed"] += 1
        core.visitors.open(chat)
        self.expect(chat)

    # --- effects

    def act(self, effect: AnyEffect) -> None:
        """Take in what routing decided about a contact of ours; of messages and callbacks there is nobody to tell."""
        core = self._core
        chat = core.visitors.by_contact.get(effect.contact)
        if chat is None:
            return
        if isinstance(effect, InformQueued):
            chat.place(effect.position, effect.wait_p50_s, effect.wait_p90_s)
        elif isinstance(effect, ConnectContact):
            chat.connect(effect.agent, core.shown_name(effect.agent))
            chat.stay()
        elif isinstance(effect, MoveContact):
            chat.wait_again(effect.queue)
            self.expect(chat)
        elif isinstance(effect, EndContact):
            self._end(chat, effect.by)
        elif isinstance(effect, RefuseContact):
            self._end(chat, effect.exit)
        elif isinstance(effect, CallBack):
            self._end(chat, "callback")
        if chat.phase != "ended" or not self._surveys.consider(chat):
            core.visitors.of(chat).wake()

    def _end(self, chat: Chat, reason: str) -> None:
        chat.end(reason)
        self._core.counters["chats_ended"] += 1
        self._core.visitors.close(chat)

    # --- presence

    def watched(self, visitor: Visitor) -> None:
        """A page shows the visitor's chat."""
        if visitor.chat is not None:
            visitor.chat.stay()

    def unwatched(self, visitor: Visitor) -> None:
        """A page is gone; with the last one the time begins after which a waiting visitor has left."""
        if visitor.chat is not None and not visitor.watchers:
            self.expect(visitor.chat)
        self._core.visitors.let_go(visitor)

    def expect(self, chat: Chat) -> None:
        """Wait for who waits and shows no page: whoever does not come back in time has left."""
        if chat.phase != "queued" or chat.leaving is not None or self._core.stopping:
            return
        visitor = self._core.visitors.of(chat)
        if not visitor.watchers:
            delay_s = chat.settings.leave_after_ns / SECOND_NS
            chat.leaving = asyncio.get_running_loop().call_later(delay_s, self._leave, chat)

    def _leave(self, chat: Chat) -> None:
        chat.leaving = None
        if chat.phase == "queued" and not self._core.visitors.of(chat).watchers:
            self._core.counters["visitors_left"] += 1
            self._core.insist([ContactReleased(contact=chat.contact, by="customer")])

    # --- lines, marks, signs

    def _on_turn(self, turn: Turn) -> None:
        """Wake who has a new line or a mark of how far the agent has read, and all where a queue or a plan changed."""
        self._stirred = True
        visitors = self._core.visitors
        has_plan, has_door = not PLANS.isdisjoint(turn.kinds), not DOORS.isdisjoint(turn.kinds)
        if has_plan:
            self._core.plans = None
        if has_door:
            self._core.open_queues.clear()
        if has_plan or has_door:
            for visitor in visitors:
                visitor.wake()
        if not visitors.by_id or LINES.isdisjoint(turn.kinds):
            return
        history = self._core.engine.views.history
        for place in LINES.mask(turn.rows["kind"]).nonzero()[0].tolist():
            row = turn.rows[place]
            chat = visitors.by_id.get(history.id_in(int(row["contact"]), turn.first_seq + place) or 0)
            if chat is None:
                continue
            by_agent = int(row["a"]) == BY_AGENT
            if int(row["kind"]) == MESSAGES_READ:
                if not by_agent:
                    continue
                chat.agent_read_seq = max(chat.agent_read_seq, int(row["b"]))
            elif by_agent:
                chat.stop_typing()
            visitors.of(chat).wake()

    def _on_hint(self, hint: Hint) -> None:
        """An agent types."""
        chat = self._core.visitors.by_contact.get(hint.contact)
        if chat is None or hint.by != "agent" or hint.agent != chat.agent:
            return
        typed = chat.agent_typing is not None
        chat.stop_typing()
        if hint.typing:
            chat.agent_typing = asyncio.get_running_loop().call_later(TYPING_S, self._stop_typing, chat)
        if typed != hint.typing:
            self._core.visitors.of(chat).wake()

    def _stop_typing(self, chat: Chat) -> None:
        chat.stop_typing()
        self._core.visitors.of(chat).wake()

    # --- places in line

    async def _tell_places(self) -> None:
        while True:
            await asyncio.sleep(PLACES_EVERY_S)
            try:
                await self._look_at_places()
            except Exception:
                self._stirred = True
                logger.exception("places in line could not be told")

    async def _look_at_places(self) -> None:
        """Look where chats stand that somebody shows, and tell what changed, once it is durable."""
        core = self._core
        shown = [chat for chat in core.visitors.waiting() if core.visitors.of(chat).watchers]
        if not shown or not self._stirred:
            return
        self._stirred = False  # before the look: what stirs meanwhile is for the next
        found: list[tuple[Chat, int, float | None, float | None]] = []
        queues = {chat: chat.queue for chat in shown}
        for queue in set(queues.values()):
            with contextlib.suppress(KeyError):
                page = core.engine.views.contacts.waiting(queue, limit=PLACES_MAX)
                chats = {chat.contact: chat for chat in shown if chat.queue == queue}
                found += [
                    (chats[one.contact], one.position, one.expected_wait.p50_s, one.expected_wait.p90_s)
                    for one in page.contacts
                    if one.contact in chats
                ]
        await core.engine.durable()
        for chat, position, p50_s, p90_s in found:
            if chat.phase == "queued" and chat.queue == queues[chat] and chat.place(position, p50_s, p90_s):
                core.visitors.of(chat).wake()


def leg_record(record: bytes | None) -> LegRecord | None:
    """Read what the log keeps of a visitor's side; None where there is none of ours."""
    if record is None:
        return None
    try:
        return msgspec.msgpack.decode(record, type=LegRecord)
    except msgspec.DecodeError:
        return None
