"""When a day begins and ends, and when it was a week ago, in a time zone: some days have 23 or 25 hours."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.model.settings import SECOND_NS

WEEK = timedelta(days=7)


def midnight_ns(now_ns: int, time_zone: str) -> int:
    """Return when the day of `now_ns` began in a time zone."""
    return _midnight_ns(now_ns, time_zone, timedelta())


def next_midnight_ns(now_ns: int, time_zone: str) -> int:
    """Return when the day of `now_ns` ends in a time zone."""
    return _midnight_ns(now_ns, time_zone, timedelta(days=1))


def _midnight_ns(now_ns: int, time_zone: str, later: timedelta) -> int:
    zone = ZoneInfo(time_zone)
    day = datetime.fromtimestamp(now_ns // SECOND_NS, zone).date() + later
    return int(datetime.combine(day, time(), zone).timestamp()) * SECOND_NS


def week_before_ns(now_ns: int, time_zone: str) -> int:
    """Return when clocks of the time zone showed the same time a week before `now_ns`."""
    now = datetime.fromtimestamp(now_ns // SECOND_NS, ZoneInfo(time_zone))
    return now_ns - int(now.timestamp() - (now - WEEK).timestamp()) * SECOND_NS
