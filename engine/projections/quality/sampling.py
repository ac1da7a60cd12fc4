"""Which contacts evaluators should judge next: some of each agent, the unhappy customers' first, the rest by chance.

The draw is by the contact's id and a seed: the same whoever asks and whenever, as long as nobody judged one of them.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from xxhash import xxh3_64_intdigest

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.projections.quality.surveys import SurveyAnswer

UNHAPPY: Final = {"csat": 2, "nps": 6, "ces": 3}
"""Up to this score of a survey its customer is unhappy."""


class Candidate(msgspec.Struct, frozen=True):
    """A closed contact that an agent served."""

    contact_id: int
    ended_ns: int
    queue: int
    agent: int
    channel: int


class Sampled(msgspec.Struct, frozen=True):
    """A contact to be judged."""

    contact_id: int
    ended_ns: int
    queue: str
    agent: str
    channel: str
    why: str
    """unhappy: its customer said so; random: it was drawn."""


class Sample(msgspec.Struct, frozen=True):
    """What is to be judged of a window, agent by agent."""

    as_of: int
    from_ns: int
    to_ns: int
    seed: str
    contacts: list[Sampled]


def sampled(
    candidates: Iterable[Candidate],
    answers: Iterable[SurveyAnswer],
    judged: Collection[int],
    directory: Directory,
    per_agent: int,
    seed: str,
) -> list[Sampled]:
    """Draw up to `per_agent` contacts of each agent that nobody has `judged`; at most half of them as unhappy ones."""
    unhappy = {one.contact_id for one in answers if one.score <= UNHAPPY[one.kind]}
    by_agent: dict[int, list[tuple[int, Candidate]]] = {}
    for one in candidates:
        if one.contact_id not in judged:
            rank = xxh3_64_intdigest(f"{seed} {one.contact_id}".encode())
            by_agent.setdefault(one.agent, []).append((rank, one))
    found = []
    for _, theirs in sorted(by_agent.items()):
        ordered = [one for _, one in sorted(theirs, key=lambda entry: entry[0])]
        complained = [one for one in ordered if one.contact_id in unhappy][: (per_agent + 1) // 2]
        others = [one for one in ordered if one not in complained][: per_agent - len(complained)]
        found += [_told(one, directory, "unhappy") for one in complained]
        found += [_told(one, directory, "random") for one in others]
    return found


def _told(one: Candidate, directory: Directory, why: str) -> Sampled:
    queue, agent = directory.queues.name(one.queue), directory.agents.name(one.agent)
    return Sampled(one.contact_id, one.ended_ns, queue, agent, CHANNEL_NAMES.get(one.channel, ""), why)
