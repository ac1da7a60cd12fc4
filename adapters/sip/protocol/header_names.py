"""Header field names: compact forms, case, and how each is written out (RFC 3261 §7.3.3, IANA registry)."""

from adapters.sip.protocol.grammar import is_token

COMPACT_FORMS = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_NAMES = """
Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authorization Call-ID Call-Info Contact
Content-Disposition Content-Encoding Content-Language Content-Length Content-Type CSeq Date Diversion Error-Info
Event Expires From Geolocation History-Info Identity In-Reply-To Join Max-Forwards MIME-Version Min-Expires
Min-SE Organization P-Asserted-Identity P-Charging-Vector P-Preferred-Identity Path Priority Privacy
Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason Record-Route Refer-Sub Refer-To Referred-By
Remote-Party-ID Replaces Reply-To Require Retry-After Route RSeq Server Service-Route Session-Expires Session-ID
Subject Subscription-State Supported Timestamp To Unsupported User-Agent User-to-User Via Warning
WWW-Authenticate
"""

KNOWN_NAMES = {
    spelling: name.lower() for name in _NAMES.split() for spelling in (name, name.lower(), name.upper(), name.title())
} | {spelling: name for form, name in COMPACT_FORMS.items() for spelling in (form, form.upper())}
"""Canonical names by spelling: every name in the spellings met in practice, so that one look-up does for nearly all."""

_AS_WRITTEN = {name.lower(): name for name in _NAMES.split()}


def canonical_name(name: str) -> str:
    """Bring a header field name as sent to lower case and its long form; '' when it is no name at all."""
    trimmed = name.rstrip(" \t")
    if not is_token(trimmed):
        return ""
    lowered = trimmed.lower()
    return COMPACT_FORMS.get(lowered, lowered)


def written_name(name: str) -> str:
    """Give the usual spelling of a canonical name: `call-id` becomes `Call-ID`."""
    return _AS_WRITTEN.get(name) or name.title()
