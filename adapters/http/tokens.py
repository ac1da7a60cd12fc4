"""Bearer tokens: who is asking, and what they may do."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from adapters.http.problems import Problem
from adapters.http.settings import Token
from engine.model.fact_scopes import own_contacts_only
from engine.model.scopes import Scope

PREFIX: Final = "trunkline_"
_NOBODY: Final = "0" * 64


class Caller:
    """One who asks: a token's id and scopes, or everybody on this machine."""

    __slots__ = ("name", "own_only", "scopes")

    def __init__(self, name: str, scopes: frozenset[str]) -> None:
        self.name = name
        """Empty where there are no tokens."""
        self.scopes = scopes
        self.own_only = own_contacts_only(scopes)
        """Facts that it may submit only about contacts that it brought."""

    def may(self, scope: str) -> bool:
        """Whether the caller has a scope; an administrator has all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY: Final = Caller("", frozenset({Scope.ADMIN}))


class Tokens:
    """The tokens of the configuration."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = {token.id: (token.sha256, Caller(token.id, frozenset(token.scopes))) for token in tokens}

    def __bool__(self) -> bool:
        return bool(self._tokens)

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
