"""The section of the configuration: defaults, and the sentence for each mistake."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.mqtt.settings import EVENT_TYPES, Settings


def test_defaults() -> None:
    settings = Settings()
    assert (settings.broker_port, settings.session, settings.tls) == (1883, "trunkline-main", None)
    assert settings.read_password() is None
    assert "contact_answered" in settings.event_types
    assert not {"leg_recorded", "setting_changed", "deadline_passed"} & set(EVENT_TYPES)


def test_tls_by_word_changes_the_port() -> None:
    assert Settings.model_validate({"tls": True}).broker_port == 8883
    assert Settings.model_validate({"tls": False}).tls is None
    assert Settings.model_validate({"tls": {}, "port": 1}).broker_port == 1


def test_events_by_name() -> None:
    assert Settings(events=False).event_types == ()
    assert Settings(events=["contact_left", "leg_recorded", "contact_left"]).event_types == (
        "contact_left",
        "leg_recorded",
    )


def test_a_password_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(" s3cret \r\n\n")
    assert Settings(username="u", password_file=str(path)).read_password() == " s3cret "
    assert Settings(username="u", password="p").read_password() == "p"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"site": "a/b"}, "'a/b' is not one level of a topic"),
        ({"site": "$x"}, "is not one level"),
        ({"prefix": "a/+"}, "is not a topic without wildcards"),
        ({"prefix": "/a"}, "is not a topic without wildcards"),
        ({"status_topic": "a/#"}, "is not a topic without wildcards"),
        ({"events": ["contact_lefd"]}, "there is no event type 'contact_lefd'; did you mean 'contact_left'?"),
        ({"time_zone": "Hanoi"}, "'Hanoi' is not a time zone"),
        ({"password": "x"}, "a password needs a username"),
        ({"username": "u", "password": "x", "password_file": "y"}, "keep one"),
        ({"tls": {"key_file": "k"}}, "belong together"),
        ({"port": 70_000}, "out of range"),
        ({"keepalive": "1s"}, "out of range"),
        ({"hots": "x"}, "Extra inputs"),
    ],
)
def test_mistakes(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(section)
    assert said in str(caught.value)
