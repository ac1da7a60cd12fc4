"""Contacts that were lost lately: who, how often, and whether somebody has spoken with them since."""

import csv
import io
from collections import Counter
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.masks import masked
from adapters.http.wallboard.seen import Acknowledged, Seen
from engine.model.settings import SECOND_NS
from engine.projections.contacts.history import NEVER_NS
from engine.projections.contacts.records import ContactRecord
from engine.projections.views import Views

LOST: Final = frozenset(
    {"abandoned", "short_abandoned", "timed_out", "refused_full", "refused_empty", "refused_closed", "refused_trunk"}
)
"""Exits after which nobody has spoken with the customer."""
LOOKED_AT_MAX: Final = 5000
"""Contacts looked at, latest first."""
LATER_MAX: Final = 20
"""Contacts of one customer looked at for one that was answered since."""
NOBODY: Final = Acknowledged(0, "", "")


class LostContact(msgspec.Struct, frozen=True):
    """One contact that nobody answered."""

    contact: str
    id: int
    caller: str
    """The customer, masked; empty where nobody knows."""
    queue: str
    channel: str
    exit: str
    lost_ns: int
    wait_s: float
    times: int
    """Lost contacts of the same customer in the window; 1 where nobody knows who it was."""
    reached_ns: int
    """When somebody answered the same customer later; 0: nobody did."""
    called_back_by: str
    """Who said that they have called back."""
    called_back_ns: int
    """0: nobody said so."""


class LostList(msgspec.Struct, frozen=True):
    """Those lost in the window, latest first."""

    as_of: int
    at_ns: int
    since_ns: int
    whole_from_ns: int
    """Those who came before are not remembered by the service; 0: all are."""
    total: int
    customers: int
    """Different customers among them; those whom nobody knows count one each."""
    contacts: list[LostContact]


def lost_contacts(
    views: Views,
    board: BoardSettings,
    seen: Seen,
    now_ns: int,
    since_ns: int,
    limit: int,
    *,
    in_clear: bool = False,
    then: bool = False,
) -> LostList:
    """Return up to `limit` of the contacts that were lost since `since_ns`. Callers are masked unless `in_clear`.

    With `then`, `now_ns` is an instant of the past: what came later is left out.

    Takes a while: call it in a thread.
    """
    until_ns = now_ns if then else NEVER_NS
    latest = views.history.latest(LOOKED_AT_MAX, until_ns if then else None)
    shown = (one for one in latest if one.exit in LOST and board.shows(one.queue))
    lost = (one for one in shown if since_ns <= one.closed_ns <= until_ns)
    found = sorted(lost, key=lambda record: record.closed_ns, reverse=True)
    times = Counter(record.customer for record in found if record.customer)
    reached: dict[str, list[int]] = {}
    for customer in times:
        theirs = views.history.of_customer(customer, LATER_MAX)
        reached[customer] = sorted(record.answered_ns for record in theirs if 0 < record.answered_ns <= until_ns)
    unknown = sum(not record.customer for record in found)
    listed = [_told(record, times, reached, seen, until_ns, in_clear=in_clear) for record in found[:limit]]
    whole_from_ns = views.history.whole_from_ns
    return LostList(views.history.as_of, now_ns, since_ns, whole_from_ns, len(found), len(times) + unknown, listed)


def _told(
    record: ContactRecord,
    times: Counter[str],
    reached: dict[str, list[int]],
    seen: Seen,
    until_ns: int,
    *,
    in_clear: bool,
) -> LostContact:
    later = (at_ns for at_ns in reached.get(record.customer, ()) if at_ns > record.closed_ns)
    called = seen.find(f"lost/{record.id}") or NOBODY
    if called.at_ns > until_ns:
        called = NOBODY
    return LostContact(
        contact=record.contact,
        id=record.id,
        caller=record.customer if in_clear else masked(record.customer),
        queue=record.queue,
        channel=record.channel,
        exit=record.exit,
        lost_ns=record.closed_ns,
        wait_s=round(record.wait_s, 1),
        times=times.get(record.customer, 1),
        reached_ns=next(later, 0),
        called_back_by=called.by,
        called_back_ns=called.at_ns,
    )


def as_csv(contacts: list[LostContact], time_zone: str) -> str:
    """Return the list as CSV; cells that a spreadsheet would reckon with are kept from that.

    Instants are times of day where the board is, named `_at` instead of `_ns`: people read these files.
    """
    text, zone = io.StringIO(), ZoneInfo(time_zone)
    writer = csv.writer(text, lineterminator="\r\n")
    names = LostContact.__struct_fields__
    writer.writerow([f"{name.removesuffix('_ns')}_at" if name.endswith("_ns") else name for name in names])
    for contact in contacts:
        writer.writerow([_cell(name, getattr(contact, name), zone) for name in names])
    return text.getvalue()


def _cell(name: str, value: Any, zone: ZoneInfo) -> object:
    if name.endswith("_ns"):
        return datetime.fromtimestamp(value // SECOND_NS, zone).isoformat(" ") if value else ""
    return _harmless(value)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
