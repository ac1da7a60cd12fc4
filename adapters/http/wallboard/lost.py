"""Contacts that were lost lately: who, how often, and whether somebody has spoken with them since."""

import csv
import io
import re
from collections import Counter
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.masks import masked
from adapters.http.wallboard.seen import Acknowledged, Seen, read_back
from engine.messages.exits import LOST, exit_names
from engine.model.settings import SECOND_NS
from engine.projections.contacts.records import ContactRecord
from engine.projections.views import Views

LOST_EXITS: Final = frozenset(exit_names(LOST))
LOOKED_AT_MAX: Final = 5000
"""Contacts looked at, latest first."""
LATER_MAX: Final = 20
"""Contacts of one customer looked at for one that was answered since."""
NOBODY: Final = Acknowledged(0, "", "")
_FORMULA: Final = re.compile(r"(^|[;\t\r\n])(\s*[=+\-@])")
"""What a spreadsheet would reckon with: at the beginning of a cell, also where it takes semicolons for their ends."""


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
    board: BoardSettings,
    views: Views,
    now_ns: int,
    *,
    back_ns: int,
    limit: int,
    seen: Seen | None = None,
    in_clear: bool = False,
) -> LostList:
    """Return up to `limit` of the customers' contacts that were lost in the last `back_ns`.

    Callers are masked unless `in_clear`. Queues for colleagues are left out: no customer was lost there.

    Who has called back is known by `seen`; None: it is read from the log, as far as `views` reach. Takes a while: call
    it in a thread.
    """
    since_ns, apart = now_ns - back_ns, views.directory.colleague_queues
    lost = (one for one in views.history.latest(LOOKED_AT_MAX) if one.exit in LOST_EXITS and one.closed_ns >= since_ns)
    shown = [one for one in lost if board.shows(one.queue) and one.queue not in apart]
    found = sorted(shown, key=lambda record: record.closed_ns, reverse=True)
    times = Counter(record.customer for record in found if record.customer)
    reached: dict[str, list[int]] = {}
    for customer in times:
        theirs = views.history.of_customer(customer, LATER_MAX)
        reached[customer] = sorted(record.answered_ns for record in theirs if record.answered_ns)
    unknown = sum(not record.customer for record in found)
    if seen is None:
        seen = Seen()
        seen.take_earlier(read_back(views, after_seq=min((record.id for record in found), default=views.as_of)))
    listed = [_told(record, times, reached, seen, in_clear=in_clear) for record in found[:limit]]
    whole_from_ns = views.history.whole_from_ns
    return LostList(views.history.as_of, now_ns, since_ns, whole_from_ns, len(found), len(times) + unknown, listed)


def _told(
    record: ContactRecord, times: Counter[str], reached: dict[str, list[int]], seen: Seen, *, in_clear: bool
) -> LostContact:
    later = (at_ns for at_ns in reached.get(record.customer, ()) if at_ns > record.closed_ns)
    called = seen.find(f"lost/{record.id}") or NOBODY
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
    return _FORMULA.sub(r"\1'\2", value) if isinstance(value, str) else value
