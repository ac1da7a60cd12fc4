"""From a configuration to what the engine runs on: the directory of names, and the rows that change the settings."""

from collections.abc import Mapping

from engine.config.able import colleague_queues
from engine.config.agents import Agent
from engine.config.quality import compile_quality
from engine.config.queues import LEAVE_WORDS, Queue, Step
from engine.config.sections import Config
from engine.errors import ConfigError, Overloaded
from engine.messages import kinds
from engine.messages.rows import Rows
from engine.model.classification import QualityField, WrapUpCode
from engine.model.directory import AgentCard, Directory, QueueCard, SiteCard, TrunkGroupCard
from engine.model.names import Names
from engine.model.phone_numbers import NumberPlan
from engine.model.requirements import Requirements
from engine.model.setting_tables import SettingTables, Table, default_tables
from engine.model.settings import (
    SKILLS_MAX,
    STEPS_MAX,
    AgentSetting,
    ChannelSetting,
    EngineSetting,
    QueueSetting,
    TrunkGroupSetting,
)


def compile_directory(config: Config, previous: Directory | None = None) -> Directory:
    """Return the directory of a configuration; what `previous` numbered keeps its number.

    Raises ConfigError when more numbers are given, those of gone names included, than the limits allow.
    """
    before = previous or Directory()
    queues = before.queues.succeeded_by(config.queues)
    agents = before.agents.succeeded_by(agent.name for agent in config.agents)
    skills = before.skills.succeeded_by(_all_skills(config))
    sites = before.sites.succeeded_by(config.sites)
    trunk_groups = before.trunk_groups.succeeded_by(config.trunk_groups)
    requirements = Requirements(list(before.requirements.pairs), config.limits.requirements)
    directory = Directory(
        service=config.service.name,
        queues=queues,
        agents=agents,
        skills=skills,
        trunk_groups=trunk_groups,
        sites=sites,
        pause_reasons=tuple(config.pause_reasons),
        wrap_up_codes=tuple(WrapUpCode(one.code, one.display_name, tuple(one.queues)) for one in config.wrap_up_codes),
        quality_fields=tuple(
            QualityField(one.field, one.display_name, one.kind, tuple(one.choices), tuple(one.queues))
            for one in config.quality_fields
        ),
        queue_cards=tuple(
            queue_card(config.queues[name], skills) if name in config.queues else before.queue_cards[number]
            for number, name in enumerate(queues.names)
        ),
        agent_cards=_agent_cards(config, agents, before),
        requirements=requirements,
        quality=compile_quality(config.quality, config.cases),
        numbers=_number_plan(config),
        site_cards=_site_cards(config, sites, before),
        trunk_group_cards=_trunk_group_cards(config, trunk_groups, before),
        colleague_queues=colleague_queues(config),
    )
    faults = _too_many(config, directory)
    try:
        for queue in config.queues:
            directory.requirement(queues.number(queue), {})
    except Overloaded as error:
        faults.append(str(error))
    if faults:
        raise ConfigError(faults)
    return directory


def _too_many(config: Config, directory: Directory) -> list[str]:
    return [
        f"{len(names)} {what} have a number, {len(names.gone)} of them gone, but only {limit} fit; {advice}"
        for what, names, limit, advice in (
            ("agents", directory.agents, config.limits.agents, "raise limits.agents"),
            ("queues", directory.queues, config.limits.queues, "raise limits.queues"),
            ("trunk groups", directory.trunk_groups, config.limits.trunk_groups, "raise limits.trunk_groups"),
            ("skills", directory.skills, SKILLS_MAX, "use fewer"),
        )
        if len(names) > limit
    ]


def compile_settings(config: Config, directory: Directory, previous: SettingTables | None = None) -> "Rows":
    """Return the rows (without time and source) that bring the kernel's settings to what `config` says.

    `previous` is what the kernel holds now, None for a new one. A queue or trunk group that is gone keeps its settings,
    so that its contacts drain; an agent that is gone no longer exists. Whether a queue is open is not set here: that is
    for its opening hours and its supervisors.
    """
    now = (previous or default_tables()).resized(
        requirements=len(directory.requirements.pairs),
        trunk_groups=len(directory.trunk_groups),
        queues=len(directory.queues),
        agents=len(directory.agents),
        skills=len(directory.skills),
    )
    wanted = now.resized(0, 0, 0, 0, 0)
    wanted.requirements[: len(directory.requirements.pairs)] = directory.requirements.pairs
    wanted.engine[0, EngineSetting.SEED] = config.service.seed
    wanted.engine[0, EngineSetting.INTERVAL_NS] = config.service.interval_ns
    _write_channels(config, wanted.channels)
    for name, group in config.trunk_groups.items():
        row = wanted.trunk_groups[directory.trunk_groups.number(name)]
        row[TrunkGroupSetting.CHANNELS], row[TrunkGroupSetting.RESERVE] = group.channels, group.reserve
        row[TrunkGroupSetting.PROTECTED_VALUE] = round(group.protected_value * 1000)
    listed = config.listed_queues
    for name, queue in config.queues.items():
        columns = queue_columns(queue, directory, directory.queues.number(name))
        columns[QueueSetting.MEMBERS_ONLY] = int(name in listed if queue.members_only is None else queue.members_only)
        if name in directory.colleague_queues and "leave_empty" not in queue.model_fields_set:
            # Nobody but the one who is asked would ever come: who declined, or is not there, is waited for no longer.
            columns[QueueSetting.LEAVE_EMPTY] = LEAVE_WORDS["logged_out"]
        for column, value in columns.items():
            wanted.queues[directory.queues.number(name), column] = value
    _write_agents(config, directory, wanted)
    return wanted.changes_from(now)


def _number_plan(config: Config) -> NumberPlan | None:
    said = config.service.numbers
    return None if said is None else NumberPlan(str(said.country_code), said.trunk_prefix, said.international_prefix)


def _all_skills(config: Config) -> list[str]:
    required = [skill for queue in config.queues.values() for skill in queue.skills]
    return list(dict.fromkeys([*config.skill_names, *required]))


def queue_card(queue: Queue, skills: Names) -> QueueCard:
    """Return what the directory tells of a queue."""
    chain = tuple({skills.number(skill): level for skill, level in required.items()} for required in queue.requirements)
    return QueueCard(
        display_name=queue.display_name,
        channel=queue.channel,
        target=queue.service_level.target,
        opening_hours=queue.opening_hours or "",
        chain=chain,
    )


def _agent_cards(config: Config, agents: Names, before: Directory) -> tuple[AgentCard, ...]:
    configured = {agent.name: agent for agent in config.agents}
    return tuple(
        _agent_card(configured[name]) if name in configured else before.agent_cards[number]
        for number, name in enumerate(agents.names)
    )


def _site_cards(config: Config, sites: Names, before: Directory) -> tuple[SiteCard, ...]:
    known = dict(zip(before.sites.names, before.site_cards, strict=False))
    return tuple(
        SiteCard(config.sites[name].display_name) if name in config.sites else known.get(name, SiteCard())
        for name in sites.names
    )


def _trunk_group_cards(config: Config, trunk_groups: Names, before: Directory) -> tuple[TrunkGroupCard, ...]:
    known = dict(zip(before.trunk_groups.names, before.trunk_group_cards, strict=False))
    configured = config.trunk_groups
    return tuple(
        TrunkGroupCard(configured[name].display_name) if name in configured else known.get(name, TrunkGroupCard())
        for name in trunk_groups.names
    )


def _agent_card(agent: Agent) -> AgentCard:
    return AgentCard(
        display_name=agent.display_name,
        queues=tuple(agent.queues),
        site=agent.site or "",
        phone=agent.phone.address if agent.phone else "",
    )


def _ordered_steps(queue: Queue) -> list[Step]:
    """Return the steps by time, `max_wait` among them as the step it is; of two at once, the file's order holds."""
    steps = list(queue.steps)
    if queue.max_wait_ns is not None:
        steps.append(Step.model_construct(after_ns=queue.max_wait_ns, do=kinds.STEP_TIME_OUT))
    return sorted(steps, key=lambda step: step.after_ns)


def queue_columns(queue: Queue, directory: Directory, number: int) -> dict[int, int]:
    """Return the settings of a queue by column; who its members are is not among them."""
    requirement, _ = directory.requirement(number, {})

    def target(name: str | None) -> int:
        return -1 if name is None else directory.queues.number(name)

    columns: dict[int, int] = {
        QueueSetting.STRATEGY: queue.strategy,
        QueueSetting.RING_LIMIT_NS: queue.ring_limit_ns,
        QueueSetting.WRAP_UP_NS: queue.wrap_up_ns,
        QueueSetting.MAX_LENGTH: queue.max_length,
        QueueSetting.THRESHOLD_NS: queue.service_level.threshold_ns,
        QueueSetting.SHORT_ABANDON_NS: queue.service_level.short_abandon_ns,
        QueueSetting.PRIORITY_CREDIT_NS: queue.ageing_ns,
        QueueSetting.QUEUE_CREDIT_NS: queue.head_start_ns,
        QueueSetting.JOIN_EMPTY: queue.join_empty,
        QueueSetting.LEAVE_EMPTY: queue.leave_empty,
        QueueSetting.REQUIREMENT: requirement,
        QueueSetting.FULL_TARGET: target(queue.when_full),
        QueueSetting.EMPTY_TARGET: target(queue.when_empty),
        QueueSetting.CLOSED_TARGET: target(queue.when_closed),
        QueueSetting.PREFERRED_WAIT_NS: queue.preferred_wait_ns,
        QueueSetting.VALUE: round(queue.value * 1000),
        QueueSetting.CHANNEL: queue.channel,
        QueueSetting.RING_ALL_LIMIT: queue.ring_all_limit,
        QueueSetting.HOLD_BACK_NS: queue.hold_back_ns,
        QueueSetting.IDLE_LIMIT_NS: queue.idle_limit_ns,
    }
    steps = [(step.after_ns, step.do, target(step.to)) for step in _ordered_steps(queue)]
    for place, triple in enumerate(steps + [(0, kinds.STEP_NONE, 0)] * (STEPS_MAX - len(steps))):
        for offset, value in enumerate(triple):
            columns[QueueSetting.FIRST_STEP + 3 * place + offset] = value
    return columns


def _write_channels(config: Config, table: Table) -> None:
    """A channel's own contacts are bounded by the capacity, so its own bit is always set."""
    numbers = {name: number for number, name in kinds.CHANNEL_NAMES.items()}
    for name, number in numbers.items():
        channel = config.channels.get(name)
        mask = 1 << number
        for other in channel.may_interrupt if channel else ():
            mask |= 1 << numbers[other]
        table[number, ChannelSetting.MAY_INTERRUPT] = mask


def _write_agents(config: Config, directory: Directory, wanted: SettingTables) -> None:
    for number in directory.agents.gone:
        wanted.agents[number, AgentSetting.EXISTS] = 0
    members: dict[str, int] = {}
    for agent in config.agents:
        number = directory.agents.number(agent.name)
        for column, value in _agent_columns(config, agent, directory).items():
            wanted.agents[number, column] = value
        wanted.skill_levels[number] = 0
        for skill, level in agent.skills.items():
            wanted.skill_levels[number, directory.skills.number(skill)] = level
        _write_memberships(agent, directory, wanted.memberships[number], members)


def _write_memberships(agent: Agent, directory: Directory, row: Table, members: dict[str, int]) -> None:
    """Number the agent among the members of each of its queues; a queue that is gone keeps its members."""
    for queue in directory.queues.configured():
        row[directory.queues.number(queue)] = 0
    for queue in agent.queues:
        members[queue] = members.get(queue, 0) + 1
        row[directory.queues.number(queue)] = members[queue]


def _agent_columns(config: Config, agent: Agent, directory: Directory) -> Mapping[int, int]:
    columns: dict[int, int] = {
        AgentSetting.WRAP_UP_NS: agent.wrap_up_ns,
        AgentSetting.RING_LIMIT_NS: agent.ring_limit_ns,
        AgentSetting.MAX_NO_ANSWER: agent.max_no_answer,
        AgentSetting.NO_ANSWER_DELAY_NS: agent.no_answer_delay_ns,
        AgentSetting.DECLINE_DELAY_NS: agent.decline_delay_ns,
        AgentSetting.BUSY_DELAY_NS: agent.busy_delay_ns,
        AgentSetting.SITE: -1 if agent.site is None else directory.sites.number(agent.site),
        AgentSetting.EXISTS: 1,
        AgentSetting.WEIGHT: agent.weight,
        AgentSetting.NEEDS_PHONE: int(agent.phone is not None),
    }
    for channel in kinds.CHANNEL_NAMES:
        columns[AgentSetting.CAPACITY + channel] = config.capacity(channel, agent.capacity)
    return columns
