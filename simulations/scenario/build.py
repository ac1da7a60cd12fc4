"""From a checked scenario to what the compiled world runs on: the engine's settings, the script of the day, arrays."""

import math
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import xxhash

from engine.config.compile import compile_directory, compile_settings
from engine.config.sections import Channel, Config, Limits, Service
from engine.errors import ConfigError
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.tables import Capacity
from engine.messages.kinds import CHANNEL_NAMES, FLAG_PROTECTED, QUEUE_CLOSED, QUEUE_OPENED
from engine.messages.rows import empty_rows, pack_arrival
from engine.model.directory import Directory
from engine.model.settings import STEPS_MAX, WRAP_UP_BY_AGENT
from simulations.scenario.arrivals import read_trace, unreadable
from simulations.scenario.away import Duty, duty
from simulations.scenario.distributions import Distribution, exponential
from simulations.scenario.file import ScenarioFile
from simulations.scenario.internet import without_internet
from simulations.scenario.overlay import rate_segments, setting_rows, talk_factors
from simulations.scenario.sections import ScenarioQueue
from simulations.world import chance
from simulations.world.blank import Span, blank_world
from simulations.world.tables import BACK_AFTER_NS, SOURCE, WorldTables

Array = np.ndarray[Any, Any]
PATIENCE_COUNTED_S: Final = 600.0
"""Longer patience does not make for longer lines in what is set aside at first; more is when it is needed."""


class Model(msgspec.Struct, frozen=True):
    """A scenario ready to run, the same for all replications; it may be pickled."""

    file: ScenarioFile
    directory: Directory
    capacity: Capacity
    begin_ns: int
    """Where the warm-up begins."""
    parts: dict[str, Array]
    """Of every table of the world, as a replication begins; sources without keys."""
    source_names: tuple[str, ...]
    """Of queues, in the order of their numbers: what chance is keyed by."""
    busyness: tuple[float, ...]
    absences: Array
    """Of every agent."""
    agent_groups: tuple[tuple[str, int], ...]
    """Name of each group, and how many of it are at work."""
    midnights_ns: tuple[int, ...]
    """Within the horizon: on each day busyness and who is absent are others."""
    duty: Duty
    """What of the script differs between replications."""

    @property
    def edges_ns(self) -> Array:
        """Where the intervals begin and, at last, end."""
        step_ns = self.file.horizon.interval_ns
        return self.file.start_ns + step_ns * np.arange(self.file.intervals + 1, dtype=np.int64)


def engine_config(file: ScenarioFile, contacts: int = 16_384) -> Config:
    """Return the configuration of the engine that the scenario simulates."""
    interval_ns = file.horizon.interval_ns
    agents = sum(group.at_work for group in file.groups)
    queues = {name: _queue_of(file, name, queue) for name, queue in file.queues.items()}
    return Config.model_construct(
        service=Service.model_construct(
            name=file.name, time_zone=file.time_zone, interval_ns=interval_ns, seed=file.experiment.seed
        ),
        limits=Limits.model_construct(
            contacts=contacts,
            agents=max(agents, 1),
            queues=len(queues),
            trunk_groups=max(len(file.trunk_groups), 1),
            requirements=16 + STEPS_MAX * len(queues),
            lines=16 + (1 + STEPS_MAX) * len(queues),
        ),
        channels=_channels(file),
        skills=file.skills,
        sites=file.sites,
        trunk_groups=file.trunk_groups,
        opening_hours=file.opening_hours,
        queues=queues,
        agent_entries=file.groups,
    )


def _channels(file: ScenarioFile) -> dict[str, Channel]:
    """Return the channels; of those that no queue is for agents serve none, so that nothing is looked up in vain."""
    used = {CHANNEL_NAMES[queue.channel] for queue in file.queues.values()}
    unused = {name: Channel(capacity=0) for name in CHANNEL_NAMES.values() if name not in used}
    return {**unused, **file.channels}


def _queue_of(file: ScenarioFile, name: str, queue: ScenarioQueue) -> ScenarioQueue:
    """Return the queue as the engine's settings say who serves it, and with the wrap-up that the kernel keeps the time
    of, or leaves to the agent."""
    said: dict[str, Any] = {"members_only": file.members_only(name)}
    wrap_up = queue.handle.wrap_up
    if wrap_up is not None:
        by_kernel = _kernel_wraps_up(file, name, wrap_up)
        said["wrap_up_ns"] = int(wrap_up.a) if by_kernel else WRAP_UP_BY_AGENT
    return queue.model_copy(update=said)


def _kernel_wraps_up(file: ScenarioFile, name: str, wrap_up: Distribution) -> bool:
    """Tell whether the kernel may keep the time of a queue's wrap-ups: it is always the same, for everybody."""
    paces = (pace for group in file.groups for pace in (group.speed_for(name), group.home.speed))
    return wrap_up.kind == chance.DETERMINISTIC and all(pace == 1.0 for pace in paces)


def build(file: ScenarioFile, folder: Path | None = None, contacts: int | None = None) -> Model:
    """Return the model of a scenario; `folder` is where its traces lie, `contacts` how many may be there at once.

    Raises ConfigError when it does not fit the engine's bounds, or a trace cannot be read.
    """
    traces = {
        name: _trace(file, name, queue.arrivals.trace, folder or Path())
        for name, queue in file.queues.items()
        if queue.arrivals is not None and queue.arrivals.trace is not None
    }
    return _build(file, traces, contacts)


def roomier(model: Model, contacts: int) -> Model:
    """Return the model with room for so many contacts at once; no file is read again."""
    sources, trace = model.parts["sources"], model.parts["trace"]
    traces = {
        name: trace[source["trace_at"] : source["trace_last"]].tolist()
        for name, source in zip(model.source_names, sources, strict=True)
    }
    return _build(model.file, traces, contacts)


def _build(file: ScenarioFile, traces: dict[str, list[int]], contacts: int | None) -> Model:
    begin_ns = file.start_ns - file.horizon.warm_up_ns
    config = engine_config(file, contacts or file.limits.contacts or _contacts_at_once(file))
    directory = compile_directory(config)
    settings = np.asarray(compile_settings(config, directory))
    settings["at_ns"] = begin_ns
    at_work = duty(file, begin_ns)
    planned = setting_rows(file, config, directory, settings)
    disrupted, offline = without_internet(file, config, at_work.members, planned)
    script = np.concatenate([settings, _opening_rows(file, directory, begin_ns), disrupted, at_work.rows, offline])
    script = script[np.argsort(script["at_ns"], kind="stable")]
    script = np.concatenate([script, _room(at_work.room)])
    capacity = _capacity(file, config, directory)
    return Model(
        file=file,
        directory=directory,
        capacity=capacity,
        begin_ns=begin_ns,
        parts=_world(file, directory, capacity, script, traces),
        source_names=tuple(file.queues),
        busyness=tuple(queue.arrivals.busyness if queue.arrivals else 0.0 for queue in file.queues.values()),
        absences=np.repeat([group.absence for group in file.groups], [group.at_work for group in file.groups]),
        agent_groups=tuple((group.name, group.at_work) for group in file.groups),
        midnights_ns=tuple(file.midnights_ns),
        duty=at_work,
    )


def _room(rows: int) -> Array:
    """Return rows that never happen, in whose place each replication writes what is its own."""
    found: Array = np.asarray(empty_rows(rows))
    found["at_ns"] = NEVER_NS
    return found


def _contacts_at_once(file: ScenarioFile) -> int:
    """Return how many slots are set aside at first: for all that agents hold, and a line as long as patience makes.

    No more than that: the fewer there are, the more of them the processor keeps at hand.
    """
    config = engine_config(file)
    used = {queue.channel for queue in file.queues.values()}
    slots = sum(group.at_work * sum(config.capacity(one, group.capacity) for one in used) for group in file.groups)
    waiting = 0.0
    for queue in file.queues.values():
        waiting += _peak_rate(file, queue) * min(queue.patience.distribution.mean_ns / 1e9, PATIENCE_COUNTED_S)
    return max(64, slots + 64 + math.ceil(waiting))


def _peak_rate(file: ScenarioFile, queue: ScenarioQueue) -> float:
    """Return the most contacts a second that are expected."""
    arrivals = queue.arrivals
    if arrivals is None:
        return 0.0
    volumes = arrivals.volumes or [0.0]
    rate = arrivals.rate if arrivals.rate is not None else max(volumes) / (file.horizon.interval_ns / 1e9)
    return rate * arrivals.volume


def _capacity(file: ScenarioFile, config: Config, directory: Directory) -> Capacity:
    horizon = file.horizon
    span_ns = horizon.warm_up_ns + horizon.drain_ns + file.end_ns - file.start_ns
    return Capacity(
        contacts=config.limits.contacts,
        agents=config.limits.agents,
        queues=config.limits.queues,
        trunk_groups=config.limits.trunk_groups,
        requirements=max(len(directory.requirements.pairs), 1),
        lines=config.limits.lines,
        intervals=math.ceil(span_ns / horizon.interval_ns) + 2,
    )


def _opening_rows(file: ScenarioFile, directory: Directory, begin_ns: int) -> Array:
    """Return when queues open and close; one that is closed at the beginning is closed first."""
    changes: list[tuple[int, int, int]] = []
    for name, queue in file.queues.items():
        if queue.opening_hours is None:
            continue
        hours, number = file.opening_hours[queue.opening_hours].opening_hours(), directory.queues.number(name)
        if not hours.is_open(begin_ns):
            changes.append((begin_ns, number, QUEUE_CLOSED))
        at_ns, end_ns = begin_ns, file.end_ns + file.horizon.drain_ns
        while (change := hours.next_change(at_ns)) is not None and change[0] <= end_ns:
            at_ns = change[0]
            changes.append((at_ns, number, QUEUE_OPENED if change[1] else QUEUE_CLOSED))
    rows: Array = np.asarray(empty_rows(len(changes)))
    if changes:
        rows["at_ns"], rows["queue"], rows["kind"] = np.array(changes, np.int64).T
    return rows


def _world(
    file: ScenarioFile, directory: Directory, capacity: Capacity, script: Array, traces: dict[str, list[int]]
) -> dict[str, Array]:
    stock = _Stock()
    sources = np.zeros(len(file.queues), SOURCE)
    for number, (name, queue) in enumerate(file.queues.items()):
        _write_source(file, directory, name, queue, sources[number : number + 1], stock, traces)
    span = Span(file.start_ns, file.horizon.interval_ns, file.end_ns + file.horizon.drain_ns, file.intervals)
    parts = blank_world(capacity, len(file.queues), span, groups=max(len(file.groups), 1))
    at_work = [group.at_work for group in file.groups]
    if sum(at_work):
        factors = np.array([[1.0 / group.speed_for(name) for name in file.queues] for group in file.groups])
        parts["speeds"] = np.ascontiguousarray(np.repeat(factors, at_work, axis=0))
    return (
        parts
        | stock.tables()
        | {
            "sources": sources,
            "talk_factors": np.array(talk_factors(file), parts["talk_factors"].dtype),
            "groups": np.repeat(np.arange(len(at_work), dtype=np.int64), at_work),
            "script": script,
        }
    )


class _Stock:
    """What sources refer to by number."""

    def __init__(self) -> None:
        self.segments: list[tuple[int, float]] = []
        self.trace: list[int] = []
        self.trunks: list[int] = []
        self.distributions: list[Distribution] = []
        self.samples: list[float] = []

    def tables(self) -> dict[str, Array]:
        """Return them as tables of the world."""
        schema = {name: dtype for name, dtype, _ in WorldTables.SCHEMA}
        distributions = np.zeros(len(self.distributions), schema["distributions"])
        first = 0
        for place, one in enumerate(self.distributions):
            distributions[place] = (one.kind, one.a, one.b, one.c, first, len(one.samples))
            first += len(one.samples)
        return {
            "segments": np.array(self.segments, schema["segments"]),
            "trace": np.array(self.trace, np.int64),
            "trunk_choices": np.array(self.trunks, np.int64),
            "distributions": distributions,
            "samples": np.array([sample for one in self.distributions for sample in one.samples], np.float64),
        }

    def distribution(self, one: Distribution | None) -> int:
        """Return the number of a distribution, -1 for none."""
        if one is None:
            return -1
        self.distributions.append(one)
        return len(self.distributions) - 1


def _write_source(
    file: ScenarioFile,
    directory: Directory,
    name: str,
    queue: ScenarioQueue,
    source: Array,
    stock: _Stock,
    traces: dict[str, list[int]],
) -> None:
    source["queue"] = directory.queues.number(name)
    source["packed"] = pack_arrival(queue.channel, queue.priority)
    source["flags"] = FLAG_PROTECTED if queue.protected else 0
    source["volume"] = 1.0
    source["since_ns"] = file.start_ns - file.horizon.warm_up_ns
    source["segment"] = len(stock.segments)
    source["trace_at"] = len(stock.trace)
    if queue.arrivals is not None and queue.arrivals.trace is not None:
        stock.trace += traces[name]
    elif queue.arrivals is not None:
        stock.segments += _segments(file, name, queue)
    source["segments_end"] = len(stock.segments)
    source["trace_last"] = len(stock.trace)
    source["first_trunk"], source["trunks"] = len(stock.trunks), len(queue.trunk_groups)
    stock.trunks += [directory.trunk_groups.number(group) for group in queue.trunk_groups]
    source["handle"] = stock.distribution(queue.handle.talk)
    wrap_up = queue.handle.wrap_up
    by_kernel = wrap_up is None or _kernel_wraps_up(file, name, wrap_up)
    source["wrap_up"] = -1 if by_kernel else stock.distribution(wrap_up)
    if source["wrap_up"] < 0 and queue.wrap_up_ns == WRAP_UP_BY_AGENT and wrap_up is None:
        source["wrap_up"] = stock.distribution(exponential(1e9))
    source["patience"] = stock.distribution(queue.patience.distribution)
    source["balk_share"] = queue.patience.balk
    source["ring"] = stock.distribution(queue.ring.answer if queue.ring else None)
    source["no_answer_share"] = queue.ring.no_answer if queue.ring else 0.0
    source["back_after_ns"] = queue.ring.back_after_ns if queue.ring else BACK_AFTER_NS
    source["callback_share"] = queue.callback
    source["transfer_share"] = queue.transfers.share if queue.transfers else 0.0
    source["transfer_to"] = directory.queues.number(queue.transfers.to) if queue.transfers else -1
    channel = file.channels.get(CHANNEL_NAMES[queue.channel])
    source["slower"] = channel.slower if channel else 0.0
    source["announced_share"] = queue.announcement
    retry = queue.patience.retry
    source["retry_share"] = retry.share if retry else 0.0
    source["cut_off_share"] = (retry.share if retry.cut_off is None else retry.cut_off) if retry else 0.0
    source["retry_after"] = stock.distribution(retry.after if retry else None)


def _segments(file: ScenarioFile, name: str, queue: ScenarioQueue) -> list[tuple[int, float]]:
    arrivals = queue.arrivals
    assert arrivals is not None
    step_ns = file.horizon.interval_ns
    edges = file.start_ns + step_ns * np.arange(file.intervals + 1, dtype=np.int64)
    if arrivals.rate is not None:
        rates = np.full(file.intervals, arrivals.rate * arrivals.volume / 1e9)
    else:
        rates = np.array(arrivals.volumes) * arrivals.volume / step_ns
    # The warm-up is as the first interval, whose segment begins the earlier.
    return rate_segments(file, name, rates, edges, file.midnights_ns if arrivals.busyness > 0 else ())


def _trace(file: ScenarioFile, name: str, trace: str, folder: Path) -> list[int]:
    try:
        instants = read_trace(folder / trace)
    except (OSError, ValueError) as error:
        raise ConfigError([f"queues.{name}.arrivals.trace: {unreadable(trace, error)}"]) from None
    found = [file.start_ns + int(instant * 1e9) for instant in instants]
    return [at_ns for at_ns in found if file.start_ns - file.horizon.warm_up_ns <= at_ns < file.end_ns]


def name_key(name: str) -> int:
    """Return the number by which chance is keyed for something of this name, whatever stands beside it."""
    return int(xxhash.xxh3_64_intdigest(name.encode()))
