"""Agents who work from home: how they fare there, and when their line or power fails."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Self

import msgspec
import numpy as np
from pydantic import Field, model_validator

from engine.config.faults import several
from engine.messages.rows import empty_rows
from engine.model.fields import Duration, Number, Section
from engine.model.settings import SECOND_NS
from simulations.scenario.values import Share
from simulations.world.changes import LINES_CUT, PLACE_CHANGED

Array = np.ndarray[Any, Any]
ShareField = Annotated[float, Share()]
ALL_CHANNELS: Final = -1
SPARE: Final = 8.0
"""Room for outages, in deviations above their expected number: never used up."""


class Home(Section):
    """How the agents of a group fare who work from home."""

    always: ShareField = 0.0
    """Of them: work from home anyway, and are not at the site."""
    equipped: ShareField = 1.0
    """Of the others: have at home what it takes, should a plan send them there."""
    speed: Annotated[float, Number(0.01, 100)] = 1.0
    """How fast they work there, compared with the site."""
    availability: ShareField = 1.0
    """Of the time: line and power at home hold. An outage breaks the talk off."""
    outage_ns: Annotated[int, Duration("1s", "1d")] = Field(default=900 * SECOND_NS, alias="outage")
    """How long an outage lasts in the mean, exponential."""

    @model_validator(mode="after")
    def _is_there_at_times(self) -> Self:
        if self.availability == 0.0:
            raise several([(("availability",), "who is never available does not work from home; say 'equipped: 0'")])
        return self

    @property
    def factor(self) -> float:
        """How much longer talks and wrap-ups take."""
        return 1.0 / self.speed


class Window(msgspec.Struct, frozen=True):
    """A time in which an agent would be at work, from home, ns."""

    agent: int
    start_ns: int
    end_ns: int
    availability: float
    outage_ns: int
    stays: bool = False
    """Whether the agent works on when it is over, back at the site."""


def of_share(member: int, share: float) -> bool:
    """Whether a member of a group is among such a share of it, spread evenly whatever the shifts."""
    return int((member + 1) * share + 1e-9) > int(member * share + 1e-9)


def place_rows(moves: list[tuple[int, int, float]]) -> Array:
    """Return the rows by which talks and wrap-ups take so many times as long from then on: (at_ns, agent, factor)."""
    rows: Array = np.asarray(empty_rows(len(moves)))
    rows["kind"] = PLACE_CHANGED
    if moves:
        rows["at_ns"], rows["agent"] = [at_ns for at_ns, _, _ in moves], [agent for _, agent, _ in moves]
        rows["a"] = [round(1000 * factor) for _, _, factor in moves]
    return rows


def cut_rows(cuts: list[tuple[int, int]], channels: int = ALL_CHANNELS) -> Array:
    """Return the rows that end what agents do, from (at_ns, agent)."""
    rows: Array = np.asarray(empty_rows(len(cuts)))
    rows["kind"], rows["a"] = LINES_CUT, channels
    if cuts:
        rows["at_ns"], rows["agent"] = np.array(cuts, np.int64).T
    return rows


def outages(window: Window, chance: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield when line or power fails, (from, until) in ns: exponential times up and down in turn, in the long run."""
    up_ns = window.outage_ns * window.availability / (1.0 - window.availability)
    at_ns = float(window.start_ns)
    is_up = chance.random() < window.availability
    while at_ns < window.end_ns:
        lasts_ns = chance.exponential(up_ns if is_up else window.outage_ns)
        if not is_up:
            yield int(at_ns), min(int(at_ns + lasts_ns), window.end_ns)
        at_ns, is_up = at_ns + lasts_ns, not is_up


def room(windows: Iterable[Window]) -> int:
    """Return how many outages there may be in all."""
    expected = sum(
        1.0 + (window.end_ns - window.start_ns) * (1.0 - window.availability) / window.outage_ns for window in windows
    )
    return int(expected + SPARE * np.sqrt(expected))
