"""The factors of a scenario, taken into everything that they are factors of."""

from typing import Any

from engine.model.settings import WRAP_UP_BY_AGENT
from simulations.scenario.distributions import Distribution
from simulations.scenario.file import ScenarioFile
from simulations.scenario.sections import Factors, Group, Handle, ScenarioQueue


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
