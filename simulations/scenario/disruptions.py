"""The sections of what goes wrong, the world, apart from what is done about it, the response: a plan of the house."""

from typing import Annotated

from pydantic import Field

from engine.model.fields import Duration, Number, Ref, Section, Whole
from simulations.scenario.values import Share, plain, read_moment

Moment = Annotated[str, plain(read_moment)]
ShareField = Annotated[float, Share()]


class WorldEvent(Section):
    """What breaks. Everything that is said holds at once, from `at` on, for `for`."""

    site_down: Annotated[str, Ref("site")] | None = None
    """Whoever works there is offline."""
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


class Return(Section):
    """Agents of a site that is down work on from home."""

    site: Annotated[str, Ref("site")]
    after_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="after")
    ramp_ns: Annotated[int, Duration("0s", "7d")] = Field(default=0, alias="ramp")
    """They come back one by one over this time."""
    share: ShareField = 1.0


class Plan(Section):
    """What the house does once it is activated, all of it reversible: settings of the engine, and people sent home."""

    title: str = ""
    close: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    only: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    """All other queues close."""
    head_start: dict[Annotated[str, Ref("queue")], Annotated[int, Duration("0s", "1d")]] = Field(default_factory=dict)
    """What contacts of a queue are ahead of other queues' where one agent serves both."""
    value: dict[Annotated[str, Ref("queue")], Annotated[float, Number(0, 1_000_000)]] = Field(default_factory=dict)
    max_length: dict[Annotated[str, Ref("queue")], Annotated[int, Whole(0, 1_000_000)]] = Field(default_factory=dict)
    concurrency: dict[Annotated[str, Ref("channel")], Annotated[int, Whole(0, 1000)]] = Field(default_factory=dict)
    """Contacts of a channel that every agent serves at once."""
    trunks: dict[Annotated[str, Ref("trunk group")], Annotated[int, Whole(0, 1_000_000)]] = Field(default_factory=dict)
    callback_after_ns: Annotated[int, Duration("0s", "1d")] | None = Field(default=None, alias="callback_after")
    """Who waits so long is called back, in the place that was reached; in all queues of calls with a step to spare."""
    work_from_home: list[Return] = Field(default_factory=list)


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
