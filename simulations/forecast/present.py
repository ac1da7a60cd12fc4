"""From the tables of a running engine to a world that goes on from there: who is present, and who is to be expected.

What is expected of each queue are the kernel's own running estimates, all exponential: arrivals of the working day, or
of the last half hour as far as these differ by more than chance, handling times of the working day, and patience. So
what is left of a talk or of somebody's patience is as long as a new one.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np

from engine.errors import ForecastFailed
from engine.kernel.erlang import (
    HANDLE_GUESS_CONTACTS,
    HANDLE_GUESS_NS,
    PATIENCE_GUESS_NS,
    STEADY_MEMORY_NS,
)
from engine.kernel.tables import Capacity, Tables, new_tables
from engine.kernel.tally import NO_COHORT
from engine.messages.kinds import (
    CHANNELS,
    CONTACT_FREE,
    EXIT_OVERFLOWED,
    STEP_OVERFLOW,
)
from engine.messages.rows import pack_arrival
from engine.model.forecast import ForecastQuestion
from engine.model.settings import STEPS_MAX, WRAP_UP_BY_AGENT, AgentSetting, QueueSetting
from engine.model.tallies import Tally
from simulations.forecast.rates import arrival_rate
from simulations.scenario.distributions import Distribution, deterministic, exponential
from simulations.world.blank import RETRIALS, Span, blank_world
from simulations.world.tables import BACK_AFTER_NS, SOURCE, WorldTables

Array = np.ndarray[Any, Any]
DRAIN_NS: Final = 3600 * 10**9
"""How long who came in time may still be there after the horizon."""
WRAP_UP_GUESS_NS: Final = 30e9
RING_LEAST_NS: Final = 5e8
"""Offers that ring shorter are answered at once."""
FEW_CONTACTS: Final = 3
"""With fewer, a mean says nothing."""
LEARNT_CONTACTS: Final = 10
"""Handled contacts of all queues without which nothing is forecast."""
TALK_LEAST: Final = 0.1
"""Share of the handling time that is talk, at least."""


class Estimates(NamedTuple):
    """What is expected of each queue, by its number."""

    rate: Array
    """Contacts that come from outside, a ns."""
    talk_ns: Array
    wrap_up_ns: Array
    patience_ns: Array
    ring_ns: Array


def present_tables(question: ForecastQuestion) -> Tables:
    """Return the kernel's tables as they were, but for the interval table: nobody asks for that."""
    tables = new_tables(Capacity(**{**question.capacity, "intervals": 2}))
    for name, table in question.tables.items():
        if not name.startswith("interval_"):
            np.copyto(getattr(tables, name), table)
    for cohorts in (tables.contacts, tables.engagements):
        cohorts["cohort"], cohorts["cohort_ns"] = 0, NO_COHORT
    tables.book["interval_row"], tables.book["interval_end_ns"] = 0, 0
    _as_wrapped_up(tables, len(question.queues))
    return tables


def _as_wrapped_up(t: Tables, queues: int) -> None:
    """Let wrap-ups last as long as they do: agents end them before the time that is set, and will go on doing so."""
    counted = _counted(t, queues)
    allowed, wrapped = t.queues["settings"][:queues, QueueSetting.WRAP_UP_NS], counted[:, Tally.WRAPPED]
    mean_ns = counted[:, Tally.WRAP_UP_NS] / np.maximum(wrapped, 1.0)
    known = (wrapped >= FEW_CONTACTS) & (allowed > mean_ns)
    allowed[known] = mean_ns[known].astype(np.int64)
    if wrapped.sum() >= FEW_CONTACTS:
        own = t.agents["settings"][:, AgentSetting.WRAP_UP_NS]
        most_ns = int(counted[:, Tally.WRAP_UP_NS].sum() / wrapped.sum())
        np.minimum(own, most_ns, out=own, where=own > 0)


def _counted(t: Tables, queues: int) -> Array:
    """Return what was counted of each queue since the log began, shape (queues, TALLY_COLUMNS)."""
    found: Array = t.tallies.reshape(-1, CHANNELS, t.tallies.shape[1])[:queues].sum(axis=1).astype(float)
    return found


def estimates_of(t: Tables, queues: int, now_ns: int) -> Estimates:
    """Return what the kernel has learnt of the queues."""
    known = np.asarray(t.queues)[:queues]
    counted = _counted(t, queues)
    handle_ns = _handle_ns(known, counted)
    wrap_up_ns = known["settings"][:, QueueSetting.WRAP_UP_NS].astype(float)
    by_agent = wrap_up_ns == WRAP_UP_BY_AGENT
    wrapped = counted[:, Tally.WRAPPED]
    own_ns = np.where(wrapped > 0, counted[:, Tally.WRAP_UP_NS] / np.maximum(wrapped, 1), WRAP_UP_GUESS_NS)
    wrap_up_ns = np.where(by_agent, own_ns, wrap_up_ns)
    offers = counted[:, Tally.OFFERS]
    patience_ns = (known["waited_ns"] + PATIENCE_GUESS_NS) / (known["quit"] + 1.0)
    return Estimates(
        rate=_rates(t, queues, now_ns) * _from_outside(known, counted),
        talk_ns=np.maximum(handle_ns - wrap_up_ns, TALK_LEAST * handle_ns),
        wrap_up_ns=wrap_up_ns,
        patience_ns=patience_ns,
        ring_ns=np.where(offers > 0, counted[:, Tally.RING_NS] / np.maximum(offers, 1), 0.0),
    )


def check_learnt(t: Tables, queues: int) -> None:
    """Raise ForecastFailed where hardly anybody was handled yet: guesses are too long for short talks."""
    handled = int(_counted(t, queues)[:, Tally.HANDLED].sum())
    if handled < LEARNT_CONTACTS:
        raise ForecastFailed(
            "too_early",
            f"it is too early: how long contacts take is not known, as {handled} have been handled so far; ask again "
            f"when {LEARNT_CONTACTS} have been",
        )


def _handle_ns(known: Array, counted: Array) -> Array:
    """Return the handling times: the kernel's without the guess that it begins with, else those of all there ever were.

    Of queues with too few, as many others of their channel as there are stand in, else all queues.
    """
    handled, channels = counted[:, Tally.HANDLED], known["settings"][:, QueueSetting.CHANNEL]
    faded = np.exp(-np.maximum(known["decayed_at_ns"] - known["first_ns"], 0) / STEADY_MEMORY_NS)
    guessed = np.where(known["first_ns"] > 0, HANDLE_GUESS_CONTACTS * faded, 0.0)
    contacts = known["handled"] - guessed
    learnt = (known["handle_ns"] - HANDLE_GUESS_NS * guessed) / np.maximum(contacts, 1.0)
    found: Array = np.where(contacts >= FEW_CONTACTS, learnt, _measured_ns(counted))
    for queue in np.flatnonzero(handled < FEW_CONTACTS).tolist():
        peers = counted[channels == channels[queue]].sum(axis=0)
        stand_in = peers if peers[Tally.HANDLED] >= FEW_CONTACTS else counted.sum(axis=0)
        found[queue] = _measured_ns(stand_in[None])[0] if stand_in[Tally.HANDLED] else HANDLE_GUESS_NS
    return found


def _measured_ns(counted: Array) -> Array:
    """Mean handling time of all contacts there ever were."""
    talk_ns = counted[:, Tally.TALK_NS] / np.maximum(counted[:, Tally.HANDLED], 1.0)
    found: Array = talk_ns + counted[:, Tally.WRAP_UP_NS] / np.maximum(counted[:, Tally.WRAPPED], 1.0)
    return found


def _rates(t: Tables, queues: int, now_ns: int) -> Array:
    """Entries a ns, shape (queues,), by the kernel. The tables are a copy, which goes on from now."""
    t.book["now_ns"] = now_ns
    begun = t.queues["first_ns"][:queues] > 0
    return np.array([arrival_rate(t, queue) if begun[queue] else 0.0 for queue in range(queues)])


def _from_outside(known: Array, counted: Array) -> Array:
    """The share of a queue's entries that did not come by overflow from another one."""
    inside = np.zeros(len(known))
    for queue, settings in enumerate(known["settings"]):
        steps = settings[QueueSetting.FIRST_STEP : QueueSetting.FIRST_STEP + 3 * STEPS_MAX].reshape(-1, 3)
        targets = [int(to) for _, action, to in steps if action == STEP_OVERFLOW]
        doors = (QueueSetting.FULL_TARGET, QueueSetting.EMPTY_TARGET, QueueSetting.CLOSED_TARGET)
        targets += [int(settings[door]) for door in doors]
        target = next((one for one in targets if 0 <= one < len(known)), -1)
        if target >= 0:
            inside[target] += counted[queue, Tally.EXIT + EXIT_OVERFLOWED]
    entries = np.maximum(counted[:, Tally.ENTRIES], 1.0)
    found: Array = np.clip(1.0 - inside / entries, 0.0, 1.0)
    return found


def world_parts(
    question: ForecastQuestion, t: Tables, expected: Estimates, rows: Array, retrials: int = RETRIALS
) -> dict[str, Array]:
    """Return the tables of the world as it begins, `rows` being what changes at once; chance is for `keyed`.

    `retrials` is room for those who are to be called back.
    """
    now_ns, horizon_ns = question.now_ns, question.horizon_ns
    span = Span(now_ns, horizon_ns, now_ns + horizon_ns + DRAIN_NS)
    parts = blank_world(Capacity(**question.capacity), len(question.queues), span, retrials=retrials)
    parts["book"]["now_ns"] = now_ns
    script = rows.copy()
    script["at_ns"] = now_ns
    sources, distributions, segments, trunks = _sources(question, t, expected)
    schema = {name: dtype for name, dtype, _ in WorldTables.SCHEMA}
    return parts | {
        "sources": sources,
        "segments": np.array(segments, schema["segments"]),
        "trunk_choices": np.array(trunks, np.int64),
        "distributions": np.array([(d.kind, d.a, d.b, d.c, 0, 0) for d in distributions], schema["distributions"]),
        "script": script,
    }


def _sources(
    question: ForecastQuestion, t: Tables, expected: Estimates
) -> tuple[Array, list[Distribution], list[tuple[int, float]], list[int]]:
    sources = np.zeros(len(question.queues), SOURCE)
    distributions: list[Distribution] = []
    segments: list[tuple[int, float]] = []
    trunks: list[int] = []
    until_ns = question.now_ns + question.horizon_ns
    for queue, name in enumerate(question.queues):
        source, settings = sources[queue : queue + 1], t.queues["settings"][queue]
        ringing = expected.ring_ns[queue]
        groups = _trunk_groups(t, queue)
        source["queue"], source["packed"] = queue, pack_arrival(int(settings[QueueSetting.CHANNEL]), 0)
        source["segment"], source["segments_end"] = len(segments), len(segments) + 1
        source["since_ns"], source["volume"], source["callback_share"] = question.now_ns, 1.0, 1.0
        source["first_trunk"], source["trunks"] = len(trunks), len(groups)
        source["back_after_ns"] = BACK_AFTER_NS
        first = len(distributions)
        source["handle"], source["patience"], source["wrap_up"] = first, first + 1, first + 2
        source["ring"] = first + 3 if ringing > RING_LEAST_NS else -1
        distributions += [
            *(exponential(float(mean_ns[queue])) for mean_ns in (expected.talk_ns, expected.patience_ns)),
            *(exponential(float(expected.wrap_up_ns[queue])), deterministic(float(ringing))),
        ]
        trunks += groups
        segments.append((until_ns, float(expected.rate[queue]) if name else 0.0))
    return sources, distributions, segments, trunks


def _trunk_groups(t: Tables, queue: int) -> list[int]:
    """The trunk groups by which a queue's present contacts came, the most used first: others will come so, too."""
    contacts = np.asarray(t.contacts)
    own = (contacts["state"] != CONTACT_FREE) & (contacts["queue"] == queue) & (contacts["asked_group"] >= 0)
    groups, counts = np.unique(contacts["asked_group"][own], return_counts=True)
    return [int(group) for group in groups[np.argsort(-counts, kind="stable")]]


def contacts_at_most(expected: Estimates, horizon_ns: int) -> int:
    """How many contacts are expected until the horizon."""
    return math.ceil(float(expected.rate.sum()) * horizon_ns)
