"""Continuity plans as they are told outside: what there is, what one would change, and how the next hour would go."""

from typing import Any, Final

import msgspec

from engine.model.durations import format_duration
from engine.model.forecast import Forecast
from engine.model.plans import Homeworking, PlanEffects

NAMES_TOLD: Final = 20


class Activation(msgspec.Struct, frozen=True):
    """Since when a plan is in force, and by whose word."""

    seq: int
    since_ns: int
    until_ns: int
    by: str
    reason: str
    drill: bool
    reviewed_ns: int
    """When somebody activated it, or prolonged it, last."""
    review_due_ns: int | None
    """When somebody is to look whether it is still needed."""
    agents_offline: int
    """Agents whom it set offline."""


class PlanStatus(msgspec.Struct, frozen=True):
    """One plan."""

    plan: str
    title: dict[str, str]
    """By language; by the empty word where it is the same in all."""
    message: dict[str, str]
    tier: int
    """1 is the gravest."""
    drill: bool
    """Whether it is only ever an exercise."""
    configured: bool
    """False: it is in force, and the configuration has it no more."""
    max_duration_s: float
    review_every_s: float | None
    effects: dict[str, Any]
    """What it does, in the words of the configuration."""
    active: Activation | None


class PlanList(msgspec.Struct, frozen=True):
    """All plans, in the order of the configuration."""

    as_of: int
    plans: list[PlanStatus]


class PlanNotice(msgspec.Struct, frozen=True):
    """What people are told while a plan is in force."""

    plan: str
    title: dict[str, str]
    """By language; by the empty word where it is the same in all."""
    message: dict[str, str]
    announce: dict[str, dict[str, str]]
    """What customers of a queue are told, by queue."""
    drill: bool
    until_ns: int


def notices_of(plans: PlanList) -> list[PlanNotice]:
    """Return what is told of the plans in force, the gravest first, then the latest."""
    active = [(one, one.active) for one in plans.plans if one.active is not None]
    return [
        PlanNotice(one.plan, one.title, one.message, one.effects.get("announce", {}), now.drill, now.until_ns)
        for one, now in sorted(active, key=lambda pair: (pair[0].tier, -pair[1].seq))
    ]


class PlanChange(msgspec.Struct, frozen=True):
    """One thing that would be otherwise."""

    what: str
    """`queue`, `trunk_group`, `agent` or `channel`."""
    names: list[str]
    """Of which; at most 20 of them are told."""
    count: int
    setting: str
    now: str
    then: str


class CallbackStep(msgspec.Struct, frozen=True):
    """What `callback_after` of a plan does in the queues of calls, in force or once it is."""

    after_s: float
    """Who has waited so long for an agent is called back, in the place that was reached."""
    queues: list[str]
    """Where that holds."""
    left_out: list[str]
    """Queues of calls that it leaves as they are: they have all the steps that a queue can have."""


class ShownNames(msgspec.Struct, frozen=True):
    """What is shown instead of names, of those of which the configuration says a `display_name`."""

    queues: dict[str, str] = {}
    sites: dict[str, str] = {}
    trunk_groups: dict[str, str] = {}


class PlanDetail(msgspec.Struct, frozen=True):
    """One plan, and what would change now: by activating it, or by ending it where it is in force."""

    as_of: int
    plan: PlanStatus
    changes: list[PlanChange]
    callbacks: CallbackStep | None = None
    """None: the plan has no `callback_after`."""
    shown: ShownNames = ShownNames()


class PlanPreview(PlanDetail, frozen=True, kw_only=True):
    """One plan before it is activated."""

    forecast: Forecast | None
    """The next hour with and without it."""
    forecast_missing: str = ""
    """Why there is none."""
    forecast_missing_code: str = ""
    """The same in a word: `too_early`, `too_large`, `too_slow`, `busy`, `not_installed` or `failed`."""


class PlanOutcome(msgspec.Struct, frozen=True):
    """What became of an order; it is durable."""

    as_of: int
    plan: PlanStatus
    changed: int
    """Facts that were recorded; 0: it was so already."""
    refused: list[str]
    """Settings that routing did not take, in words."""


class PlanOrder(msgspec.Struct, frozen=True):
    """The order to activate a plan, or to prolong it."""

    by: str
    reason: str
    until_ns: int = 0
    """0: for as long as the plan may be in force."""
    drill: bool = False


def words_of(effects: PlanEffects) -> dict[str, Any]:
    """Return what a plan does in the words of the configuration; what it does not say is left out."""
    durations = {"head_start": effects.head_start_ns, "channel_head_start": effects.channel_head_start_ns}
    found: dict[str, Any] = {
        "close": list(effects.close),
        "only": list(effects.only),
        "reroute": {
            queue: {"to": away.to, "after": format_duration(away.after_ns)} if away.after_ns else away.to
            for queue, away in effects.reroute.items()
        },
        **{word: {name: format_duration(ns) for name, ns in said.items()} for word, said in durations.items()},
        "value": dict(effects.value),
        "max_length": dict(effects.max_length),
        "concurrency": dict(effects.concurrency),
        "trunks": dict(effects.trunks),
        "callback_after": "" if effects.callback_after_ns is None else format_duration(effects.callback_after_ns),
        "offline": list(effects.offline),
        "back_up": dict(effects.back_up),
        "work_from_home": [_home(one) for one in effects.work_from_home],
        "announce": {queue: dict(texts) for queue, texts in effects.announce.items()},
    }
    return {word: said for word, said in found.items() if said}


def _home(one: Homeworking) -> dict[str, Any]:
    return {
        "site": one.site,
        "after": format_duration(one.after_ns),
        "ramp": format_duration(one.ramp_ns),
        "share": f"{one.share:.0%}",
    }
