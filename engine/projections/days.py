"""When a day begins, in a time zone: counters of today are counted from there."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from engine.model.settings import SECOND_NS


def midnight_ns(now_ns: int, time_zone: str) -> int:
    """Return when the day of `now_ns` began in a time zone."""
    zone = ZoneInfo(time_zone)
    day = datetime.fromtimestamp(now_ns // SECOND_NS, zone).date()
    return int(datetime.combine(day, time(), zone).timestamp()) * SECOND_NS
