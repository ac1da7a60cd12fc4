"""How a chat begins, and what is left instead of one: a message out of hours, a number to be called back."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from adapters.webchat import forms, frames
from adapters.webchat.chats import Chat, LegRecord, Visitor
from adapters.webchat.core import SOURCE, Core
from adapters.webchat.frames import AnyServerFrame, BadFrame, Code
from adapters.webchat.settings import FormField, Inbox
from adapters.webchat.switchboard import LEG
from adapters.webchat.tokens import Session
from engine.errors import Overloaded
from engine.messages.fact import SIGNED
from engine.messages.observed import (
    CALLBACK_NUMBER,
    Attachment,
    CallbackRequested,
    ContactArrived,
    LegRecorded,
    MessageSent,
    Observed,
)
from engine.ports import CALLBACK_QUEUE, Receipt
from engine.projections.contacts.records import ContactRecord
from engine.uploads import submit_naming

NAME: Final = "name"
"""The attribute that says what a visitor is called."""
ANSWER_TO: Final = "answer_to"
"""The one of a message that was left that says where it is answered: an address or a number."""


class Beginning:
    """Brings contacts. What is said twice under one name is brought once."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def has_begun(self, session: Session, client_id: str) -> bool:
        """Whether a chat was begun or a message left by the frame of this name."""
        return self._core.came_before(f"{fact_name(session, client_id)}:a")

    async def start(self, session: Session, visitor: Visitor, frame: frames.Start, origin: str) -> AnyServerFrame:
        """Begin a chat; where the queue is closed, leave a message. Said again, it is what it became the first time."""
        inbox, is_again = self._core.inbox(session, frame.client_id), self.has_begun(session, frame.client_id)
        record = self._record_of(_contact_of(session, frame.client_id)) if is_again else None
        if record.channel == "chat" if record is not None else self._core.is_open(inbox):
            is_over = is_again and (record is None or not record.open)
            return await self._start_chat(session, visitor, frame, origin, is_again=is_again, is_over=is_over)
        has_said = bool(frame.text.strip() or frame.fields)  # a file alone begins a chat, and leaves no message
        if not is_again and (inbox.message_queue is None or not has_said):
            raise BadFrame("closed", "nobody is here now", frame.client_id)
        return await self._leave_message(session, frame, inbox.message_queue or "", origin, is_again=is_again)

    def _record_of(self, contact: str) -> ContactRecord | None:
        """What became of a contact; None where it is forgotten, as only those are that are over."""
        try:
            return self._core.engine.views.contacts.find(contact).contact
        except KeyError:
            return None

    def _let_in(
        self, session: Session, client_id: str, asked: list[FormField], said: Mapping[str, str]
    ) -> dict[str, str]:
        """The answers of who begins something now. Raises BadFrame where they are not good, or so many come at once."""
        given = forms.answers(asked, said, client_id)
        wait_s = self._core.limits.chats[session.inbox].take("", self._core.monotonic_ns())
        if wait_s:
            raise BadFrame("slow_down", "so many come at once; try again", client_id, int(wait_s) + 1)
        return given

    async def _start_chat(
        self,
        session: Session,
        visitor: Visitor,
        frame: frames.Start,
        origin: str,
        *,
        is_again: bool,
        is_over: bool,
    ) -> AnyServerFrame:
        core, inbox = self._core, self._core.inbox(session, frame.client_id)
        text, contact = forms.clean(frame.text), _contact_of(session, frame.client_id)
        asked = _asked(inbox, session, is_open=True)
        names = {field.name for field in asked}
        # Who filled in the form of a message just before the queue opened has said more than a chat asks for.
        more = [field for field in _optional(forms.fields_of(inbox, is_open=False)) if field.name not in names]
        given = {} if is_again else self._let_in(session, frame.client_id, asked + more, frame.fields)
        name = fact_name(session, frame.client_id)
        record = msgspec.msgpack.encode(LegRecord(session.inbox, session.known_as))
        facts: list[Observed] = [
            ContactArrived(
                id=f"{name}:a",
                contact=contact,
                queue=inbox.queue,
                channel="chat",
                customer=session.known_as,
                entry=session.inbox,
                attributes=_attributes(session, given, origin) | _called_back_in(inbox),
                callback=False,  # no step of the queue knows a number; who leaves one asks for it
            ),
            LegRecorded(id=f"{name}:l", contact=contact, leg=LEG, record=record),
        ]
        if text:
            facts.append(MessageSent(id=name, contact=contact, text=text))
        known = core.visitors.by_contact.get(contact)
        chat = known or Chat(contact, 0, session.inbox, inbox, session.known_as)
        before = visitor.chat
        if known is None and not is_over and (before is None or before.contact != contact):
            core.visitors.open(chat)  # effects may come before the receipt
        try:
            # A queue that lets nobody in has ended the contact in the same turn: the visitor hears of the end, and that
            # what came behind is in no log.
            receipts = await self.submit(facts, frame.client_id, "not_taken", required=1)
        except BadFrame:
            if known is None and not chat.contact_id:
                core.visitors.forget(chat)
            raise
        self._begun(visitor, chat, receipts)
        if text and receipts[-1].refused:
            raise BadFrame("not_served", f"the chat ended as it began: {receipts[-1].refused}", frame.client_id)
        return frames.Ack(seq=receipts[-1].seq, client_id=frame.client_id, became="chat")

    def _begun(self, visitor: Visitor, chat: Chat, receipts: Sequence[Receipt]) -> None:
        """The chat is in the log: now, or since it was begun by the same frame before."""
        arrival = receipts[0]
        if visitor.chat is not chat:
            return
        if not chat.contact_id:
            self._core.visitors.number(chat, arrival.seq)
        self._core.counters["chats"] += not arrival.duplicate
        visitor.wake()

    async def _leave_message(
        self, session: Session, frame: frames.Start, queue: str, origin: str, *, is_again: bool
    ) -> AnyServerFrame:
        """A message that waits until somebody is there: a contact of its own, and no chat."""
        core, inbox = self._core, self._core.inbox(session, frame.client_id)
        text = forms.clean(frame.text)
        if not text:
            raise BadFrame("bad_field", "write the message that you leave", frame.client_id)
        fields = _asked(inbox, session, is_open=False)
        attributes: dict[str, str] = {}
        if not is_again:
            given = self._let_in(session, frame.client_id, fields, frame.fields)
            attributes = {**_attributes(session, given, origin), ANSWER_TO: forms.answered_at(fields, given)}
        name, contact = fact_name(session, frame.client_id), _contact_of(session, frame.client_id)
        receipts = await self.submit(
            [
                ContactArrived(
                    id=f"{name}:a",
                    contact=contact,
                    queue=queue,
                    channel="email",
                    customer=session.known_as,
                    entry=session.inbox,
                    attributes=attributes,
                    callback=False,
                ),
                MessageSent(id=name, contact=contact, text=text),
            ],
            frame.client_id,
            "not_taken",
        )
        core.counters["messages_left"] += not receipts[0].duplicate
        return frames.Ack(seq=receipts[-1].seq, client_id=frame.client_id, became="message")

    async def leave_number(self, session: Session, visitor: Visitor, frame: frames.LeaveNumber) -> AnyServerFrame:
        """Leave the line for a callback; where the queue is closed, ask for one. Said again, it is what it was."""
        core, inbox = self._core, self._core.inbox(session, frame.client_id)
        chat, name = visitor.chat, fact_name(session, frame.client_id)
        number = forms.number(frame.number, frame.client_id)
        if core.came_before(name):  # by a visitor who may wait no more, or whose chat nobody has in memory
            return await self._leave_line(name, _contact_of(session, frame.client_id), number, frame.client_id)
        if chat is not None and chat.phase == "queued":
            if not inbox.callback:
                raise BadFrame("no_callback", "callbacks are not offered here", frame.client_id)
            return await self._leave_line(name, chat.contact, number, frame.client_id)
        if chat is not None and chat.phase == "connected":
            raise BadFrame("agent_here", "somebody is here already", frame.client_id)
        if inbox.callback_queue is None:
            raise BadFrame("no_callback", "callbacks are not offered here", frame.client_id)
        if core.is_open(inbox):
            raise BadFrame("chats_taken", "begin a chat: callbacks are taken from the line", frame.client_id)
        asked = _optional(forms.fields_of(inbox, is_open=True))
        given = self._let_in(session, frame.client_id, asked, frame.fields)
        arrival = ContactArrived(
            id=name,
            contact=_contact_of(session, frame.client_id),
            queue=inbox.callback_queue,
            channel="voice",
            customer=session.customer or number,
            entry=session.inbox,
            attributes=_attributes(session, {**given, CALLBACK_NUMBER: number}, ""),
        )
        return await self._leave_number(arrival, frame.client_id, "not_taken")

    async def _leave_line(self, name: str, contact: str, number: str, client_id: str) -> AnyServerFrame:
        asked = CallbackRequested(id=name, contact=contact, number=number)
        return await self._leave_number(asked, client_id, "no_chat")

    async def _leave_number(self, fact: Observed, client_id: str, code: Code) -> AnyServerFrame:
        (receipt,) = await self.submit([fact], client_id, code)
        self._core.counters["numbers_left"] += not receipt.duplicate
        return frames.Ack(seq=receipt.seq, client_id=client_id, became="callback")

    async def submit(
        self,
        facts: Sequence[Observed],
        client_id: str,
        code: Code,
        required: int | None = None,
        file: Attachment | None = None,
    ) -> list[Receipt]:
        """Tell the engine and wait until it is durable. A single fact may name a `file`, which is kept for it.

        Raises BadFrame where any of it, or of the first that are `required`, was not taken; FileNotFoundError where
        the file is not there any more.
        """
        core = self._core
        store, submit = core.engine.attachments, partial(core.engine.submit, SOURCE, facts)
        try:
            submitted = await submit_naming(file, store, submit) if file is not None and store is not None else submit()
            receipts = await submitted
        except Overloaded as full:
            core.counters["overloaded"] += 1
            raise BadFrame("busy", str(full), client_id, full.retry_after_s) from None
        for receipt in receipts[:required]:
            if receipt.error:
                core.counters["not_taken"] += 1
                raise BadFrame("busy" if receipt.full else code, receipt.error, client_id, int(receipt.full))
            if receipt.refused:
                core.counters["refused"] += 1
                raise BadFrame(code, f"it came too late: {receipt.refused}", client_id)
        return receipts


def fact_name(session: Session, client_id: str) -> str:
    """Name of the fact that a visitor's frame of this name becomes: said again, it is in the log once."""
    return f"{session.visitor}:{client_id}"


def _contact_of(session: Session, client_id: str) -> str:
    """Name of the contact that this visitor begins by a frame of this name."""
    return "chat-" + hashlib.sha256(f"{session.visitor} {client_id}".encode()).hexdigest()[:24]


def _called_back_in(inbox: Inbox) -> dict[str, str]:
    """Where it waits when the visitor leaves a number instead of waiting for an agent who chats."""
    return {CALLBACK_QUEUE: inbox.callback_queue} if inbox.callback and inbox.callback_queue is not None else {}


def _attributes(session: Session, given: Mapping[str, str], origin: str) -> dict[str, str]:
    """What an agent sees of a visitor: what was filled in, the page, and whether the site vouches for the name."""
    found = {SIGNED: "yes" if session.customer else "no"}
    if session.shown_name:
        found[NAME] = session.shown_name
    if origin:
        found["page"] = origin[:512]
    return {**given, **found}


def _asked(inbox: Inbox, session: Session, *, is_open: bool) -> list[FormField]:
    """The questions that a form has; whose name the site says need not say it."""
    fields = forms.fields_of(inbox, is_open=is_open)
    if not session.shown_name:
        return fields
    return [field.model_copy(update={"required": False}) if field.name == NAME else field for field in fields]


def _optional(fields: Sequence[FormField]) -> list[FormField]:
    """Who leaves a number has said enough."""
    return [field.model_copy(update={"required": False}) for field in fields]
