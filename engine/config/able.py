"""Who could serve which queue, by what the configuration says alone."""

from collections.abc import Collection, Mapping

from engine.config.agents import Agent
from engine.config.queues import Queue
from engine.config.sections import Config
from engine.model.quality import CASE_REPORTS


def able_agents(
    config: Config, among: Collection[str] | None = None, *, after_all_steps: bool = False
) -> dict[str, int]:
    """Count for each queue the agents who could be offered its contacts, by what is required at first.

    `among`: the queues that are looked at; None: all. `after_all_steps`: by what is required when every step has
    relaxed it.
    """
    queues = config.queues if among is None else {name: config.queues[name] for name in among}
    listed = config.listed_queues
    requirements = {name: queue.requirements[-1 if after_all_steps else 0] for name, queue in queues.items()}
    able = dict.fromkeys(queues, 0)
    for agent in config.agents if queues else ():
        own = set(agent.queues)
        for name, queue in queues.items():
            required = requirements[name]
            members_only = name in listed if queue.members_only is None else queue.members_only
            able[name] += (name in own or not members_only) and _could_serve(config, agent, queue, required)
    return able


def colleague_queues(config: Config) -> tuple[str, ...]:
    """Return the queues in which no customer waits: they carry calls among colleagues, or reports of cases to them.

    An adapter says which the former are. One that agents serve besides, be it only after a step that relaxes what is
    required, or to which another queue leads, carries customers.
    """
    said = {name for settings in config.adapters.values() for name in getattr(settings, "for_colleagues", ())}
    if CASE_REPORTS in config.queues:
        said.add(CASE_REPORTS)
    if not said:
        return ()
    able = able_agents(config, said - _led_to(config.queues), after_all_steps=True)
    return tuple(sorted(name for name, agents in able.items() if not agents))


def _could_serve(config: Config, agent: Agent, queue: Queue, required: Mapping[str, int]) -> bool:
    """Tell whether an agent among those of the queue has the skills that are required, and the channel for it."""
    has_skills = all(agent.skills.get(skill, 0) >= level for skill, level in required.items())
    return has_skills and config.capacity(queue.channel, agent.capacity) > 0


def _led_to(queues: Mapping[str, Queue]) -> set[str | None]:
    """Return the queues to which others lead, by their steps or where they take nobody."""
    return {
        to
        for queue in queues.values()
        for to in (queue.when_full, queue.when_empty, queue.when_closed, *(step.to for step in queue.steps))
    }
