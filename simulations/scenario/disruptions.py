"""The sections of what goes wrong, the world, apart from what is done about it, the response: a plan of the house."""

from typing import Annotated

from pydantic import Field

from engine.config.plans import Plan
from engine.model.fields import Duration, Number, Ref, Section, Whole
from simulations.scenario.values import Share, plain, read_moment

__all__ = ["Disruption", "Plan", "Response", "WorldEvent"]

Moment = Annotated[str, plain(read_moment)]
ShareField = Annotated[float, Share()]


class WorldEvent(Section):
    """What breaks. Everything that is said holds at once, from `at` on, for `for`."""

    site_down: Annotated[str, Ref("site")] | None = None
    """Whoever works there is offline, and talks break off: fire, flood."""
    power_down: Annotated[str, Ref("site")] | None = None
    """The same once the site's `backup_power` is used up, and its trunk groups are down, too."""
    quarantine: Annotated[str, Ref("site")] | None = None
    """Nobody may stay there: talks are ended first."""
    internet_down: Annotated[str, Ref("site")] | None = None
    """Whoever works there has no chats and e-mails; calls go on."""
    absence: ShareField = 0.0
    """Share of all agents at work who go home: illness, strike, weather."""
    group: Annotated[str, Ref("group")] | None = None
    """Of `absence`: of this group alone."""
    volume: Annotated[float, Number(0, 100)] = 1.0
    """Factor of all arrivals."""
    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    """Of `volume`: of these queues alone."""
    talk: Annotated[float, Number(0.01, 100)] = 1.0
    """Factor of all talks that begin then: software that is slow."""
    trunks: dict[Annotated[str, Ref("trunk group")], Annotated[int, Whole(0, 1_000_000)]] = Field(default_factory=dict)
    """Channels that are left of a carrier's: a line that is cut."""
    carrier_down: list[Annotated[str, Ref("trunk group")]] = Field(default_factory=list)
    """None is left, and calls on them break off."""


class Response(Section):
    """Which plan is activated, and how long after the world broke."""

    plan: Annotated[str, Ref("plan")]
    after_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="after")


class Disruption(Section):
    """One thing that goes wrong."""

    name: str = ""
    at: Moment
    for_ns: Annotated[int, Duration("1m", "30d")] = Field(alias="for")
    world: WorldEvent = WorldEvent()
    respond: Response | None = None
