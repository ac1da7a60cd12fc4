"""Which contacts evaluators should judge next: some of each agent, by weights of the reasons to look at them.

The draw is by the contact's id and a seed: the same whoever asks and whenever, as long as nobody judged one of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from xxhash import xxh3_64_intdigest

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.projections.quality.subjects.surveys import SurveyAnswer

UNHAPPY: Final = {"csat": 2, "nps": 6, "ces": 3}
"""Up to this score of a survey its customer is unhappy."""
RANDOM: Final = "random"
WEIGHTS: Final[Mapping[str, int]] = {
    "unhappy": 3,
    "reopened": 1,
    "transferred": 1,
    "long_wait": 1,
    "long_talk": 1,
    RANDOM: 3,
}
"""Reasons to judge a contact, in the order in which they are looked at, and how many parts of a draw each has."""
LONG: Final = 90
"""Per cent of a queue's contacts beyond which a wait or a talk is long."""


class Candidate(msgspec.Struct, frozen=True):
    """A closed contact that an agent served."""

    contact_id: int
    ended_ns: int
    queue: int
    agent: int
    channel: int
    transfers: int = 0
    waited_ns: int = 0
    """The longest wait in a queue."""
    talked_ns: int = 0


class Sampled(msgspec.Struct, frozen=True):
    """A contact to be judged."""

    contact_id: int
    ended_ns: int
    queue: str
    agent: str
    channel: str
    transfers: int
    waited_s: float
    """The longest wait in a queue that ended in an answer."""
    talked_s: float
    """With all its agents, holds included."""
    why: str
    """unhappy: its customer said so; reopened: a case from it was; transferred: it was handed over; long_wait,
    long_talk: longer than nine of ten of its queue; random: it was drawn."""


class Sample(msgspec.Struct, frozen=True):
    """What is to be judged of a window, agent by agent."""

    as_of: int
    from_ns: int
    to_ns: int
    seed: str
    weights: dict[str, int]
    contacts: list[Sampled]


def reasons_of(
    candidates: Sequence[Candidate], answers: Iterable[SurveyAnswer], reopened: Collection[int]
) -> dict[str, set[int]]:
    """Return which contacts there is each reason for, by their ids. `reopened`: contacts from which such cases came."""
    return {
        "unhappy": {one.contact_id for one in answers if one.score <= UNHAPPY[one.kind]},
        "reopened": {*reopened},
        "transferred": {one.contact_id for one in candidates if one.transfers},
        "long_wait": _long([(one.queue, one.contact_id, one.waited_ns) for one in candidates]),
        "long_talk": _long([(one.queue, one.contact_id, one.talked_ns) for one in candidates]),
    }


def sampled(
    candidates: Iterable[Candidate],
    reasons: Mapping[str, Collection[int]],
    directory: Directory,
    per_agent: int,
    seed: str,
    weights: Mapping[str, int] = WEIGHTS,
) -> list[Sampled]:
    """Draw up to `per_agent` contacts of each agent: of each reason as many as its weight gives, where there are any.

    A contact is drawn for the first reason that has room for it; places that are left go to those drawn by chance.
    """
    by_agent: dict[int, list[tuple[int, Candidate]]] = {}
    for one in candidates:
        rank = xxh3_64_intdigest(f"{seed} {one.contact_id}".encode())
        by_agent.setdefault(one.agent, []).append((rank, one))
    places, found = places_of(weights, per_agent), list[Sampled]()
    for _, theirs in sorted(by_agent.items()):
        left = [one for _, one in sorted(theirs, key=lambda entry: entry[0])]
        drawn = 0
        for why, room in places.items():
            wanted = left if why == RANDOM else [one for one in left if one.contact_id in reasons.get(why, ())]
            chosen = wanted[: per_agent - drawn if why == RANDOM else room]
            taken = {one.contact_id for one in chosen}
            left = [one for one in left if one.contact_id not in taken]
            drawn += len(chosen)
            found += [_told(one, directory, why) for one in chosen]
    return found


def places_of(weights: Mapping[str, int], per_agent: int) -> dict[str, int]:
    """Share the places of an agent by the weights, whole: what is left over goes to the largest remainders."""
    total = sum(weights.values())
    places = {why: weights.get(why, 0) * per_agent // total for why in WEIGHTS}
    remainders = sorted(WEIGHTS, key=lambda why: -(weights.get(why, 0) * per_agent % total))
    for why in remainders[: per_agent - sum(places.values())]:
        places[why] += 1
    return places


def _long(measured: Sequence[tuple[int, int, int]]) -> set[int]:
    """Return whose measure is beyond that of LONG per cent of the same queue; of (queue, contact, measure)."""
    by_queue: dict[int, list[int]] = {}
    for queue, _, value in measured:
        by_queue.setdefault(queue, []).append(value)
    bounds = {queue: np.percentile(values, LONG, method="inverted_cdf") for queue, values in by_queue.items()}
    return {contact_id for queue, contact_id, value in measured if value > bounds[queue]}


def _told(one: Candidate, directory: Directory, why: str) -> Sampled:
    return Sampled(
        *(one.contact_id, one.ended_ns, directory.queues.name(one.queue), directory.agents.name(one.agent)),
        *(CHANNEL_NAMES.get(one.channel, ""), one.transfers, round(one.waited_ns / 1e9, 3)),
        *(round(one.talked_ns / 1e9, 3), why),
    )
