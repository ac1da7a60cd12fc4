"""Bearer tokens: who is asking, and what they may do."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from adapters.http.problems import Problem
from adapters.http.settings import Token
from engine.messages.observed import AgentReachabilityChanged, Fact, MessageSent, MessagesRead
from engine.model.fact_scopes import SCOPE_OF_FACT, own_contacts_only
from engine.model.scopes import Scope
from engine.projections.views import Views

PREFIX: Final = "trunkline_"
OF_AGENTS: Final = frozenset(
    {AgentReachabilityChanged, *(shape for shape, scope in SCOPE_OF_FACT.items() if scope == Scope.AGENT)}
)
"""Facts by which somebody acts as an agent."""
_NOBODY: Final = "0" * 64


class Caller:
    """One who asks: a token's id and scopes, or everybody on this machine."""

    __slots__ = ("agent", "kiosk", "kiosk_board", "name", "own_only", "scopes")

    def __init__(
        self, name: str, scopes: frozenset[str], agent: str | None = None, kiosk: str = "", kiosk_board: str = ""
    ) -> None:
        self.name = name
        """Empty where there are no tokens."""
        self.scopes = scopes
        self.own_only = own_contacts_only(scopes)
        """Facts that it may submit only about contacts that it brought."""
        self.agent = agent
        """The only agent whom it acts as; None: any."""
        self.kiosk = kiosk
        """Id of the screen that it is, which sees boards alone; empty: it is none."""
        self.kiosk_board = kiosk_board
        """The only board that it sees."""

    def may(self, scope: str) -> bool:
        """Whether the caller has a scope; an administrator has all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require_own_agent(self, fact: Fact, views: Views) -> None:
        """Raise Problem for a fact of another agent, where the caller acts as one alone."""
        if self.agent is None or type(fact) not in OF_AGENTS:
            return
        if isinstance(fact, MessageSent | MessagesRead):
            self._require_own_side(fact, views)
        agent: str = getattr(fact, "agent", "") or _agent_with(getattr(fact, "contact", ""), views)
        if agent != self.agent:
            tag, whose = fact.__struct_config__.tag, f"of agent {agent!r}" if agent else "of no agent"
            raise Problem("forbidden", f"the token '{self.name}' acts as {self.agent!r} alone; '{tag}' is {whose}")

    def _require_own_side(self, fact: MessageSent | MessagesRead, views: Views) -> None:
        """Raise Problem where one who acts as an agent would speak for another side, or in another one's talk."""
        if fact.by != "agent":
            raise Problem(
                "forbidden", f"the token '{self.name}' acts as {self.agent!r}; it does not speak as {fact.by}"
            )
        if _agent_with(fact.contact, views) != self.agent:
            raise Problem("forbidden", f"agent {self.agent!r} is not connected with contact {fact.contact!r}")


def _agent_with(contact: str, views: Views) -> str:
    """Who serves a contact; empty: nobody that is known."""
    try:
        return views.contacts.find(contact).contact.agent
    except KeyError:
        return ""


ANYBODY: Final = Caller("", frozenset({Scope.ADMIN}))


class Tokens:
    """The tokens of the configuration."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens: dict[str, tuple[str, Caller]] = {}
        self.follow(tokens)

    def follow(self, tokens: Iterable[Token]) -> None:
        """Know these tokens from now on, and no others."""
        self._tokens = {
            token.id: (token.sha256, Caller(token.id, frozenset(token.scopes), token.agent)) for token in tokens
        }

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def credentials_of(self, agent: str) -> dict[str, str]:
        """What tells apart each token that acts as this agent alone, by its id."""
        return {name: f"token {name} {digest}" for name, (digest, one) in self._tokens.items() if one.agent == agent}

    def caller(self, authorization: str | None) -> Caller:
        """Return who sends this Authorization header. Raises Problem for a missing or wrong token."""
        if not self._tokens:
            return ANYBODY
        challenge = {"WWW-Authenticate": 'Bearer realm="trunkline"'}
        if not authorization:
            raise Problem("unauthorised", "this address needs a bearer token", headers=challenge)
        scheme, _, token = authorization.partition(" ")
        token_id, _, secret = token.strip().removeprefix(PREFIX).partition("_")
        digest, caller = self._tokens.get(token_id, (_NOBODY, ANYBODY))
        given = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
        right = hmac.compare_digest(given, digest)
        if not (right and scheme.lower() == "bearer" and token.strip().startswith(PREFIX)):
            challenge["WWW-Authenticate"] += ', error="invalid_token"'
            raise Problem("unauthorised", "the bearer token is not one of the configuration's", headers=challenge)
        return caller
