"""The factors of a scenario, taken into everything that they are factors of."""

from collections.abc import Iterator
from typing import Any, Final

from engine.config.document import Location
from engine.model.settings import WRAP_UP_BY_AGENT
from simulations.scenario.distributions import Distribution
from simulations.scenario.file import ScenarioFile
from simulations.scenario.sections import Factors, Group, Handle, ScenarioQueue

SHRINKAGE_MAX: Final = 0.99


def faults_of_factors(file: ScenarioFile) -> Iterator[tuple[Location, str]]:
    """Yield which factors would do nothing, or too much, each with its place."""
    factors = file.factors
    traced = [name for name, queue in file.queues.items() if queue.arrivals and queue.arrivals.trace is not None]
    if factors.volume != 1.0 and traced:
        yield (
            ("factors", "volume"),
            f"queue '{traced[0]}' has its contacts from a trace, of which there is no more or less",
        )
    groups = {group.name: group for group in file.agents if group.staffing is None and group.shrinkage}
    if factors.shrinkage != 1.0 and not groups:
        yield ("factors", "shrinkage"), "no group has a shrinkage with a count, so a factor of it changes nothing"
    for name, group in groups.items():
        if group.shrinkage * factors.shrinkage > SHRINKAGE_MAX:
            places = [place for place, entry in enumerate(file.agents) if entry.name == name]
            by = f" times {factors.shrinkage:g}" if factors.shrinkage != 1.0 else ""
            text = f"{group.shrinkage:.0%}{by} leaves nobody of '{name}'; at most {SHRINKAGE_MAX:.0%} may be away"
            yield (("factors", "shrinkage") if by else ("agents", places[0], "shrinkage")), text


def with_factors(file: ScenarioFile) -> ScenarioFile:
    """Return the scenario with its factors taken in; of factors that are all 1, the same."""
    factors = file.factors
    if factors == Factors():
        return file
    queues = {name: _queue(queue, factors) for name, queue in file.queues.items()}
    return file.model_copy(update={"queues": queues, "agents": [_group(group, factors) for group in file.agents]})


def _queue(queue: ScenarioQueue, factors: Factors) -> ScenarioQueue:
    waits = _scaled(queue.patience.distribution, factors.patience)
    update: dict[str, Any] = {
        "handle": Handle.model_construct(
            talk=_scaled(queue.handle.talk, factors.aht),
            wrap_up=queue.handle.wrap_up and _scaled(queue.handle.wrap_up, factors.aht),
        ),
        "patience": queue.patience.model_copy(update={"distribution": waits}),
    }
    if queue.wrap_up_ns != WRAP_UP_BY_AGENT:
        update["wrap_up_ns"] = round(queue.wrap_up_ns * factors.aht)
    if queue.arrivals is not None:
        update["arrivals"] = queue.arrivals.model_copy(update={"volume": queue.arrivals.volume * factors.volume})
    return queue.model_copy(update=update)


def _scaled(one: Distribution, factor: float) -> Distribution:
    return one if factor == 1.0 else one.scaled(factor)


def _group(group: Group, factors: Factors) -> Group:
    return group.model_copy(update={"shrinkage": group.shrinkage * factors.shrinkage})
