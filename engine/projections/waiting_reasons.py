"""Why contacts wait, in a few words each: for lists, where the whole explanation of one contact would be too much."""

from collections.abc import Sequence

import numpy as np

from engine.kernel.tables import Tables
from engine.messages.kinds import CONTACT_OFFERED
from engine.model.directory import Directory
from engine.projections.explain import CODES, FREE, OFFLINE, RINGING, constraints
from engine.projections.waiting_list import offered_to


def waiting_reasons(t: Tables, directory: Directory, slots: Sequence[int], now_ns: int) -> list[str]:
    """Return why each contact in `slots` waits. Contacts that the same agents may serve are looked at once."""
    known: dict[tuple[int, ...], str] = {}
    found = []
    for slot in slots:
        contact = t.contacts[slot]
        if contact["state"] == CONTACT_OFFERED:
            names = [_shown(directory, agent) for agent in offered_to(t, slot)]
            found.append(f"ringing at {names[0]}" if len(names) == 1 else f"ringing at {len(names)} agents")
            continue
        alike = tuple(int(contact[name]) for name in ("queue", "channel", "requirement", "line", "own_agent"))
        if alike not in known:
            known[alike] = _reason(t, slot, now_ns)
        found.append(known[alike])
    return found


def _reason(t: Tables, slot: int, now_ns: int) -> str:
    codes, _ = constraints(t, slot, now_ns)
    tally = np.bincount(codes, minlength=len(CODES)).tolist()
    if sum(tally[CODES.index(OFFLINE) :]) == 0:
        return "no agent may serve it"
    if tally[CODES.index(FREE)]:
        return "free agents are kept for others"
    engaged = sum(tally[CODES.index(RINGING) : CODES.index(FREE)])
    if engaged == 0:
        return "nobody is at work"
    return "the one agent is engaged" if engaged == 1 else f"all {engaged} agents are engaged"


def _shown(directory: Directory, agent: int) -> str:
    cards = directory.agent_cards
    return (cards[agent].display_name if agent < len(cards) else "") or directory.agents.name(agent)
