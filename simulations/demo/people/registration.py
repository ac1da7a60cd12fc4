"""A phone's registration: asked for, proved with digest when challenged, refreshed in time."""

import asyncio
from typing import Final

import msgspec

from adapters.sip.protocol import Hop, Request, Response, authorization_for
from simulations.demo.people.user_agent import UserAgent

EXPIRES_S: Final = 120
RETRY_S: Final = 2.0


class Account(msgspec.Struct, frozen=True):
    """Whose phone it is."""

    user: str
    address: str
    """Address of record, as sip:an@127.0.0.1."""
    password: str


class Registration:
    """Keeps one phone registered; give it the responses to its requests."""

    def __init__(self, agent: UserAgent, account: Account, registrar: Hop) -> None:
        self._agent = agent
        self._account = account
        self._registrar = registrar
        self._call_id = ""
        self._tag = ""
        self._cseq = 0
        self._proved = False
        self._timer: asyncio.TimerHandle | None = None
        self.is_active = asyncio.Event()

    def start(self) -> None:
        """Ask for the first time."""
        self._call_id, self._tag = self._agent.tokens.new_tag(), self._agent.tokens.new_tag()
        self._ask()

    def stop(self) -> None:
        """Let it run out."""
        if self._timer is not None:
            self._timer.cancel()

    def on_response(self, response: Response, request: Request) -> None:
        """Learn what became of a request; a challenge is answered once."""
        if 200 <= response.status < 300:
            self._proved = False
            self.is_active.set()
            self._again(EXPIRES_S / 2)
        elif response.status in (401, 407) and not self._proved:
            secret = self._account.user, self._account.password, self._agent.tokens.new_tag()
            proof = authorization_for(response, request, *secret)
            self._proved = True
            self._ask([proof] if proof is not None else [])
        elif response.status >= 300:
            self.on_failure()

    def on_failure(self) -> None:
        """Nobody answered, or nobody wants us: try again in a while."""
        self._proved = False
        self.is_active.clear()
        self._again(RETRY_S)

    def _ask(self, proof: list[tuple[str, str]] | None = None) -> None:
        self._cseq += 1
        own = f"<{self._account.address}>"
        request = self._agent.request(
            "REGISTER",
            f"sip:{self._registrar.host}:{self._registrar.port}",
            f"{own};tag={self._tag}",
            own,
            call_id=self._call_id,
            cseq=self._cseq,
            contact=self._agent.contact(self._account.user),
            headers=[("Expires", str(EXPIRES_S)), *(proof or [])],
        )
        self._agent.send(request, self._registrar, context=request)

    def _again(self, after_s: float) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(after_s, self._ask)
