"""The section of a continuity plan: one vocabulary for plans of the live engine and of a planner's scenario."""

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from engine.config.faults import Faults, several
from engine.model.fields import Duration, Number, Ref, Section, Share, Text, Whole
from engine.model.plans import ANY_LANGUAGE, TIER_DEFAULT, TIERS, Homeworking, PlanEffects, Reroute
from engine.model.settings import SECOND_NS

MAX_DURATION_NS: Final = 8 * 3600 * SECOND_NS
_LANGUAGE: Final = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
QueueName = Annotated[str, Ref("queue")]
SiteName = Annotated[str, Ref("site")]
ChannelName = Annotated[str, Ref("channel")]
HeadStart = Annotated[int, Duration("0s", "1d")]


def _by_language(value: Any) -> Any:
    """A text alone stands for the same in every language."""
    return {ANY_LANGUAGE: value} if isinstance(value, str) else value


def _language(value: Any) -> str:
    return value if value == ANY_LANGUAGE else Text(_LANGUAGE, "a language; write vi or en").check(value)


LanguageTexts = Annotated[
    dict[Annotated[str, BeforeValidator(_language)], Annotated[str, Field(max_length=1000)]],
    BeforeValidator(_by_language),
]


def _route(value: Any) -> Any:
    """The name of a queue alone: at once."""
    return {"to": value} if isinstance(value, str) else value


class RerouteSection(Section):
    """Where the contacts of a queue go instead."""

    to: QueueName
    after_ns: Annotated[int, Duration("0s", "1d")] = Field(default=0, alias="after")


class Return(Section):
    """Agents of a site who work on from home."""

    site: SiteName
    after_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="after")
    ramp_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="ramp")
    """They come back one by one over this time."""
    share: Annotated[float, Share()] = 1.0


class PlanLimits(Section):
    """How long a plan may be in force."""

    max_duration_ns: Annotated[int, Duration("1m", "30d")] = Field(default=MAX_DURATION_NS, alias="max_duration")
    review_every_ns: Annotated[int, Duration("1m", "7d")] | None = Field(default=None, alias="review_every")
    """Somebody is asked so often whether it is still needed."""


class Plan(Section):
    """What the house does once it is activated, all of it reversible."""

    title: LanguageTexts = Field(default_factory=dict)
    tier: Annotated[int, Whole(1, TIERS)] = TIER_DEFAULT
    """1 is the gravest, whose word holds where plans differ."""
    drill: bool = False
    """Only ever an exercise."""
    close: list[QueueName] = Field(default_factory=list)
    only: list[QueueName] = Field(default_factory=list)
    """All other queues close."""
    reroute: dict[QueueName, Annotated[RerouteSection, BeforeValidator(_route)]] = Field(default_factory=dict)
    head_start: dict[QueueName, HeadStart] = Field(default_factory=dict)
    """What contacts of a queue are ahead of other queues' where one agent serves both."""
    channel_head_start: dict[ChannelName, HeadStart] = Field(default_factory=dict)
    """The same for all queues of a channel."""
    value: dict[QueueName, Annotated[float, Number(0, 1_000_000)]] = Field(default_factory=dict)
    max_length: dict[QueueName, Annotated[int, Whole(0, 1_000_000)]] = Field(default_factory=dict)
    concurrency: dict[ChannelName, Annotated[int, Whole(0, 1000)]] = Field(default_factory=dict)
    """Contacts of a channel that every agent serves at once."""
    trunks: dict[Annotated[str, Ref("trunk group")], Annotated[int, Whole(0, 1_000_000)]] = Field(default_factory=dict)
    callback_after_ns: Annotated[int, Duration("0s", "1d")] | None = Field(default=None, alias="callback_after")
    """Who waits so long is called back, in the place that was reached; in all queues of calls with a step to spare."""
    offline: list[SiteName] = Field(default_factory=list)
    """Sites whose agents go offline."""
    work_from_home: list[Return] = Field(default_factory=list)
    back_up: dict[SiteName, SiteName] = Field(default_factory=dict)
    """By site that needs help: the site whose agents may serve, beside their own, what its agents serve."""
    announce: dict[QueueName, LanguageTexts] = Field(default_factory=dict)
    """What callers of a queue are told before they wait: for whoever changes the greeting, and for the planner."""
    message: LanguageTexts = Field(default_factory=dict)
    """What supervisors, agents and visitors of the chat are told while it is in force."""
    limits: PlanLimits = PlanLimits()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        faults: Faults = []
        for queue in self.close:
            if queue in self.only:
                faults.append((("close",), f"queue '{queue}' stands in 'only', too: it cannot stay open and close"))
        for queue, away in self.reroute.items():
            if away.to == queue:
                faults.append((("reroute", queue), f"queue '{queue}' cannot be its own target"))
            elif self.effects().closes(away.to):
                faults.append((("reroute", queue), f"queue '{away.to}' is closed by the plan itself"))
        for site, helper in self.back_up.items():
            if site == helper:
                faults.append((("back_up", site), f"site '{site}' cannot back itself up"))
        if faults:
            raise several(faults)
        return self

    def effects(self) -> PlanEffects:
        """Return what it changes, as the log keeps it."""
        return PlanEffects(
            close=tuple(self.close),
            only=tuple(self.only),
            reroute={queue: Reroute(away.to, away.after_ns) for queue, away in self.reroute.items()},
            head_start_ns=dict(self.head_start),
            channel_head_start_ns=dict(self.channel_head_start),
            value=dict(self.value),
            max_length=dict(self.max_length),
            concurrency=dict(self.concurrency),
            trunks=dict(self.trunks),
            callback_after_ns=self.callback_after_ns,
            offline=tuple(self.offline),
            work_from_home=tuple(
                Homeworking(one.site, one.after_ns, one.ramp_ns, one.share) for one in self.work_from_home
            ),
            back_up=dict(self.back_up),
            announce={queue: dict(texts) for queue, texts in self.announce.items()},
            message=dict(self.message),
        )
