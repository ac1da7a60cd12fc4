"""Days begin at midnight of the place, also where the clock was changed since."""

from datetime import datetime

import pytest

from engine.projections.days import midnight_ns, next_midnight_ns, week_before_ns

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


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2027-03-28", 23), ("2027-03-29", 24)])
def test_a_day_lasts_as_long_as_its_clocks_say(day: str, hours: int) -> None:
    noon_ns = ns(f"{day}T12:00:00+01:00")
    assert next_midnight_ns(noon_ns, "Europe/Berlin") - midnight_ns(noon_ns, "Europe/Berlin") == hours * 3600 * NS


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("2027-03-30T09:15:00+02:00", "2027-03-23T09:15:00+01:00"),
        ("2026-10-28T09:15:00+01:00", "2026-10-21T09:15:00+02:00"),
        ("2027-06-08T09:15:00+02:00", "2027-06-01T09:15:00+02:00"),
    ],
)
def test_a_week_ago_clocks_showed_the_same(now: str, before: str) -> None:
    assert week_before_ns(ns(now) + 7, "Europe/Berlin") == ns(before) + 7
