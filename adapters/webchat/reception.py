"""Who a visitor is, and what a page is told first: sessions, signed identities, the state to begin with."""

import secrets
from typing import Final

import msgspec

from adapters.webchat import frames
from adapters.webchat.chats import Chat, Visitor
from adapters.webchat.core import Core
from adapters.webchat.frames import BadFrame
from adapters.webchat.lines import conversations_of, read_marks
from adapters.webchat.settings import SECOND_NS, Inbox
from adapters.webchat.surveys import Surveys
from adapters.webchat.tokens import Identity, Session, read_identity
from adapters.webchat.told import State
from engine.signed import NotSigned

REMEMBERED_S: Final = 3600
"""So long after its end a chat is shown, and asked about, to who comes back."""
NOBODY: Final = Identity("")
"""Whom no site has named."""


class Reception:
    """Lets visitors in. Raises BadFrame for those who may not: nothing was changed then."""

    def __init__(self, core: Core, surveys: Surveys) -> None:
        self._core = core
        self._surveys = surveys

    def session_of(self, hello: frames.Hello, address: str) -> Session:
        """The session that a hello begins or goes on with."""
        core = self._core
        inbox = core.inbox_called(hello.inbox)
        before = self.known_session(hello.session, hello.inbox) if hello.session else None
        signed_in = before.customer if before is not None else ""
        identity = self._identity(inbox, hello, signed_in) if hello.jwt else NOBODY
        if inbox.require_identity and not identity.customer:
            raise BadFrame("identity_required", "this inbox serves only visitors whom its site has signed in")
        if signed_in != identity.customer and signed_in:
            before = None  # the site signed that one out, or somebody else uses this browser now
        if before is None:
            wait_s = core.limits.sessions.take(address, core.monotonic_ns())
            if wait_s:
                raise BadFrame("slow_down", "too many sessions from your address", retry_after_s=int(wait_s) + 1)
            core.counters["sessions"] += 1
        visitor = before.visitor if before is not None else secrets.token_hex(16)
        expires_s = core.now_s + core.settings.session_lifetime_ns // SECOND_NS
        return Session(visitor, hello.inbox, expires_s, identity.customer, identity.name)

    def _identity(self, inbox: Inbox, hello: frames.Hello, signed_in: str) -> Identity:
        """Whom the site says that it is; who is `signed_in` already may go on with an identity that was good then."""
        core = self._core
        if not inbox.identity_secret:
            raise BadFrame("bad_identity", f"the inbox '{hello.inbox}' takes no signed identities")
        try:
            return read_identity(hello.jwt, inbox.identity_secret, hello.inbox, core.now_s, signed_in)
        except NotSigned as error:
            core.counters["identities_refused"] += 1
            raise BadFrame("bad_identity", str(error)) from None

    def known_session(self, token: str, inbox: str) -> Session | None:
        """The session of a token; None for one that is not good (any more) at this inbox."""
        try:
            session = self._core.signer.read(token, Session, self._core.now_s)
        except NotSigned:
            self._core.counters["sessions_refused"] += 1
            return None
        if session.inbox != inbox:
            self._core.counters["sessions_refused"] += 1
            return None
        return session

    def visitor_of(self, session: Session) -> Visitor:
        """Who it is; one who was signed in meanwhile keeps the chat that was begun before."""
        visitors = self._core.visitors
        visitor = visitors.at(session.inbox, session.known_as)
        before = visitors.find(session.inbox, f"visitor-{session.visitor}") if session.customer else None
        if before is not None and before.chat is not None and (visitor.chat is None or visitor.chat.phase == "ended"):
            before.chat.known_as = session.known_as
            visitor.chat, before.chat = before.chat, None
            visitors.let_go(before)
        return visitor

    def welcome(self, session: Session, visitor: Visitor, left: int = 0) -> frames.Welcome:
        """What a client is told first; `left` as of its hello."""
        core = self._core
        records = conversations_of(core, session.inbox, session.known_as)
        state = self.state_of(visitor, left)
        return frames.Welcome(
            seq=core.seq,
            session=core.signer.sign(session),
            open=state.open,
            state=state,
            has_history=any(record.id != state.contact_id for record in records),
            named=bool(session.shown_name),
            now_ms=core.now_ms,
        )

    async def recall(self, session: Session) -> None:
        """Bring the visitor's chat back where it ended before a restart, or long ago.

        Whether its visitor is asked how it was is known before any welcome: who answers that already goes on with it.
        """
        core, known = self._core, self._core.visitors.find(session.inbox, session.known_as)
        latest = next(iter(conversations_of(core, session.inbox, session.known_as)), None)
        if (known is not None and known.chat is not None) or latest is None:
            return
        age_s = core.now_s - latest.closed_ns // SECOND_NS
        if latest.channel != "chat" or not latest.closed_ns or age_s >= REMEMBERED_S:
            return
        chat = Chat(latest.contact, latest.id, session.inbox, core.inbox(session), session.known_as)
        chat.answered = bool(latest.answered_ns)
        chat.read_seq, chat.agent_read_seq = read_marks(core, latest.id)
        chat.end(latest.ended_by or latest.exit)
        await self._surveys.judge(chat)
        visitor = core.visitors.at(session.inbox, session.known_as)
        if visitor.chat is None:
            visitor.chat = chat
        core.visitors.let_go(visitor)

    def state_of(self, visitor: Visitor, left: int = 0) -> State:
        """Where the visitor's chat is; nowhere, where it is over and `left`."""
        asked = self._core.settings.inboxes.get(visitor.key[0])
        notices = self._core.notices(asked) if asked is not None else []
        is_open = asked is not None and self._core.is_open(asked)
        chat = visitor.chat
        if chat is None or chat.is_left(left):
            return State(notices=notices, open=is_open)
        state = msgspec.structs.replace(chat.state(), notices=notices, open=is_open)
        if chat.phase == "connected":
            limit_s, ends_ms = self._core.idle_limit_s(chat.queue), self._core.idle_ends_ms(chat.contact)
            state = msgspec.structs.replace(state, idle_limit_s=limit_s, idle_ends_ms=ends_ms)
        if state.survey and visitor.watchers:
            self._surveys.ask(chat)
        return state
