"""The sections that describe queues: how contacts wait, who may serve them, and what happens when nobody does."""

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from engine.config.faults import Faults, several
from engine.messages import kinds
from engine.model.fields import Duration, Number, Ref, Section, Target, Whole, Word
from engine.model.settings import CONDITIONS_MAX, LEVEL_MAX, SECOND_NS, STEPS_MAX, STRICT_CREDIT_NS, WRAP_UP_BY_AGENT

CHANNEL_NUMBERS: Final = {name: number for number, name in kinds.CHANNEL_NAMES.items()}
STRATEGY_NUMBERS: Final = {name: n for n, name in kinds.STRATEGY_NAMES.items() if n != kinds.PREFERRED_AGENT}
STEP_NUMBERS: Final = {name: n for n, name in kinds.STEP_NAMES.items() if n != kinds.STEP_NONE}
JOIN_WORDS: Final = {"always": 0, "logged_in": 1, "available": 2}
LEAVE_WORDS: Final = {"never": 0, "logged_out": 1, "paused": 2}
HOLD_BACK: Final = Duration("0s", "1h", {"never": 0})
IDLE_LIMIT: Final = Duration("10s", "7d", {"never": 0})
WRAP_UP: Final = Duration("0s", "8h", {"agent": WRAP_UP_BY_AGENT})

SkillLevels = dict[Annotated[str, Ref("skill")], Annotated[int, Whole(0, LEVEL_MAX)]]


class ServiceLevel(Section):
    """What counts as served in time."""

    threshold_ns: Annotated[int, Duration("0s", "1d")] = Field(default=20 * SECOND_NS, alias="threshold")
    target: Annotated[float, Number(0, 1)] = 0.8
    short_abandon_ns: Annotated[int, Duration("0s", "1h")] = Field(default=5 * SECOND_NS, alias="short_abandon")


class Step(Section):
    """What happens to a contact that has waited a while."""

    after_ns: Annotated[int, Duration("0s", "7d")] = Field(alias="after")
    do: Annotated[int, Word("step", STEP_NUMBERS)]
    to: Annotated[str, Ref("queue")] | None = None
    skills: SkillLevels | None = None
    """Only of a relax step: what is required from then on; nothing means no skill at all."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        faults: Faults = []
        if self.do == kinds.STEP_OVERFLOW and self.to is None:
            faults.append(((), "an overflow step needs 'to', the queue it goes to"))
        if self.do not in (kinds.STEP_OVERFLOW, kinds.STEP_CALLBACK) and self.to is not None:
            faults.append((("to",), "only overflow and callback steps go to a queue"))
        if self.do != kinds.STEP_RELAX and self.skills is not None:
            faults.append((("skills",), "only a relax step changes the skills required"))
        if faults:
            raise several(faults)
        return self


class Queue(Section):
    """One queue."""

    display_name: str = ""
    channel: Annotated[int, Word("channel", CHANNEL_NUMBERS)] = kinds.VOICE
    strategy: Annotated[int, Word("strategy", STRATEGY_NUMBERS)] = kinds.ERLANG
    skills: SkillLevels = Field(default_factory=dict)
    """Required of an agent: each skill with its least level."""
    members_only: bool | None = None
    """Whether only agents that list the queue serve it; not said: yes as soon as one of them does."""
    ring_limit_ns: Annotated[int, Duration("1s", "10m")] = Field(default=20 * SECOND_NS, alias="ring_limit")
    ring_all_limit: Annotated[int, Whole(1, 1000)] = 16
    wrap_up_ns: Annotated[int, WRAP_UP] = Field(default=0, alias="wrap_up")
    max_length: Annotated[int, Whole(0, 1_000_000)] = 0
    """Waiting contacts beyond which an arrival does not get in; 0: no limit."""
    max_wait_ns: Annotated[int, Duration("1s", "7d")] | None = Field(default=None, alias="max_wait")
    when_full: Annotated[str | None, Target()] = None
    when_empty: Annotated[str | None, Target()] = None
    when_closed: Annotated[str | None, Target()] = None
    join_empty: Annotated[int, Word("condition for joining", JOIN_WORDS)] = 0
    leave_empty: Annotated[int, Word("condition for leaving", LEAVE_WORDS)] = 0
    opening_hours: Annotated[str, Ref("opening hours")] | None = None
    service_level: ServiceLevel = ServiceLevel()
    ageing_ns: Annotated[int, Duration("1s", "1d")] = Field(default=STRICT_CREDIT_NS, alias="ageing")
    """Head start in line that each priority step is worth; not said: priority is absolute."""
    head_start_ns: Annotated[int, Duration("0s", "1d")] = Field(default=0, alias="head_start")
    """What this queue's contacts are ahead of other queues' when one agent serves both."""
    preferred_wait_ns: Annotated[int, Duration("0s", "1h")] = Field(default=0, alias="preferred_wait")
    value: Annotated[float, Number(0, 1_000_000)] = 1.0
    """Cost of losing one contact, relative to other queues."""
    hold_back_ns: Annotated[int, HOLD_BACK] = Field(default=0, alias="hold_back")
    """Wait up to which a free agent may be kept from its contacts for queues that would lose more."""
    idle_limit_ns: Annotated[int, IDLE_LIMIT] = Field(default=0, alias="idle_limit")
    """Silence of a chat's customer, while no line of theirs waits for an answer, after which it ends."""
    steps: list[Step] = Field(default_factory=list)

    @property
    def requirements(self) -> list[dict[str, int]]:
        """What is required of an agent: at first, then after each step that relaxes it, in the order of their times."""
        steps = sorted(self.steps, key=lambda step: step.after_ns)
        return [self.skills, *(step.skills or {} for step in steps if step.do == kinds.STEP_RELAX)]

    @property
    def steps_to_spare(self) -> int:
        """How many more steps there may be; `max_wait` is one."""
        return STEPS_MAX - len(self.steps) - (self.max_wait_ns is not None)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        faults: Faults = []
        if self.steps_to_spare < 0:
            text = f"a queue may have {STEPS_MAX} steps, 'max_wait' counted as one; there are {len(self.steps)}"
            faults.append((("steps",), text))
        if len(self.skills) > CONDITIONS_MAX:
            faults.append((("skills",), f"a queue may require {CONDITIONS_MAX} skills; there are {len(self.skills)}"))
        if self.hold_back_ns and self.strategy != kinds.ERLANG:
            faults.append((("hold_back",), "only the strategy 'erlang' holds agents back; say 'never', or use it"))
        faults += self._relax_faults()
        if faults:
            raise several(faults)
        return self

    def _relax_faults(self) -> Faults:
        """Each relax step may only ask for less than what was required before it."""
        faults: Faults = []
        required = self.skills
        ordered = sorted(enumerate(self.steps), key=lambda item: item[1].after_ns)
        for index, step in ordered:
            if step.do != kinds.STEP_RELAX:
                continue
            relaxed = step.skills or {}
            for skill, level in relaxed.items():
                if level > required.get(skill, 0):
                    text = f"a relax step cannot ask for more: '{skill}' was required at {required.get(skill, 0)}"
                    faults.append((("steps", index, "skills", skill), text))
            if not faults and relaxed == required:
                faults.append((("steps", index), "this step relaxes nothing; require less than before"))
            required = relaxed
        return faults


def report_queue() -> Queue:
    """Return the queue of reports for single agents: without members, so that who is not there leaves it at once."""
    said: dict[str, Any] = {
        "display_name": "Case reports",
        "channel": "task",
        "strategy": "longest-idle",
        "members_only": True,
        "leave_empty": "logged_out",
        "preferred_wait": "1h",
    }
    return Queue.model_validate(said)
