"""A small compiled world for routing policies: exponential everything, agents in groups, callers drawn beforehand.

Policies meet the same callers: when each comes, for how long it would wait, and how long it would talk but for the
factor of its agent's group. So two policies differ by what they decide, and paired differences are small. Where the
optimum is known, what each decision loses against it is added up instead of the callers who give up: see
`routing_optimum`.
"""

from typing import Any, Final

import msgspec
import numpy as np

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.erlang import MEMORY_NS, STEADY_MEMORY_NS
from engine.kernel.jit import jit, side_door
from engine.kernel.step import ROOM, step, take_row
from engine.kernel.tables import Capacity, Tables, new_tables
from engine.messages import kinds as k
from engine.messages.rows import empty_rows, pack_requirement
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting

IDLE, PATIENT, TALKING = 0, 1, 2
MINUTE_NS = 60 * SECOND_NS
DAY_MIN = 480
"""From one peak of the arrival rates to the next, where they swing."""
BEGIN_NS = 1_700_000_000 * SECOND_NS
LONG_SEEN_NS = 1e18
"""As if arrivals had been counted for decades: what comes in a run moves such a rate no more."""


class Instance(msgspec.Struct, frozen=True):
    """A centre as the shared data describes one: minutes, arrivals a minute, 0 where a group does not serve a type."""

    lam: list[float]
    m: list[list[float]]
    pat: list[float]
    n: list[int]


class Optimum(msgspec.Struct, frozen=True):
    """What is known of a centre of two types. Busy agents are a place: the sum of each one's stride."""

    lost_per_min: float
    places: Any
    """int64: the number of a state of agents by its sum; agents of no such state have -1."""
    strides: Any
    """int64 (types, groups): what one more busy agent adds."""
    resting: Any
    """float64 (states of agents, waiting + 1, waiting + 1): relative values, in lost value."""
    deciding: Any
    """The same where waiting contacts may still be given to free agents."""


def nothing_known(instance: Instance) -> Optimum:
    """Return what stands for an optimum where none is known: every decision loses 0."""
    nothing = np.zeros((1, 1, 1))
    return Optimum(0.0, np.zeros(1, np.int64), np.zeros(np.shape(instance.m), np.int64), nothing, nothing)


@jit
def worth(relative: Any, state: int, waits: Any) -> float:
    """Return a relative value, where so many of the first two types wait."""
    top = relative.shape[1] - 1
    return float(relative[state, min(waits[0], top), min(waits[1], top)])


@jit
def tell_rates(t: Any, rates: Any) -> None:
    """Let the kernel's estimates of arrival rates be these, 1/ns; below 0 they stay its own."""
    for q in range(len(rates)):
        if rates[q] >= 0.0:
            queue = t.queues[q]
            queue.seen_ns = queue.steady_seen_ns = LONG_SEEN_NS
            queue.arrivals = queue.steady_arrivals = rates[q] * LONG_SEEN_NS


@jit
def misjudge(t: Any, q: int, factor: float) -> None:
    """Let the kernel count the contact that entered just now as so many."""
    queue = t.queues[q]
    since_ns = t.book[0].now_ns - queue.decayed_at_ns
    queue.arrivals += (factor - 1.0) * (1.0 + since_ns / MEMORY_NS)
    queue.steady_arrivals += (factor - 1.0) * (1.0 + since_ns / STEADY_MEMORY_NS)


@jit
def take(t: Any, row: Any, out: Any, told: Any) -> None:
    """Give a fact to the kernel, whose arrival rates are as `told` says."""
    tell_rates(t, told[1])
    comes = row[0].queue
    is_known = comes >= 0 and t.queues[comes].first_ns != 0
    take_row(t, row[0], out)
    if is_known and told[0, comes] != 1.0:
        misjudge(t, comes, told[0, comes])


@side_door
def play(
    t: Any, callers: Any, means_ns: Any, groups: Any, due: Any, row: Any, out: Any, known: Any, waits: Any, lost: Any
) -> None:
    """Let all callers come, and everything happen until the last of them has come.

    `callers` is (n, 5): arrival ns, queue, patience ns, talk as a share of its mean in millionths, 1 once given up.
    `due` is (slots, 4): when, what (IDLE, PATIENT, TALKING), caller, agent. `waits` counts who waits of each type. What
    decisions lose is added to `lost`, by tenths of the callers. The last of `known` is (2, types): as how many contacts
    the kernel counts each that comes, and arrival rates that it is told, 1/ns, below 0 where it has its own estimates.
    """
    places, strides, resting, deciding, told = known
    coming, busy = 0, 0
    while coming < len(callers):
        tenth = coming * 10 // len(callers)
        soonest, slot = NEVER_NS, -1
        for c in range(len(due)):
            if due[c, 1] != 0 and due[c, 0] < soonest:
                soonest, slot = due[c, 0], c
        deadline = t.timers[t.timers[0].order].deadline_ns if t.book[0].timers > 0 else NEVER_NS
        row[0].agent, row[0].queue, row[0].contact, row[0].a = -1, -1, -1, 0
        if deadline <= soonest and deadline <= callers[coming, 0]:
            row[0].at_ns = max(deadline, t.book[0].now_ns)
            row[0].kind = k.DEADLINE_PASSED
            lost[tenth] += worth(deciding, places[busy], waits) - worth(resting, places[busy], waits)
        elif soonest <= callers[coming, 0]:
            row[0].at_ns = soonest
            row[0].kind = k.CONTACT_RELEASED
            row[0].contact = slot
            row[0].a = k.BY_CUSTOMER
            if due[slot, 1] == PATIENT:
                callers[due[slot, 2], 4] = 1
                waits[callers[due[slot, 2], 1]] -= 1
            else:
                busy -= strides[callers[due[slot, 2], 1], groups[due[slot, 3]]]
            due[slot, 1] = 0
        else:
            slot = t.slots[t.book[0].slot_head]
            row[0].at_ns = callers[coming, 0]
            row[0].kind = k.CONTACT_ARRIVED
            row[0].contact = slot
            row[0].queue = callers[coming, 1]
            due[slot, 0], due[slot, 1], due[slot, 2] = callers[coming, 0] + callers[coming, 2], PATIENT, coming
            waits[callers[coming, 1]] += 1
            coming += 1
        lost[tenth] -= worth(deciding, places[busy], waits)
        t.book[0].produced = 0
        take(t, row, out, told)
        place = 0
        while place < t.book[0].produced:
            if out[place].kind == k.OFFER_MADE:
                c, a = out[place].contact, out[place].agent
                row[0].kind = k.OFFER_ANSWERED
                row[0].at_ns = out[place].at_ns
                row[0].contact, row[0].agent, row[0].queue, row[0].a = c, a, -1, 0
                caller = due[c, 2]
                mean_ns = means_ns[callers[caller, 1], groups[a]]
                due[c, 0], due[c, 1] = row[0].at_ns + np.int64(mean_ns * (callers[caller, 3] * 1e-6)), TALKING
                due[c, 3] = a
                waits[callers[caller, 1]] -= 1
                busy += strides[callers[caller, 1], groups[a]]
                take_row(t, row[0], out)
            place += 1
        lost[tenth] += worth(resting, places[busy], waits)
    t.book[0].produced = 0


class Policy(msgspec.Struct, frozen=True):
    """How the kernel is configured."""

    strategy: int = k.ERLANG
    hold_back_s: int = 3600
    ranks: list[list[int]] | None = None
    """TOP_DOWN: the position of each type's groups."""


def erlang() -> Policy:
    """The strategy under test."""
    return Policy()


def fifo() -> Policy:
    """The longest wait, the longest idle."""
    return Policy(k.LONGEST_IDLE, 0)


def least_flexible(instance: Instance) -> Policy:
    """The longest wait, and who serves the fewest types; then the longest idle."""
    served = [sum(row[g] > 0 for row in instance.m) for g in range(len(instance.n))]
    return Policy(k.TOP_DOWN, 0, [[served[g] for g in range(len(instance.n))] for _ in instance.lam])


class Rates(msgspec.Struct, frozen=True):
    """What the kernel takes for the arrival rates."""

    even: float = 1.0
    """Factor of its own estimates of types 0, 2, 4, ...; 1: as estimated."""
    odd: float = 1.0
    are_true: bool = False
    """It is told the true ones, and estimates none."""

    def factor(self, q: int) -> float:
        """Return by what the estimate of a type is wrong."""
        return self.odd if q % 2 else self.even


OWN: Final = Rates()


def callers_of(instance: Instance, calls: int, seed: int, swing: float) -> Any:
    """Draw who comes, int64 (calls, 5), as `play` takes them; arrival rates rise and fall by the share `swing`."""
    draw = np.random.default_rng(seed)
    types, total = len(instance.lam), sum(instance.lam)
    callers = np.zeros((calls, 5), np.int64)
    callers[:, 0] = BEGIN_NS + SECOND_NS + _at(np.cumsum(draw.exponential(1 / total, calls)), swing) * MINUTE_NS
    callers[:, 1] = draw.choice(types, calls, p=np.array(instance.lam) / total)
    callers[:, 2] = draw.exponential(1.0, calls) * MINUTE_NS * np.array(instance.pat)[callers[:, 1]]
    callers[:, 3] = draw.exponential(1e6, calls)
    return callers


def play_kernel(
    instance: Instance, values: list[float], policy: Policy, callers: Any, known: Optimum, rates: Rates = OWN
) -> Any:
    """Let the kernel route all callers; return what decisions lost, float64 (10,)."""
    t = _centre(instance, values, policy)
    due, waits, lost = np.zeros((len(t.contacts), 4), np.int64), np.zeros(len(instance.lam), np.int64), np.zeros(10)
    groups = np.repeat(np.arange(len(instance.n)), instance.n)
    means_ns = np.array(instance.m) * MINUTE_NS
    told = np.array([[rates.factor(q) for q in range(len(instance.lam))], [-1.0] * len(instance.lam)])
    if rates.are_true:
        told[1] = np.array(instance.lam) / MINUTE_NS
    relative = (known.places, known.strides, known.resting, known.deciding, told)
    play(t, callers, means_ns, groups, due, empty_rows(1), empty_rows(2 * ROOM), relative, waits, lost)
    return lost


def costs_of(callers: Any, values: list[float], lost: Any, optimum: Optimum | None) -> list[float]:
    """Return the value lost a minute in each tenth of the run; of a known optimum, that and what decisions lost."""
    costs = []
    for tenth, part in enumerate(np.array_split(callers, 10)):
        minutes = (part[-1, 0] - part[0, 0]) / MINUTE_NS
        gone = np.bincount(part[part[:, 4] == 1, 1], minlength=len(values))
        costs.append(float(optimum.lost_per_min + lost[tenth] / minutes if optimum else gone @ values / minutes))
    return costs


def _at(expected_min: Any, swing: float) -> Any:
    """Return when those come, in minutes, who would come at `expected_min` if rates did not swing."""
    steps = np.arange(0.0, expected_min[-1] * (1 + swing) + DAY_MIN, 1.0)
    cycle = 2 * np.pi / DAY_MIN
    return np.interp(expected_min, steps + swing / cycle * (1 - np.cos(cycle * steps)), steps)


def _centre(instance: Instance, values: list[float], policy: Policy) -> Tables:
    """Tables in which everybody is at work."""
    agents, types = sum(instance.n), len(instance.lam)
    t = new_tables(Capacity(contacts=4 * agents + 128, agents=agents, queues=types, lines=types + 1, intervals=2))
    facts = []
    for q in range(types):
        facts.append({"kind": k.REQUIREMENT_DEFINED, "queue": q + 1, "a": pack_requirement((q, 1)), "b": -1})
        settings = {
            QueueSetting.REQUIREMENT: q + 1,
            QueueSetting.STRATEGY: policy.strategy,
            QueueSetting.VALUE: round(1000 * values[q]),
            QueueSetting.HOLD_BACK_NS: policy.hold_back_s * SECOND_NS,
            QueueSetting.SHORT_ABANDON_NS: 0,
        }
        facts += [_setting(k.TABLE_QUEUE, q, column, value) for column, value in settings.items()]
    a = 0
    for g, count in enumerate(instance.n):
        for _ in range(count):
            facts.append(_setting(k.TABLE_AGENT, a, AgentSetting.EXISTS, 1))
            for q in range(types):
                if instance.m[q][g] > 0:
                    slower = len({mean for mean in instance.m[q] if mean > instance.m[q][g]})
                    facts.append(_setting(k.TABLE_SKILL_LEVEL, a, 0, 1 + slower, q))
                    if policy.ranks is not None:
                        facts.append(_setting(k.TABLE_MEMBERSHIP, a, 0, policy.ranks[q][g], q))
            facts.append({"kind": k.AGENT_STATUS_CHANGED, "agent": a, "a": k.STATUS_AVAILABLE})
            a += 1
    rows = empty_rows(len(facts))
    rows["at_ns"] = BEGIN_NS
    for place, fact in enumerate(facts):
        for name, value in fact.items():
            rows[name][place] = value
    out = empty_rows(2 * ROOM)
    taken = 0
    while taken < len(rows):
        consumed, produced = step(t, rows[taken:], out)
        assert k.FACT_REFUSED not in out["kind"][:produced]
        taken += consumed
    return t


def _setting(table: int, index: int, column: int, value: int, b: int = 0) -> dict[str, int]:
    return {"kind": k.SETTING_CHANGED, "agent": table, "queue": index, "contact": int(column), "a": value, "b": b}
