"""Name-addr and addr-spec values, and that the short cuts agree with the whole grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sip.protocol import Address, MalformedMessage
from adapters.sip.protocol.address import tag_of
from adapters.sip.protocol.check import _PLAIN


@pytest.mark.parametrize(
    ("value", "name", "uri", "params"),
    [
        (
            '"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s',
            "A. G. Bell",
            "sip:agb@bell-telephone.com",
            {"tag": "a48s"},
        ),
        (
            "sip:+12125551212@server.phone2net.com;tag=887s",
            "",
            "sip:+12125551212@server.phone2net.com",
            {"tag": "887s"},
        ),
        ("Anonymous Caller <sip:c8oqz84zk7z@privacy.org>", "Anonymous Caller", "sip:c8oqz84zk7z@privacy.org", {}),
        ("<sip:a@b;lr>", "", "sip:a@b;lr", {}),
        (r'"say \"hi\\" <sip:a@b>;q="0.5;x"', 'say "hi\\', "sip:a@b", {"q": "0.5;x"}),
        (
            '<sip:a@b>;+sip.instance="<urn:uuid:1>";expires=60',
            "",
            "sip:a@b",
            {"+sip.instance": "<urn:uuid:1>", "expires": "60"},
        ),
    ],
)
def test_parsed(value: str, name: str, uri: str, params: dict[str, str]) -> None:
    address = Address.parse(value)
    assert (address.display_name, address.uri_text, address.params) == (name, uri, params)
    assert Address.parse(str(address)).display_name == name


@pytest.mark.parametrize(
    "value",
    ["", "<>", "<sip:a@b", "sip:a@b>", "a, b <sip:c@d>", "<sip:a b>", "<sip:a@b>;;", "<sip:a@b>;x=1;X=2", '"a <sip:b>'],
)
def test_malformed(value: str) -> None:
    with pytest.raises(MalformedMessage):
        Address.parse(value)


PIECES = st.sampled_from(
    [
        '"',
        "<",
        ">",
        ";tag=x",
        ";tag = y",
        ";",
        "=",
        "a",
        "sip:a@b",
        "sips:h:99999",
        " ",
        "\\",
        ",",
        ";p",
        '"q"',
        "%41",
        ":5060",
        "@",
        "?h=v",
        "tag",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_the_short_cuts_agree_with_the_grammar(value: str) -> None:
    try:
        address = Address.parse(value)
        assert address.uri is not None
    except MalformedMessage:
        # A short cut may be blind, but the check must not call it plain.
        assert _PLAIN.fullmatch(value) is None
    else:
        assert tag_of(value) == address.tag
