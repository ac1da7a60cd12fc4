"""What the section of the configuration refuses, and what it says of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.http.settings import Settings


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"time_zone": "Asia/Hanoi"}, "'Asia/Hanoi' is not a time zone"),
        ({"time_zone": 7}, "7 is not a time zone"),
        ({"host": "0.0.0.0"}, "so tokens are needed"),
        ({"port": 70_000}, "out of range"),
        ({"hots": "x"}, "Extra inputs"),
    ],
)
def test_mistakes(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(section)
    assert said in str(caught.value)


def test_a_time_zone_is_kept() -> None:
    assert Settings(time_zone="Asia/Ho_Chi_Minh").time_zone == "Asia/Ho_Chi_Minh"
