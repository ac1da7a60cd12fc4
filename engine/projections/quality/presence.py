"""When agents were available, paused and offline, and the exceptions from their schedules."""

from bisect import bisect_right
from typing import Any, Final

import msgspec

from engine.messages.kinds import STATUS_OFFLINE

CHANGES_KEPT: Final = 5_000
"""Of one agent: a month of hourly breaks, and more."""
EXCEPTIONS_KEPT: Final = 1_000


class Change(msgspec.Struct, array_like=True):
    """From here on an agent has this status."""

    at_ns: int
    status: int


class Exempt(msgspec.Struct):
    """A time for which the schedule does not count."""

    from_ns: int
    to_ns: int
    reason: str = ""
    by: str = ""
    seq: int = 0


class ExemptSaid(msgspec.Struct):
    """What the payload of an exception says."""

    reason: str = ""
    by: str = ""


_SAID: Final = msgspec.msgpack.Decoder(ExemptSaid)


class Presence(msgspec.Struct):
    """All agents, by number."""

    changes: dict[int, list[Change]] = {}
    exceptions: dict[int, list[Exempt]] = {}

    def chose(self, agent: int, at_ns: int, status: int) -> None:
        """Take in a status."""
        changes = self.changes.setdefault(agent, [])
        if changes and changes[-1].status == status:
            return
        changes.append(Change(at_ns, status))
        if len(changes) > CHANGES_KEPT:
            del changes[: CHANGES_KEPT // 10]

    def excepted(self, seq: int, agent: int, from_ns: int, to_ns: int, payload: Any) -> None:
        """Take in an exception."""
        said = _SAID.decode(payload)
        found = self.exceptions.setdefault(agent, [])
        found.append(Exempt(from_ns, to_ns, said.reason, said.by, seq))
        if len(found) > EXCEPTIONS_KEPT:
            del found[: EXCEPTIONS_KEPT // 10]

    def statuses(self, agent: int, from_ns: int, to_ns: int) -> list[Change]:
        """Return the changes in [from_ns, to_ns), led by the status at `from_ns`."""
        changes = self.changes.get(agent, [])
        before = bisect_right(changes, from_ns, key=lambda change: change.at_ns)
        first = Change(from_ns, changes[before - 1].status if before else STATUS_OFFLINE)
        return [first, *(change for change in changes[before:] if change.at_ns < to_ns)]
