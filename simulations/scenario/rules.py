"""What sections of a scenario must be to each other: each rule is held against those that are good in themselves."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from engine.config.document import Location
from engine.config.faults import Faults
from engine.messages.kinds import STEP_OVERFLOW
from simulations.scenario.disruptions import Disruption
from simulations.scenario.sections import Experiment, Factors, Group, ScenarioQueue
from simulations.scenario.values import metric_fault

Found = Iterator[tuple[Location, str]]
SHRINKAGE_MAX: Final = 0.99


class Sections(Protocol):
    """What rules look at: the sections of a file, and when it plays."""

    queues: dict[str, ScenarioQueue]
    agents: list[Group]
    disruptions: list[Disruption]
    experiment: Experiment
    factors: Factors

    @property
    def is_told(self) -> bool: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...
    @property
    def intervals(self) -> int: ...
    def instant_ns(self, moment: str) -> int: ...
    def stretch_faults(self) -> Faults: ...


def faults_between(file: Sections) -> Faults:
    """Return which values do not go together, each with its place; nothing of what `file` does not have.

    What is wrong in itself it has not, and that is told beside these.
    """
    there = file.__dict__.keys() - (set() if file.is_told else _STRETCH)
    return [fault for needed, rule in RULES if needed <= there for fault in rule(file)]


def _said(section: object, key: str) -> Any:
    """Return what a section says, None where that is wrong in itself."""
    return section.__dict__.get(key)


def _disruptions_lie_within(file: Sections) -> Found:
    for index, disruption in enumerate(file.disruptions):
        at = _said(disruption, "at")
        if at is not None and not file.start_ns <= file.instant_ns(at) < file.end_ns:
            yield ("disruptions", index, "at"), "that is outside the horizon"


def _staffing_is_whole(file: Sections) -> Found:
    if file.stretch_faults():
        return
    for index, group in enumerate(file.agents):
        staffing = _said(group, "staffing")
        if staffing is not None and len(staffing) != file.intervals:
            text = f"'staffing' has {len(staffing)} numbers, and the horizon {file.intervals} intervals"
            yield ("agents", index, "staffing"), f"{text}; give one an interval"


def _stop_is_known(file: Sections) -> Found:
    stop = _said(file.experiment, "stop")
    metric = None if stop is None else _said(stop, "metric")
    if metric is not None and (wrong := metric_fault(metric, file.queues)):
        yield ("experiment", "stop", "metric"), wrong


def _somebody_works(file: Sections) -> Found:
    if not file.agents and all("agents" in said and said["agents"] is None for said in map(vars, file.queues.values())):
        yield (), "nobody works: say 'agents', or how many in each queue"


def _each_queue_has_somebody(file: Sections) -> Found:
    """Agents whom a queue counts serve it alone: where there are no others, a queue without any waits in vain."""
    if file.agents or all(_said(queue, "agents") is None for queue in file.queues.values()):
        return
    for name, queue in file.queues.items():
        said = vars(queue)
        unserved = said.keys() >= _SERVED_BY and said["agents"] is None and said["members_only"] is None
        if unserved and said["when_empty"] is None and all(step.do != STEP_OVERFLOW for step in said["steps"]):
            text = f"nobody serves '{name}': agents of another queue serve that one alone; say its own 'agents', "
            text += (
                "list it with a group of the section 'agents', or say 'members_only: false' for everybody to serve it"
            )
            yield ("queues", name), text


def _transfers_lead_elsewhere(file: Sections) -> Found:
    for name, queue in file.queues.items():
        transfers = _said(queue, "transfers")
        if transfers is not None and _said(transfers, "to") == name:
            text = f"'{name}' itself; a transfer leads to another queue, and what goes on in the same one is 'handle'"
            yield ("queues", name, "transfers", "to"), text


def _trunk_groups_are_named_once(file: Sections) -> Found:
    for name, queue in file.queues.items():
        groups = _said(queue, "trunk_groups") or []
        for place, group in enumerate(groups):
            if group in groups[:place]:
                text = f"'{group}' stands here a second time; the carrier tries each trunk group once"
                yield ("queues", name, "trunk_groups", place), text


def _volume_has_a_factor(file: Sections) -> Found:
    if _said(file.factors, "volume") in {None, 1.0}:
        return
    for name, queue in file.queues.items():
        arrivals = _said(queue, "arrivals")
        # What is said of a trace and is wrong is not there at all, and it is a trace all the same.
        if arrivals is not None and arrivals.__dict__.get("trace", "wrong") is not None:
            text = f"queue '{name}' has its contacts from a trace, of which there is no more or less"
            yield ("factors", "volume"), text
            return


def _shrinkage_has_a_factor(file: Sections) -> Found:
    factor = _said(file.factors, "shrinkage")
    if factor is None:
        return
    if factor != 1.0 and not any(_may_shrink(group) for group in file.agents):
        yield ("factors", "shrinkage"), "no group has a shrinkage with a count, so a factor of it changes nothing"
    by = f" times {factor:g}" if factor != 1.0 else ""
    for place, group in enumerate(file.agents):
        share = _said(group, "shrinkage") if _may_shrink(group) else None
        if share is not None and share * factor > SHRINKAGE_MAX:
            whose = f" of '{_said(group, 'name')}'" if _said(group, "name") is not None else ""
            text = f"{share:.0%}{by} leaves nobody{whose}; at most {SHRINKAGE_MAX:.0%} may be away"
            yield (("factors", "shrinkage") if by else ("agents", place, "shrinkage")), text


def _may_shrink(group: object) -> bool:
    """Tell whether a factor of the shrinkage may change a group: it has some, or what it has is not known."""
    said = group.__dict__
    return said.get("staffing") is None and ("shrinkage" not in said or said["shrinkage"] > 0.0)


_STRETCH: Final = frozenset({"time_zone", "horizon"})
_SERVED_BY: Final = frozenset({"agents", "members_only", "steps", "when_empty"})
RULES: Final[tuple[tuple[frozenset[str], Callable[[Sections], Found]], ...]] = (
    (_STRETCH | {"disruptions"}, _disruptions_lie_within),
    (_STRETCH | {"agents"}, _staffing_is_whole),
    (frozenset({"queues", "experiment"}), _stop_is_known),
    (frozenset({"queues", "agents"}), _somebody_works),
    (frozenset({"queues", "agents"}), _each_queue_has_somebody),
    (frozenset({"queues"}), _transfers_lead_elsewhere),
    (frozenset({"queues"}), _trunk_groups_are_named_once),
    (frozenset({"queues", "factors"}), _volume_has_a_factor),
    (frozenset({"agents", "factors"}), _shrinkage_has_a_factor),
)
"""Each with the sections that it speaks of."""
