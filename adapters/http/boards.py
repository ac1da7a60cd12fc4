"""Boards of the configuration: what a wallboard shows, and by which two thresholds each figure is judged."""

from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from engine.model.fields import Beside, Duration, Number, Ref, Text, TimeZone, fault, nearest
from engine.model.quality import CASE_REPORTS
from engine.projections.queues.status import QueueStatus
from engine.projections.queues.tiles import QueueTile

Block = Literal["tiles", "queues", "waiting", "agents", "alerts", "chart", "lost", "quality"]
Theme = Literal["auto", "dark", "light", "contrast"]
LOWER_IS_WORSE: Final = frozenset({"service_level", "available"})
"""Figures that are bad when they fall; all others are bad when they rise."""
METRICS: Final = (
    "waiting",
    "oldest_wait_s",
    "service_level",
    "abandon_rate",
    "average_speed_of_answer_s",
    "expected_p50_s",
    "occupancy",
    "available",
)
"""What a threshold may be set for."""
DEFAULT_BOARD: Final = "default"
BOARD_NAME: Final = Text("[a-z0-9][a-z0-9-]{0,63}", "a board's name; write small letters, digits and hyphens")


class Threshold(BaseModel):
    """Two thresholds of one figure: from `warn` on it is at risk, from `alert` on breached."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    warn: Annotated[float, Number(0, 1e9)]
    alert: Annotated[float, Number(0, 1e9)]


Thresholds = dict[str, Threshold]


def _known(value: Any) -> Any:
    """Refuse figures that do not exist, and thresholds in the wrong order. Raises PydanticCustomError."""
    for metric, pair in value.items():
        if metric not in METRICS:
            raise fault(f"'{metric}' is no figure of a queue{nearest(metric, METRICS)}")
        wrong = pair.alert > pair.warn if metric in LOWER_IS_WORSE else pair.alert < pair.warn
        if wrong:
            side = "above" if metric in LOWER_IS_WORSE else "below"
            raise fault(f"of '{metric}' the alert ({pair.alert:g}) lies {side} the warning ({pair.warn:g})")
    return value


class Screen(BaseModel):
    """What is seen at once."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    name: Annotated[str, Field(max_length=64)] = ""
    blocks: Annotated[list[Block], Field(min_length=1)]


DEFAULT_SCREENS: Final = (
    Screen(name="now", blocks=["tiles", "queues", "waiting", "agents", "alerts"]),
    Screen(name="today", blocks=["tiles", "chart", "lost", "alerts"]),
    Screen(name="quality", blocks=["tiles", "quality"]),
)


class TimeLimits(BaseModel):
    """How long an agent may be in a state before the square says so; 0: for ever."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    offered: Annotated[int, Duration("0s", "1d")] = 30_000_000_000
    busy: Annotated[int, Duration("0s", "1d")] = 20 * 60_000_000_000
    wrapping: Annotated[int, Duration("0s", "1d")] = 3 * 60_000_000_000
    paused: Annotated[int, Duration("0s", "1d")] = 20 * 60_000_000_000


class BoardSettings(BaseModel):
    """One board."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    title: Annotated[str, Field(max_length=128)] = ""
    """Shown at the head; empty: the service's name."""
    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    """Queues that it shows; none: all."""
    screens: Annotated[list[Screen], Field(min_length=1, max_length=12)] = list(DEFAULT_SCREENS)
    rotate_ns: Annotated[int, Duration("0s", "1h")] = Field(default=0, alias="rotate")
    """How long each screen stands; 0: it does not rotate."""
    theme: Theme = "auto"
    language: Literal["auto", "en", "vi"] = "auto"
    time_zone: TimeZone | None = None
    """Of its clock; none: the adapter's."""
    privacy: bool = False
    """Agents by their initials alone, for screens in public places."""
    sound: bool = False
    """Whether a breach is heard at first; the switch on the page changes it."""
    thresholds: Thresholds = Field(default_factory=dict)
    """By figure, of every queue that has none of its own."""
    queue_thresholds: dict[Annotated[str, Ref("queue")], Thresholds] = Field(default_factory=dict)
    time_limits: TimeLimits = Field(default_factory=TimeLimits)
    plan: Annotated[str, Field(max_length=1024), Beside()] = ""
    """Path of a CSV file with the day's plan, relative to the configuration file; empty: none."""

    _check = field_validator("thresholds")(_known)

    @field_validator("queue_thresholds")
    @classmethod
    def _known_each(cls, value: Any, _: ValidationInfo) -> Any:
        for thresholds in value.values():
            _known(thresholds)
        return value

    @model_validator(mode="after")
    def _of_its_queues(self) -> Self:
        strangers = [queue for queue in self.queue_thresholds if self.queues and queue not in self.queues]
        if strangers:
            raise fault(f"queue_thresholds names '{strangers[0]}', which is not among the board's queues")
        return self

    def shows(self, queue: str) -> bool:
        """Whether the board shows this queue; a board of all shows none for reports of cases, which nobody serves."""
        return queue in self.queues if self.queues else queue != CASE_REPORTS

    def threshold(self, metric: str, queue: QueueTile | QueueStatus) -> Threshold | None:
        """The thresholds of one queue's figure: its own, the board's, or those that follow from the queue's target.

        A queue for colleagues has those alone that are set for it by name: all others are for customers.
        """
        own = self.queue_thresholds.get(queue.queue, {}).get(metric)
        if own is not None or queue.for_colleagues:
            return own
        return self.thresholds.get(metric) or _by_target(metric, queue.threshold_s, queue.target)


@lru_cache(maxsize=4096)
def _by_target(metric: str, threshold_s: float, target: float) -> Threshold | None:
    """The thresholds that follow from a queue's target; asked of every queue at every look."""
    if metric == "oldest_wait_s":
        return Threshold(warn=0.7 * threshold_s, alert=threshold_s)
    if metric == "service_level":
        return Threshold(warn=target, alert=max(0.0, target - 0.1))
    return Threshold(warn=0.1, alert=0.2) if metric == "abandon_rate" else None


def is_beyond(metric: str, value: float, threshold: float) -> bool:
    """Whether a figure has passed a threshold: fallen below it, or risen to it, as is bad for this one."""
    return value < threshold if metric in LOWER_IS_WORSE else value >= threshold
