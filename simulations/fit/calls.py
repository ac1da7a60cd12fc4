"""The one table that every reader of recorded calls fills, and every estimate reads."""

from collections import Counter
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]
UNKNOWN: Final = -1
SECOND_NS: Final = 1_000_000_000
HOUR_NS: Final = 3600 * SECOND_NS
CALL: Final = np.dtype(
    [
        ("arrival_ns", "i8"),  # when it could have been answered first: it joined the queue, or found an agent
        ("wait_ns", "i8"),
        ("rang_ns", "i8"),  # of the wait: how long it rang at last, where the record tells it, else 0
        ("handle_ns", "i8"),  # talk, holds included; -1 unknown
        ("wrap_up_ns", "i8"),  # -1 unknown
        ("type", "i4"),
        ("priority", "i4"),
        ("agent", "i4"),  # -1: nobody
        ("customer", "i8"),  # same number, same customer; -1 unknown
        ("answered", "?"),
        ("abandoned", "?"),  # neither: it left because of the queue, or was still there at the end
        ("came_on", "?"),  # the contact was in another queue before: nobody new calls
        ("by_transfer", "?"),  # after a talk there
        ("came_from", "i4"),  # type there
        ("waited_before_ns", "i8"),  # there
    ]
)
OFFER: Final = np.dtype(
    [
        ("type", "i4"),
        ("answered", "?"),  # else it ended before an agent answered: nobody did in time, or its caller gave up
        ("lasted_ns", "i8"),  # until then
    ]
)
STINT: Final = np.dtype([("agent", "i4"), ("from_ns", "i8"), ("to_ns", "i8")])
VOICE: Final = "voice"
ONE_AT_ONCE: Final = {"voice": 1, "chat": 3, "email": 1, "task": 1}
"""By channel: contacts at once of an agent of whom nothing else is said, as in the configuration."""
NOBODY: Final = frozenset(
    ("anonymous", "asterisk", "blocked", "private", "restricted", "unavailable", "unknown", "withheld")
)
"""Called so, a customer is not known."""
SHARED_CALLS: Final = 50
SHARED_SHARE: Final = 0.01
"""Of all calls: a number with more, and more than SHARED_CALLS, is not one customer's."""


class Told(msgspec.Struct, frozen=True):
    """What a record says of a queue beside its calls, as a scenario has it."""

    channel: str = VOICE
    strategy: str = ""
    """Empty: not said, and so are the others."""
    threshold_ns: int = 0
    short_abandon_ns: int = 0
    target: float = 0.0
    ring_limit_ns: int = 0
    skills: dict[str, int] = {}
    """Required of an agent at first, each with its least level."""


class Calls(msgspec.Struct, frozen=True):
    """Recorded calls, in the order in which they came."""

    rows: Array
    """shape (n,), dtype CALL."""
    types: tuple[str, ...]
    """What calls are about, or the queues they came to, by number."""
    agents: tuple[str, ...]
    time_zone: str
    """By which days and hours are told."""
    source: str
    """What was read, for people."""
    remarks: dict[str, int]
    """What was passed over or mended, each with how often."""
    told: tuple[Told, ...] = ()
    """By type; empty: the record holds nothing but calls, and they are of one channel."""
    capacity: dict[str, dict[str, int]] = {}
    """By agent and channel: contacts at once; who is not named, or a channel that is not, is not known."""
    may_interrupt: dict[str, list[str]] = {}
    """By channel: whose contacts stand still while an agent talks on it."""
    span_ns: tuple[int, int] | None = None
    """From when to when the record tells of; None: it does not say, and has nothing but calls."""
    offers: Array | None = None
    """shape (offers,), dtype OFFER: what became of each; None: the record does not tell."""
    signed_in: Array = np.zeros(0, STINT)
    """shape (stays,), dtype STINT: when agents were signed in. Of who is not among them the record does not tell."""
    paused: Array = np.zeros(0, STINT)
    """shape (pauses,), dtype STINT: when they were not ready."""
    may_serve: dict[str, list[str]] = {}
    """By agent: the types that the record says they may serve; who is not named is not known."""
    is_routed_by_settings: bool = False
    """Whether `may_serve` is by the settings that routed these calls: it holds of who answered some of them, too."""

    def channel_of(self, number: int) -> str:
        """Return the channel of a type."""
        return self.told[number].channel if self.told else VOICE

    @property
    def waits_s(self) -> Array:
        """shape (n,): waits, s."""
        return np.asarray(self.rows["wait_ns"] / 1e9)

    def of(self, chosen: Array) -> "Calls":
        """Return the calls that `chosen`, shape (n,) of bool or places, says."""
        return msgspec.structs.replace(self, rows=self.rows[chosen])

    def of_type(self, number: int) -> "Calls":
        """Return the calls of one type."""
        return self.of(self.rows["type"] == number)


class Before(msgspec.Struct, frozen=True):
    """Where a contact was before it came to a queue."""

    queue: str
    wait_ns: int
    was_answered: bool


class Names:
    """Numbers for names, in the order in which they came up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a name, a new one if it is new."""
        return self._numbers.setdefault(name, len(self._numbers))

    def all(self) -> tuple[str, ...]:
        """Return them by number."""
        return tuple(self._numbers)


class Collected:
    """Calls as a reader finds them."""

    def __init__(self) -> None:
        self.types, self.agents, self.customers = Names(), Names(), Names()
        self.remarks: Counter[str] = Counter()
        self.channels: dict[str, str] = {}
        """Of types, where the record says it."""
        self._rows: list[tuple[int, int, int, int, int, int, int, int, int, bool, bool, bool, bool, int, int]] = []

    def add(
        self,
        *,
        arrival_ns: int,
        wait_ns: int,
        kind: str,
        rang_ns: int = 0,
        handle_ns: int = UNKNOWN,
        wrap_up_ns: int = UNKNOWN,
        priority: int = 0,
        agent: str = "",
        customer: str = "",
        answered: bool = False,
        abandoned: bool = False,
        came_from: "Before | None" = None,
    ) -> None:
        """Take in one call."""
        is_known = customer and customer.strip().strip("<>").lower() not in NOBODY
        self._rows.append(
            (
                arrival_ns,
                wait_ns,
                rang_ns,
                handle_ns,
                wrap_up_ns,
                self.types.number(kind),
                priority,
                self.agents.number(agent) if agent else UNKNOWN,
                self.customers.number(customer) if is_known else UNKNOWN,
                answered,
                abandoned,
                came_from is not None,
                came_from is not None and came_from.was_answered,
                self.types.number(came_from.queue) if came_from is not None else 0,
                came_from.wait_ns if came_from is not None else 0,
            )
        )

    def calls(self, source: str, time_zone: str) -> Calls:
        """Return them as a table, in order of arrival."""
        rows = np.array(self._rows, CALL)
        rows = rows[np.argsort(rows["arrival_ns"], kind="stable")]
        self._forget_shared(rows)
        types = self.types.all()
        told = tuple(Told(self.channels.get(name, VOICE)) for name in types) if self.channels else ()
        return Calls(rows, types, self.agents.all(), time_zone, source, dict(self.remarks), told)

    def _forget_shared(self, rows: Array) -> None:
        """A switchboard's number, or whatever else very many calls have, says nothing of who calls again."""
        known = np.flatnonzero(rows["customer"] >= 0)
        often = np.bincount(rows["customer"][known]) > max(SHARED_CALLS, SHARED_SHARE * len(rows))
        shared = known[often[rows["customer"][known]]] if len(known) else known
        rows["customer"][shared] = UNKNOWN
        if len(shared):
            self.remarks["of a number that very many calls have: nobody knows whose"] += len(shared)


def local_ns(instants_ns: Array, time_zone: str) -> Array:
    """Return what the clock on the wall says, ns since 1970 as if it were UTC; the offset is looked up hour by hour."""
    zone = ZoneInfo(time_zone)
    hours, places = np.unique(instants_ns // HOUR_NS, return_inverse=True)
    offsets = [datetime.fromtimestamp(hour * 3600, zone).utcoffset() for hour in hours.tolist()]
    seconds = np.array([offset.total_seconds() if offset else 0.0 for offset in offsets], np.int64)
    return np.asarray(instants_ns + seconds[places] * SECOND_NS if len(seconds) else instants_ns)


def instant_ns(local: datetime, time_zone: str) -> int:
    """Return the instant of a time on the wall, ns since 1970."""
    aware = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(time_zone))
    return int(aware.timestamp()) * SECOND_NS + aware.microsecond * 1000
