"""Days begin at midnight of the place, also where the clock was changed since."""

from datetime import datetime

import pytest

from engine.projections.days import midnight_ns

NS = 1_000_000_000


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * NS


@pytest.mark.parametrize(
    ("now", "zone", "began"),
    [
        ("2027-02-01T16:59:59+00:00", "Asia/Ho_Chi_Minh", "2027-02-01T00:00:00+07:00"),
        ("2027-02-01T17:00:00+00:00", "Asia/Ho_Chi_Minh", "2027-02-02T00:00:00+07:00"),
        ("2027-03-28T12:00:00+02:00", "Europe/Berlin", "2027-03-28T00:00:00+01:00"),
        ("2027-02-01T00:00:00+00:00", "UTC", "2027-02-01T00:00:00+00:00"),
    ],
)
def test_a_day_begins_at_its_places_midnight(now: str, zone: str, began: str) -> None:
    assert midnight_ns(ns(now) + 5, zone) == ns(began)
