"""What a configuration is while continuity plans are in force."""

from collections.abc import Iterable
from typing import Any

from engine.config.agents import Agent
from engine.config.queues import Queue, Step
from engine.config.sections import Channel, Config
from engine.messages.kinds import CHANNEL_NAMES, STEP_CALLBACK, STEP_OVERFLOW, VOICE
from engine.model.plans import PlanEffects


def in_force(config: Config, effects: Iterable[PlanEffects]) -> Config:
    """Return the configuration with plans carried out, one over the other; what they name and is gone is passed over.

    Queues that close and agents who go offline are no settings: they stay as they are.
    """
    for one in effects:
        config = _with_plan(config, one)
    return config


def called_back_in(config: Config, effects: Iterable[PlanEffects], after_ns: int) -> tuple[list[str], list[str]]:
    """Return the queues of calls in which such a step of a plan holds once plans are carried out, and those without."""
    calls = {name: queue for name, queue in in_force(config, effects).queues.items() if queue.channel == VOICE}
    holds = [
        name
        for name, queue in calls.items()
        if any(step.do == STEP_CALLBACK and step.after_ns == after_ns for step in queue.steps)
    ]
    return holds, [name for name in calls if name not in holds]


def _with_plan(config: Config, plan: PlanEffects) -> Config:
    queues = {name: _queue(name, queue, plan, config) for name, queue in config.queues.items()}
    groups = {
        name: group.model_copy(update={"channels": plan.trunks[name], "reserve": min(group.reserve, plan.trunks[name])})
        if name in plan.trunks
        else group
        for name, group in config.trunk_groups.items()
    }
    channels = dict(config.channels)
    for name, capacity in plan.concurrency.items():
        channels[name] = channels.get(name, Channel()).model_copy(update={"capacity": capacity})
    changed = config.model_copy(update={"queues": queues, "trunk_groups": groups, "channels": channels})
    if plan.concurrency or plan.back_up:
        help_at = {helper: _served_at(config, site) for site, helper in plan.back_up.items()}
        changed.__dict__["agents"] = [_agent(agent, plan, help_at) for agent in config.agents]
    return changed


def _served_at(config: Config, site: str) -> Agent:
    """Return an agent who has every skill, at its highest level, and every queue of those of a site."""
    skills: dict[str, int] = {}
    queues: dict[str, None] = {}
    for agent in config.agents:
        if agent.site == site:
            skills |= {skill: max(level, skills.get(skill, 0)) for skill, level in agent.skills.items()}
            queues |= dict.fromkeys(agent.queues)
    return Agent.model_construct(name=site, skills=skills, queues=list(queues))


def _agent(agent: Agent, plan: PlanEffects, help_at: dict[str, Agent]) -> Agent:
    update: dict[str, Any] = {}
    if agent.capacity.keys() & plan.concurrency.keys():
        update["capacity"] = {**agent.capacity, **plan.concurrency}
    if agent.site in help_at:
        helped = help_at[agent.site]
        least = helped.skills
        update["skills"] = {**agent.skills, **{skill: max(least[skill], agent.skills.get(skill, 0)) for skill in least}}
        update["queues"] = list(dict.fromkeys([*agent.queues, *helped.queues]))
    return agent.model_copy(update=update) if update else agent


def _queue(name: str, queue: Queue, plan: PlanEffects, config: Config) -> Queue:
    update: dict[str, Any] = {}
    channel = CHANNEL_NAMES[queue.channel]
    if channel in plan.channel_head_start_ns:
        update["head_start_ns"] = plan.channel_head_start_ns[channel]
    for word, said in (
        ("head_start_ns", plan.head_start_ns),
        ("value", plan.value),
        ("max_length", plan.max_length),
    ):
        if name in said:
            update[word] = said[name]
    steps = list(queue.steps)
    away = plan.reroute.get(name)
    if away is not None and away.to in config.queues:
        if away.after_ns:
            _add_step(queue, steps, Step.model_construct(after_ns=away.after_ns, do=STEP_OVERFLOW, to=away.to))
        else:
            update["when_closed"] = away.to
    if plan.callback_after_ns is not None and queue.channel == VOICE:
        _add_step(queue, steps, Step.model_construct(after_ns=plan.callback_after_ns, do=STEP_CALLBACK))
    return queue.model_copy(update={**update, "steps": steps}) if update or len(steps) > len(queue.steps) else queue


def _add_step(queue: Queue, steps: list[Step], step: Step) -> None:
    """Add a step where the queue has one to spare."""
    if len(steps) - len(queue.steps) < queue.steps_to_spare:
        steps.append(step)
