"""Digest authentication: RFC vectors, nonces without memory, and replays."""

import pytest

from adapters.sip.protocol import (
    Authenticator,
    LocalProtocolError,
    Request,
    Response,
    authorization_for,
    build_response,
    ha1,
    parse_datagram,
)
from adapters.sip.protocol.digest import _response, parse_digest
from tests.sip.protocol.support import SECOND, received, request_octets

REALM = "example.com"
SECRET = b"a secret of the server"


def stored(user: str, algorithm: str) -> str | None:
    return ha1("ann", REALM, "opensesame", algorithm) if user == "ann" else None


def challenge(authenticator: Authenticator, request: Request, now_ns: int = 0) -> Response:
    response = build_response(request, 401, headers=authenticator.challenges(now_ns))
    parsed = parse_datagram(response.raw)
    assert isinstance(parsed, Response)
    return parsed


def answer(
    response: Response, *, user: str = "ann", password: str = "opensesame", count: int = 1, method: str = "INVITE"
) -> Request:
    request = received(request_octets(method))
    header = authorization_for(response, request, user, password, "cn", count)
    assert header is not None
    return received(request_octets(method, extra=f"{header[0]}: {header[1]}\r\n"))


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_vectors_of_rfc_7616(algorithm: str, expected: str) -> None:
    fields = {
        "uri": "/dir/index.html",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }
    secret = ha1("Mufasa", "http-auth@example.org", "Circle of Life", algorithm)
    assert _response(fields, secret, "GET", algorithm) == expected


@pytest.mark.parametrize("algorithms", [("SHA-256", "MD5"), ("MD5",)])
def test_the_right_password_is_accepted(algorithms: tuple[str, ...]) -> None:
    authenticator = Authenticator(REALM, SECRET, algorithms=algorithms)
    response = challenge(authenticator, received(request_octets()))
    assert len(response.fields["www-authenticate"]) == len(algorithms)
    verdict = authenticator.verify(answer(response), stored, SECOND)
    assert (verdict.outcome, verdict.username) == ("accepted", "ann")
    assert f"algorithm={algorithms[0]}" in answer(response).get("authorization")


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("bob", "opensesame")])
def test_the_wrong_user_or_password_is_rejected(user: str, password: str) -> None:
    authenticator = Authenticator(REALM, SECRET)
    response = challenge(authenticator, received(request_octets()))
    assert authenticator.verify(answer(response, user=user, password=password), stored, 0).outcome == "rejected"


def test_credentials_of_another_request_are_rejected() -> None:
    authenticator = Authenticator(REALM, SECRET)
    header = answer(challenge(authenticator, received(request_octets()))).get("authorization")
    other_method = received(request_octets("BYE", extra=f"Authorization: {header}\r\n"))
    assert authenticator.verify(other_method, stored, 0).outcome == "rejected"
    other_uri = received(
        request_octets(extra=f"Authorization: {header}\r\n").replace(b"sip:queue@192.0.2.2 SIP", b"sip:x@192.0.2.2 SIP")
    )
    assert authenticator.verify(other_uri, stored, 0).outcome == "rejected"


def test_a_count_is_used_once_but_may_be_overtaken() -> None:
    authenticator = Authenticator(REALM, SECRET)
    response = challenge(authenticator, received(request_octets()))
    outcomes = [
        authenticator.verify(answer(response, count=count), stored, 0).outcome for count in (1, 3, 2, 2, 3, 1, 200, 100)
    ]
    assert outcomes == ["accepted"] * 3 + ["stale"] * 3 + ["accepted", "stale"]


def test_an_old_or_foreign_nonce_is_stale() -> None:
    authenticator = Authenticator(REALM, SECRET, nonce_lifetime_ns=10 * SECOND)
    response = challenge(authenticator, received(request_octets()), 5 * SECOND)
    assert authenticator.verify(answer(response), stored, 16 * SECOND).outcome == "stale"
    assert authenticator.verify(answer(response), stored, 4 * SECOND).outcome == "stale"
    assert authenticator.verify(answer(response), stored, 15 * SECOND).outcome == "accepted"
    foreign = Authenticator(REALM, b"another secret")
    assert foreign.verify(answer(response), stored, 6 * SECOND).outcome == "stale"
    assert "stale=true" in authenticator.challenges(0, stale=True)[0][1]


def test_a_nonce_survives_a_restart() -> None:
    response = challenge(Authenticator(REALM, SECRET), received(request_octets()))
    assert Authenticator(REALM, SECRET).verify(answer(response), stored, SECOND).outcome == "accepted"


def test_what_is_forgotten_is_not_taken_again() -> None:
    authenticator = Authenticator(REALM, SECRET, max_nonces=2)
    responses = [challenge(authenticator, received(request_octets()), now_ns) for now_ns in range(3)]
    for response in responses:
        assert authenticator.verify(answer(response), stored, SECOND).outcome == "accepted"
    assert authenticator.verify(answer(responses[0]), stored, SECOND).outcome == "stale"
    assert authenticator.verify(answer(responses[0], count=2), stored, SECOND).outcome == "stale"
    assert authenticator.verify(answer(responses[2], count=2), stored, SECOND).outcome == "accepted"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic YTpi",
        "Digest",
        'Digest realm="other"',
        f'Digest realm="{REALM}", username="ann"',
        f'Digest realm="{REALM}", username="ann", qop=auth, algorithm=SHA-512',
        f'Digest realm="{REALM}", realm="{REALM}"',
        'Digest realm="unclosed',
        f'Digest realm="{REALM}", qop=auth, novalue',
    ],
)
def test_useless_credentials_count_as_missing(value: str) -> None:
    request = received(request_octets(extra=f"Authorization: {value}\r\n"))
    assert Authenticator(REALM, SECRET).verify(request, stored, 0).outcome == "missing"


@pytest.mark.parametrize("nc", ["", "1", "zzzzzzzz", "00000000", "-0000001"])
def test_a_bad_count_is_stale(nc: str) -> None:
    authenticator = Authenticator(REALM, SECRET)
    fields = parse_digest(challenge(authenticator, received(request_octets())).get("www-authenticate"))
    assert fields is not None
    given = {"nonce": fields["nonce"], "nc": nc, "cnonce": "c", "uri": "sip:queue@192.0.2.2"}
    proof = _response(given, ha1("ann", REALM, "opensesame", "SHA-256"), "INVITE", "SHA-256")
    value = (
        f'Digest username="ann", realm="{REALM}", nonce="{fields["nonce"]}", uri="sip:queue@192.0.2.2", '
        f'cnonce="c", qop=auth, nc={nc}, response="{proof}", algorithm=SHA-256'
    )
    assert (
        authenticator.verify(received(request_octets(extra=f"Authorization: {value}\r\n")), stored, 0).outcome
        == "stale"
    )


def test_the_proxy_header_fields() -> None:
    authenticator = Authenticator(REALM, SECRET)
    ((name, value), _) = authenticator.challenges(0, proxy=True)
    assert name == "Proxy-Authenticate"
    response = build_response(received(request_octets()), 407, headers=[(name, value)])
    header = authorization_for(response, received(request_octets()), "ann", "opensesame", "cn")
    assert header is not None
    assert header[0] == "Proxy-Authorization"
    request = received(request_octets(extra=f"{header[0]}: {header[1]}\r\n"))
    assert authenticator.verify(request, stored, 0, proxy=True).outcome == "accepted"


@pytest.mark.parametrize(
    "value",
    [
        "Basic realm=x",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", qop="auth", algorithm=X',
    ],
)
def test_a_challenge_we_cannot_answer(value: str) -> None:
    request = received(request_octets())
    response = build_response(request, 401, headers=[("WWW-Authenticate", value)])
    assert authorization_for(response, request, "ann", "x", "cn") is None


def test_unknown_algorithms_are_our_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="SHA-1"):
        Authenticator(REALM, SECRET, algorithms=("SHA-1",))
