"""The SIP layer's errors, by whose fault they are.

TrunklineError
  SipError
    MalformedMessage            the peer sent octets that are not SIP
    LocalProtocolError          we asked for something SIP does not allow
      TransactionLimitReached   no room for another transaction
"""

from engine.errors import TrunklineError


class SipError(TrunklineError):
    """The root of the SIP layer's errors."""


class MalformedMessage(SipError):
    """The peer's fault: the octets, or the named header field, do not follow the grammar of RFC 3261."""


class LocalProtocolError(SipError):
    """Our own fault: a value that cannot be sent, or an action the transaction's state does not allow."""


class TransactionLimitReached(LocalProtocolError):
    """The layer already holds as many transactions as its configuration admits."""
