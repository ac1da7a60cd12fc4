"""SIP without sockets or clocks (RFC 3261): octets in, messages and events out."""

from adapters.sip.protocol.address import Address
from adapters.sip.protocol.build import Headers, build_request, build_response
from adapters.sip.protocol.check import Capabilities, Refusal, check_request, check_response
from adapters.sip.protocol.dialog import Dialog, DialogId, dialog_id_of
from adapters.sip.protocol.digest import Authenticator, Verdict, authorization_for, ha1
from adapters.sip.protocol.errors import LocalProtocolError, MalformedMessage, SipError, TransactionLimitReached
from adapters.sip.protocol.events import (
    AckMissing,
    AckReceived,
    CancelReceived,
    Event,
    PrackMissing,
    RequestReceived,
    ResponseReceived,
    ResponseUnsent,
    StrayAnswer,
    TransactionTimedOut,
    TransportFailed,
)
from adapters.sip.protocol.framing import StreamFramer, is_keep_alive, parse_datagram
from adapters.sip.protocol.header_names import written_name
from adapters.sip.protocol.hop import Hop, hop_for_uri
from adapters.sip.protocol.message import MAX_MESSAGE_BYTES, CSeq, Request, Response
from adapters.sip.protocol.reason import COMPLETED_ELSEWHERE, Reason, queued_phrase, reasons_of
from adapters.sip.protocol.refer import (
    SIPFRAG,
    ReferTo,
    Replaces,
    notify_headers,
    refer_to_of,
    replaces_of,
    sipfrag,
)
from adapters.sip.protocol.reliable import RELIABLE, ReliableResponses, requires_reliable
from adapters.sip.protocol.sdp import SDP, direction_of, is_on_hold, minimal_sdp
from adapters.sip.protocol.session_timer import SessionPolicy, SessionTimer, wanted_min_se_s
from adapters.sip.protocol.session_timer import agreed as agreed_session_timer
from adapters.sip.protocol.session_timer import answer as answer_session_timer
from adapters.sip.protocol.session_timer import offer_headers as session_timer_headers
from adapters.sip.protocol.status import REASON_PHRASES
from adapters.sip.protocol.tokens import TokenSource
from adapters.sip.protocol.transaction import ClientTransaction, ServerTransaction, State, Timing
from adapters.sip.protocol.transaction_layer import TransactionLayer
from adapters.sip.protocol.uri import Uri
from adapters.sip.protocol.via import Via

__all__ = [
    "COMPLETED_ELSEWHERE",
    "MAX_MESSAGE_BYTES",
    "REASON_PHRASES",
    "RELIABLE",
    "SDP",
    "SIPFRAG",
    "AckMissing",
    "AckReceived",
    "Address",
    "Authenticator",
    "CSeq",
    "CancelReceived",
    "Capabilities",
    "ClientTransaction",
    "Dialog",
    "DialogId",
    "Event",
    "Headers",
    "Hop",
    "LocalProtocolError",
    "MalformedMessage",
    "PrackMissing",
    "Reason",
    "ReferTo",
    "Refusal",
    "ReliableResponses",
    "Replaces",
    "Request",
    "RequestReceived",
    "Response",
    "ResponseReceived",
    "ResponseUnsent",
    "ServerTransaction",
    "SessionPolicy",
    "SessionTimer",
    "SipError",
    "State",
    "StrayAnswer",
    "StreamFramer",
    "Timing",
    "TokenSource",
    "TransactionLayer",
    "TransactionLimitReached",
    "TransactionTimedOut",
    "TransportFailed",
    "Uri",
    "Verdict",
    "Via",
    "agreed_session_timer",
    "answer_session_timer",
    "authorization_for",
    "build_request",
    "build_response",
    "check_request",
    "check_response",
    "dialog_id_of",
    "direction_of",
    "ha1",
    "hop_for_uri",
    "is_keep_alive",
    "is_on_hold",
    "minimal_sdp",
    "notify_headers",
    "parse_datagram",
    "queued_phrase",
    "reasons_of",
    "refer_to_of",
    "replaces_of",
    "requires_reliable",
    "session_timer_headers",
    "sipfrag",
    "wanted_min_se_s",
    "written_name",
]
