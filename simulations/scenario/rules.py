"""What sections of a scenario must be to each other: each rule is held against those that are good in themselves."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from engine.config.document import Location
from engine.config.faults import Faults
from simulations.scenario.disruptions import Disruption
from simulations.scenario.sections import Experiment, Group, ScenarioQueue
from simulations.scenario.values import metric_fault

Found = Iterator[tuple[Location, str]]


class Sections(Protocol):
    """What rules look at: the sections of a file, and when it plays."""

    queues: dict[str, ScenarioQueue]
    agents: list[Group]
    disruptions: list[Disruption]
    experiment: Experiment

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


def _transfers_lead_elsewhere(file: Sections) -> Found:
    for name, queue in file.queues.items():
        transfers = _said(queue, "transfers")
        if transfers is not None and _said(transfers, "to") == name:
            text = f"'{name}' itself; a transfer leads to another queue, and what goes on in the same one is 'handle'"
            yield ("queues", name, "transfers", "to"), text


_STRETCH: Final = frozenset({"time_zone", "horizon"})
RULES: Final[tuple[tuple[frozenset[str], Callable[[Sections], Found]], ...]] = (
    (_STRETCH | {"disruptions"}, _disruptions_lie_within),
    (_STRETCH | {"agents"}, _staffing_is_whole),
    (frozenset({"queues", "experiment"}), _stop_is_known),
    (frozenset({"queues", "agents"}), _somebody_works),
    (frozenset({"queues"}), _transfers_lead_elsewhere),
)
"""Each with the sections that it speaks of."""
