"""Where two reruns part: the first decision of the kernel that is another one, and each contact's way in words."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.kinds import (
    AGENT_HELD_BACK,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    ENTRY_NAMES,
    EXIT_NAMES,
    OFFER_END_NAMES,
    OFFER_ENDED,
    OFFER_MADE,
    REQUIREMENT_RELAXED,
    STRATEGY_NAMES,
)
from engine.messages.rows import GAVE_UP_AGENT, HELD_LONG_ENOUGH, unpack_choice, unpack_entry

Array = np.ndarray[Any, Any]
DECISIONS: Final = (CONTACT_QUEUED, OFFER_MADE, CONTACT_LEFT, REQUIREMENT_RELAXED, AGENT_HELD_BACK)
TOLD: Final = (*DECISIONS, CONTACT_ARRIVED, OFFER_ENDED, CONTACT_ANSWERED, CONTACT_ENDED)
"""Kinds of rows by which a contact's way is told."""
COMPARED: Final = ("at_ns", "kind", "dedupe", "queue", "agent")
"""Columns in which two decisions must be the same to be the same; `dedupe` says whose they are."""


class Names(msgspec.Struct, frozen=True):
    """Names by number, for sentences."""

    queues: tuple[str, ...]
    agents: tuple[str, ...]


class Parting(msgspec.Struct, frozen=True):
    """The first decision that differs."""

    at_ns: int
    contact: int
    """Number of whose it is, before."""
    before: Array | None
    """The row of that decision, None where only the other side decided something then."""
    now: Array | None
    later: Array | None
    """What the side that decided nothing for that contact then decided for it next, if ever."""


def first_parting(before: Iterable[Array], now: Iterable[Array]) -> Parting | None:
    """Return the first decision that differs between the rows of two reruns, None where there is none.

    Only as much is read, and kept, as it takes to come to it.
    """
    sides = _decisions(before), _decisions(now)
    for one, other in zip_longest(*sides):
        if one is not None and other is not None and all(one[column] == other[column] for column in COMPARED):
            continue
        at_ns = min(int(row["at_ns"]) for row in (one, other) if row is not None)
        here = [row if row is not None and int(row["at_ns"]) == at_ns else None for row in (one, other)]
        decided = here[0] if here[0] is not None else here[1]
        assert decided is not None
        whose = int(decided["dedupe"])
        later = None
        if here[0] is None or here[1] is None:
            silent, held = (0, one) if here[0] is None else (1, other)
            later = _next_of(whose, held, sides[silent])
        elif int(here[0]["dedupe"]) != int(here[1]["dedupe"]):
            later = _next_of(whose, None, sides[1])
        return Parting(at_ns, whose - 1, here[0], here[1], later)
    return None


def _decisions(chunks: Iterable[Array]) -> Iterator[Array]:
    """Yield decisions about contacts, row by row."""
    for rows in chunks:
        yield from rows[np.isin(rows["kind"], DECISIONS) & (rows["dedupe"] > 0)]


def _next_of(whose: int, held: Array | None, rest: Iterator[Array]) -> Array | None:
    if held is not None and int(held["dedupe"]) == whose:
        return held
    return next((row for row in rest if int(row["dedupe"]) == whose), None)


def rows_of_contact(chunks: Iterable[Array], contact: int) -> list[Array]:
    """Return the rows that tell one contact's way."""
    found: list[Array] = []
    for rows in chunks:
        found += list(rows[(rows["dedupe"] == contact + 1) & np.isin(rows["kind"], TOLD)])
    return found


def sentence(row: Any, names: Names) -> str:
    """Return what a row says, in words."""
    kind, a, b = int(row["kind"]), int(row["a"]), int(row["b"])
    queue = _name(names.queues, int(row["queue"]), "queue")
    agent = _name(names.agents, int(row["agent"]), "agent")
    if kind == OFFER_MADE:
        return f"offered to {agent}: {why_chosen(row, names)}"
    if kind == OFFER_ENDED:
        return f"no longer offered to {agent}: {OFFER_END_NAMES.get(a, a)}"
    if kind == CONTACT_QUEUED:
        return f"waits in {queue} ({ENTRY_NAMES.get(unpack_entry(b)[0], 'entry')})"
    if kind == CONTACT_LEFT:
        return f"leaves {queue}: {EXIT_NAMES.get(a, a)}"
    if kind == CONTACT_ANSWERED:
        return f"answered by {agent} after {b / 1e9:.1f} s"
    if kind == CONTACT_ENDED:
        return f"talk with {agent} over after {b / 1e9:.1f} s"
    if kind == AGENT_HELD_BACK:
        return f"{agent} is free and held back for queues that would lose more"
    if kind == REQUIREMENT_RELAXED:
        reasons = {GAVE_UP_AGENT: "waits for anybody, no longer for its own agent"}
        reasons[HELD_LONG_ENOUGH] = "nobody is held back from it any more"
        return reasons.get(b, "fewer skills are required of its agent from now on")
    return f"arrives for {queue}"


def why_chosen(row: Any, names: Names) -> str:
    """Return how an offer's agent, or its contact, was chosen."""
    candidates, strategy, runner_up, tied, contact_chosen = unpack_choice(int(row["b"]))
    by = STRATEGY_NAMES.get(strategy, str(strategy))
    if contact_chosen:
        others = f", the best of {candidates} lines" if candidates > 1 else ""
        return f"the agent became free, and this contact was next by {by}{others}"
    if candidates <= 1:
        return "the only one free"
    other = f", ahead of {names.agents[runner_up]}" if 0 <= runner_up < len(names.agents) else ""
    return f"chosen by {by} from {candidates} who were free{other}{', as equals' if tied else ''}"


def _name(names: tuple[str, ...], number: int, what: str) -> str:
    return names[number] if 0 <= number < len(names) else f"{what} {number}"
