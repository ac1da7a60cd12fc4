"""The adapter's section of the configuration: what it takes, and what it says to the rest."""

import pytest
from pydantic import ValidationError

from adapters.sip.settings import Settings, parse_source


def test_the_least_is_enough() -> None:
    settings = Settings.model_validate({})
    assert (settings.host, settings.port, settings.own_host) == ("127.0.0.1", 5060, "127.0.0.1")


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"host": "0.0.0.0"}, "'advertise' must say"),
        ({"udp": False, "tcp": False}, "one transport is needed"),
        ({"trunks": [{"group": "main", "sources": ["nowhere"]}]}, "'nowhere' is no address"),
        ({"callers_from": ["192.0.2.0/99"]}, "is no address"),
        ({"session_interval": "89s"}, "out of range"),
        ({"session_interval": "2m", "min_session_interval": "3m"}, "above 'session_interval'"),
        ({"registration_min": "1h", "registration_max": "1m"}, "above 'registration_max'"),
        ({"digest_algorithms": ["SHA-1"]}, "MD5"),
        ({"protected": ["ets", "est.0"]}, "'est.0' is neither"),
        ({"prot": 5060}, "Extra inputs"),
        ({"dial_plan": {"100": "sale"}}, "did you mean 'sales'?"),
    ],
)
def test_what_is_wrong_is_said(section: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match="(?s)" + says.replace("?", r"\?")):
        Settings.model_validate(section, context={"queue": ["sales"], "trunk group": ["main"]})


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("192.0.2.7", "192.0.2.7/32", 0),
        ("192.0.2.0/24", "192.0.2.0/24", 0),
        ("192.0.2.7:5060", "192.0.2.7/32", 5060),
        ("2001:db8::1", "2001:db8::1/128", 0),
        ("[2001:db8::1]:5060", "2001:db8::1/128", 5060),
    ],
)
def test_sources(text: str, network: str, port: int) -> None:
    assert (str(parse_source(text)[0]), parse_source(text)[1]) == (network, port)
