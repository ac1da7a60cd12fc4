"""Name-addr and addr-spec values: From, To, Contact, Route, Record-Route, Refer-To (RFC 3261 §20.10)."""

import re
from functools import cached_property, lru_cache

import msgspec

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import LWS, PARAMS, QUOTED, TOKEN, parse_params, quote, readable, unquote
from adapters.sip.protocol.uri import CACHED_LENGTH, Uri

# An addr-spec without brackets ends at the first `;`, `,` or `?`: what follows belongs to the header field (§20).
_ADDRESS = re.compile(
    rf"{LWS}(?:({QUOTED}|(?:{TOKEN}{LWS})*+){LWS}<([^<>\"\s]++)>|([^<>\"\s;,?]++))({PARAMS}){LWS}", re.DOTALL
)
_TAG = re.compile(rf";{LWS}tag{LWS}={LWS}({TOKEN}){LWS}(?:;|$)", re.IGNORECASE)


class Address(msgspec.Struct, frozen=True, dict=True):
    """One address: an optional display name, a URI and the header field's own parameters."""

    display_name: str
    """Without quotes; octets that were not UTF-8 are replaced."""
    uri_text: str
    """The URI as sent, without brackets."""
    params_text: str = ""
    """`;name=value...` of the header field, as sent."""
    params: dict[str, str] = {}
    """The same parsed: names in lower case, values without quotes, a flag as ''."""

    @classmethod
    def parse(cls, value: str) -> "Address":
        """Parse one address. Raises MalformedMessage."""
        return _parse_cached(value) if len(value) <= CACHED_LENGTH else cls._parse(value)

    @classmethod
    def _parse(cls, value: str) -> "Address":
        match = _ADDRESS.fullmatch(value)
        if match is None:
            raise MalformedMessage(f"{value[:80]!r} is not an address")
        name, bracketed, bare, params = match.groups()
        display_name = readable(unquote(name.strip(" \t"))) if name else ""
        return cls(display_name, bracketed or bare, params, parse_params(params) if params else {})

    @cached_property
    def uri(self) -> Uri:
        """The parsed URI. Raises MalformedMessage."""
        return Uri.parse(self.uri_text)

    @property
    def tag(self) -> str:
        """The tag, '' when absent."""
        return self.params.get("tag", "")

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri_text}>{self.params_text}"


@lru_cache(maxsize=1024)
def _parse_cached(value: str) -> Address:
    """One address is asked for in several places, and phones have the same one in every call."""
    return Address._parse(value)


def tag_of(value: str) -> str:
    """Find the tag of a From or To value without parsing all of it; '' when absent. Raises MalformedMessage."""
    params = value.rpartition(">")[2]
    if params[:5] == ";tag=" and params.isascii() and params[5:].isalnum():
        return params[5:]
    if '"' in params or "\\" in params:
        # A quoted parameter may hold anything, brackets and `;tag=` included.
        return Address.parse(value).tag
    if ";" not in params:
        return ""
    match = _TAG.search(params)
    if match is None and "tag" in params.lower():
        return Address.parse(value).tag
    return match.group(1) if match else ""
