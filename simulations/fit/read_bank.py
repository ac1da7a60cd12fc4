"""The call records of the Technion's "Anonymous Bank" of 1999 (Guedj, Mandelbaum): one call a line, tabs between.

What its lines need to be read with: a queue that began at 0:00:00 was none; customers are unknown (0) unless they
queued; PHANTOM lines are no calls; a service of 0 s by an agent has no known length; NO_SERVER is nobody.
"""

import gzip
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from simulations.fit.bad_lines import BadLines
from simulations.fit.calls import SECOND_NS, UNKNOWN, Calls, Collected, instant_ns

HEADING: Final = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate"
COLUMNS: Final = 17
TIME_ZONE: Final = "Asia/Jerusalem"
PRIORITY_CREDIT_S: Final = 90.0
"""Waiting that callers of priority 2 are credited with when they join."""


class _Line(NamedTuple):
    vru_line: str
    call_id: str
    customer: str
    priority: str
    type: str
    date: str
    vru_entry: str
    vru_exit: str
    vru_s: str
    queue_start: str
    queue_exit: str
    queue_s: str
    outcome: str
    service_start: str
    service_exit: str
    service_s: str
    server: str


def read_bank(path: Path, bad_lines: int = 0) -> Calls:
    """Return the calls that reached the agents' queue, or an agent at once. Raises ConfigError and OSError."""
    data = path.read_bytes()
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    found, bad = Collected(), BadLines(str(path), bad_lines)
    good = 0
    for number, line in enumerate(io.StringIO(text.decode("utf-8", "replace")), 1):
        if number == 1 and line.startswith("vru"):
            continue
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) != COLUMNS:
            bad.note(number, f"there are {len(fields)} columns, not {COLUMNS}: tabs must stand between them")
            continue
        try:
            good += _take(found, _Line(*fields))
        except ValueError as error:
            bad.note(number, str(error))
    bad.settle(good)
    if bad.count:
        found.remarks["bad lines passed over"] += bad.count
    return found.calls(str(path), TIME_ZONE)


def _take(found: Collected, line: _Line) -> bool:
    """Take in a line; tell whether it is a call that reached the queue."""
    wait_s = _whole("the time in queue", line.queue_s)
    handle_s = _whole("the time of service", line.service_s)
    if line.outcome == "PHANTOM":
        found.remarks["phantom lines: no calls"] += 1
        return False
    if line.outcome not in ("AGENT", "HANG"):
        raise ValueError(f"the outcome '{line.outcome}' is none of AGENT, HANG, PHANTOM")
    answered = line.outcome == "AGENT"
    if not answered and wait_s == 0:
        found.remarks["hung up before the queue"] += 1
        return False
    if answered and handle_s == 0:
        found.remarks["answered, but nobody knows how long"] += 1
    found.add(
        arrival_ns=_arrival_ns(line, wait_s, answered),
        wait_ns=wait_s * SECOND_NS,
        handle_ns=handle_s * SECOND_NS if answered and handle_s else UNKNOWN,
        kind=line.type,
        priority=_whole("the priority", line.priority),
        agent="" if not answered or line.server == "NO_SERVER" else line.server,
        customer="" if line.customer == "0" else line.customer,
        answered=answered,
        abandoned=not answered,
    )
    return True


def _arrival_ns(line: _Line, wait_s: int, answered: bool) -> int:
    """Return when the call joined the queue; without one, when its service began, or when the computer let it go."""
    joined = line.queue_start if wait_s else line.service_start if answered else line.vru_exit
    if not wait_s and joined == "0:00:00":
        joined = line.vru_exit
    hours, minutes, seconds = (_whole("a time of day", part) for part in joined.split(":"))
    day = datetime.strptime(f"19{line.date}", "%Y%m%d")  # noqa: DTZ007 - the zone is said next
    return instant_ns(day + timedelta(hours=hours, minutes=minutes, seconds=seconds), TIME_ZONE)


def _whole(what: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{what}, '{text}', is not a whole number")
    return int(text)
