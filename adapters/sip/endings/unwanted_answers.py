"""Answers nobody wants: a 2xx that crossed our CANCEL, came from a second fork, or is left from before a restart."""

from collections import Counter

from adapters.sip.protocol import ClientTransaction, Dialog, LocalProtocolError, MalformedMessage, Response
from adapters.sip.transport.endpoint import SipEndpoint


class UnwantedAnswers:
    """Acknowledges such answers and hangs up; the context of every INVITE of ours that has its answer."""

    def __init__(self, endpoint: SipEndpoint, counters: Counter[str]) -> None:
        self._endpoint = endpoint
        self._counters = counters

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """A second phone has answered the same INVITE."""
        if 200 <= response.status < 300:
            self.answer(response)

    def on_failure(self, _transaction: ClientTransaction, _status: int) -> None:
        """It is over, as it should be."""

    def acknowledge(self, response: Response) -> Dialog:
        """Send the ACK of a 2xx outside its transaction. Raises MalformedMessage and LocalProtocolError."""
        endpoint = self._endpoint
        transport = response.source.transport if response.source is not None else "udp"
        dialog = Dialog.from_response(response, endpoint.contact(transport))
        hop = dialog.next_hop()
        endpoint.send_once(dialog.build_ack(response, endpoint.layer.new_via(hop.transport)), hop)
        return dialog

    def answer(self, response: Response, *, once: bool = False) -> None:
        """Acknowledge and hang up. Each repetition is treated so again: the first BYE may have been lost.

        `once`: the BYE is not repeated by itself, so that whoever made the answer up gets no more than was sent.
        """
        try:
            dialog = self.acknowledge(response)
            hop = dialog.next_hop()
            bye = dialog.build_request("BYE", self._endpoint.layer.new_via(hop.transport))
            if once:
                self._endpoint.send_once(bye, hop)
            else:
                self._endpoint.send(bye, hop)
        except (MalformedMessage, LocalProtocolError):
            self._counters["bad_answers"] += 1
        else:
            self._counters["answers_undone"] += 1
