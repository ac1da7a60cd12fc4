"""Who may sit at a desk: an agent with a password or a token of their own, or anybody where nobody needs a token."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from typing import Final

from adapters.http.callers.tokens import ANYBODY, Tokens
from adapters.http.desk.failures import FREE_OF_ADDRESS, Failures
from adapters.http.problems import Problem
from engine.model.passwords import PASSWORD_MAX, hash_password, is_password
from engine.model.scopes import Scope
from engine.ports import AgentEndpoint, EngineLink

AT_ONCE: Final = 2
"""Passwords that are checked at once: each takes a third of a second of a processor and 32 MiB."""
OPEN: Final = "open"
"""The credential of an agent without one, where the whole API is open on this machine."""
_NOBODY: Final = hash_password("", b"0123456789abcdef", log2_n=10, lanes=1)
WRONG: Final = "the name or the password is wrong"


class SignIn:
    """Checks what people sign in with."""

    def __init__(self, engine: EngineLink, tokens: Tokens) -> None:
        self._engine = engine
        self._tokens = tokens
        self.failures = Failures()
        self.of_addresses = Failures(FREE_OF_ADDRESS)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._indexed: Sequence[AgentEndpoint] = ()
        self._hashes: dict[str, str] = {}

    @property
    def refused(self) -> int:
        """Tries that were not looked at, so many had failed before."""
        return self.failures.refused + self.of_addresses.refused

    async def by_password(self, agent: str, password: str, address: str, now_ns: int) -> str:
        """Return the credential of an agent who gives this password. Raises Problem."""
        place = f"{address} {agent}"
        self._require_patience(address, place, now_ns)
        known = self._hash_of(agent)
        if known == OPEN:
            return credential_of(OPEN)
        self._fail(address, place, now_ns)  # until it is known to be right: many tries at once are many tries
        async with self._turns:
            right = await asyncio.to_thread(is_password, password[:PASSWORD_MAX], known or self._decoy())
        if not known or not right:
            raise Problem("unauthorised", WRONG)
        self._forgive(address, place)
        return credential_of(known)

    def by_token(self, token: str, address: str, now_ns: int) -> tuple[str, str]:
        """Return (agent, credential) of who gives this token. Raises Problem for one that is no single agent's."""
        place = f"{address} token"
        self._require_patience(address, place, now_ns)
        try:
            caller = self._tokens.caller(f"Bearer {token}" if self._tokens else None)
        except Problem:
            self._fail(address, place, now_ns)
            raise
        if caller is ANYBODY or caller.agent is None or not caller.may(Scope.AGENT):
            raise Problem("forbidden", "the token is of no single agent; make one with 'trunkline token new --agent'")
        self._forgive(address, place)
        return caller.agent, credential_of(self._tokens.credentials_of(caller.agent)[caller.name])

    def still(self, agent: str, credential: str) -> bool:
        """Whether what a session began with is still what the configuration says of the agent."""
        known = self._hash_of(agent)
        if known and credential == credential_of(known):
            return True
        return any(credential == credential_of(secret) for secret in self._tokens.credentials_of(agent).values())

    def knows(self, agent: str) -> bool:
        """Whether the configuration has an agent of this name. For who has proved to be, or have been, that one."""
        return agent in self._known()

    def _known(self) -> dict[str, str]:
        """The hashed passwords of all who are configured, by name."""
        endpoints = self._engine.endpoints
        if endpoints is not self._indexed:
            self._indexed, self._hashes = endpoints, {one.name: one.desk_password for one in endpoints}
        return self._hashes

    def _hash_of(self, agent: str) -> str:
        """The agent's hashed password; OPEN where none is needed; empty where the agent has none, or is nobody."""
        found = self._known().get(agent)
        return "" if found is None else found or ("" if self._tokens else OPEN)

    def _decoy(self) -> str:
        """A hash as costly as those of the others, so that a wrong name takes as long as a wrong password."""
        found = next(filter(None, self._hashes.values()), _NOBODY)
        return found[:-43] + "A" * 43

    def _require_patience(self, address: str, place: str, now_ns: int) -> None:
        wait_s = max(self.failures.wait_s(place, now_ns), self.of_addresses.wait_s(address, now_ns))
        if wait_s > 0:
            again = {"Retry-After": str(math.ceil(wait_s))}
            raise Problem(
                "too-many-requests", f"too many failed sign-ins; try again in {math.ceil(wait_s)} s", headers=again
            )

    def _fail(self, address: str, place: str, now_ns: int) -> None:
        self.failures.failed(place, now_ns)
        self.of_addresses.failed(address, now_ns)

    def _forgive(self, address: str, place: str) -> None:
        self.failures.succeeded(place)
        self.of_addresses.succeeded(address)


def credential_of(secret: str) -> str:
    """Return what a session keeps of what it began with: enough to see that it changed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:24]
