"""The section that describes opening hours: the hours of a week in one time zone, and the days that differ."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from engine.model.durations import parse_clock
from engine.model.fields import Section, TimeZone, fault, nearest
from engine.model.opening_hours import DAYS, OpeningHours, Span

CLOSED: Final = "closed"


def _spans(value: Any) -> list[Span]:
    """Read `closed`, `8:30-17:30` or a list of spans."""
    if value == CLOSED:
        return []
    texts = value if isinstance(value, list) else [value]
    return sorted(_span(text) for text in texts)


def _span(text: Any) -> Span:
    start, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
    if not dash:
        raise fault(f"{text!r} are no opening hours; write 8:30-17:30, a list of such, or 'closed'")
    try:
        span = parse_clock(start.strip()), parse_clock(end.strip())
    except ValueError as error:
        raise fault(str(error)) from None
    if span[0] == span[1]:
        raise fault(f"'{text}' has no length; 0:00-24:00 is the whole day")
    return span


def _days(text: Any) -> str:
    """Check a day or a run of days, as `monday` or `monday-friday`."""
    for day in str(text).split("-", 1):
        if day not in DAYS:
            raise fault(f"'{day}' is not a day of the week{nearest(day, DAYS)}")
    return str(text)


def _date(text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise fault(f"'{text}' is not a date; write it as 2026-09-02") from None


Spans = Annotated[list[Span], BeforeValidator(_spans), Field(strict=False)]


class Hours(Section):
    """Opening hours that queues refer to by name."""

    time_zone: TimeZone
    weekly: dict[Annotated[str, AfterValidator(_days)], Spans]
    """By day or run of days; days not named are closed, and a later line overrides an earlier one."""
    holidays: dict[Annotated[date, BeforeValidator(_date)], Spans] = Field(default_factory=dict)

    def opening_hours(self) -> OpeningHours:
        """Return the hours as the engine's own value."""
        week: list[tuple[Span, ...]] = [()] * len(DAYS)
        for days, spans in self.weekly.items():
            first, _, last = days.partition("-")
            index, end = DAYS.index(first), DAYS.index(last or first)
            week[index] = tuple(spans)
            while index != end:
                index = (index + 1) % len(DAYS)
                week[index] = tuple(spans)
        holidays = {day: tuple(spans) for day, spans in self.holidays.items()}
        return OpeningHours(self.time_zone, tuple(week), holidays)
