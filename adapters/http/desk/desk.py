"""The desks of one adapter: sessions, open sockets, and what keeps them apart."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from adapters.http.callers.tokens import Tokens
from adapters.http.desk.house import FilesWord, HouseItems
from adapters.http.desk.hub import DeskHub
from adapters.http.desk.presence import Presence
from adapters.http.desk.sessions import COOKIE, Session, Sessions
from adapters.http.desk.sign_in import SignIn
from adapters.http.desk.socket import DeskSocket
from adapters.http.desk.uploads import Uploads
from adapters.http.problems import Problem
from adapters.http.settings import Settings
from engine.own_key import own_key
from engine.ports import EngineLink


class Desks:
    """Who is signed in, and whose desk is open."""

    def __init__(self, settings: Settings, engine: EngineLink, tokens: Tokens, wall_ns: Callable[[], int]) -> None:
        self._settings = settings.desk
        self._time_zone = settings.time_zone
        self._engine = engine
        self._wall_ns = wall_ns
        self.sign_in = SignIn(engine, tokens)
        self.presence = Presence(engine, settings.desk.away_limit_ns, engine.folder)
        self.hub = DeskHub(engine, settings.desk.desks, self.presence)
        self._house = HouseItems(lambda: self.files)
        self._uploads: Uploads | None = None
        self._sessions: Sessions | None = None

    def start(self) -> None:
        """Read the key of the sessions and begin to watch the engine."""
        folder = self._engine.folder
        key = own_key(folder, "desk-key")
        self._uploads = Uploads(key, self._settings)
        self._sessions = Sessions(key, self._settings.idle_limit_ns, self._settings.session_limit_ns, folder)
        self.hub.start()

    async def stop(self) -> None:
        """Tell every desk that it ends, and keep whose were open."""
        self.hub.stop()
        await self.presence.kept()

    @property
    def sessions(self) -> Sessions:
        """The sessions of this adapter, once it is started."""
        assert self._sessions is not None, "the adapter is not started"
        return self._sessions

    @property
    def uploads(self) -> Uploads:
        """Files that agents send."""
        assert self._uploads is not None, "the adapter is not started"
        return self._uploads

    @property
    def files(self) -> FilesWord | None:
        """What agents may send; None: no files."""
        if self._engine.attachments is None or not self._settings.file_bytes_max:
            return None
        return FilesWord(self._settings.file_types, self._settings.file_bytes_max)

    def session_of(self, request: web.Request) -> Session:
        """Return the session of a request. Raises Problem: `not-found` where its agent is configured no more,
        `unauthorised` where nobody is signed in.
        """
        session = self._held_by(request)
        if session is None or not self.sign_in.still(session.agent, session.credential):
            if session is not None:
                self._require_known(session.agent)
            raise Problem("unauthorised", "nobody is signed in here, or the session is over: sign in at /desk")
        return session

    def require_not_gone(self, request: web.Request, agent: str) -> None:
        """Raise Problem for an agent who is configured no more, to the browser that they were signed in with.

        Its cookie proves that, so that nobody else learns which names there are, or were.
        """
        session = self._held_by(request)
        if session is not None and session.agent == agent:
            self._require_known(agent)

    def _held_by(self, request: web.Request) -> Session | None:
        return self.sessions.read(request.cookies.get(COOKIE, ""), self._wall_ns())

    def _require_known(self, agent: str) -> None:
        if not self.sign_in.knows(agent):
            raise Problem("not-found", gone(agent))

    def socket(self, session: Session) -> DeskSocket:
        """Return a new desk of the session's agent. Raises Problem when too many are open, or the agent is gone."""
        try:
            socket = DeskSocket(
                session,
                self._engine,
                self.hub,
                self._wall_ns,
                self._time_zone,
                lambda: self._why_ended(session),
                lambda ago_ns: self.sessions.touch(session, self._wall_ns() - ago_ns),
                self.uploads,
                self._house,
            )
        except KeyError:
            raise Problem("not-found", gone(session.agent)) from None
        if not self.hub.join(socket.waker):
            raise Problem("overloaded", "too many desks are open", headers={"Retry-After": "10"})
        return socket

    async def sign_out(self, session: Session) -> None:
        """End a session. Its agent goes offline with it, unless they sit at a desk of another one."""
        self.sessions.end(session, self._wall_ns())
        await asyncio.to_thread(self.sessions.keep)
        try:
            agent = self._engine.views.agent_number(session.agent)
        except KeyError:
            agent = None  # configured no more
        if agent is not None and not self.hub.is_elsewhere(agent, session.id):
            await self.presence.signed_out(agent)
        self.hub.wake_all()

    def _why_ended(self, session: Session) -> str:
        if not self.sessions.lives(session, self._wall_ns()):
            return "session_over"
        if self.sign_in.still(session.agent, session.credential):
            return ""
        return "session_over" if self.sign_in.knows(session.agent) else "unknown"


def gone(agent: str) -> str:
    """Return what who was this agent is told."""
    return f"agent {agent!r} is no longer in the configuration: ask whoever keeps it"
