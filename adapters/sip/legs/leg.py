"""One side of a call: a dialog with a peer, what was last said in it, and how it is ended."""

from collections.abc import Callable
from typing import ClassVar, Final, Protocol

from adapters.sip.core import Core
from adapters.sip.legs.holds import Holds
from adapters.sip.legs.records import LegRecord
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    Dialog,
    DialogId,
    Headers,
    Hop,
    LocalProtocolError,
    MalformedMessage,
    Request,
    Response,
    ServerTransaction,
    SessionTimer,
)
from adapters.sip.protocol.offer_answer import Origin
from adapters.sip.translate import Declined, Side
from engine.messages.observed import LegRecorded

ALLOW: Final = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, MESSAGE, REFER, NOTIFY")
"""What a peer may send within a call; without it none would hold by UPDATE (RFC 3311 §4)."""


class LegOwner(Protocol):
    """What legs and offers know of their call, and tell it."""

    core: Core
    name: str
    dialogs: "dict[DialogId, Leg]"
    """Every leg of every call that has a dialog."""
    holds: Holds

    def peer_of(self, leg: "Leg") -> "Leg | None":
        """The other side of a leg, while both are connected."""

    def has(self, leg: "Leg") -> bool:
        """Whether the leg is that of the agent who has the call."""

    def free_slot(self) -> str:
        """A name for a leg that no other leg of the call has."""

    def release(self, by: Side, cause: int, then: Callable[[], None] | None = None) -> None:
        """A side has hung up, or is gone; `then` is called once that is on record."""

    def caller_acknowledged(self, body: bytes) -> None:
        """The caller has the 2xx; `body` may answer the phone's offer."""

    def agent_rings(self, body: bytes) -> None:
        """A phone rings; `body` is its early media, if the caller may hear them."""

    def offer_declined(self, agent: str, reason: Declined, cause: int) -> None:
        """No phone of the agent takes the call."""

    def answer_refused(self, agent: str) -> None:
        """The engine has no use for the agent's answer."""


class Waiting(Protocol):
    """An offer that waits until its leg is free."""

    def begin(self) -> None:
        """Send it."""

    def give_way(self) -> None:
        """It will not be sent: a later one has its place, or the leg is over."""


class OverCall:
    """The LegOwner of legs whose call is over: nobody is left to be told. The call itself is free to go at once."""

    def __init__(self, call: LegOwner) -> None:
        self.core = call.core
        self.name = call.name
        self.dialogs = call.dialogs
        self.holds = Holds()

    def peer_of(self, _leg: "Leg") -> "Leg | None":
        """Nobody."""
        return None

    def has(self, _leg: "Leg") -> bool:
        """Nobody has it."""
        return False

    def free_slot(self) -> str:
        """No leg begins any more."""
        raise TypeError(f"the call {self.name} is over")

    def release(self, _by: Side, _cause: int, then: Callable[[], None] | None = None) -> None:
        """It is on record."""
        if then is not None:
            then()

    def caller_acknowledged(self, _body: bytes) -> None:
        """The phone has its ACK."""

    def agent_rings(self, _body: bytes) -> None:
        """Too late."""

    def offer_declined(self, _agent: str, _reason: Declined, _cause: int) -> None:
        """Too late."""

    def answer_refused(self, _agent: str) -> None:
        """Its leg is ended."""


class Leg:
    """What caller legs and agent legs share. `slot` names the leg within its call, in the log."""

    chose_call_id: ClassVar[bool]
    """Whether the dialog began with an INVITE of ours."""
    agent: str = ""
    """Whose phone it is, '' for a customer's."""

    def __init__(self, call: LegOwner, slot: str) -> None:
        self.call = call
        self.core = call.core
        self.slot = slot
        self.dialog: Dialog | None = None
        self.flow: Hop | None = None
        """Where the peer's messages came from when the dialog began."""
        self.origin = Origin()
        """Of what we send to this peer."""
        self.sdp = b""
        """What the peer said last about its media."""
        self.acknowledged = False
        """Whether the INVITE that began the dialog has its ACK."""
        self.pending_in: ServerTransaction | None = None
        """An offer of the peer that is not answered yet."""
        self.pending_out: ClientTransaction | None = None
        """An offer of ours that is not answered yet."""
        self.next_out: Waiting | None = None
        """The offer that waits for its turn, the latest only."""
        self.session: SessionTimer | None = None
        self.refreshed_ns = 0
        self.knows_update = False
        self.reasons: tuple[tuple[str, str], ...] = ()
        """Why this side left, in its own words."""
        self.bye: Headers | None = None
        """The header fields of a BYE that waits for the ACK (§15)."""
        self.closed = False
        """Whether BYE went either way, or there is nobody to send it to."""
        self.in_doubt = False
        """Whether the dialog is of before a restart, and nothing has come from the peer since."""

    # --- within the dialog

    @property
    def dialog_id(self) -> DialogId:
        """Its dialog. Raises LocalProtocolError before there is one."""
        return self._dialog().id

    def enter(self, dialog: Dialog, flow: Hop | None) -> None:
        """Have a dialog from now on."""
        self.dialog = dialog
        self.flow = flow
        self.call.dialogs[dialog.id] = self

    def forget(self) -> None:
        """Leave the table of dialogs; nothing is offered any more."""
        self.wait_with(None)
        if self.dialog is not None and self.call.dialogs.get(self.dialog.id) is self:
            del self.call.dialogs[self.dialog.id]

    def hop(self) -> Hop:
        """Where requests go: over the connection the peer came by, or through its NAT, else where its Contact says.

        A connection that is gone may have been all that the Contact named; then a registration helps. Raises
        LocalProtocolError.
        """
        dialog, flow = self._dialog(), self.flow
        hop = dialog.next_hop()
        if flow is not None and not dialog.route_set and flow.transport == hop.transport:
            same_host = flow.host == hop.host
            if flow.reliable:
                if not self.core.endpoint.connections.has(flow):
                    return self.detour() or hop
                if not (same_host and flow.port == hop.port):
                    return flow
            elif not same_host:
                return flow
        return hop

    def detour(self) -> Hop | None:
        """Where else the peer can be reached whose connection is gone, if that is known."""
        return None

    def request(
        self,
        method: str,
        context: object,
        *,
        headers: Headers = (),
        content_type: str = "",
        body: bytes = b"",
    ) -> ClientTransaction:
        """Send a request within the dialog. Raises LocalProtocolError."""
        endpoint, hop = self.core.endpoint, self.hop()
        request = self._dialog().build_request(
            method, endpoint.layer.new_via(hop.transport), headers=headers, content_type=content_type, body=body
        )
        return endpoint.send(request, hop, context)

    def acknowledge(self, transaction: ClientTransaction, response: Response, body: bytes = b"") -> None:
        """Send the ACK of a 2xx to an INVITE of ours."""
        endpoint, hop = self.core.endpoint, self.hop()
        via = endpoint.layer.new_via(hop.transport)
        ack = self._dialog().build_ack(response, via, content_type=SDP if body else "", body=body)
        endpoint.acknowledge(transaction, ack, hop, response)
        # The transaction stays for half a minute, the call need not.
        transaction.context = self.core.unwanted_answers

    def take(self, request: Request, transaction: ServerTransaction) -> bool:
        """Take a request of the peer within the dialog; False when it was refused here."""
        refusal = self._dialog().receive_request(request)
        if refusal is None:
            self.in_doubt = False
            source = request.source
            if source is not None and source.reliable:
                self.flow = source  # a peer that lost its connection comes back by another one
            return True
        self.core.endpoint.reply(transaction, refusal.status, refusal.reason, headers=refusal.headers)
        return False

    def take_prack(self, _request: Request, transaction: ServerTransaction) -> None:
        """Take a PRACK of the peer: only callers' INVITEs get reliable provisional responses."""
        self.core.endpoint.reply(transaction, 481)

    @property
    def is_busy(self) -> bool:
        """Whether an offer of ours must wait: for another one, or for the ACK of the first (§14.1)."""
        return self.pending_out is not None or self.pending_in is not None or not self.acknowledged

    def wait_with(self, waiting: Waiting | None) -> None:
        """Let an offer wait for its turn; what waited before will not be sent, and is told so."""
        before, self.next_out = self.next_out, waiting
        if before is not None and before is not waiting:
            before.give_way()

    def ready(self) -> None:
        """Nothing may be open any more: begin what waits."""
        waiting, self.next_out = self.next_out, None
        if waiting is not None:
            waiting.begin()

    # --- after a restart

    def repeat_answer(self) -> bool:
        """Send an answer of before the restart again; False when there is none that may not have arrived."""
        return False

    def is_heard(self) -> None:
        """Something shows that the peer is in the call."""
        self.in_doubt = False
        self.ready()

    @property
    def comes_by_itself(self) -> bool:
        """Whether the peer made the connection that is gone, and its Contact leads nowhere else: it cannot be asked."""
        dialog, flow = self._dialog(), self.flow
        if flow is None or not flow.reliable or dialog.route_set or self.detour() is not None:
            return False
        hop = dialog.next_hop()
        return hop.transport == flow.transport and (hop.host != flow.host or hop.port == flow.port)

    # --- the end

    def hang_up(self, headers: Headers = ()) -> None:
        """Send BYE, once; after the ACK that is still awaited."""
        if self.closed:
            return
        if not self.acknowledged:
            self.bye = headers
            return
        self.closed = True
        endpoint = self.core.endpoint
        if self.pending_out is not None:
            endpoint.give_up(self.pending_out)
        try:
            self.say_bye(headers)
        except LocalProtocolError:
            self.core.counters["byes_unsent"] += 1
            self.forget()

    def say_bye(self, headers: Headers) -> None:
        """Send BYE, perhaps again. Raises LocalProtocolError when the peer cannot be reached."""
        self.request("BYE", ByeSent(self, headers), headers=headers)

    def left(self, cause: int, confirm: Callable[[], None]) -> None:
        """The peer hangs up; `confirm` tells it so, once that is on record."""
        raise TypeError("only legs of a kind are left")

    def close(self) -> None:
        """The peer has hung up, or is gone."""
        self.closed = True
        self.forget()

    # --- for a restart

    def record(self) -> LegRecord:
        """What is needed to go on after a restart."""
        raise TypeError("only legs of a kind are recorded")

    def recorded(self) -> LegRecorded:
        """The same as a fact."""
        return LegRecorded(contact=self.call.name, leg=self.slot, record=self.record().encode())

    def renewed(self, message: Request | Response) -> None:
        """Note what a peer's INVITE, UPDATE or 2xx says about its media and itself."""
        if message.body and message.content_type == SDP:
            self.sdp = message.body
        try:
            if "allow" in message.fields:
                self.knows_update = "update" in message.get_tokens("allow")
        except MalformedMessage:
            self.knows_update = False
        self.refreshed_ns = self.core.endpoint.now_ns()

    def _dialog(self) -> Dialog:
        if self.dialog is None:
            raise LocalProtocolError("there is no dialog yet")
        return self.dialog


class ByeSent:
    """A BYE under way: whatever comes of it, the leg is over."""

    def __init__(self, leg: Leg, headers: Headers) -> None:
        self._leg = leg
        self._headers = headers

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """Forget the leg. Another phone at the address of a peer that is away does not know the dialog."""
        leg = self._leg
        if response.status >= 200:
            leg.forget()
            if response.status < 300 or leg.agent:
                leg.core.farewells.arrived(leg)

    def on_failure(self, transaction: ClientTransaction, _status: int) -> None:
        """Forget the leg; over a connection the peer was not reached, and is told when it is back."""
        leg = self._leg
        leg.forget()
        if transaction.hop.reliable:
            leg.core.farewells.keep(leg, self._headers, leg.core.endpoint.now_ns())
        else:
            leg.core.counters["byes_unanswered"] += 1
