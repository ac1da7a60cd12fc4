"""RFC 3261 §25 grammar as composed fragments, and the list and parameter splitting every header field shares.

All repetitions are possessive, so that no input makes a match backtrack: parsing time is linear in the length.
"""

import re

from adapters.sip.protocol.errors import MalformedMessage

LWS = r"[ \t]*+"
TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]++"
QUOTED = r'"(?:[^"\\]++|\\.)*+"'
# A host name may hold an underscore in practice (container names), although the grammar has none.
HOST = r"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_][A-Za-z0-9_.\-]*+)"
# A strict part: what is left out, as leading zeros, is read with care.
PORT = r"(?:6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
# Wider than gen-value of §25.1 (token, host or quoted string): bare IPv6 addresses and URIs occur in practice.
PARAM_VALUE = rf"(?:{QUOTED}|[A-Za-z0-9\-.!%*_+`'~:\[\]/@$&?]++)"
PARAM = rf"{LWS};{LWS}({TOKEN})(?:{LWS}={LWS}({PARAM_VALUE}))?"
PARAMS = rf"(?:{LWS};{LWS}{TOKEN}(?:{LWS}={LWS}{PARAM_VALUE})?)*+"

_PARAM = re.compile(PARAM, re.DOTALL)
_PARAMS = re.compile(rf"{PARAMS}{LWS}", re.DOTALL)
_TOKEN = re.compile(TOKEN)
_LIST_ITEM = re.compile(rf'(?:[^,"<]++|{QUOTED}|<[^>]*+>)*+', re.DOTALL)
_ESCAPED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def is_token(text: str) -> bool:
    """Say whether the text is a `token` of §25.1."""
    return _TOKEN.fullmatch(text) is not None


def split_list(value: str) -> list[str]:
    """Split a header field value at its commas, but not inside quotes or angle brackets.

    Raises MalformedMessage for an unclosed quote or bracket.
    """
    if "," not in value:
        return [value.strip(" \t")]
    if '"' not in value and "<" not in value:
        return [item.strip(" \t") for item in value.split(",")]
    items = []
    position = 0
    while True:
        match = _LIST_ITEM.match(value, position)
        assert match is not None, "the pattern also matches nothing"
        items.append(match.group().strip(" \t"))
        position = match.end()
        if position == len(value):
            return items
        if value[position] != ",":
            raise MalformedMessage(f"a quote or bracket is not closed at offset {position} of {value[:80]!r}")
        position += 1


def parse_params(text: str) -> dict[str, str]:
    """Parse `;name=value;flag`, already matched by PARAMS, into a mapping.

    Names are in lower case, values without quotes, a flag is ''.
    Raises MalformedMessage when a name occurs twice (§7.3.1).
    """
    params: dict[str, str] = {}
    for name, value in _PARAM.findall(text):
        key = name.lower()
        if key in params:
            raise MalformedMessage(f"the parameter {name!r} occurs twice")
        params[key] = unquote(value) if value[:1] == '"' else value
    return params


def split_params(value: str) -> tuple[str, dict[str, str]]:
    """Split `value;name=value;flag` into the value and its parameters. Raises MalformedMessage."""
    text, semicolon, rest = value.partition(";")
    params_text = semicolon + rest
    if _PARAMS.fullmatch(params_text) is None:
        raise MalformedMessage(f"{params_text[:80]!r} are no parameters")
    return text.strip(" \t"), parse_params(params_text)


def unquote(text: str) -> str:
    """Take the quotes and backslashes off a quoted string; any other text stays as it is."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return _ESCAPED_PAIR.sub(r"\1", text[1:-1])
    return text


def quote(text: str) -> str:
    """Make a quoted string of the text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def readable(text: str) -> str:
    """Replace octets that were not UTF-8 (kept as lone surrogates) by U+FFFD, for people and for other encodings."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse_number(text: str, limit: int) -> int:
    """Parse decimal digits up to the limit. Raises MalformedMessage."""
    # Twelve digits hold every scalar of RFC 3261 and keep int() off megabyte-long digit strings.
    digits = text.lstrip("0") or "0"
    if not (text.isascii() and text.isdigit()) or len(digits) > 12 or int(digits) > limit:
        raise MalformedMessage(f"{text[:40]!r} is not a number from 0 to {limit}")
    return int(digits)
