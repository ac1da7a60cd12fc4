"""Those who are present when a forecast begins: how long they still talk, wait, ring and wrap up, by chance."""

from typing import Any, Final

import numpy as np

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.tables import Tables
from engine.messages.kinds import (
    AGENT_NOT_RESPONDING,
    CONTACT_CONNECTED,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_WAITING,
    ENGAGEMENT_OFFERED,
    ENGAGEMENT_WRAPPING,
    FLAG_CALLS_BACK,
)
from simulations.forecast.present import Estimates
from simulations.world.tables import BACK_AFTER_NS, WorldTables

Array = np.ndarray[Any, Any]
TALKS: Final = (CONTACT_CONNECTED, CONTACT_HELD_STATE)
WAITS: Final = (CONTACT_WAITING, CONTACT_OFFERED)


def bring_in(world: WorldTables, t: Tables, expected: Estimates, now_ns: int, chance: np.random.Generator) -> None:
    """Write those who are present into a world that was set up, and arm what is to happen to them."""
    contacts = np.asarray(t.contacts)
    (talking,) = np.isin(contacts["state"], TALKS).nonzero()
    (waiting,) = np.isin(contacts["state"], WAITS).nonzero()
    due = np.full(len(world.timers), NEVER_NS)
    for slots in (talking, waiting):
        callers, queues = world.callers, contacts["queue"][slots]
        callers["key"][slots] = chance.integers(0, 2**63, len(slots), np.uint64)
        callers["source"][slots], callers["wants"][slots] = queues, queues
        callers["number"][slots] = -1 - slots
        callers["line_ns"][slots] = contacts["line_ns"][slots]
        callers["gives_up_ns"][slots] = NEVER_NS
    due[talking] = _begin_talks(world, contacts, talking, expected, now_ns, chance)
    due[waiting] = _begin_waits(world, contacts, waiting, expected, now_ns, chance)
    _let_ring(world, t, due, expected, now_ns, chance)
    _let_wrap_up(world, t, due, expected, now_ns, chance)
    _let_return(t, due, now_ns, chance)
    _arm(world, due)


def _begin_talks(
    world: WorldTables, contacts: Array, slots: Array, expected: Estimates, now_ns: int, chance: np.random.Generator
) -> Array:
    left_ns = chance.exponential(expected.talk_ns[contacts["queue"][slots]])
    callers = world.callers
    callers["talks"][slots], callers["pace"][slots] = 1, 1.0
    callers["work_ns"][slots], callers["worked_at_ns"][slots] = left_ns, now_ns
    found: Array = now_ns + left_ns.astype(np.int64)
    return found


def _begin_waits(
    world: WorldTables, contacts: Array, slots: Array, expected: Estimates, now_ns: int, chance: np.random.Generator
) -> Array:
    """Who was promised a callback waits as long as it takes."""
    left_ns = chance.exponential(expected.patience_ns[contacts["queue"][slots]]).astype(np.int64)
    patient = contacts["flags"][slots] & FLAG_CALLS_BACK != 0
    gives_up_ns = np.where(patient, NEVER_NS, now_ns + left_ns)
    world.callers["gives_up_ns"][slots] = gives_up_ns
    found: Array = gives_up_ns
    return found


def _let_ring(
    world: WorldTables, t: Tables, due: Array, expected: Estimates, now_ns: int, chance: np.random.Generator
) -> None:
    """Each agent at whom a contact rings picks up soon, and the first of them answers it."""
    engagements = np.asarray(t.engagements)[: int(t.book["engagements_used"][0])]
    for place in np.flatnonzero(engagements["state"] == ENGAGEMENT_OFFERED).tolist():
        slot, queue = int(engagements["contact"][place]), int(engagements["queue"][place])
        if t.contacts["state"][slot] != CONTACT_OFFERED:
            continue
        answers_ns = now_ns + 1 + int(chance.uniform(0.0, 1.0) * float(expected.ring_ns[queue]))
        world.pick_ups[place] = answers_ns
        if 0 < world.callers["answered_at_ns"][slot] <= answers_ns:
            continue
        world.callers["answered_at_ns"][slot] = answers_ns
        world.callers["rings_at"][slot] = engagements["agent"][place]
        due[slot] = min(int(due[slot]), answers_ns)


def _let_wrap_up(
    world: WorldTables, t: Tables, due: Array, expected: Estimates, now_ns: int, chance: np.random.Generator
) -> None:
    """Wrap-ups that the kernel does not end by itself, agents do."""
    engagements = np.asarray(t.engagements)[: int(t.book["engagements_used"][0])]
    (places,) = (engagements["state"] == ENGAGEMENT_WRAPPING).nonzero()
    ended_by_kernel = t.timers["place"][len(t.contacts) + places] > 0
    places = places[~ended_by_kernel]
    left_ns = chance.exponential(expected.wrap_up_ns[engagements["queue"][places]])
    due[len(world.callers) + len(world.retrials) + places] = now_ns + left_ns.astype(np.int64)


def _let_return(t: Tables, due: Array, now_ns: int, chance: np.random.Generator) -> None:
    """Who is set aside for not answering comes back: it lasts as long as it has for all of them, and one more."""
    agents = np.asarray(t.agents)
    (aside,) = ((agents["suspended_until_ns"] < 0) & (agents["state"] == AGENT_NOT_RESPONDING)).nonzero()
    lasted_ns = float((now_ns - agents["state_since_ns"][aside]).sum())
    left_ns = chance.exponential((lasted_ns + BACK_AFTER_NS) / (len(aside) + 1), len(aside))
    due[len(due) - len(agents) + aside] = now_ns + 1 + left_ns.astype(np.int64)


def _arm(world: WorldTables, due: Array) -> None:
    """Set the timers: subjects in order of their deadlines make a heap."""
    (armed,) = (due != NEVER_NS).nonzero()
    order = armed[np.lexsort((armed, due[armed]))]
    world.timers["subject"][: len(order)] = order
    world.timers["due_ns"][: len(order)] = due[order]
    world.places[order] = np.arange(1, len(order) + 1)
    world.book["timers"] = len(order)
