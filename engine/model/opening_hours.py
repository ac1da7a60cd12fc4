"""Opening hours: when a queue opens or closes next, as a pure function of an instant. Right across clock changes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from engine.model.durations import DAY_MINUTES
from engine.model.settings import SECOND_NS

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HORIZON_DAYS: Final = 400
"""How far `next_change` looks: beyond a year without a change there is none."""
Span = tuple[int, int]
"""Minutes after midnight from when until when; an end at or before the start lies in the next day."""


class OpeningHours(msgspec.Struct, frozen=True):
    """Weekly hours in one time zone, and the days that differ."""

    time_zone: str
    weekly: tuple[tuple[Span, ...], ...]
    """Seven entries, Monday first."""
    holidays: Mapping[date, tuple[Span, ...]] = {}
    """Hours that hold on a date instead of the week's; none: closed all day."""

    def is_open(self, at_ns: int) -> bool:
        """Tell whether `at_ns` (since 1970) lies in the opening hours: start included, end not."""
        return any(start <= at_ns < end for start, end in self._around(at_ns, days=1))

    def next_change(self, after_ns: int) -> tuple[int, bool] | None:
        """Return the first instant after `after_ns` when it opens (True) or closes (False); None within a year."""
        for start_ns, end_ns in self._around(after_ns, HORIZON_DAYS):
            if start_ns > after_ns:
                return start_ns, True
            if end_ns > after_ns:
                horizon_ns = after_ns + (HORIZON_DAYS - 2) * DAY_MINUTES * 60 * SECOND_NS
                return (end_ns, False) if end_ns < horizon_ns else None
        return None

    def _around(self, at_ns: int, days: int) -> Iterator[Span]:
        """Yield the open spans, in ns, from the day before on; those that touch or overlap as one."""
        zone = ZoneInfo(self.time_zone)
        today = datetime.fromtimestamp(at_ns // SECOND_NS, zone).date()
        pending: Span | None = None
        for day in (today + timedelta(days=offset) for offset in range(-1, days + 1)):
            for span in sorted(self.holidays.get(day, self.weekly[day.weekday()])):
                start_ns, end_ns = _span_ns(day, span, zone)
                if start_ns >= end_ns:
                    continue
                if pending is None:
                    pending = start_ns, end_ns
                elif start_ns <= pending[1]:
                    pending = pending[0], max(pending[1], end_ns)
                else:
                    yield pending
                    pending = start_ns, end_ns
        if pending is not None:
            yield pending


def _span_ns(day: date, span: Span, zone: ZoneInfo) -> Span:
    start, end = span
    if end <= start:
        end += DAY_MINUTES
    return _instant_ns(day, start, zone, 0), _instant_ns(day, end, zone, 1)


def _instant_ns(day: date, minutes: int, zone: ZoneInfo, fold: int) -> int:
    """Return when a clock on the wall shows the time: of two such instants the `fold`-th, of none the clock change."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    early, late = sorted(int(wall.replace(tzinfo=zone, fold=f).timestamp()) for f in (0, 1))
    if early == late:
        return early * SECOND_NS
    shown = datetime.fromtimestamp(late, zone).replace(tzinfo=None)
    if shown == wall:
        return (late if fold else early) * SECOND_NS
    return _clock_change(early, late, zone) * SECOND_NS


def _clock_change(low: int, high: int, zone: ZoneInfo) -> int:
    """Return the first second in (low, high] with the UTC offset of `high`."""

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()

    after = offset(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset(middle) == after else (middle, high)
    return high
