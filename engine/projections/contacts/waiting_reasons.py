"""Why contacts wait, in a few words each: for lists, where the whole explanation of one contact would be too much."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.kernel.tables import Tables
from engine.messages.kinds import CONTACT_OFFERED
from engine.model.directory import Directory
from engine.projections.contacts.explain import (
    CODES,
    FREE,
    NOT_RESPONDING,
    OFFLINE,
    PAUSED,
    RINGING,
    UNREACHABLE,
    constraints,
)
from engine.projections.queues.waiting_list import offered_to


class WaitingReason(NamedTuple):
    """Why a contact waits, for those who say it in their own words."""

    code: str
    """ringing, no_agent, kept_free, engaged; or not_responding, unreachable, paused, nobody_at_work: nobody can."""
    agents: int
    """Agents that it speaks of."""
    agent: str
    """Where it rings, when it rings at one."""
    silent: int = 0
    """Further agents who could take it and do not answer, while others are engaged."""

    @property
    def text(self) -> str:
        """The reason in English."""
        one, words = self.agents == 1, _WORDS[self.code]
        told = words[0 if one else 1].format(count=self.agents, agent=self.agent)
        return f"{told}, {self.silent} not responding" if self.silent else told


_WORDS: Final = {
    "ringing": ("ringing at {agent}", "ringing at {count} agents"),
    "no_agent": ("no agent may serve it",) * 2,
    "kept_free": ("free agents are kept for others",) * 2,
    "engaged": ("the one agent who can take it is engaged", "all {count} agents who can take it are engaged"),
    "not_responding": (
        "nobody can take it, 1 agent is not responding",
        "nobody can take it, {count} agents are not responding",
    ),
    "unreachable": ("nobody can take it, 1 phone is unreachable", "nobody can take it, {count} phones are unreachable"),
    "paused": ("nobody can take it, 1 agent is paused", "nobody can take it, {count} agents are paused"),
    "nobody_at_work": ("nobody is at work",) * 2,
}
_AWAY: Final = {"not_responding": NOT_RESPONDING, "unreachable": UNREACHABLE, "paused": PAUSED}
"""Why nobody can take it, though some are at work: first what somebody should look after."""


def waiting_reasons(t: Tables, directory: Directory, slots: Sequence[int], now_ns: int) -> list[WaitingReason]:
    """Return why each contact in `slots` waits. Contacts that the same agents may serve are looked at once."""
    known: dict[tuple[int, ...], WaitingReason] = {}
    found = []
    for slot in slots:
        contact = t.contacts[slot]
        if contact["state"] == CONTACT_OFFERED:
            names = [_shown(directory, agent) for agent in offered_to(t, slot)]
            found.append(WaitingReason("ringing", len(names), names[0] if len(names) == 1 else ""))
            continue
        alike = tuple(int(contact[name]) for name in ("queue", "channel", "requirement", "line", "own_agent"))
        if alike not in known:
            known[alike] = _reason(t, slot, now_ns)
        found.append(known[alike])
    return found


def _reason(t: Tables, slot: int, now_ns: int) -> WaitingReason:
    codes, _ = constraints(t, slot, now_ns)
    tally = np.bincount(codes, minlength=len(CODES)).tolist()
    if sum(tally[CODES.index(OFFLINE) :]) == 0:
        return WaitingReason("no_agent", 0, "")
    if tally[CODES.index(FREE)]:
        return WaitingReason("kept_free", tally[CODES.index(FREE)], "")
    engaged = sum(tally[CODES.index(RINGING) : CODES.index(FREE)])
    if engaged:
        return WaitingReason("engaged", engaged, "", tally[CODES.index(NOT_RESPONDING)])
    for word, code in _AWAY.items():
        if count := tally[CODES.index(code)]:
            return WaitingReason(word, count, "")
    return WaitingReason("nobody_at_work", 0, "")


def _shown(directory: Directory, agent: int) -> str:
    cards = directory.agent_cards
    return (cards[agent].display_name if agent < len(cards) else "") or directory.agents.name(agent)
