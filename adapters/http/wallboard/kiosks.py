"""Tickets for screens on walls: they live long, read boards alone, and can be taken back one by one."""

import json
import logging
import secrets
from pathlib import Path
from typing import Final

import msgspec

from adapters.http.callers.tokens import Caller
from adapters.http.problems import Problem
from engine.model.scopes import Scope
from engine.own_key import own_key
from engine.signed import Signature
from engine.whole_file import write_whole

logger = logging.getLogger(__name__)
PREFIX: Final = "kiosk_"
KEY: Final = "kiosk.key"
LIST: Final = "kiosks.json"
KIOSKS_MAX: Final = 200
NS: Final = 1_000_000_000


class Kiosk(msgspec.Struct, frozen=True):
    """One screen that was let in."""

    id: str
    name: str
    """Where it hangs."""
    board: str
    issued_by: str
    issued_ns: int
    expires_ns: int


class Kiosks:
    """The screens that may read. What is signed with another key, is not on the list or is too old is void.

    Key and list lie in the adapter's folder; whoever loses it has taken back every ticket.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._signature = Signature(own_key(folder, KEY))
        self._kiosks = self._read_list()

    def all(self) -> list[Kiosk]:
        """The screens, those let in last first."""
        return sorted(self._kiosks.values(), key=lambda kiosk: kiosk.issued_ns, reverse=True)

    def issue(self, name: str, board: str, by: str, now_ns: int, lives_ns: int) -> tuple[Kiosk, str]:
        """Let a screen in; returns it with its ticket, which is told this once. Raises Problem."""
        self._kiosks = {each.id: each for each in self._kiosks.values() if each.expires_ns > now_ns}
        if len(self._kiosks) >= KIOSKS_MAX:
            raise Problem("conflict", f"there are {KIOSKS_MAX} kiosks; take one back first")
        kiosk = Kiosk(secrets.token_hex(6), name, board, by, now_ns, now_ns + lives_ns)
        self._kiosks[kiosk.id] = kiosk
        self._keep()
        return kiosk, f"{PREFIX}{kiosk.id}_{self._signature.of(_signed(kiosk))}"

    def revoke(self, kiosk_id: str) -> Kiosk:
        """Take a ticket back. Raises Problem where there is no such kiosk."""
        kiosk = self._kiosks.pop(kiosk_id, None)
        if kiosk is None:
            raise Problem("not-found", f"there is no kiosk {kiosk_id[:40]!r}")
        self._keep()
        return kiosk

    def caller(self, ticket: str, now_ns: int) -> Caller:
        """Return who shows this ticket. Raises Problem."""
        kiosk_id, _, signature = ticket.removeprefix(PREFIX).partition("_")
        kiosk = self._kiosks.get(kiosk_id)
        right = kiosk is not None and self._signature.made(_signed(kiosk), signature)
        if kiosk is None or not right or now_ns > kiosk.expires_ns:
            raise Problem("unauthorised", "the kiosk's ticket was taken back, is too old, or never was")
        return Caller(f"kiosk-{kiosk.id}", frozenset({Scope.READ}), kiosk=kiosk.id, kiosk_board=kiosk.board)

    def stands(self, kiosk_id: str, now_ns: int) -> bool:
        """Whether a kiosk may still read."""
        kiosk = self._kiosks.get(kiosk_id)
        return kiosk is not None and now_ns <= kiosk.expires_ns

    def _read_list(self) -> dict[str, Kiosk]:
        if self._folder is None or not (self._folder / LIST).exists():
            return {}
        try:
            listed = msgspec.json.decode((self._folder / LIST).read_bytes(), type=list[Kiosk])
        except (OSError, msgspec.DecodeError) as error:
            logger.warning("the kiosks in %s cannot be read, all tickets are void: %s", self._folder / LIST, error)
            return {}
        return {kiosk.id: kiosk for kiosk in listed}

    def _keep(self) -> None:
        if self._folder is None:
            return
        try:
            listed = msgspec.to_builtins(list(self._kiosks.values()))
            write_whole(self._folder / LIST, json.dumps(listed, indent=1).encode())
        except OSError as error:
            logger.warning("the kiosks cannot be kept in %s: %s", self._folder, error)
            raise Problem("internal", f"the list of kiosks cannot be written: {error.strerror}") from None


def _signed(kiosk: Kiosk) -> bytes:
    """All that a ticket stands for: none is good for another board, or for longer, than it was issued for."""
    return msgspec.msgpack.encode(kiosk)
