"""What all desks show of the house: what there is to choose from, and what everybody is called."""

from collections.abc import Callable
from typing import Final

import msgspec

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.model.quality import CASE_REPORTS

HOUSE: Final = "house"
NAMES: Final = "names"


class QueueWord(msgspec.Struct, frozen=True):
    """A queue by its names."""

    queue: str
    display_name: str
    channel: str
    for_colleagues: bool = False
    """Whether it carries calls among colleagues only, so that nothing is transferred to it."""


class CodeWord(msgspec.Struct, frozen=True):
    """A wrap-up code."""

    code: str
    display_name: str
    queues: list[str]


class FieldWord(msgspec.Struct, frozen=True):
    """A quality field."""

    field: str
    display_name: str
    kind: str
    choices: list[str]
    queues: list[str]


class CaseWord(msgspec.Struct, frozen=True):
    """A kind of case that can be opened."""

    kind: str
    display_name: str
    report_to: str
    """Who is told how it ended: agent, customer or nobody."""


class FilesWord(msgspec.Struct, frozen=True):
    """What files agents may send."""

    types: list[str]
    bytes_max: int


class House(msgspec.Struct, frozen=True):
    """What there is to choose from."""

    service: str
    pause_reasons: list[str]
    queues: list[QueueWord]
    codes: list[CodeWord]
    fields: list[FieldWord]
    cases: list[CaseWord] = []
    files: FilesWord | None = None


class HouseItems:
    """Makes the items once for all desks, and anew when the configuration is another. `files`: what may be sent."""

    def __init__(self, files: Callable[[], FilesWord | None]) -> None:
        self._files = files
        self._made_of: tuple[Directory | None, FilesWord | None] = (None, None)
        self._items: dict[str, bytes] = {}

    def of(self, directory: Directory) -> dict[str, bytes]:
        """Return the items as JSON, by key."""
        files = self._files()
        if directory is not self._made_of[0] or files != self._made_of[1]:
            self._made_of = directory, files
            house, names = _house(directory, files), _names(directory)
            self._items = {HOUSE: msgspec.json.encode(house), NAMES: msgspec.json.encode(names)}
        return self._items


def _house(directory: Directory, files: FilesWord | None) -> House:
    queues = []
    for name in (one for one in directory.queues.configured() if one != CASE_REPORTS):
        card = directory.queue_cards[directory.queues.number(name)]
        for_colleagues = name in directory.colleague_queues
        queues.append(QueueWord(name, card.display_name or name, CHANNEL_NAMES[card.channel], for_colleagues))
    codes = [CodeWord(one.code, one.display_name or one.code, list(one.queues)) for one in directory.wrap_up_codes]
    fields = [
        FieldWord(one.field, one.display_name or one.field, one.kind, list(one.choices), list(one.queues))
        for one in directory.quality_fields
    ]
    cases = [
        CaseWord(name, kind.display_name or name.replace("_", " "), kind.report_to)
        for name, kind in directory.quality.cases.items()
    ]
    return House(directory.service, list(directory.pause_reasons), queues, codes, fields, cases, files)


def _names(directory: Directory) -> dict[str, str]:
    """What agents are called, those who left included, where that is not their name."""
    cards = zip(directory.agents.names, directory.agent_cards, strict=False)
    return {name: card.display_name for name, card in cards if card.display_name not in ("", name)}
