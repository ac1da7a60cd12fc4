"""Continuity plans: what one changes, the record of one in force, and which of them are. Stands in the log."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from engine.messages.kinds import PLAN_ACTIVATED, PLAN_DEACTIVATED

TIER_DEFAULT: Final = 3
TIERS: Final = 5
"""1 is the gravest: of two plans that say something of the same, its word holds."""
DRILL: Final = 256
"""Added to the tier in `b` of a PLAN_ACTIVATED whose plan is an exercise."""
DRILLS_MAX: Final = 1000
"""Drills that are over and known; older ones stand in the log alone."""
ANY_LANGUAGE: Final = ""
"""Key of a text that is the same in every language."""
Texts = Mapping[str, str]
"""A text by language, as `vi`; or by ANY_LANGUAGE alone."""


class Reroute(msgspec.Struct, frozen=True):
    """Where the contacts of a queue go instead."""

    to: str
    after_ns: int = 0
    """At once, or after so long in the queue."""


class Homeworking(msgspec.Struct, frozen=True):
    """Agents of a site who work on from home: for people to carry out, and for the planner to play."""

    site: str
    after_ns: int = 0
    ramp_ns: int = 0
    share: float = 1.0


class PlanEffects(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plan changes while it is in force, all of it put back at the end. Names are the configuration's."""

    close: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Queues that stay open; all others close. Empty: it says nothing of it."""
    reroute: dict[str, Reroute] = {}
    head_start_ns: dict[str, int] = {}
    channel_head_start_ns: dict[str, int] = {}
    """The same for all queues of a channel."""
    value: dict[str, float] = {}
    max_length: dict[str, int] = {}
    concurrency: dict[str, int] = {}
    """Contacts of a channel that every agent serves at once."""
    trunks: dict[str, int] = {}
    callback_after_ns: int | None = None
    offline: tuple[str, ...] = ()
    """Sites whose agents go offline."""
    work_from_home: tuple[Homeworking, ...] = ()
    back_up: dict[str, str] = {}
    """By site that needs help: the site whose agents may serve what its agents serve, too."""
    announce: dict[str, dict[str, str]] = {}
    """What callers of a queue are told, by language: for people to carry out, and for the planner to play."""
    message: dict[str, str] = {}

    def closes(self, queue: str) -> bool:
        """Whether it says that a queue takes no contacts of its own."""
        away = self.reroute.get(queue)
        return queue in self.close or bool(self.only and queue not in self.only) or bool(away and not away.after_ns)


class HeldStatus(msgspec.Struct, frozen=True):
    """What an agent had chosen whom a plan set offline: numbers of the status and of its reason."""

    status: int
    reason: int = 0


class PlanRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Payload of PLAN_ACTIVATED: a plan as it was when somebody activated it, or prolonged it."""

    plan: str
    effects: PlanEffects
    by: str = ""
    reason: str = ""
    until_ns: int = 0
    tier: int = TIER_DEFAULT
    drill: bool = False
    title: dict[str, str] = {}
    review_every_ns: int = 0
    doors: dict[str, bool] = {}
    """Queues that are kept closed from here on, and whether they were open."""
    statuses: dict[str, HeldStatus] = {}
    """By agent whom it set offline."""


class PlanEnd(msgspec.Struct, frozen=True, omit_defaults=True):
    """Payload of PLAN_DEACTIVATED."""

    plan: str
    by: str = ""
    reason: str = ""
    expired: bool = False
    doors: dict[str, bool] = {}
    """Queues that are kept closed from here on, by plans that are left, and whether they were open."""


class ActivePlan(msgspec.Struct, frozen=True):
    """A plan in force."""

    seq: int
    """Of its activation: what it is known by in the log."""
    since_ns: int
    reviewed_ns: int
    """When somebody activated it or prolonged it last."""
    record: PlanRecord

    @property
    def review_due_ns(self) -> int:
        """When somebody is to look whether it is still needed; 0: never."""
        every_ns = self.record.review_every_ns
        return self.reviewed_ns + every_ns if every_ns else 0


class HeldDoor(msgspec.Struct, frozen=True):
    """A queue that plans keep closed."""

    since_ns: int
    was_open: bool


class SavedPlans(msgspec.Struct, array_like=True):
    """All of `ActivePlans`, as it stands in a snapshot."""

    plans: list[ActivePlan]
    doors: dict[str, HeldDoor]
    drills: list[tuple[int, int]] = []


class ActivePlans:
    """The plans in force as the log tells, the queues that they keep closed, and when there were drills."""

    def __init__(self) -> None:
        self._plans: dict[str, ActivePlan] = {}
        self.doors: dict[str, HeldDoor] = {}
        """By queue."""
        self._drills: deque[tuple[int, int]] = deque(maxlen=DRILLS_MAX)
        """Those that are over: since when, until when."""

    def __len__(self) -> int:
        return len(self._plans)

    def __iter__(self) -> Iterator[ActivePlan]:
        """The plans in force in the order in which they are carried out: where two differ, the later one's word holds.

        The graver the tier the later; within one, as they were activated.
        """
        return iter(sorted(self._plans.values(), key=lambda plan: (-plan.record.tier, plan.seq)))

    def find(self, name: str) -> ActivePlan | None:
        """The plan if it is in force."""
        return self._plans.get(name)

    def is_drilled(self, start_ns: int, end_ns: int) -> bool:
        """Whether a drill lasted in a part of [start_ns, end_ns)."""
        lasting = any(plan.record.drill and plan.since_ns < end_ns for plan in self._plans.values())
        return lasting or any(since_ns < end_ns and start_ns < until_ns for since_ns, until_ns in self._drills)

    def effects(self) -> list[PlanEffects]:
        """What the plans in force change, in the order in which it is carried out."""
        return [plan.record.effects for plan in self]

    def with_effects(self, name: str, tier: int, effects: PlanEffects) -> list[PlanEffects]:
        """What would be changed with one more plan, or with another word of the same."""
        known = self._plans.get(name)
        seq = known.seq if known is not None else 1 << 62
        record = PlanRecord(name, effects, tier=tier)
        others = [plan for plan in self if plan.record.plan != name]
        plans = sorted([*others, ActivePlan(seq, 0, 0, record)], key=lambda plan: (-plan.record.tier, plan.seq))
        return [plan.record.effects for plan in plans]

    def without_effects(self, name: str) -> list[PlanEffects]:
        """What would be changed without a plan."""
        return [plan.record.effects for plan in self if plan.record.plan != name]

    def fold(self, kind: int, seq: int, at_ns: int, payload: bytes | memoryview) -> None:
        """Take in a PLAN_ACTIVATED or PLAN_DEACTIVATED. Raises msgspec.DecodeError."""
        if kind == PLAN_ACTIVATED:
            record = msgspec.msgpack.decode(payload, type=PlanRecord)
            before = self._plans.get(record.plan)
            seq, since_ns = (before.seq, before.since_ns) if before is not None else (seq, at_ns)
            reviewed_ns = before.reviewed_ns if before is not None and _same_order(before.record, record) else at_ns
            self._plans[record.plan] = ActivePlan(seq, since_ns, reviewed_ns, record)
            closed = record.doors
        elif kind == PLAN_DEACTIVATED:
            end = msgspec.msgpack.decode(payload, type=PlanEnd)
            over = self._plans.pop(end.plan, None)
            if over is not None and over.record.drill:
                self._drills.append((over.since_ns, at_ns))
            closed = end.doors
        else:
            return
        held = {**{queue: HeldDoor(at_ns, was_open) for queue, was_open in closed.items()}, **self.doors}
        self.doors = {queue: door for queue, door in held.items() if closed_by(queue, self.effects())}

    def save(self) -> bytes:
        """Return all of it as bytes."""
        return msgspec.msgpack.encode(SavedPlans(list(self._plans.values()), self.doors, list(self._drills)))

    def load(self, saved: bytes) -> None:
        """Take over what `save` returned."""
        found = msgspec.msgpack.decode(saved, type=SavedPlans)
        self._plans, self.doors = {plan.record.plan: plan for plan in found.plans}, found.doors
        self._drills = deque(found.drills, DRILLS_MAX)


def _same_order(one: PlanRecord, other: PlanRecord) -> bool:
    """Whether somebody said it once: a reload may only have added queues that the plan closes."""
    return (one.by, one.reason, one.until_ns) == (other.by, other.reason, other.until_ns)


def closed_by(queue: str, effects: Iterable[PlanEffects]) -> bool:
    """Whether plans keep a queue closed, in the order in which they are carried out: the last one's word holds."""
    closed = False
    for one in effects:
        if one.closes(queue):
            closed = True
        elif queue in one.only:
            closed = False
    return closed
