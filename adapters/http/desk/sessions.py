"""Sessions of people: signed cookies, which need no memory of the server's but for those that were signed out."""

import logging
import secrets
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from engine.signed import NotSigned, Signed
from engine.whole_file import write_whole

logger = logging.getLogger(__name__)
COOKIE: Final = "trunkline_desk"
ENDED_MAX: Final = 10_000
"""Sessions signed out that could still be shown; beyond, the oldest is forgotten."""
SEEN_MAX: Final = 10_000
_ENDED_FILE: Final = "sessions-ended"


class Session(msgspec.Struct, frozen=True, array_like=True):
    """One sign-in of one agent."""

    id: str
    agent: str
    credential: str
    """Of what they signed in with: another password or token makes the session void."""
    began_ns: int
    seen_ns: int


class Sessions:
    """Makes and reads the cookies. `idle_ns` and `whole_ns` bound how long a session lives."""

    def __init__(self, key: bytes, idle_ns: int, whole_ns: int, folder: Path | None = None) -> None:
        self._cookies = Signed(key, "desk session", Session)
        self._idle_ns, self._whole_ns = idle_ns, whole_ns
        self._file = folder / _ENDED_FILE if folder is not None else None
        self._ended: OrderedDict[str, int] = OrderedDict(_read(self._file))
        """Until when each session that was signed out would have lived."""
        self._to_keep = b""
        """What the file of sign-outs is to hold."""
        self._keeping = Lock()
        self._seen_ns: OrderedDict[str, int] = OrderedDict()

    def begin(self, agent: str, credential: str, now_ns: int) -> Session:
        """Return a new session."""
        return Session(secrets.token_urlsafe(16), agent, credential, now_ns, now_ns)

    def cookie(self, session: Session) -> str:
        """Return what the browser keeps of the session, and of when its owner did something last."""
        return self._cookies.sign(msgspec.structs.replace(session, seen_ns=self.seen_ns(session)))

    def read(self, cookie: str, now_ns: int) -> Session | None:
        """Return the session of a cookie; None for one that is not ours, was signed out, or is too old."""
        try:
            session = self._cookies.read(cookie)
        except NotSigned:
            return None
        return session if self.lives(session, now_ns) else None

    def lives(self, session: Session, now_ns: int) -> bool:
        """Whether the session may still be used."""
        if session.id in self._ended:
            return False
        return now_ns < min(session.began_ns + self._whole_ns, self.seen_ns(session) + self._idle_ns)

    def seen_ns(self, session: Session) -> int:
        """When its owner did something last, as far as is known."""
        return max(session.seen_ns, self._seen_ns.get(session.id, 0))

    def touch(self, session: Session, at_ns: int) -> None:
        """Note that its owner did something then."""
        self._seen_ns[session.id] = max(at_ns, self.seen_ns(session))
        self._seen_ns.move_to_end(session.id)
        if len(self._seen_ns) > SEEN_MAX:
            self._seen_ns.popitem(last=False)

    def end(self, session: Session, now_ns: int) -> None:
        """Sign the session out: a copy of its cookie opens nothing any more. `keep` makes it hold over a restart."""
        self._ended[session.id] = session.began_ns + self._whole_ns
        self._ended = OrderedDict((name, until_ns) for name, until_ns in self._ended.items() if until_ns > now_ns)
        while len(self._ended) > ENDED_MAX:
            self._ended.popitem(last=False)
        self._to_keep = msgspec.msgpack.encode(dict(self._ended))

    def keep(self) -> None:
        """Write down who signed out until now. For threads: whichever writes last, writes all."""
        if self._file is None:
            return
        try:
            with self._keeping:
                write_whole(self._file, self._to_keep)
        except OSError as error:
            logger.warning("sign-outs cannot be kept in %s: %s", self._file, error)


def _read(file: Path | None) -> dict[str, int]:
    if file is None or not file.exists():
        return {}
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError) as error:
        logger.warning("sign-outs cannot be read from %s: %s", file, error)
        return {}
