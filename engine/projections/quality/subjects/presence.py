"""When agents were at work, paused and offline, and the exceptions from their schedules.

At work is who serves a contact or wraps one up, whatever they chose; and who chose to be available, while the engine
offers them contacts: neither set aside for not answering nor with a phone that cannot be reached.
"""

from bisect import bisect_right
from typing import Any, Final

import msgspec

from engine.messages.kinds import STATUS_AVAILABLE, STATUS_OFFLINE, STATUS_PAUSED

CHANGES_KEPT: Final = 5_000
"""Of one agent: a month of hourly breaks, and more."""
EXCEPTIONS_KEPT: Final = 1_000


class Change(msgspec.Struct, array_like=True):
    """From here on an agent is at work (as status: available), signed in without being so (paused), or offline."""

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
    chosen: dict[int, int] = {}
    """The status that each chose."""
    hands: dict[int, int] = {}
    """How many contacts each serves or wraps up."""
    silent: dict[int, bool] = {}
    """Who is set aside for not answering. No set, here and below: what is saved keeps the order in which things
    happened, so that two ways to one position end in the same bytes.
    """
    phones: dict[int, bool] = {}
    """Who has a phone, as it is configured."""
    reached: dict[int, bool] = {}
    """Whose phone can be rung."""

    def chose(self, agent: int, at_ns: int, status: int) -> None:
        """Take in a status. Who chooses to be available is asked again."""
        self.chosen[agent] = status
        if status == STATUS_AVAILABLE:
            self.silent.pop(agent, None)
        self._note(agent, at_ns)

    def suspended(self, agent: int, at_ns: int, is_suspended: bool) -> None:
        """Take in that an agent is set aside, or asked again."""
        _mark(self.silent, agent, is_suspended)
        self._note(agent, at_ns)

    def rung(self, agent: int, at_ns: int, is_reachable: bool) -> None:
        """Take in whether an agent's phone can be rung."""
        _mark(self.reached, agent, is_reachable)
        self._note(agent, at_ns)

    def engaged(self, agent: int, at_ns: int, by: int) -> None:
        """Take in that an agent takes contacts in hand (`by` above 0), or has done with them."""
        self.count(agent, by)
        self._note(agent, at_ns)

    def count(self, agent: int, by: int, least: int | None = None) -> None:
        """As `engaged`, for one who is at work whether they have any in hand or not; many at once, where the sum of the
        first of them is `least` at its least. What was in hand before the first row known is no less than nothing.
        """
        self.hands[agent] = max(self.hands.get(agent, 0) + by, by - (by if least is None else least))

    def steady(self) -> list[int]:
        """Return the agents who are at work whether they have contacts in hand or not."""
        return [agent for agent in self.chosen if self._free_status(agent) == STATUS_AVAILABLE]

    def _free_status(self, agent: int) -> int:
        """What an agent without contacts in hand is."""
        status = self.chosen.get(agent, STATUS_OFFLINE)
        is_asked = agent not in self.silent and (agent not in self.phones or agent in self.reached)
        return status if status != STATUS_AVAILABLE or is_asked else STATUS_PAUSED

    def _note(self, agent: int, at_ns: int) -> None:
        status = STATUS_AVAILABLE if self.hands.get(agent) else self._free_status(agent)
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


def _mark(marked: dict[int, bool], agent: int, is_so: bool) -> None:
    if is_so:
        marked[agent] = True
    else:
        marked.pop(agent, None)
