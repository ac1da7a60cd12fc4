"""Why this agent, and why still waiting: each decision told with what it was weighed against."""

from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_STATE_NAMES,
    CHANNEL_NAMES,
    CHANNELS,
    CONTACT_OFFERED,
    CONTACT_STATE_NAMES,
    CONTACT_WAITING,
    PREFERRED_AGENT,
    RING_ALL,
    STATUS_OFFLINE,
    STATUS_PAUSED,
    STRATEGY_NAMES,
    VOICE,
)
from engine.model.callback_source import is_callback_source
from engine.model.directory import Directory
from engine.model.settings import AgentSetting, ChannelSetting, QueueSetting
from engine.projections.agents.eligibility import conditions, configured, member, phone_lost, skilled
from engine.projections.contacts.explain_exit import WhyLeft, why_left
from engine.projections.contacts.records import ContactRecord, HeldBack, Offer
from engine.projections.figures import age_s, book_now_ns, position
from engine.projections.names import Interned, name_at
from engine.projections.queues.expected_wait import ExpectedWait, expected_wait_of
from engine.projections.queues.line_order import places
from engine.projections.queues.waiting_list import NextStep, line_of, next_step, offered_to

BLOCKS_LISTED: Final = 100
"""Agents named one by one in an answer; the counts cover all."""
OFFLINE: Final = "not_logged_in"
PAUSED: Final = "paused"
UNSKILLED: Final = "lacks_skill"
NOT_MEMBER: Final = "not_a_member"
NO_CAPACITY: Final = "takes_none_of_this_channel"
NOT_RESPONDING: Final = "not_responding"
UNREACHABLE: Final = "phone_unreachable"
RINGING: Final = "ringing"
WRAPPING: Final = "wrapping_up"
BUSY: Final = "busy"
OTHER_CHANNEL: Final = "busy_on_another_channel"
OWN_AGENT: Final = "waits_for_another_agent"
FREE: Final = "free"
CODES: Final = (
    NOT_MEMBER,
    UNSKILLED,
    NO_CAPACITY,
    OWN_AGENT,
    OFFLINE,
    PAUSED,
    NOT_RESPONDING,
    UNREACHABLE,
    RINGING,
    WRAPPING,
    BUSY,
    OTHER_CHANNEL,
    FREE,
)
"""What keeps an agent from a contact, in the order in which it is looked for."""


class Block(msgspec.Struct, frozen=True):
    """One agent, and what keeps the contact from being offered to them."""

    agent: str
    constraint: str
    """One of CODES."""
    detail: str


class WhyWaiting(msgspec.Struct, frozen=True):
    """A waiting contact: where it stands, and what would have to change for each agent."""

    queue: str
    position: int
    waiting: int
    """Contacts of the queue that wait, this one included."""
    wait_s: float
    summary: str
    requires: dict[str, int]
    """Skills and the least level of each, as relaxed by now."""
    constraints: dict[str, int]
    """All agents counted by what keeps them; those who can never serve the queue included."""
    agents: list[Block]
    """Those nearest to serving it first, at most BLOCKS_LISTED."""
    offered_to: list[str]
    held_back: HeldBack | None
    """None unless a free agent is kept from it now."""
    next_step: NextStep | None
    expected_wait: ExpectedWait


class WhyAgent(Offer, kw_only=True):
    """One offer and how it came about; `outcome` is `ringing` while it rings."""

    tie_break: str
    """What decided where the score did not; mostly empty."""
    text: str


class Explanation(msgspec.Struct, frozen=True):
    """Everything that was decided about one contact."""

    as_of: int
    contact: str
    state: str
    source: str
    """Who brought the contact. Its offers are told there and nowhere else."""
    note: str
    """What easily surprises about it; mostly empty."""
    offers: list[WhyAgent]
    waiting: WhyWaiting | None
    """None when it does not wait."""
    left: WhyLeft | None
    """None while it waits or is served, and where it was."""


def explain(
    t: Tables, directory: Directory, interned: Interned, record: ContactRecord, slot: int, now_ns: int
) -> Explanation:
    """Explain a contact; `slot` is -1 when it is closed."""
    state = int(t.contacts[slot]["state"]) if slot >= 0 else 0
    waits = state in (CONTACT_WAITING, CONTACT_OFFERED)
    return Explanation(
        as_of=position(t),
        contact=record.contact,
        state=CONTACT_STATE_NAMES[state],
        source=record.source,
        note=_silent_phones(directory, record),
        offers=[why_agent(offer) for offer in record.offers],
        waiting=why_waiting(t, directory, interned, slot, now_ns, record.held_back) if waits else None,
        left=None if waits else why_left(record),
    )


def _silent_phones(directory: Directory, record: ContactRecord) -> str:
    """Tell of phones that nobody of ours rings: a call that another source brought is rung by that source."""
    if record.channel != CHANNEL_NAMES[VOICE] or is_callback_source(record.source):
        return ""
    cards, brought_by = directory.agent_cards, record.source.partition(":")[0]
    for offer in record.offers:
        number = directory.agents.number(offer.agent)
        phone = cards[number].phone if 0 <= number < len(cards) else ""
        if phone and phone.partition(":")[0] != brought_by:
            return (
                f"'{record.source}' brought this call, so its offers are told to '{record.source}' alone: that side "
                f"rings {offer.agent}, and not the SIP adapter the phone {phone}"
            )
    return ""


def why_agent(offer: Offer) -> WhyAgent:
    """Tell one offer. With ring-all it was nobody's instead of another's, so there is no next and no tie."""
    rings_all = offer.strategy == STRATEGY_NAMES[RING_ALL] and not offer.contact_chosen
    if offer.strategy == STRATEGY_NAMES[PREFERRED_AGENT]:
        text = f"{offer.agent} is the contact's own agent and was free"
    elif offer.contact_chosen:
        text = f"{offer.agent} came free; this contact was next"
        if offer.candidates > 1:
            text = f"{offer.agent} came free; this contact was the most urgent of {offer.candidates} lines"
    elif rings_all:
        text = f"{offer.agent} was free, and ring-all rings at all who are, up to its limit"
    elif offer.candidates <= 1:
        text = f"{offer.agent} was the only free agent who may serve it"
    else:
        text = f"{offer.agent} was chosen of {offer.candidates} free agents by {offer.strategy}"
    if offer.runner_up and not rings_all:
        text += f"; next would have been {offer.runner_up}"
    tie_break = ""
    if offer.tied and not rings_all:
        tie_break = "longest waiting first" if offer.contact_chosen else "longest idle first"
        text += f"; the scores were equal, {tie_break} decided"
    told = msgspec.structs.asdict(offer) | {"outcome": offer.outcome or "ringing"}
    if rings_all:
        told |= {"runner_up": "", "tied": False}
    return WhyAgent(**told, tie_break=tie_break, text=text)


def why_waiting(
    t: Tables, directory: Directory, interned: Interned, slot: int, now_ns: int, held_back: HeldBack | None = None
) -> WhyWaiting:
    """Tell why the contact in `slot` was not answered yet."""
    contact = t.contacts[slot]
    queue, requirement = int(contact["queue"]), int(contact["requirement"])
    line = line_of(t, queue)
    order = line.tolist()
    place = places(t, line)[order.index(slot)].item() if slot in order else 1
    codes, numbers = constraints(t, slot, now_ns)
    tally = np.bincount(codes, minlength=len(CODES))
    ringing = [directory.agents.name(agent) for agent in offered_to(t, slot)]
    if not contact["held_back"]:
        held_back = None  # that is over
    bound_ns = int(t.queues[queue]["settings"][QueueSetting.HOLD_BACK_NS])
    # Those who lack something now come before those who could never serve it.
    nearest = numbers[np.argsort(-codes, kind="stable")][:BLOCKS_LISTED]
    code_of = dict(zip(numbers.tolist(), codes.tolist(), strict=True))
    return WhyWaiting(
        queue=directory.queues.name(queue),
        position=place,
        waiting=len(order),
        wait_s=age_s(int(contact["enqueued_ns"]), now_ns),
        summary=_held_back(held_back, int(contact["enqueued_ns"]), bound_ns)
        or _own_agent(t, directory, slot, now_ns, ringing)
        or _summary(tally, place, ringing),
        requires={directory.skills.name(c.skill): c.level for c in conditions(t, requirement)},
        constraints={CODES[code]: int(tally[code]) for code in range(len(CODES)) if tally[code]},
        agents=[_block(t, directory, interned, slot, agent, CODES[code_of[agent]]) for agent in nearest.tolist()],
        offered_to=ringing,
        held_back=held_back,
        next_step=next_step(t, directory, slot, now_ns),
        expected_wait=expected_wait_of(t, slot, place),
    )


def _held_back(held: HeldBack | None, enqueued_ns: int, bound_ns: int) -> str:
    """Tell for whom a free agent is kept, and how long at most; nothing if nobody is."""
    if held is None:
        return ""
    left_s = (enqueued_ns + bound_ns - held.at_ns) / 1e9
    return (
        f"{held.agent} is free and kept for other queues, which would lose {held.price / 1000:.2f} by it, while "
        f"{held.value / 1000:.2f} is at stake here; for {left_s:.0f} s at most since this was decided"
    )


def _own_agent(t: Tables, directory: Directory, slot: int, now_ns: int, ringing: list[str]) -> str:
    """Tell whom alone it waits for, and how long at most; nothing if anybody may have it."""
    contact = t.contacts[slot]
    own, queue = int(contact["own_agent"]), int(contact["queue"])
    if ringing or own < 0 or not _waits_for_own(t, slot, queue, now_ns):
        return ""
    ends_ns = int(contact["enqueued_ns"]) + int(t.queues[queue]["settings"][QueueSetting.PREFERRED_WAIT_NS])
    state = "being rung" if t.agents[own]["ringing"] else AGENT_STATE_NAMES[int(t.agents[own]["state"])]
    left_s = max(ends_ns - now_ns, 0) / 1e9
    return f"it waits for {directory.agents.name(own)}, who is {state}; in {left_s:.0f} s anybody may have it"


def constraints(t: Tables, slot: int, now_ns: int | None = None) -> tuple[Array, Array]:
    """Return for every configured agent (place in CODES, agent number): the first thing that keeps them."""
    now_ns = book_now_ns(t) if now_ns is None else now_ns
    contact = t.contacts[slot]
    queue, channel, own = int(contact["queue"]), int(contact["channel"]), int(contact["own_agent"])
    agents, settings = t.agents, t.agents["settings"]
    load = agents["load"]
    interrupts = int(t.channel_settings[channel, ChannelSetting.MAY_INTERRUPT])
    others = [c for c in range(CHANNELS) if c != channel and not interrupts >> c & 1]
    full = load[:, channel] >= settings[:, AgentSetting.CAPACITY + channel]
    blocked_elsewhere = (load[:, others] > 0).any(axis=1)
    engaged = full | blocked_elsewhere
    reserved = own >= 0 and _waits_for_own(t, slot, queue, now_ns)
    numbers = np.arange(len(agents))
    is_own = (numbers == own) & reserved  # who need neither be a member nor have the skills
    conditions_met = (
        (NOT_MEMBER, ~member(t, queue) & ~is_own),
        (UNSKILLED, ~skilled(t, int(contact["requirement"])) & ~is_own),
        (NO_CAPACITY, settings[:, AgentSetting.CAPACITY + channel] == 0),
        (OWN_AGENT, ~is_own & reserved),
        (OFFLINE, agents["status"] == STATUS_OFFLINE),
        (PAUSED, agents["status"] == STATUS_PAUSED),
        (NOT_RESPONDING, agents["suspended_until_ns"] != 0),
        (UNREACHABLE, phone_lost(t) & (channel == VOICE)),
        (RINGING, engaged & (agents["ringing"] > 0) & (agents["connected"] == 0)),
        (WRAPPING, engaged & (agents["wrapping"] > 0) & (agents["connected"] == 0)),
        (BUSY, full),
        (OTHER_CHANNEL, blocked_elsewhere),
    )
    found = np.select(
        [mask for _, mask in conditions_met], [CODES.index(code) for code, _ in conditions_met], len(CODES) - 1
    )
    exists = configured(t)
    return found[exists], numbers[exists]


def _waits_for_own(t: Tables, slot: int, queue: int, now_ns: int) -> bool:
    """Whether nobody but its own agent may have the contact: it stands in that agent's line, or not long enough."""
    contact = t.contacts[slot]
    if int(contact["line"]) >= len(t.lines) - len(t.agents):
        return True
    limit_ns = int(t.queues[queue]["settings"][QueueSetting.PREFERRED_WAIT_NS])
    return now_ns - int(contact["enqueued_ns"]) < limit_ns


def _summary(tally: Array, place: int, ringing: list[str]) -> str:
    if ringing:
        return f"it is being offered to {', '.join(ringing[:3])}"
    count = dict(zip(CODES, tally.tolist(), strict=True))
    able = sum(count[code] for code in CODES[CODES.index(OFFLINE) :])
    if able == 0:
        return "no agent may serve it: none has the skills it requires, is a member of the queue and takes its channel"
    if count[FREE]:
        free = _counted(count[FREE], "free agent", "free agents")
        return f"{free} may serve it: kept for other queues, or taken by the contacts ahead"
    working = count[RINGING] + count[WRAPPING] + count[BUSY] + count[OTHER_CHANNEL]
    if working == 0:
        away = {
            OFFLINE: "not logged in",
            PAUSED: "paused",
            NOT_RESPONDING: "not responding",
            UNREACHABLE: "phone unreachable",
        }
        parts = [f"{count[code]} {words}" for code, words in away.items() if count[code]]
        return f"nobody can take it: {', '.join(parts)}"
    ahead = f"{_counted(place - 1, 'contact is', 'contacts are')} ahead" if place > 1 else "it is next"
    if count[NOT_RESPONDING]:
        ahead = f"{count[NOT_RESPONDING]} not responding; {ahead}"
    if working == 1:
        return f"the one agent who can take it is engaged; {ahead}"
    return f"all {working} agents who can take it are engaged; {ahead}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _block(t: Tables, directory: Directory, interned: Interned, slot: int, number: int, code: str) -> Block:
    agent, channel = t.agents[number], int(t.contacts[slot]["channel"])
    name = directory.agents.name(number)
    capacity = int(agent["settings"][AgentSetting.CAPACITY + channel])
    used, word = int(agent["load"][channel]), CHANNEL_NAMES[channel]
    if code == UNSKILLED:
        levels = t.skill_levels[number]
        lacking = [c for c in conditions(t, int(t.contacts[slot]["requirement"])) if levels[c.skill] < c.level]
        detail = ", ".join(
            f"lacks {directory.skills.name(c.skill)} level {c.level} (has {int(levels[c.skill])})" for c in lacking
        )
    elif code == PAUSED:
        reason = name_at(interned.reasons, int(agent["reason"]))
        detail = f"paused: {reason}" if reason else "paused"
    elif code == NOT_RESPONDING:
        until_ns = int(agent["suspended_until_ns"])
        left_s = max(0.0, (until_ns - book_now_ns(t)) / 1e9)
        detail = f"gets offers again in {left_s:.0f} s" if until_ns > 0 else "gets no offers until the status changes"
    elif code == RINGING and number in offered_to(t, slot):
        detail = "is being offered this contact"
    elif code == FREE and int(t.contacts[slot]["state"]) == CONTACT_OFFERED:
        detail = "is free: the contact rings at another agent"
    elif code in (BUSY, RINGING, WRAPPING):
        detail = f"{_WORDS[code]}, {used} of {capacity} {word} contacts"
    elif code == NO_CAPACITY:
        detail = f"takes no {word} contacts"
    else:
        detail = _WORDS[code]
    return Block(name, code, detail)


_WORDS: Final = {
    OWN_AGENT: "the contact waits for its own agent first",
    NOT_MEMBER: "is not a member of the queue",
    OFFLINE: "not logged in",
    UNREACHABLE: "the phone is not registered",
    RINGING: "is being offered another contact",
    WRAPPING: "is wrapping up",
    BUSY: "is busy",
    OTHER_CHANNEL: "holds a contact of a channel that this one may not interrupt",
    FREE: "is free: kept for other queues, or contacts ahead take the agent",
}
