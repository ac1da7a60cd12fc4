"""Where octets come from and go to: transport, address and port."""

from typing import NamedTuple

from adapters.sip.protocol.errors import LocalProtocolError
from adapters.sip.protocol.uri import Uri
from adapters.sip.protocol.via import DEFAULT_PORT, DEFAULT_TLS_PORT, Via


class Hop(NamedTuple):
    """One neighbour. For stream transports it also names the connection."""

    transport: str
    """Lower case: udp, tcp or tls."""
    host: str
    port: int

    @property
    def reliable(self) -> bool:
        """Whether the transport retransmits by itself, so that the transaction need not (§17)."""
        return self.transport != "udp"


def hop_for_uri(uri: Uri) -> Hop:
    """Say where a request for this URI goes: `maddr` or host, port, transport (RFC 3263 §4 without DNS).

    A host name stays a name: resolving it is the connection's work. Raises LocalProtocolError for other schemes.
    """
    if not uri.is_sip:
        raise LocalProtocolError(f"no route to {str(uri)[:80]!r}: only sip and sips URIs name a host")
    transport = uri.transport
    port = uri.port or (DEFAULT_TLS_PORT if transport == "tls" else DEFAULT_PORT)
    return Hop(transport, (uri.params.get("maddr") or uri.host).strip("[]"), port)


def hop_for_response(via: Via, source: Hop) -> Hop:
    """Say where the responses to a request go (§18.2.2, RFC 3581 §4): back, on UDP to the port the Via names."""
    if source.reliable or "rport" in via.params:
        return source
    return Hop(source.transport, source.host, via.port or DEFAULT_PORT)


def hop_without_connection(via: Via, source: Hop) -> Hop | None:
    """Say where responses go when the connection of the request is gone (§18.2.2); None when there is no other way."""
    hop = Hop(source.transport, source.host, via.port or DEFAULT_PORT)
    return hop if source.reliable and hop != source else None
