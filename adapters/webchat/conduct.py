"""What visitors say becomes facts, and what became of those is the answer: the same for every transport."""

import asyncio
from collections.abc import Sequence
from typing import Final

from adapters.webchat import forms, frames
from adapters.webchat.beginning import Beginning, fact_name
from adapters.webchat.chats import Chat, Visitor
from adapters.webchat.core import Core
from adapters.webchat.frames import AnyServerFrame, BadFrame
from adapters.webchat.lines import CONVERSATIONS, conversations_of, past_of
from adapters.webchat.settings import SECOND_NS, SurveyKind
from adapters.webchat.tokens import Session, Upload
from engine.messages.observed import Attachment, ContactReleased, MessageSent, MessagesRead, SurveyAnswered
from engine.ports import Hint, Receipt
from engine.signed import NotSigned

TYPING_EVERY_NS: Final = 2 * SECOND_NS
"""Signs that somebody types go on to the agent at most so often."""


class Conduct:
    """Answers frames. Raises BadFrame for what cannot be done: nothing was changed then."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._beginning = Beginning(core)

    async def answer(
        self, session: Session, visitor: Visitor, frame: frames.AnyClientFrame, origin: str = ""
    ) -> Sequence[AnyServerFrame]:
        """Do what a frame says and return what it is answered."""
        core = self._core
        wait_s = core.limits.frames.take(session.visitor, core.monotonic_ns())
        if wait_s and not isinstance(frame, frames.End):
            client_id = getattr(frame, "client_id", "")
            raise BadFrame("slow_down", "too many frames at once", client_id, int(wait_s) + 1)
        core.counters["frames"] += 1
        if isinstance(frame, frames.Say):
            return [await self._say(session, visitor, frame)]
        if isinstance(frame, frames.Start):
            return [await self._start(session, visitor, frame, origin)]
        if isinstance(frame, frames.LeaveNumber):
            async with visitor.lock:
                return [await self._beginning.leave_number(session, visitor, frame)]
        if isinstance(frame, frames.Survey):
            return [await self._survey(session, visitor, frame)]
        if isinstance(frame, frames.History):
            return [await self._history(session, visitor, frame)]
        if isinstance(frame, frames.Ping):
            return [frames.Pong(seq=core.seq)]
        if isinstance(frame, frames.Typing):
            self._type(visitor, frame)
        elif isinstance(frame, frames.Read):
            self._read(visitor, frame)
        elif isinstance(frame, frames.End):
            return await self._end(session, visitor, frame)
        else:
            raise BadFrame("out_of_order", "hello is said once, and first")
        return []

    async def _start(self, session: Session, visitor: Visitor, frame: frames.Start, origin: str) -> AnyServerFrame:
        """Begin; who has a chat already says one more line of it. Said again, it is what it became the first time."""
        async with visitor.lock:
            has_chat = visitor.chat is not None and visitor.chat.phase != "ended"
            is_line = has_chat or self._core.came_before(fact_name(session, frame.client_id))
            if not is_line or self._beginning.has_begun(session, frame.client_id):
                return await self._beginning.start(session, visitor, frame, origin)
        if not frame.text.strip():
            raise BadFrame("already_open", "there is a chat already", frame.client_id)
        return await self._say(session, visitor, frames.Say(client_id=frame.client_id, text=frame.text))

    async def _say(self, session: Session, visitor: Visitor, frame: frames.Say) -> AnyServerFrame:
        """Take a line in; said again under its name, it is the same line."""
        core, chat, name = self._core, visitor.chat, fact_name(session, frame.client_id)
        text = forms.clean(frame.text)
        attachment = self._attachment(session, frame) if frame.attachment else None
        if not text and attachment is None:
            raise BadFrame("empty", "there is nothing in the line", frame.client_id)
        said = MessageSent(id=name, contact=chat.contact if chat is not None else "", text=text, attachment=attachment)
        if core.came_before(name):  # its chat may be over, or forgotten: what was said again needs none
            (receipt,) = await self._beginning.submit([said], frame.client_id, "no_chat")
        elif chat is None:
            raise BadFrame("not_begun", "there is no chat; begin one", frame.client_id)
        elif attachment is None:
            (receipt,) = await self._beginning.submit([said], frame.client_id, "no_chat")
        else:
            receipt = await self._bring(chat, said, attachment, frame.client_id)
        core.counters["lines_repeated" if receipt.duplicate else "lines"] += 1
        return frames.Ack(seq=receipt.seq, client_id=frame.client_id)

    async def _bring(self, chat: Chat, said: MessageSent, file: Attachment, client_id: str) -> Receipt:
        """Take in a line with a file, which counts as the chat's."""
        if file.sha256 not in chat.files and len(chat.files) >= chat.settings.files.per_chat:
            raise BadFrame("too_many_files", f"a chat has at most {chat.settings.files.per_chat} files", client_id)
        chat.files.add(file.sha256)
        try:
            (receipt,) = await self._beginning.submit([said], client_id, "no_chat", file=file)
        except FileNotFoundError:
            chat.files.discard(file.sha256)
            raise BadFrame("bad_attachment", "the file is not there any more", client_id) from None
        return receipt

    def _attachment(self, session: Session, frame: frames.Say) -> Attachment:
        """The file that an upload's ticket stands for: the visitor's own, and nobody else's."""
        try:
            upload = self._core.signer.read(frame.attachment, Upload, self._core.now_s)
        except NotSigned as error:
            raise BadFrame("bad_attachment", f"the ticket is not good: {error}", frame.client_id) from None
        if upload.visitor != session.visitor:
            raise BadFrame("bad_attachment", "the ticket is another visitor's", frame.client_id)
        return upload.attachment

    def _type(self, visitor: Visitor, frame: frames.Typing) -> None:
        """Show the agent that the visitor types: a sign, and no fact."""
        chat, now_ns = visitor.chat, self._core.monotonic_ns()
        if chat is None or chat.phase != "connected" or (frame.on and now_ns - chat.typed_ns < TYPING_EVERY_NS):
            return
        chat.typed_ns = now_ns if frame.on else 0
        self._core.engine.hint(Hint(chat.contact, by="customer", typing=frame.on))

    def _read(self, visitor: Visitor, frame: frames.Read) -> None:
        """Record how far the visitor has read; a mark that is lost is made good by the next."""
        chat = visitor.chat
        if chat is None or chat.phase == "ended" or not chat.read_seq < frame.seq <= self._core.seq:
            return
        chat.read_seq = frame.seq
        self._core.mention([MessagesRead(contact=chat.contact, up_to_seq=frame.seq)])

    async def _end(self, session: Session, visitor: Visitor, frame: frames.End) -> Sequence[AnyServerFrame]:
        """The visitor leaves; what follows comes as the chat's end. One that is over already is left as well."""
        core, chat = self._core, visitor.chat
        is_there = chat is not None and chat.phase != "ended" and frame.contact_id in (0, chat.contact_id)
        if chat is None or not is_there:
            return [frames.Ack(seq=core.seq, client_id=frame.client_id)] if frame.client_id else []
        if not frame.client_id:
            core.insist([ContactReleased(contact=chat.contact, by="customer")])
            return []
        left = ContactReleased(id=fact_name(session, frame.client_id), contact=chat.contact, by="customer")
        try:
            (receipt,) = await self._beginning.submit([left], frame.client_id, "no_chat")
        except BadFrame as bad:
            if bad.code != "no_chat":
                raise
            return [frames.Ack(seq=core.seq, client_id=frame.client_id)]  # somebody else ended it at the same time
        return [frames.Ack(seq=receipt.seq, client_id=frame.client_id)]

    def _surveyed(self, session: Session, visitor: Visitor, frame: frames.Survey) -> tuple[str, int, SurveyKind]:
        """Name and id of the chat that an answer is about, and what was asked."""
        chat, kind = visitor.chat, None
        if chat is not None and frame.contact_id in (0, chat.contact_id):
            if chat.phase == "ended" and chat.answered:
                kind = chat.settings.survey
            contact, contact_id = chat.contact, chat.contact_id
        else:  # another has begun since: it counts for the one that it names, where that was this visitor's
            records = conversations_of(self._core, session.inbox, session.known_as)
            record = next((one for one in records if one.id == frame.contact_id), None)
            if record is not None and record.channel == "chat" and record.closed_ns and record.answered_ns:
                kind = self._core.inbox(session, frame.client_id).survey
            contact, contact_id = (record.contact, record.id) if record is not None else ("", 0)
        if kind is None:
            raise BadFrame("no_survey", "nobody has asked", frame.client_id)
        return contact, contact_id, kind

    async def _survey(self, session: Session, visitor: Visitor, frame: frames.Survey) -> AnyServerFrame:
        """Take in how it was: once for each chat."""
        contact, contact_id, kind = self._surveyed(session, visitor, frame)
        fact = SurveyAnswered(
            id=f"answer-{contact_id}",
            contact=contact,
            contact_id=contact_id,
            kind=kind,
            score=frame.score,
            comment=forms.clean(frame.comment),
        )
        (receipt,) = await self._beginning.submit([fact], frame.client_id, "bad_score")
        if visitor.chat is not None and visitor.chat.contact_id == contact_id:
            visitor.chat.survey_open = False
        self._core.counters["surveys_answered"] += not receipt.duplicate
        visitor.wake()
        if receipt.duplicate:
            quality = self._core.engine.views.quality
            first = await asyncio.to_thread(quality.survey_answer, kind, contact_id)
            if first is not None and (first.score, first.comment) != (fact.score, fact.comment):
                raise BadFrame("answered_already", "it was answered already; the first answer counts", frame.client_id)
        return frames.Ack(seq=receipt.seq, client_id=frame.client_id)

    async def _history(self, session: Session, visitor: Visitor, frame: frames.History) -> AnyServerFrame:
        """Earlier conversations, without the one that goes on."""
        core, chat = self._core, visitor.chat
        now = chat.contact_id if chat is not None and chat.phase != "ended" else 0
        records = conversations_of(core, session.inbox, session.known_as, frame.before_id)
        records = [record for record in records if record.id != now]
        page = records[:CONVERSATIONS]
        before_id = page[-1].id if len(records) > len(page) else None
        return frames.Earlier(seq=core.seq, conversations=await past_of(core, page), before_id=before_id)
