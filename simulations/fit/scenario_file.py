"""From estimates to files that `trunkline simulate` plays: the scenario, its volumes, its samples."""

import json
import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.errors import TrunklineError
from engine.model.durations import format_duration
from simulations.experiment.whole import failing_as, whole
from simulations.fit.at_once import ChannelFit, alone
from simulations.fit.calls import SECOND_NS, VOICE, Calls, Told
from simulations.fit.comment import comment
from simulations.fit.durations import FAR, MANY, Durations
from simulations.fit.fitted import Fit, Group, QueueFit, talk_samples_s
from simulations.fit.laws import seconds as law_seconds
from simulations.fit.patience import SAMPLES, kaplan_meier, samples
from simulations.fit.rings import Rings, reached_of
from simulations.fit.statistics import Figure
from simulations.fit.ways_on import WayOn
from simulations.scenario.volumes import CLOCK

Array = np.ndarray[Any, Any]
QUIET: Final = 0.01
"""Of the busiest interval's volume: with less, before or after, the day has not begun or is over."""


class FilesThere(TrunklineError):
    """A file that would be written is there already."""


def write_scenario(fit: Fit, calls: Calls, path: Path) -> list[Path]:
    """Write the scenario and what it refers to beside it, all or nothing; nothing is overwritten.

    Raises FilesThere and OSError.
    """
    files = scenario_files(fit, calls, path)
    for name in files:
        if (path.parent / name).exists():
            raise FilesThere(f"{path.parent / name} is there already; name another file with -o, or remove it")
    with whole(path.parent) as fresh:
        for name, text in files.items():
            with failing_as(path.parent / name):
                (fresh / name).write_text(text, encoding="utf-8")
    return [path.parent / name for name in files]


def scenario_files(fit: Fit, calls: Calls, path: Path) -> dict[str, str]:
    """Return the text of every file by its name, the scenario first."""
    writer = _Writer(fit, calls, path.stem)
    text = writer.scenario()
    return {path.name: text, **writer.files}


class _Writer:
    def __init__(self, fit: Fit, calls: Calls, stem: str) -> None:
        self.fit, self.calls, self.stem = fit, alone(calls, fit.channels), stem
        self.told = dict(zip(calls.types, calls.told, strict=True)) if calls.told else {}
        self.skills = skills_of(fit, self.told)
        self.files: dict[str, str] = {}
        total = np.sum([queue.arrivals.volumes for queue in fit.queues], axis=0)
        busy = np.flatnonzero(total > QUIET * total.max())
        self.first, self.end = int(busy[0]), int(busy[-1]) + 1

    def scenario(self) -> str:
        """Return the scenario; files that it names are noted in `files`."""
        fit = self.fit
        day = datetime.fromisoformat(fit.last_chosen)
        begin, end = (day + timedelta(seconds=place * fit.interval_s) for place in (self.first, self.end))
        self._volumes(begin)
        called_again = retrials_told(fit)
        lines = [
            comment(
                f"Fitted by trunkline fit to {fit.calls} calls of {fit.source}, {fit.first_day} to {fit.last_day}."
            ),
            comment(
                f"One day like the {fit.days_chosen} of them on {', '.join(fit.weekdays)}. (95 % intervals in brackets)"
            ),
            *(comment(f"{count} x {text}") for text, count in sorted(fit.remarks.items())),
            *([comment(called_again)] if called_again else []),
            "version: 1",
            f"name: {json.dumps(self.stem)}",
            f"time_zone: {fit.time_zone}",
            f"horizon: {{from: {begin:%Y-%m-%d %H:%M}, to: {end:%Y-%m-%d %H:%M}, "
            f"interval: {format_duration(fit.interval_s * SECOND_NS)}}}",
            *self._unserved(),
            "queues:",
        ]
        for queue in fit.queues:
            lines += self._queue(queue)
        lines += [*self._agents(), *channel_lines(fit)]
        return "\n".join([*lines, "experiment: {replications: 50, seed: 1}", ""])

    def _unserved(self) -> list[str]:
        """Return the list of skills, where nobody known has one that a queue requires."""
        served = {skill for group in self.fit.groups for name in group.queues for skill in self.skills[name]}
        skills = together(list(self.skills.values()))
        return [f"skills: {json.dumps(list(skills))}"] if self.fit.groups and set(skills) - served else []

    def _queue(self, queue: QueueFit) -> list[str]:
        arrivals, patience, name = queue.arrivals, queue.patience, json.dumps(queue.name)
        spread = [value for value in arrivals.dispersion if math.isfinite(value)]
        again = queue.called_again
        come_back = queue.abandoned.value * queue.retry_share
        poisson = (
            f"Kolmogorov's distance from chance within minutes {arrivals.poisson_distance:.3f}, "
            f"p {arrivals.poisson_p:.2g}"
        )
        mean = patience.exponential_s
        day = f"a day {number(arrivals.volume)}; variance by mean {np.median(spread) if spread else 1.0:.1f}"
        day += f"; busyness {ranged(arrivals.busyness)}"
        gave_up = "nobody gave up"
        if mean.n:
            off = f"off by {patience.exponential_distance:.3f}"
            gave_up = f"{mean.n} gave up; were it exponential, mean {seconds(mean)}, {off}"
        lines = [
            comment(
                f"{queue.calls} calls; abandoned {percent(queue.abandoned)}, waited {percent(queue.waited)}, "
                f"mean wait {seconds(queue.wait_s)}",
                2,
            ),
            f"  {name}:",
            *told_lines(self.told.get(queue.name, Told()), queue.channel),
            f"    skills: {skills_text(self.skills[queue.name])}",
        ]
        if any(arrivals.volumes):
            lines.append(comment(f"{day}; {poisson}", 4))
            if come_back:
                lines.append(comment("who calls again comes on top of `volume`, which leaves them out", 4))
            lines.append(
                f"    arrivals: {{csv: {json.dumps(self._name('arrivals'))}, column: {name}, "
                f"busyness: {100 * min(arrivals.busyness.value, 5.0):.1f}%, volume: {1 - come_back:.4f}}}"
            )
        lines += self._handle(queue) + way_lines(queue, {one.name for one in self.fit.queues})
        lines += [
            comment(gave_up, 4),
            "    patience:",
            f"      distribution: {self._patience(queue)}",
        ]
        if come_back:
            known = f"{again.n} of {queue.gave_up} who gave up were known: {percent(again)} called again in an hour"
            unknown = "; who is unknown is taken for nobody who does" if again.n < queue.gave_up else ""
            lines.append(comment(f"{known}{unknown}", 6))
            after = json.dumps(self.fit.retrials.after.best)
            lines.append(f"      retry: {{share: {100 * queue.retry_share:.2f}%, after: {after}}}")
        lines += self._ring(queue)
        if queue.priority:
            lines.append(f"    priority: {queue.priority}")
        return lines

    def _handle(self, queue: QueueFit) -> list[str]:
        place = self.calls.types.index(queue.name)
        talk = self._law(queue.talk, talk_samples_s(self.calls.of_type(place)), f"{queue.name} talk")
        lines = [comment(f"talk: {judged(queue.talk)}", 4), "    handle:", f"      talk: {talk}"]
        if queue.wrap_up is not None and queue.wrap_up.mean_s.n:
            lines += [
                comment(f"wrap-up: {judged(queue.wrap_up)}", 6),
                f"      wrap_up: {json.dumps(queue.wrap_up.best)}",
            ]
        elif queue.wrap_up is None and self.fit.between_calls_s.n >= MANY:
            between = self.fit.between_calls_s
            lines += [
                comment(
                    f"not recorded; from a call while somebody waited until its agent was free: {seconds(between)}", 6
                ),
                f"      wrap_up: {between.value:.1f}s",
            ]
        return lines

    def _ring(self, queue: QueueFit) -> list[str]:
        """Return how long it rings, where that is known and lasts."""
        rings = queue.rings
        if rings is None or not rings.are_told:
            return []
        found = reached_of(self.calls, self.calls.types.index(queue.name))
        assert found is not None, "its rings are known"
        law = self._law(rings.answer, found.samples_s, f"{queue.name} ring")
        share = f", no_answer: {100 * rings.no_answer.value:.2f}%" if rings.no_answer.value else ""
        limit_ns = self.told.get(queue.name, Told()).ring_limit_ns
        limit = [f"    ring_limit: {format_duration(limit_ns)}"] if limit_ns else []
        return [comment(ring_told(rings), 4), f"    ring: {{answer: {law}{share}}}", *limit]

    def _law(self, durations: Durations, found_s: Array, what: str) -> str:
        if durations.is_told_by_law:
            return json.dumps(durations.best)
        return self._samples(np.quantile(found_s, (np.arange(SAMPLES) + 0.5) / SAMPLES), what)

    def _patience(self, queue: QueueFit) -> str:
        patience = queue.patience
        if patience.exponential_s.n == 0:
            return "never"
        if patience.exponential_distance <= FAR or patience.exponential_s.n < MANY:
            return f"exponential({law_seconds(patience.exponential_s.value)})"
        mine = self.calls.of_type(self.calls.types.index(queue.name))
        return self._samples(samples(kaplan_meier(mine.waits_s, mine.rows["abandoned"])), f"{queue.name} patience")

    def _samples(self, found_s: Array, what: str) -> str:
        name = self._name(what)
        self.files[name] = "seconds\n" + "".join(f"{value:.3f}\n" for value in found_s.tolist())
        return json.dumps(f"empirical({name})")

    def _name(self, what: str) -> str:
        return f"{self.stem}_{re.sub(r'[^A-Za-z0-9]+', '_', what).strip('_')}.csv"

    def _volumes(self, begin: datetime) -> None:
        rows = [",".join([CLOCK, *(_cell(queue.name) for queue in self.fit.queues)])]
        for place in range(self.first, self.end):
            at = begin + timedelta(seconds=(place - self.first) * self.fit.interval_s)
            rows.append(",".join([f"{at:%H:%M}", *(f"{q.arrivals.volumes[place]:.3f}" for q in self.fit.queues)]))
        self.files[self._name("arrivals")] = "\n".join(rows) + "\n"

    def _agents(self) -> list[str]:
        lines = [comment(f"Agents at work in each interval, on average over those days: {hours_told(self.fit)}.")]
        groups = self.fit.groups
        if not groups:
            lines.append(
                comment("Nothing tells who answered: one agent stands here for those who do. Say how many there are.")
            )
            names = [queue.name for queue in self.fit.queues]
            groups = [Group([], names, [1.0] * len(self.fit.queues[0].arrivals.volumes), {}, 0.0)]
        lines.append("agents:")
        done = np.zeros(self.end - self.first)
        for place, group in enumerate(groups):
            exact = done + np.array(group.at_work[self.first : self.end])
            staffing = (np.round(exact) - np.round(done)).astype(np.int64).tolist()
            done = exact
            if not any(staffing):  # less than one on average, and yet they did answer
                staffing = [int(mean > 0) for mean in group.at_work[self.first : self.end]]
            required = [self.skills[name] for name in group.queues]
            lines += [
                f"  - group: group-{place + 1}  # {len(group.agents)} known agents{paused_told(group)}",
                f"    skills: {skills_text(together(required))}",
                f"    staffing: {staffing}",
            ]
            if set(group.capacity) - {VOICE} or group.capacity.get(VOICE, 1) > 1:
                counts = ", ".join(f"{channel}: {count}" for channel, count in group.capacity.items())
                lines.append(f"    capacity: {{{counts}}}")
        return lines


def skills_of(fit: Fit, told: dict[str, Told]) -> dict[str, dict[str, int]]:
    """Return what each queue requires: the record's skills where they tell who serves what, else one a queue."""
    names = [queue.name for queue in fit.queues]
    said = {name: told[name].skills if name in told else {} for name in names}
    for group in fit.groups:
        able = together([said[name] for name in group.queues])
        serves = {name for name in names if said[name] and all(able.get(s, 0) >= n for s, n in said[name].items())}
        if serves != set(group.queues):
            return {name: {name: 1} for name in names}
    return said if fit.groups else {name: {name: 1} for name in names}


def together(required: list[dict[str, int]]) -> dict[str, int]:
    """Return the skills of somebody who fulfils all of these."""
    found: dict[str, int] = {}
    for skills in required:
        found |= {name: max(level, found.get(name, 0)) for name, level in skills.items()}
    return found


def skills_text(skills: dict[str, int]) -> str:
    """Return skills as a scenario says them."""
    return "{" + ", ".join(f"{json.dumps(name)}: {level}" for name, level in skills.items()) + "}"


def told_lines(told: Told, channel: str) -> list[str]:
    """Return what the record's settings say of a queue."""
    lines = [] if channel == VOICE else [f"    channel: {channel}"]
    lines.append(f"    strategy: {told.strategy or 'longest-idle'}")
    if told.strategy:
        lines.append(
            f"    service_level: {{threshold: {format_duration(told.threshold_ns)}, target: {told.target:g}, "
            f"short_abandon: {format_duration(told.short_abandon_ns)}}}"
        )
    return lines


def way_lines(queue: QueueFit, known: set[str]) -> list[str]:
    """Return where contacts go on from a queue: a scenario has one transfer, and steps after a certain wait."""
    ways = [way for way in queue.ways_on if way.to in known]
    transfers = [way for way in ways if way.talked][:1]
    steps = [way for way in ways if not way.talked and math.isfinite(way.after_s)][:1]
    left_out = ": not in this scenario"
    lines = [comment(f"{_went_on(way)}{'' if way in [*transfers, *steps] else left_out}", 4) for way in ways]
    lines += [f"    transfers: {{share: {100 * way.share.value:.1f}%, to: {json.dumps(way.to)}}}" for way in transfers]
    return lines + [
        f"    steps: [{{after: {law_seconds(way.after_s)}, do: overflow, to: {json.dumps(way.to)}}}]" for way in steps
    ]


def _went_on(way: WayOn) -> str:
    if way.talked:
        return f"{percent(way.share)} of the talks went on in {json.dumps(way.to)}"
    return f"{percent(way.share)} of those who came went on to {json.dumps(way.to)} while they waited"


def channel_lines(fit: Fit) -> list[str]:
    """Return what is said of channels, nothing where all talks are one at once."""
    lines = []
    by_name = {channel.name: channel for channel in fit.channels}
    names = {queue.channel for queue in fit.queues}
    for name in sorted({*by_name, *fit.may_interrupt} & names):
        others = sorted(set(fit.may_interrupt.get(name, [])) & names)
        said = []
        if name in by_name:
            lines.append(comment(among_others(by_name[name]), 2))
            said = [f"slower: {100 * by_name[name].slower.value:.1f}%"]
        if others:
            said.append(f"may_interrupt: [{', '.join(others)}]")
        if said:
            lines.append(f"  {name}: {{{', '.join(said)}}}")
    return ["channels:", *lines] if lines else []


def among_others(channel: ChannelFit) -> str:
    """Return how many talks of a channel were at once, and what that did to them."""
    text = f"{channel.talks} talks, {100 * channel.among_others:.0f} % of the time beside others of their agent"
    if not channel.slower.n:
        return f"{text}: too few to tell by how much that slows them down"
    return f"{text}; each further one makes them {percent(channel.slower)} longer, which is taken off the talks above"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"\r\n]', text) else text


def judged(durations: Durations) -> str:
    """Return how durations are and how well the best law tells them."""
    mean = f"mean {seconds(durations.mean_s)}, cv {durations.cv:.2f}"
    if durations.is_constant:
        return f"{mean}; always the same, so no law is needed"
    if not durations.laws:
        return f"{mean}; too few to fit a law"
    best, others = durations.laws[0], durations.laws[1:]
    others_told = ", ".join(f"{law.name} +{law.aic - best.aic:.0f}" for law in others)
    return f"{mean}; best {best.name}, off by {best.ks_distance:.3f}, p {best.ks_p:.2g}; AIC of others: {others_told}"


def ring_told(rings: Rings) -> str:
    """Return how long it rings until an agent answers, and how often nobody does."""
    never = f"nobody would ever answer {percent(rings.no_answer)} of the offers"
    return f"rings until answered: {judged(rings.answer)}; {never}"


def percent(figure: Figure) -> str:
    """Return a share with its interval."""
    return f"{100 * figure.value:.1f}% ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def hours_told(fit: Fit) -> str:
    """Return where agents' hours at work come from."""
    agents = sum(len(group.agents) for group in fit.groups)
    answered = "from whom they answered, so that whoever answers seldom or nobody is missed"
    if not fit.hours_told:
        return answered
    said = "from when the record says that they were there and ready"
    return (
        said
        if fit.hours_told >= agents
        else f"{said}, of {fit.hours_told} of {agents} agents; of the others {answered}"
    )


def paused_told(group: Group) -> str:
    """Return how long those of a group were there and not ready; nothing where they were not, or nobody says so."""
    return f", paused {100 * group.paused:.1f}% of the time signed in" if group.paused > 0.0005 else ""


def retrials_told(fit: Fit) -> str:
    """Return what is known of who calls again; nothing where nobody gave up."""
    share, gave_up = fit.retrials.share, sum(queue.patience.exponential_s.n for queue in fit.queues)
    if not share.n:
        said = "nobody who gave up is known: whether they called again cannot be told from this record"
        return f"{said}, and the volumes hold who did" if gave_up else ""
    known = f"{share.n} of {gave_up}" if share.n < gave_up else "all"
    return f"called again within an hour of giving up: {percent(share)} of those who are known, {known}"


def ranged(busyness: Figure) -> str:
    """Return how much days differ with its interval, which days too few leave open."""
    high = f"{100 * busyness.high:.1f}" if math.isfinite(busyness.high) else "unknown"
    return f"{100 * busyness.value:.1f}% ({100 * busyness.low:.1f} to {high})"


def seconds(figure: Figure) -> str:
    """Return a mean of durations with its interval, and of how many."""
    if figure.n < 2:
        return f"{figure.value:.1f} s (n={figure.n})"
    return f"{figure.value:.1f} s ({figure.low:.1f} to {figure.high:.1f}, n={figure.n})"


def number(figure: Figure) -> str:
    """Return a mean with its interval."""
    if figure.n < 2:
        return f"{figure.value:.1f} (n={figure.n})"
    return f"{figure.value:.1f} ({figure.low:.1f} to {figure.high:.1f}, n={figure.n})"
