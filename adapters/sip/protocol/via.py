"""The Via header field: where a request came from, and so where its responses go (RFC 3261 §20.42, RFC 3581)."""

import re

import msgspec

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import HOST, LWS, PARAMS, PORT, TOKEN, parse_params

MAGIC_COOKIE = "z9hG4bK"
"""Begins every branch that is unique for its transaction (§8.1.1.7)."""

DEFAULT_PORT = 5060
DEFAULT_TLS_PORT = 5061

_VIA = re.compile(
    rf"{LWS}SIP{LWS}/{LWS}{TOKEN}{LWS}/{LWS}({TOKEN})[ \t]++({HOST})(?:{LWS}:{LWS}([0-9]{{1,5}}))?({PARAMS}){LWS}",
    re.DOTALL | re.IGNORECASE,
)
# What nearly every Via of UDP and TCP looks like: a strict part of the grammar.
_PLAIN = re.compile(rf"SIP/2\.0/(UDP|TCP) ({HOST})(?::({PORT}))?+(;rport)?+;branch=([A-Za-z0-9\-.]++)(;rport)?+")
_RPORT = re.compile(r";[ \t]*rport[ \t]*(?==|;|$)(=[0-9]*)?", re.IGNORECASE)
_RECEIVED = re.compile(r";[ \t]*received[ \t]*=[ \t]*[^;, \t]*", re.IGNORECASE)


class Via(msgspec.Struct, frozen=True):
    """One Via value."""

    transport: str
    """Upper case: UDP, TCP, TLS, ..."""
    host: str
    port: int
    """0 when absent."""
    params: dict[str, str]
    """The parameters: names in lower case, values without quotes, a flag as ''."""
    branch: str
    """'' when absent, as RFC 2543 senders have it."""

    @classmethod
    def parse(cls, value: str) -> "Via":
        """Parse one Via value. Raises MalformedMessage."""
        plain = _PLAIN.fullmatch(value)
        if plain is not None:
            transport, host, port, before, branch, after = plain.groups()
            if not (before and after):
                params = {"rport": "", "branch": branch} if before or after else {"branch": branch}
                return cls(transport, host, int(port) if port else 0, params, branch)
        match = _VIA.fullmatch(value)
        if match is None:
            raise MalformedMessage(f"Via: {value[:80]!r} does not follow the grammar")
        transport, host, port, params_text = match.groups()
        number = int(port) if port else 0
        if number > 65535:
            raise MalformedMessage(f"Via: port {port} is above 65535")
        params = parse_params(params_text)
        return cls(transport.upper(), host, number, params, params.get("branch", ""))

    @property
    def is_unique(self) -> bool:
        """Whether the branch alone names the transaction: the cookie, and something after it."""
        return self.branch[:7].lower() == "z9hg4bk" and len(self.branch) > len(MAGIC_COOKIE)

    @property
    def sent_by(self) -> str:
        """Host and port, the default port filled in."""
        default = DEFAULT_TLS_PORT if self.transport == "TLS" else DEFAULT_PORT
        return f"{self.host.lower()}:{self.port or default}"


def with_source(value: str, via: Via, host: str, port: int) -> str:
    """Add `received` and fill in `rport` where the request came from another address than it says.

    `value` is the text of the top Via value, `via` the same parsed (§18.2.1, RFC 3581 §4).
    """
    if value.endswith(";rport") and "received" not in value.lower():
        return f"{value}={port};received={host}"
    wants_port = "rport" in via.params
    if not wants_port and via.host == host:
        return value
    value = _RECEIVED.sub("", value)
    if wants_port:
        value = _RPORT.sub(f";rport={port}", value, count=1)
    return f"{value};received={host}"
