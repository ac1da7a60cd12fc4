"""The sections of a scenario: the engine's own queues, trunk groups and skills, and the people around them."""

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from engine.config.agents import Agent, Name
from engine.config.faults import Faults, several
from engine.config.hours import Spans
from engine.config.queues import Queue, ServiceLevel
from engine.config.sections import Channel, Site, TrunkGroup
from engine.model.durations import DAY_MINUTES
from engine.model.fields import Duration, Number, Ref, Section, Whole, fault
from engine.model.opening_hours import Span
from engine.model.settings import PRIORITIES, SECOND_NS
from simulations.scenario.arrivals import Arrivals
from simulations.scenario.distributions import NEVER, DistributionField
from simulations.scenario.home import Home
from simulations.scenario.money import OTHERS, Amounts, AmountsOf
from simulations.scenario.values import Share, plain, read_moment, read_target
from simulations.world.tables import BACK_AFTER_NS

AGENTS_MAX: Final = 10_000
Moment = Annotated[str, plain(read_moment)]
ShareField = Annotated[float, Share()]


class Horizon(Section):
    """The stretch of time that is simulated, in intervals that figures are told by."""

    from_: Moment = Field(default="2026-11-23 08:00", alias="from")
    to: Moment = "2026-11-23 18:00"
    interval_ns: Annotated[int, Duration("1m", "1d")] = Field(default=1800 * SECOND_NS, alias="interval")
    warm_up_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="warm_up")
    """What comes before, so that the first interval does not begin empty; not counted."""
    drain_ns: Annotated[int, Duration("0s", "7d")] = Field(default=4 * 3600 * SECOND_NS, alias="drain")
    """How long who came in time may still be there afterwards; up to 7 d."""


class Handle(Section):
    """How long agents are busy with a contact."""

    talk: DistributionField
    wrap_up: DistributionField | None = None
    """Work after it; not said: the queue's own `wrap_up`."""


class Retry(Section):
    """Who did not get served tries again."""

    share: ShareField
    after: DistributionField
    cut_off: ShareField | None = None
    """Of those whose talk broke off; not said: as `share`."""


def _patience(value: Any) -> Any:
    """A distribution alone stands for a section that says nothing else."""
    return {"distribution": value} if isinstance(value, str) else value


class Patience(Section):
    """How long people wait, and what they do then."""

    distribution: DistributionField = NEVER
    balk: ShareField = 0.0
    """Of those who cannot be served at once: hang up at once."""
    retry: Retry | None = None


class Ring(Section):
    """How agents pick up."""

    answer: DistributionField
    no_answer: ShareField = 0.0
    """Of offers: the agent does not react, and the ring limit ends it."""
    back_after_ns: Annotated[int, Duration("1s", "1d")] = Field(default=BACK_AFTER_NS, alias="back_after")
    """How long until who gets no more offers, after `max_no_answer` that were not answered, is there again."""


def _ring(value: Any) -> Any:
    return {"answer": value} if isinstance(value, str) else value


class Transfers(Section):
    """Some talks go on in another queue."""

    share: ShareField
    to: Annotated[str, Ref("queue")]


class ScenarioQueue(Queue):
    """A queue as the engine knows it, and those who come to it."""

    service_level: Annotated[ServiceLevel, BeforeValidator(read_target)] = ServiceLevel()
    arrivals: Arrivals | None = None
    """Not said: contacts come from other queues only."""
    handle: Handle
    patience: Annotated[Patience, BeforeValidator(_patience)] = Patience()
    ring: Annotated[Ring, BeforeValidator(_ring)] | None = None
    """Not said: every offer is answered at once."""
    priority: Annotated[int, Whole(0, PRIORITIES - 1)] = 0
    announcement: ShareField = 0.0
    """Of those who would wait while a plan has them told that it takes long: hang up at once."""
    callback: ShareField = 1.0
    """Of those whom a callback step would call back: agree to it."""
    transfers: Transfers | None = None
    trunk_groups: list[Annotated[str, Ref("trunk group")]] = Field(default_factory=list)
    """By which its calls come, in the order in which the carrier tries them."""
    protected: bool = False
    """Whether they may use the reserve of their trunk group."""
    agents: Annotated[int, Whole(0, AGENTS_MAX)] | None = None
    """A group of so many who serve nothing else, unless a queue is for everybody (`members_only: false`): the short way
    to say it."""


class ScenarioSite(Site):
    """A site as the engine knows it, and how it stands a power cut."""

    backup_power_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="backup_power")
    """How long batteries or a generator last."""


class ScenarioTrunkGroup(TrunkGroup):
    """A trunk group as the engine knows it, and where its lines end."""

    site: Annotated[str, Ref("site")] | None = None
    """Whose power it needs; not said: none of ours."""


class ScenarioChannel(Channel):
    """A channel as the engine knows it, and how agents get on with several contacts at once."""

    slower: Annotated[float, Share(10.0)] = 0.0
    """Share by which each further talk at once makes every one take longer; what rings or is wrapped up does not. What
    another channel may interrupt stands still meanwhile."""


def _lies_in(rest: Span, span: Span) -> bool:
    """Tell whether a break is a part of a span of hours; both may go on past midnight."""
    length = (span[1] - span[0]) % DAY_MINUTES or DAY_MINUTES
    after, pause = (rest[0] - span[0]) % DAY_MINUTES, (rest[1] - rest[0]) % DAY_MINUTES or DAY_MINUTES
    return after + pause <= length and pause < length


def _clocks(span: Span) -> str:
    return "-".join(f"{minute // 60}:{minute % 60:02}" for minute in span)


class Shift(Section):
    """When some of a group are at work, by local time, every day or on some."""

    hours: Spans
    count: Annotated[int, Whole(0, AGENTS_MAX)] | None = None
    """How many work it; not said: all of the group who are in no other one."""
    breaks: Spans = Field(default_factory=list)
    days: list[str] = Field(default_factory=list)
    """Days of the week; empty: every day."""

    @property
    def told(self) -> str:
        """Its hours, as a file says them."""
        return ", ".join(map(_clocks, self.hours))

    @model_validator(mode="after")
    def _breaks_fit(self) -> Self:
        said = [rest for rest in self.breaks if not any(_lies_in(rest, span) for span in self.hours)]
        faults: Faults = [
            (("breaks",), f"the break {_clocks(rest)} is not within the shift {self.told}, or all of it")
            for rest in said
        ]
        if faults:
            raise several(faults)
        return self


class Group(Agent):
    """So many agents who are alike."""

    name: Name = Field(alias="group")
    count: Annotated[int, Whole(0, AGENTS_MAX)] | None = None
    """How many they are; not said: as many as their shifts say together, and 0 without shifts."""
    shifts: list[Shift] = Field(default_factory=list)
    """Not said: at work all the time."""
    staffing: list[Annotated[int, Whole(0, AGENTS_MAX)]] | None = None
    """Instead of shifts: how many are at work in each interval of the horizon, shrinkage taken off already; `count` is
    not said then."""
    absence: ShareField = 0.0
    """How likely each of them is away for the whole day."""
    shrinkage: ShareField = 0.0
    """Share of those on a shift who are paid and not at work: training, meetings, leave."""
    speed: Annotated[Amounts, AmountsOf("queue", 0.01, 100.0)] = Amounts()
    """How fast they work: 1.25 handles in four fifths of the time; in all, or by queue."""
    home: Home = Home()
    """Who of them works from home, or could, and how that goes."""

    @model_validator(mode="after")
    def _counted_once(self) -> Self:
        if self.staffing is not None and (self.shifts or self.count):
            raise several([(("staffing",), "'staffing' stands for itself, without 'count' and 'shifts'")])
        return self

    @model_validator(mode="after")
    def _on_one_shift_each(self) -> Self:
        if fault := self._fault_of_shifts():
            raise several([(("count",), fault)])
        return self

    def _fault_of_shifts(self) -> str | None:
        if not self.shifts:
            return None
        said = sum(shift.count or 0 for shift in self.shifts)
        has_rest = any(shift.count is None for shift in self.shifts)
        if self.count is None:
            text = "a shift without 'count' is of all who are in no other one: say how many the group has"
            return text if has_rest else None
        if said == self.count or (has_rest and said < self.count):
            return None
        text = f"the group has {self.count}, and its shifts say {said}; each agent works one of them"
        return f"{text}: write {said} or more" if has_rest else f"{text}: write {said}, or leave 'count' out"

    @property
    def heads(self) -> int:
        """How many they are, shrinkage not taken off; 0 of those who have `staffing`."""
        return sum(shift.count or 0 for shift in self.shifts) if self.count is None else self.count

    @property
    def at_work(self) -> int:
        """How many of them are at work at most, shrinkage taken off, rounded; of `staffing`, the most."""
        if self.staffing is not None:
            return max(self.staffing, default=0)
        return round(self.heads * (1.0 - self.shrinkage))

    def speed_for(self, queue: str) -> float:
        """Return how fast they handle contacts of a queue."""
        return self.speed.get(queue, self.speed.get(OTHERS, 1.0))

    def expand(self) -> list[Agent]:
        """Return those at work as agents of the engine, `NAME-1` and on."""
        common = {name: getattr(self, name) for name in Agent.model_fields}
        said = set(common)
        return [
            Agent.model_construct(said, **common | {"name": f"{self.name}-{number + 1}"})
            for number in range(self.at_work)
        ]


def _some(value: float) -> float:
    if value <= 0.0:
        raise fault(f"{value:g} is out of range; an interval has some width: write more than 0")
    return value


class Stop(Section):
    """When there are replications enough."""

    metric: str = "service_level"
    """A figure of all queues, or `QUEUE.FIGURE`."""
    half_width: Annotated[float, Share(1e9), AfterValidator(_some)] = 0.01
    """At most half the width of its interval of confidence, in the figure's own unit: of a share 0.01 or 1%, of `asa_s`
    and the other times s, of counts contacts; more than 0."""
    at_most: Annotated[int, Whole(2, 100_000)] = 1000


class Experiment(Section):
    """How often the same stretch of time is simulated, each time with other chance."""

    replications: Annotated[int, Whole(1, 100_000)] = 20
    seed: Annotated[int, Whole(0, 2**62)] = 1
    confidence: Annotated[float, Number(0.5, 0.9999)] = 0.95
    stop: Stop | None = None


class Factors(Section):
    """Factors of everything of a kind, to ask what happens if there is more or less of it."""

    volume: Annotated[float, Number(0, 1000)] = 1.0
    """Of all arrivals but traces."""
    aht: Annotated[float, Number(0.01, 100)] = 1.0
    """Of all talks and wrap-ups."""
    patience: Annotated[float, Number(0.01, 100)] = 1.0
    shrinkage: Annotated[float, Number(0, 100)] = 1.0
    """Of the shrinkage of all groups that say how many they are, 0 to 100; 99 % of a group may be away at most."""


class Limits(Section):
    """Bounds of the simulated engine."""

    contacts: Annotated[int, Whole(16, 1_000_000)] | None = None
    """Contacts at once; not said: as many as it takes."""
