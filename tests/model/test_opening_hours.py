"""Opening hours: changes found as a walk through every minute finds them, and right when clocks change."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.opening_hours import OpeningHours, Span
from engine.model.settings import SECOND_NS

CLOSED: tuple[tuple[Span, ...], ...] = ((),) * 7
OFFICE = ((8 * 60 + 30, 17 * 60 + 30),)


def at(zone: str, text: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * SECOND_NS


def daily(zone: str, *spans: Span) -> OpeningHours:
    return OpeningHours(zone, (spans,) * 7)


def test_a_week_with_a_lunch_break_and_a_holiday() -> None:
    zone = "Asia/Ho_Chi_Minh"
    hours = OpeningHours(
        zone, (((13 * 60, 17 * 60), (8 * 60, 12 * 60)), *CLOSED[:6]), {date(2026, 9, 7): ((9 * 60, 10 * 60),)}
    )
    now, seen = at(zone, "2026-08-31T00:00"), []
    for _ in range(7):
        change = hours.next_change(now)
        assert change is not None
        now = change[0]
        seen.append((datetime.fromtimestamp(now / SECOND_NS, ZoneInfo(zone)).isoformat()[:16], change[1]))
    assert seen == [
        ("2026-08-31T08:00", True),
        ("2026-08-31T12:00", False),
        ("2026-08-31T13:00", True),
        ("2026-08-31T17:00", False),
        ("2026-09-07T09:00", True),
        ("2026-09-07T10:00", False),
        ("2026-09-14T08:00", True),
    ]


@pytest.mark.parametrize(
    "hours", [daily("UTC", (0, 1440)), daily("Europe/Berlin", (0, 720), (720, 1440)), daily("UTC")]
)
def test_what_never_changes_has_no_next_change(hours: OpeningHours) -> None:
    assert hours.next_change(at("UTC", "2026-02-01T00:00")) is None


def test_a_night_shift_ends_on_the_next_day() -> None:
    hours = OpeningHours("UTC", (*CLOSED[:4], ((22 * 60, 6 * 60),), (), ()))
    friday = at("UTC", "2026-10-02T21:00")
    assert hours.next_change(friday) == (at("UTC", "2026-10-02T22:00"), True)
    assert hours.is_open(at("UTC", "2026-10-03T05:59"))
    assert hours.next_change(at("UTC", "2026-10-03T00:00")) == (at("UTC", "2026-10-03T06:00"), False)


def test_the_start_belongs_to_the_hours_and_the_end_does_not() -> None:
    hours = daily("UTC", *OFFICE)
    assert not hours.is_open(at("UTC", "2026-10-02T08:30") - 1)
    assert hours.is_open(at("UTC", "2026-10-02T08:30"))
    assert not hours.is_open(at("UTC", "2026-10-02T17:30"))


BERLIN = "Europe/Berlin"


def test_when_clocks_go_forward_a_time_that_does_not_exist_is_the_clock_change() -> None:
    change = at(BERLIN, "2026-03-29T03:00")
    assert daily(BERLIN, (150, 600)).next_change(at(BERLIN, "2026-03-29T00:00")) == (change, True)
    assert daily(BERLIN, (60, 150)).next_change(at(BERLIN, "2026-03-29T01:30")) == (change, False)
    inside = daily(BERLIN, (125, 175)).next_change(at(BERLIN, "2026-03-29T00:00"))
    assert inside == (at(BERLIN, "2026-03-30T02:05"), True)


def test_when_clocks_go_back_hours_begin_at_the_first_and_end_at_the_second_showing() -> None:
    hours = daily(BERLIN, (150, 170))
    opens, closes = at(BERLIN, "2026-10-25T02:30"), at(BERLIN, "2026-10-25T02:50", fold=1)
    assert hours.next_change(at(BERLIN, "2026-10-25T00:00")) == (opens, True)
    assert hours.next_change(opens) == (closes, False)
    assert closes - opens == 80 * 60 * SECOND_NS


def test_office_hours_have_their_length_on_days_of_a_clock_change() -> None:
    hours = daily(BERLIN, *OFFICE)
    for day in ("2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24", "2026-10-25", "2026-10-26"):
        opens = hours.next_change(at(BERLIN, f"{day}T00:00"))
        assert opens == (at(BERLIN, f"{day}T08:30"), True)
        assert hours.next_change(opens[0]) == (at(BERLIN, f"{day}T17:30"), False)


spans = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] != span[1]), max_size=3
).map(tuple)
zones = st.sampled_from(
    ["UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo"]
)
instants = st.integers(at("UTC", "2024-01-01T00:00") // SECOND_NS, at("UTC", "2027-01-01T00:00") // SECOND_NS)


@given(zones, st.tuples(*[spans] * 7), instants)
def test_between_two_changes_nothing_changes_and_at_each_it_does(
    zone: str, weekly: tuple[tuple[Span, ...], ...], second: int
) -> None:
    hours, now = OpeningHours(zone, weekly), second * SECOND_NS
    for _ in range(4):
        change = hours.next_change(now)
        state = hours.is_open(now)
        if change is None:
            assert hours.is_open(now + 200 * 86_400 * SECOND_NS) == state
            return
        changes_at, opens = change
        assert changes_at > now
        assert opens is not state
        assert hours.is_open(changes_at) is opens
        for part in range(1, 8):
            assert hours.is_open(now + (changes_at - now) * part // 8) is state
        now = changes_at


@given(zones, st.tuples(*[spans] * 7), instants)
def test_on_a_day_without_clock_change_the_wall_clock_decides(
    zone: str, weekly: tuple[tuple[Span, ...], ...], second: int
) -> None:
    local = datetime.fromtimestamp(second, ZoneInfo(zone))
    around = {(local + timedelta(days=days)).utcoffset() for days in (-2, -1, 0, 1, 2)}
    minutes = local.hour * 60 + local.minute
    today, yesterday = weekly[local.weekday()], weekly[local.weekday() - 1]
    expected = any(start <= minutes < (end if end > start else 1440) for start, end in today)
    expected |= any(end <= start and minutes < end for start, end in yesterday)
    if len(around) == 1:
        assert OpeningHours(zone, weekly).is_open(second * SECOND_NS) is expected
