"""The directory: names and numbers of everything configured, and what is shown of each. Stands in the log."""

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Final

import msgspec
import numpy as np

from engine.messages.kinds import REQUIREMENT_DEFINED
from engine.messages.rows import Rows, empty_rows
from engine.model.classification import QualityField, WrapUpCode
from engine.model.names import UNKNOWN, Names
from engine.model.phone_numbers import NumberPlan
from engine.model.quality import QualityPlan
from engine.model.requirements import Pair, Requirements


class QueueCard(msgspec.Struct, frozen=True):
    """What is known of a queue beyond the kernel's settings."""

    display_name: str = ""
    channel: int = 0
    target: float = 0.8
    """Share of contacts to be served within the service-level threshold."""
    opening_hours: str = ""
    chain: tuple[dict[int, int], ...] = ({},)
    """Skills required (number to least level) at first, then after each relax step."""


class AgentCard(msgspec.Struct, frozen=True):
    """What is known of an agent beyond the kernel's settings; no secrets."""

    display_name: str = ""
    queues: tuple[str, ...] = ()
    site: str = ""
    phone: str = ""


class SiteCard(msgspec.Struct, frozen=True):
    """What is known of a site beyond its name."""

    display_name: str = ""


class TrunkGroupCard(msgspec.Struct, frozen=True):
    """What is known of a trunk group beyond the kernel's settings."""

    display_name: str = ""


class Directory(msgspec.Struct, dict=True):
    """Names by number and numbers by name, stable across reloads: the payload of CONFIGURATION_LOADED.

    The cards lie at their queue's, agent's, site's or trunk group's number. Everything but `requirements` is fixed;
    that grows as contacts bring skills of their own, in step with the REQUIREMENT_DEFINED rows of the log.
    """

    service: str = ""
    queues: Names = Names()
    agents: Names = Names()
    skills: Names = Names()
    trunk_groups: Names = Names()
    sites: Names = Names()
    pause_reasons: tuple[str, ...] = ()
    """Reasons that agents may choose from; numbers are given where a reason is first used."""
    wrap_up_codes: tuple[WrapUpCode, ...] = ()
    quality_fields: tuple[QualityField, ...] = ()
    queue_cards: tuple[QueueCard, ...] = ()
    agent_cards: tuple[AgentCard, ...] = ()
    requirements: Requirements = msgspec.field(default_factory=Requirements)
    quality: QualityPlan = QualityPlan()
    numbers: NumberPlan | None = None
    """How customers' numbers become one form; None: they stay as they come."""
    site_cards: tuple[SiteCard, ...] = ()
    """Fewer than sites in a log that was written before there were any."""
    trunk_group_cards: tuple[TrunkGroupCard, ...] = ()
    """Fewer than trunk groups, likewise."""
    colleague_queues: tuple[str, ...] = ()
    """Queues in which no customer waits, but for one colleague each: calls to that one, and reports of cases."""

    def customer(self, name: str) -> str:
        """Return what a customer is called, whichever way their number was written."""
        return self.numbers.canonical(name) if self.numbers is not None and name else name

    def requirement(self, queue: int, skills: Mapping[str, int]) -> tuple[int, "Rows | None"]:
        """Return the requirement of a contact that brings `skills` (name to least level) to `queue`.

        The second is None, or the REQUIREMENT_DEFINED rows that must stand in the log before the arrival. Raises
        KeyError for an unknown skill, ValueError for too many conditions, Overloaded when no number is left.
        """
        own: dict[int, int] = {}
        for name, level in skills.items():
            number = self.skills.number(name)
            if number == UNKNOWN:
                raise KeyError(name)
            own[number] = level
        before = len(self.requirements.pairs)
        chain = [_stronger(step, own) for step in self.queue_cards[queue].chain]
        return self.requirements.intern(chain), requirement_rows(self.requirements.pairs, before)

    def for_colleagues(self, queue: int) -> bool:
        """Tell whether no customer waits in this queue: nobody is missing there, and sums of customers leave it out."""
        return self.queues.name(queue) in self.colleague_queues

    def customer_queues(self, among: Iterable[int]) -> list[int]:
        """Return those of the queues in which customers wait."""
        return [queue for queue in among if not self.for_colleagues(queue)]

    def sites_shown(self) -> dict[str, str]:
        """Return what is shown instead of sites' names, of those where that is said."""
        return _shown(self.sites, self.site_cards)

    def queue_shown(self, queue: int) -> str:
        """Return what a queue is called where people read it."""
        card = self.queue_cards[queue] if queue < len(self.queue_cards) else QueueCard()
        return card.display_name or self.queues.name(queue)

    def queues_shown(self) -> dict[str, str]:
        """Return the same of queues."""
        return _shown(self.queues, self.queue_cards)

    def trunk_groups_shown(self) -> dict[str, str]:
        """Return the same of trunk groups."""
        return _shown(self.trunk_groups, self.trunk_group_cards)

    def changes_since(self, before: "Directory") -> int:
        """Return how many entries a reload has changed: of queues and agents each one counts, of others each list."""
        lists = [name for name in self.__struct_fields__ if name not in ("queue_cards", "agent_cards", "requirements")]
        cards = [
            bool(one != other)
            for own, theirs in ((self.queue_cards, before.queue_cards), (self.agent_cards, before.agent_cards))
            for one, other in zip_longest(own, theirs)
        ]
        return sum(cards) + sum(bool(getattr(self, name) != getattr(before, name)) for name in lists)

    def fold(self, rows: "Rows") -> None:
        """Take in the REQUIREMENT_DEFINED rows among `rows`."""
        for row in rows[rows["kind"] == REQUIREMENT_DEFINED]:
            self.requirements.fold(int(row["queue"]), int(row["a"]), int(row["b"]))


class Loading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a CONFIGURATION_LOADED says of how its directory came to be; a log of before says nothing."""

    digest: str = ""
    """SHA-256 of the configuration file, as sha256sum tells it."""
    settings: int = 0
    """How many settings it changed, those that nothing but people read included."""


class _Recorded(Directory):
    """The payload: a directory, and beside its fields what older readers pass over."""

    loading: Loading = Loading()


class _OfLoading(msgspec.Struct):
    """The payload as those read it who want nothing else of it."""

    loading: Loading = Loading()


_OF_LOADING: Final = msgspec.msgpack.Decoder(_OfLoading)


def _shown(names: Names, cards: Iterable[QueueCard | SiteCard | TrunkGroupCard]) -> dict[str, str]:
    return {name: card.display_name for name, card in zip(names.names, cards, strict=False) if card.display_name}


def _stronger(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    return {skill: max(one.get(skill, 0), other.get(skill, 0)) for skill in (*one, *other)}


def requirement_rows(pairs: list[Pair], first: int) -> "Rows | None":
    """Return the rows that define the requirements from number `first` on, None if there are none."""
    if len(pairs) == first:
        return None
    rows = empty_rows(len(pairs) - first)
    rows["kind"] = REQUIREMENT_DEFINED
    rows["queue"] = np.arange(first, len(pairs))
    rows["a"], rows["b"] = np.array(pairs[first:], np.int64).T
    return rows


def encode_directory(directory: Directory, loading: Loading | None = None) -> bytes:
    """Return the payload of CONFIGURATION_LOADED."""
    fields = {name: getattr(directory, name) for name in directory.__struct_fields__}
    return msgspec.msgpack.encode(_Recorded(**fields, loading=loading or Loading()))


def decode_directory(payload: bytes | memoryview) -> Directory:
    """Return the directory of a recorded CONFIGURATION_LOADED. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(payload, type=Directory)


def decode_loading(payload: bytes | memoryview) -> Loading:
    """Return how the directory of a recorded CONFIGURATION_LOADED came to be. Raises msgspec.DecodeError."""
    return _OF_LOADING.decode(payload).loading
