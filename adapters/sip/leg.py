"""One side of a call: a dialog with a peer, what was last said in it, and how it is ended."""

from typing import TYPE_CHECKING, Final

from adapters.sip.offer_answer import Origin
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    Dialog,
    Headers,
    Hop,
    LocalProtocolError,
    MalformedMessage,
    Request,
    Response,
    ServerTransaction,
    SessionTimer,
)
from adapters.sip.records import LegRecord
from engine.messages.observed import LegRecorded

if TYPE_CHECKING:
    from adapters.sip.call import Call

REFRESHING: Final = frozenset({"INVITE", "UPDATE"})


class Leg:
    """What caller legs and agent legs share. `slot` names the leg within its call, in the log."""

    def __init__(self, call: "Call", slot: str) -> None:
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
        self.session: SessionTimer | None = None
        self.refreshed_ns = 0
        self.knows_update = False
        self.bye: Headers | None = None
        """The header fields of a BYE that waits for the ACK (§15)."""
        self.closed = False
        """Whether BYE went either way, or there is nobody to send it to."""

    # --- within the dialog

    def enter(self, dialog: Dialog, flow: Hop | None) -> None:
        """Have a dialog from now on."""
        self.dialog = dialog
        self.flow = flow
        self.core.dialogs[dialog.id] = self

    def forget(self) -> None:
        """Leave the table of dialogs."""
        if self.dialog is not None and self.core.dialogs.get(self.dialog.id) is self:
            del self.core.dialogs[self.dialog.id]

    def hop(self) -> Hop:
        """Where requests go: over the connection the peer came by, or through its NAT, else where its Contact says.

        Raises LocalProtocolError.
        """
        dialog, flow = self._dialog(), self.flow
        hop = dialog.next_hop()
        if flow is not None and not dialog.route_set and flow.transport == hop.transport:
            same_host = flow.host == hop.host
            if flow.reliable:
                if not (same_host and flow.port == hop.port) and self.core.endpoint.connections.has(flow):
                    return flow
            elif not same_host:
                return flow
        return hop

    def request(
        self, method: str, context: object, *, headers: Headers = (), content_type: str = "", body: bytes = b""
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
        transaction.context = self.core.undo

    def take(self, request: Request, transaction: ServerTransaction) -> bool:
        """Take a request of the peer within the dialog; False when it was refused here."""
        refusal = self._dialog().receive_request(request)
        if refusal is None:
            return True
        self.core.endpoint.reply(transaction, refusal.status, refusal.reason, headers=refusal.headers)
        return False

    # --- the end

    def hang_up(self, headers: Headers = ()) -> None:
        """Send BYE, once; after the ACK that is still awaited."""
        if self.closed:
            return
        if not self.acknowledged:
            self.bye = headers
            return
        self.closed = True
        try:
            self.request("BYE", ByeSent(self), headers=headers)
        except LocalProtocolError:
            # Not to be reached any more: the peer's session timer ends it there.
            self.core.counters["byes_unsent"] += 1
            self.forget()

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

    def __init__(self, leg: Leg) -> None:
        self._leg = leg

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """Forget the leg."""
        if response.status >= 200:
            self._leg.forget()

    def on_failure(self, _transaction: ClientTransaction, _status: int) -> None:
        """Forget the leg."""
        self._leg.core.counters["byes_unanswered"] += 1
        self._leg.forget()
