"""Query parameters, each with the sentence that says what it may be."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from aiohttp import web

from adapters.http.context import context_of
from adapters.http.problems import bad_parameter
from engine.model.durations import parse_duration
from engine.model.settings import SECOND_NS
from engine.projections.days import midnight_ns

INTEGER_MAX: Final = 2**63 - 1
DURATION_MAX: Final = "366d"
DURATION_MAX_NS: Final = parse_duration(DURATION_MAX)


def check_known(query: Iterable[str], known: Sequence[str]) -> None:
    """Raise Problem for the first parameter of a query that is not known, and name the nearest that is."""
    for name in query:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            if near:
                hint = f"did you mean {near[0]!r}?"
            else:
                hint = f"it takes {', '.join(known)}" if known else "it takes none"
            raise bad_parameter(name[:40], f"this address has no such parameter; {hint}")


def whole(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """Return a whole number. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and low <= int(text) <= high):
        raise bad_parameter(name, f"{text[:40]!r} is not a whole number from {low} to {high}")
    return int(text)


def words(request: web.Request, name: str) -> list[str]:
    """Return the words of a comma-separated list."""
    return [word for part in request.query.getall(name, []) for word in part.split(",") if word]


def one_of(request: web.Request, name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of some words. Raises Problem."""
    word = request.query.get(name, default)
    if word not in choices:
        raise bad_parameter(name, f"{word[:40]!r} is not one of {', '.join(choices)}")
    return word


def instant_ns(request: web.Request, name: str, default: int) -> int:
    """Return an instant: RFC 3339 with its offset, or ns since 1970. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= INTEGER_MAX:
        return int(text)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped plus arrives as a space
        if moment.tzinfo is None:
            raise ValueError
        return int(moment.timestamp()) * SECOND_NS + moment.microsecond * 1000
    except (ValueError, OverflowError):
        raise bad_parameter(name, f"{text[:40]!r} is not an instant such as 2026-03-01T08:00:00+01:00") from None


def window_ns(request: web.Request, default_from_ns: int = 0) -> tuple[int, int]:
    """Return `from` and `to`, a window that may be empty and has no end where none is said. Raises Problem."""
    from_ns, to_ns = instant_ns(request, "from", default_from_ns), instant_ns(request, "to", INTEGER_MAX)
    if to_ns < from_ns and "to" in request.query:
        begins = "'from'" if "from" in request.query else "where the window begins without a 'from'"
        raise bad_parameter("to", f"{request.query['to'][:40]!r} is before {begins}")
    return from_ns, to_ns


def duration_ns(request: web.Request, name: str, default_ns: int) -> int:
    """Return a duration with its unit, as 30m. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return default_ns
    try:
        found_ns = parse_duration(text)
    except ValueError as error:
        raise bad_parameter(name, str(error)) from None
    if not 0 < found_ns <= DURATION_MAX_NS:
        raise bad_parameter(name, f"{text[:40]!r} is not a duration of up to {DURATION_MAX}")
    return found_ns


def since_ns(request: web.Request) -> int:
    """Return the start of the window of counters: today (the default), all, a duration back, or an instant."""
    context = context_of(request)
    text = request.query.get("since", "today")
    if text == "all":
        return 0
    if text == "today":
        return midnight_ns(context.wall_ns(), context.settings.time_zone)
    try:
        return max(1, context.wall_ns() - parse_duration(text))
    except ValueError:
        return max(1, instant_ns(request, "since", 0))
