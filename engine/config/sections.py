"""The whole configuration file as one typed value."""

import math
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from engine.config.agents import Agent, AgentEntry, Capacities, Name
from engine.config.faults import Faults, several
from engine.config.hours import Hours
from engine.config.plans import Plan
from engine.config.quality import CaseSection, Quality
from engine.config.queues import Queue, report_queue
from engine.messages import kinds
from engine.model.fields import Duration, Number, Ref, Section, Text, TimeZone, Whole
from engine.model.quality import CASE_REPORTS
from engine.model.scopes import TOKEN_ID, Scope
from engine.model.settings import RESERVE_AUTO, SECOND_NS, STEPS_MAX
from engine.ports import AgentEndpoint

PLANS_MAX: Final = 64
INTERVALS: Final = 192
"""Kept at hand, at least: two days of quarter hours."""
LONGEST_DAY_NS: Final = 25 * 3600 * SECOND_NS
"""That on which clocks are put back."""
Reason = Annotated[str, Text(r"\S(.{0,62}\S)?", "a reason; write 1 to 64 characters, in quotes if they are digits")]
"""As long as the fact that an agent's status has changed can say."""
DEFAULT_CAPACITY: Final = {kinds.VOICE: 1, kinds.CHAT: 3, kinds.EMAIL: 1, kinds.TASK: 1}


class Numbers(Section):
    """How telephone numbers are written where the centre is, so that each customer has one."""

    country_code: Annotated[int, Whole(1, 999)]
    trunk_prefix: Annotated[str, Text(r"[0-9]{0,4}", 'a prefix; write digits in quotation marks, as "0", or ""')] = "0"
    """What is dialled before a number within the country."""
    international_prefix: Annotated[str, Text(r"[0-9]{0,6}", 'a prefix; write digits in quotation marks, as "00"')] = (
        "00"
    )
    """What is dialled before a country code, beside +."""


class Service(Section):
    """What holds for the engine as a whole."""

    name: str = "trunkline"
    time_zone: TimeZone = "UTC"
    """Of days in reports, and of every site and adapter that has none of its own."""
    interval_ns: Annotated[int, Duration("1m", "1d")] = Field(default=900 * SECOND_NS, alias="interval")
    """Length of one row of the interval table."""
    seed: Annotated[int, Whole(0, 2**62)] = 1
    numbers: Numbers | None = None
    """How customers' numbers become one form, E.164; None: they stay as they come."""


class Limits(Section):
    """Bounds of everything that could grow; changed only by a restart."""

    contacts: Annotated[int, Whole(16, 1_000_000)] = 16_384
    """Contacts that are not closed, in all queues."""
    agents: Annotated[int, Whole(1, 10_000)] = 256
    queues: Annotated[int, Whole(1, 4096)] = 64
    trunk_groups: Annotated[int, Whole(1, 4096)] = 16
    requirements: Annotated[int, Whole(16, 65_535)] = 256
    """Different combinations of skills that queues and contacts may ask for."""
    lines: Annotated[int, Whole(16, 65_535)] = 512
    """Combinations of queue, requirement and channel that have contacts waiting."""
    intervals: Annotated[int, Whole(2, 100_000)] | None = None
    """Rows of the interval table that are kept at hand; None: see `Config.intervals`."""
    inbox: Annotated[int, Whole(16, 1_000_000)] = 8192
    """Facts accepted but not yet decided; beyond, a source is told to try again."""
    remembered_facts: Annotated[int, Whole(0, 10_000_000)] = 1_000_000
    """Facts whose ids are remembered, so that a second delivery changes nothing."""


class Channel(Section):
    """What holds for one channel, unless an agent says otherwise."""

    capacity: Annotated[int, Whole(0, 1000)] | None = None
    """Contacts of this channel that an agent serves at once."""
    may_interrupt: list[Annotated[str, Ref("channel")]] = Field(default_factory=list)
    """Channels whose contacts an agent may be holding when one of this channel is offered."""


class Site(Section):
    """A place where agents work."""

    display_name: str = ""
    time_zone: TimeZone | None = None
    """None: that of the service."""


class TrunkGroup(Section):
    """Lines to the telephone network that are counted together."""

    display_name: str = ""
    channels: Annotated[int, Whole(0, 1_000_000)]
    """Calls carried at once."""
    reserve: Annotated[int, Whole(0, 1_000_000, {"auto": RESERVE_AUTO})] = 0
    """Of these, how many only protected traffic may take; RESERVE_AUTO: as many as cost least."""
    protected_value: Annotated[float, Number(1, 1_000_000)] = 10.0
    """What losing one protected call costs, compared with an unprotected one."""

    @model_validator(mode="after")
    def _reserve_fits(self) -> Self:
        if self.reserve > self.channels:
            raise several([(("reserve",), f"{self.reserve} is out of range; allowed is 0 to {self.channels}")])
        return self


class WrapUpCodeEntry(Section):
    """What a contact may be about, for agents to choose from when it is over."""

    code: Name
    display_name: str = ""
    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    """Of whose contacts it is said; empty: of all."""


class QualityFieldEntry(Section):
    """What agents are asked about a contact beside its code."""

    field: Annotated[str, Text(r"\S(.{0,62}\S)?", "a field's name; write 1 to 64 characters")]
    display_name: str = ""
    kind: Literal["yes_no", "score", "choice", "text"] = "yes_no"
    choices: list[Name] = Field(default_factory=list)
    """Of the kind `choice`: what there is to choose from."""
    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if (self.kind == "choice") != bool(self.choices):
            raise several([(("choices",), "'choices' go with kind: choice, and with no other")])
        return self


class Token(Section):
    """A bearer token of the HTTP interface, known by the digest of its secret; `trunkline token new` makes one."""

    id: Annotated[str, Text(TOKEN_ID, "a token's id; write small letters, digits and hyphens")]
    sha256: Annotated[str, Text(r"[0-9a-f]{64}", "a SHA-256 digest; write its 64 hexadecimal digits")]
    scopes: Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1)]
    agent: Annotated[str, Ref("agent")] | None = None
    """The only agent whom it acts as; not said: any."""

    @model_validator(mode="after")
    def _acts_as_one(self) -> Self:
        if self.agent is not None and (
            Scope.AGENT not in self.scopes or {Scope.SUPERVISE, Scope.ADMIN} & {*self.scopes}
        ):
            text = "a token of one agent has the scope 'agent', and neither 'supervise' nor 'admin'"
            raise several([(("agent",), text)])
        return self


class Config(Section):
    """One contact centre, checked: every name refers to something, every number is within its bounds."""

    service: Service = Service()
    limits: Limits = Limits()
    channels: dict[Annotated[str, Ref("channel")], Channel] = Field(default_factory=dict)
    skills: list[Name] | None = None
    """All skills there are; not said: those that agents have."""
    sites: dict[Name, Site] = Field(default_factory=dict)
    trunk_groups: dict[Name, TrunkGroup] = Field(default_factory=dict)
    opening_hours: dict[Name, Hours] = Field(default_factory=dict)
    pause_reasons: list[Reason] = Field(default_factory=list)
    wrap_up_codes: Annotated[list[WrapUpCodeEntry], Field(max_length=100)] = Field(default_factory=list)
    quality_fields: Annotated[list[QualityFieldEntry], Field(max_length=32)] = Field(default_factory=list)
    queues: Annotated[dict[Name, Queue], Field(min_length=1)]
    agent_entries: list[AgentEntry] = Field(default_factory=list, alias="agents")
    quality: Quality = Quality()
    cases: dict[Name, CaseSection] = Field(default_factory=dict)
    plans: Annotated[dict[Name, Plan], Field(max_length=PLANS_MAX)] = Field(default_factory=dict)
    """Continuity plans, which somebody may activate."""
    tokens: list[Token] = Field(default_factory=list)
    adapters: dict[str, Any] = Field(default_factory=dict)
    """By entry point name: the adapter's own section, an instance of its `Settings`."""

    _digest: str = PrivateAttr("")

    @property
    def digest(self) -> str:
        """SHA-256 of the file that it was read from, as sha256sum tells it; empty: of none."""
        return self._digest

    def read_from(self, digest: str) -> Self:
        """Return it with the digest of its file."""
        read = self.model_copy()
        read._digest = digest
        return read

    @model_validator(mode="after")
    def _reports_cases(self) -> Self:
        """Whoever opened a case is told in a queue of its own, which nobody serves."""
        if CASE_REPORTS in self.queues:
            raise several([(("queues", CASE_REPORTS), "this name is kept for the reports of cases; use another")])
        if self.cases:
            self.queues[CASE_REPORTS] = report_queue()
        return self

    @model_validator(mode="after")
    def _has_room_for_plans(self) -> Self:
        """What a plan says of a queue by name is done, or the plan is no plan: a queue's steps are all it has."""
        faults: Faults = []
        for name, plan in self.plans.items():
            for queue in (queue for queue, away in plan.reroute.items() if away.after_ns and queue in self.queues):
                if self.queues[queue].steps_to_spare < 1:
                    text = f"queue '{queue}' has {STEPS_MAX} steps already, 'max_wait' counted as one: no 'after' fits"
                    faults.append((("plans", name, "reroute", queue), text))
        if faults:
            raise several(faults)
        return self

    @property
    def intervals(self) -> int:
        """Rows of the interval table: those said, or enough for two days of quarter hours and for a day of any length.

        A day may have 25 hours, and where it begins amid an interval there is one more.
        """
        if self.limits.intervals is not None:
            return self.limits.intervals
        return max(INTERVALS, math.ceil(LONGEST_DAY_NS / self.service.interval_ns) + 1)

    @cached_property
    def agents(self) -> list[Agent]:
        """All agents, each one by itself, in the order of the file."""
        return [agent for entry in self.agent_entries for agent in entry.expand()]

    @property
    def listed_queues(self) -> set[str]:
        """Queues that some entry lists, also one that stands for nobody at present."""
        return {queue for entry in self.agent_entries for queue in entry.queues}

    def let_go(self) -> None:
        """Forget the agents one by one, thousands perhaps: they are made again when somebody asks."""
        self.__dict__.pop("agents", None)

    @cached_property
    def skill_names(self) -> list[str]:
        """All skills, declared or found, in the order of the file."""
        found = [skill for agent in self.agents for skill in agent.skills]
        return list(dict.fromkeys([*(self.skills or []), *found]))

    def capacity(self, channel: int, own: Capacities) -> int:
        """Return how many contacts of the channel an agent with this `capacity` section serves at once."""
        name = kinds.CHANNEL_NAMES[channel]
        if name in own:
            return own[name]
        common = self.channels[name].capacity if name in self.channels else None
        return DEFAULT_CAPACITY[channel] if common is None else common

    def endpoints(self) -> list[AgentEndpoint]:
        """Return how each agent is reached, secrets included: for adapters, never for the log."""
        return [
            AgentEndpoint(
                name=agent.name,
                phone=agent.phone.address if agent.phone else "",
                queues=tuple(agent.queues),
                password=_shown(agent.phone.password) if agent.phone else "",
                ha1=_shown(agent.phone.ha1) if agent.phone else "",
                auto_answer=agent.phone.auto_answer if agent.phone else False,
                desk_password=_shown(agent.desk_password),
            )
            for agent in self.agents
        ]


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
