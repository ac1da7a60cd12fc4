"""A whole scenario file: when it plays, and its sections, each held against the others."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from engine.config.agents import Name
from engine.config.faults import Faults, several
from engine.config.hours import Hours
from engine.model.fields import Ref, Section, TimeZone, Whole
from engine.model.settings import SECOND_NS
from simulations.scenario.disruptions import Disruption, Plan
from simulations.scenario.money import Business, Costs, Prices
from simulations.scenario.rules import faults_between
from simulations.scenario.sections import (
    Experiment,
    Factors,
    Group,
    Horizon,
    Limits,
    ScenarioChannel,
    ScenarioQueue,
    ScenarioSite,
    ScenarioTrunkGroup,
)
from simulations.scenario.values import padded
from simulations.scenario.volumes import Timeline

INTERVALS_MAX: Final = 10_000


class Stretch(Section):
    """The part of a scenario file that says when it plays."""

    time_zone: TimeZone = "UTC"
    horizon: Horizon = Horizon()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if faults := self.faults():
            raise several(faults)
        return self

    def faults(self) -> Faults:
        """Return which values do not go together, each with its place."""
        return self.stretch_faults() if self.is_told else []

    @property
    def is_told(self) -> bool:
        """Whether it is known when it plays: of a file with faults, whether none is there."""
        said = self.__dict__
        return (
            "time_zone" in said and "horizon" in said and Horizon.model_fields.keys() <= said["horizon"].__dict__.keys()
        )

    def stretch_faults(self) -> Faults:
        """Return what of the horizon does not go together."""
        faults: Faults = []
        start_ns, end_ns = self.start_ns, self.end_ns
        interval_ns = self.horizon.interval_ns
        if end_ns <= start_ns:
            faults.append((("horizon", "to"), "the horizon must end after it begins"))
        elif (end_ns - start_ns) % interval_ns:
            faults.append((("horizon", "to"), "the horizon must hold a whole number of intervals"))
        elif (end_ns - start_ns) // interval_ns > INTERVALS_MAX:
            faults.append((("horizon", "interval"), f"that makes more than {INTERVALS_MAX} intervals"))
        if start_ns % interval_ns:
            text = "the horizon must begin where an interval does, counted from midnight UTC"
            faults.append((("horizon", "from"), text))
        if self.horizon.warm_up_ns % interval_ns:
            faults.append((("horizon", "warm_up"), "the warm-up must be a whole number of intervals"))
        return faults

    @property
    def start_ns(self) -> int:
        """When the first interval begins."""
        return self.instant_ns(self.horizon.from_)

    @property
    def end_ns(self) -> int:
        """When the last interval ends."""
        return self.instant_ns(self.horizon.to)

    @property
    def intervals(self) -> int:
        """How many intervals the horizon has."""
        return (self.end_ns - self.start_ns) // self.horizon.interval_ns

    @property
    def timeline(self) -> Timeline:
        """The intervals, as volumes are brought to them."""
        interval_s = self.horizon.interval_ns // SECOND_NS
        return Timeline(self.start_ns // SECOND_NS, interval_s, self.intervals, self.time_zone)

    @property
    def midnights_ns(self) -> list[int]:
        """Where days begin within the horizon, by its clock: one fewer than there are days."""
        first = date.fromisoformat(self.horizon.from_[:10])
        days = (self.end_ns - self.start_ns) // (24 * 3600 * SECOND_NS) + 2
        found = [self.instant_ns((first + timedelta(days=day)).isoformat()) for day in range(1, days + 1)]
        return [at_ns for at_ns in found if self.start_ns < at_ns < self.end_ns]

    def clock(self, interval: int) -> str:
        """Return when an interval begins, as people of its time zone write it; of the one behind the last, its end."""
        begin_s = (self.start_ns + interval * self.horizon.interval_ns) // SECOND_NS
        return f"{datetime.fromtimestamp(begin_s, ZoneInfo(self.time_zone)):%Y-%m-%d %H:%M}"

    def instant_ns(self, moment: str) -> int:
        """Return the instant of a local time, ns."""
        local = datetime.fromisoformat(padded(moment)).replace(tzinfo=ZoneInfo(self.time_zone))
        return int(local.timestamp()) * SECOND_NS


class ScenarioFile(Stretch):
    """A whole scenario file, checked."""

    version: Annotated[int, Whole(1, 1)] = 1
    name: str = "scenario"
    service_level_formula: Literal["live", "offered", "answered", "all", "abandons_in"] = "live"
    """Of what share the service level is told, by the engine's names."""
    channels: dict[Annotated[str, Ref("channel")], ScenarioChannel] = Field(default_factory=dict)
    skills: list[Name] | None = None
    sites: dict[Name, ScenarioSite] = Field(default_factory=dict)
    trunk_groups: dict[Name, ScenarioTrunkGroup] = Field(default_factory=dict)
    opening_hours: dict[Name, Hours] = Field(default_factory=dict)
    queues: Annotated[dict[Name, ScenarioQueue], Field(min_length=1)]
    agents: list[Group] = Field(default_factory=list)
    plans: dict[Name, Plan] = Field(default_factory=dict)
    disruptions: list[Disruption] = Field(default_factory=list)
    costs: Costs = Costs()
    benefits: Prices = Prices()
    business: Business = Business()
    factors: Factors = Factors()
    experiment: Experiment = Experiment()
    limits: Limits = Limits()

    def faults(self) -> Faults:
        """Return which values do not go together, each with its place."""
        return [*super().faults(), *faults_between(self)]

    @property
    def groups(self) -> list[Group]:
        """All groups of agents, those that queues name in passing included, in the order of the file.

        Those serve their queue alone. Beside them a queue that nobody lists is for the groups of `agents`, which list
        it here: to the engine it would be open to everybody.
        """
        made = [
            Group.model_construct(name=name, count=queue.agents, queues=[name], skills=dict(queue.skills))
            for name, queue in self.queues.items()
            if queue.agents is not None
        ]
        if not made:
            return self.agents
        listed = self._listed
        shared = [name for name, one in self.queues.items() if name not in listed and one.members_only is None]
        if not shared:
            return [*self.agents, *made]
        return [*(group.model_copy(update={"queues": [*group.queues, *shared]}) for group in self.agents), *made]

    def members_only(self, queue: str) -> bool:
        """Tell whether only groups that list a queue serve it; not said: where one does, or agents of any queue serve
        that one alone."""
        said = self.queues[queue].members_only
        if said is not None:
            return said
        return queue in self._listed or any(one.agents is not None for one in self.queues.values())

    @property
    def _listed(self) -> set[str]:
        """Queues that a group of `agents` lists, or that say themselves how many serve them."""
        short = {name for name, queue in self.queues.items() if queue.agents is not None}
        return short | {name for group in self.agents for name in group.queues}
