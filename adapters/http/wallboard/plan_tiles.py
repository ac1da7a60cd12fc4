"""Continuity plans in force, as the wallboard's banner tells them."""

import msgspec

from engine.model.plan_views import PlanList
from engine.model.plans import ActivePlans


class PlanTile(msgspec.Struct, frozen=True):
    """One plan in force."""

    plan: str
    title: dict[str, str]
    """By language; by the empty word where it is the same in all."""
    message: dict[str, str]
    tier: int
    drill: bool
    since_ns: int
    until_ns: int
    review_due_ns: int | None
    by: str
    reason: str


def plan_tiles(plans: PlanList) -> list[PlanTile]:
    """Return those in force, in the order of the list."""
    return [
        PlanTile(
            plan=one.plan,
            title=one.title,
            message=one.message,
            tier=one.tier,
            drill=one.active.drill,
            since_ns=one.active.since_ns,
            until_ns=one.active.until_ns,
            review_due_ns=one.active.review_due_ns,
            by=one.active.by,
            reason=one.active.reason,
        )
        for one in plans.plans
        if one.active is not None
    ]


def plan_tiles_of(plans: ActivePlans) -> list[PlanTile]:
    """Return those in force as the log told them, whatever the configuration has by now."""
    return [
        PlanTile(
            plan=one.record.plan,
            title=one.record.title,
            message=one.record.effects.message,
            tier=one.record.tier,
            drill=one.record.drill,
            since_ns=one.since_ns,
            until_ns=one.record.until_ns,
            review_due_ns=one.review_due_ns or None,
            by=one.record.by,
            reason=one.record.reason,
        )
        for one in plans
    ]
