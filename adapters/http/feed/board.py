"""One topic of state: items by name with the version at which each last changed, so that any reader can catch up.

A reader that is slow simply finds more items changed at once: nothing is queued for it, and only the newest is sent.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

TOMBSTONES_MAX: Final = 1000
_ENCODER: Final = msgspec.json.Encoder()


class Change(msgspec.Struct, frozen=True):
    """What a reader must take in."""

    topic: str
    as_of: int
    at_ns: int
    items: list[msgspec.Raw]
    removed: list[str] = []


class _Item:
    """One item as it is, and as it was before it changed last."""

    __slots__ = ("_encoded", "_patch", "before", "tile", "version")

    def __init__(self, version: int, tile: msgspec.Struct, before: msgspec.Struct | None) -> None:
        self.version = version
        self.tile = tile
        self.before = before
        self._encoded: msgspec.Raw | None = None
        self._patch: msgspec.Raw | None = None

    def encoded(self) -> msgspec.Raw:
        """All of it."""
        if self._encoded is None:
            self._encoded = msgspec.Raw(_ENCODER.encode(self.tile))
        return self._encoded

    def patch(self) -> msgspec.Raw:
        """Its name, which is its first field, and the fields that changed last."""
        if self.before is None:
            return self.encoded()
        if self._patch is None:
            name, *others = self.tile.__struct_fields__
            told: dict[str, Any] = {name: getattr(self.tile, name)}
            for field in others:
                value = getattr(self.tile, field)
                if value != getattr(self.before, field):
                    told[field] = value
            self._patch = msgspec.Raw(_ENCODER.encode(told))
        return self._patch


class Board:
    """The items of one topic. `update` replaces them, `encoded_since` tells what changed.

    Its versions begin `after` those of the board that was there before it: no version ever means two states.
    """

    def __init__(self, topic: str, after: int = 0) -> None:
        self.topic = topic
        self.version = 0
        """0: nothing was taken in yet."""
        self._first = after + 1
        self._items: dict[str, _Item] = {}
        self._removed: dict[str, int] = {}
        self._whole_since = self._first
        """Readers that saw nothing later than this get everything: removals before it are forgotten."""
        self._as_of = 0
        self._encoded: dict[tuple[int, bool], tuple[str, int, bytes]] = {}
        self._at_ns = 0

    def update(self, tiles: Mapping[str, msgspec.Struct], as_of: int, at_ns: int, *, partial: bool = False) -> bool:
        """Take in all items, or with `partial` only some; returns whether anything changed.

        Who comes later is told that it was so at `at_ns`, whenever it last changed.
        """
        self._as_of, self._at_ns = as_of, at_ns
        self._encoded.clear()
        version = self.version + 1 if self.version else self._first
        changed = {name: tile for name, tile in tiles.items() if self._tile(name) != tile}
        gone = [] if partial else [name for name in self._items if name not in tiles]
        if not changed and not gone and self.version:
            return False
        for name, tile in changed.items():
            self._items[name] = _Item(version, tile, self._tile(name))
            self._removed.pop(name, None)
        for name in gone:
            del self._items[name]
            self._removed[name] = version
        if len(self._removed) > TOMBSTONES_MAX:
            self._removed.clear()
            self._whole_since = version
        self.version = version
        return True

    def since(self, version: int, *, fields: bool = False) -> tuple[str, Change] | None:
        """Return (kind, change) for a reader that has seen `version`; None when it has seen all.

        A "snapshot" has everything, the items of a "delta" replace those of the same name. With `fields`, who has seen
        all but the last change gets a "patch": the fields of its items replace those of the items of the same name.
        """
        if version >= self.version and version:
            return None
        if version == 0 or version < self._whole_since:
            items = [item.encoded() for item in self._items.values()]
            return "snapshot", Change(self.topic, self._as_of, self._at_ns, items)
        late = [item for item in self._items.values() if item.version > version]
        removed = [name for name, at in self._removed.items() if at > version]
        if fields and version == self.version - 1:
            return "patch", Change(self.topic, self._as_of, self._at_ns, [item.patch() for item in late], removed)
        return "delta", Change(self.topic, self._as_of, self._at_ns, [item.encoded() for item in late], removed)

    def encoded_since(self, version: int, *, fields: bool = False) -> tuple[str, int, bytes] | None:
        """Return (kind, its position, the change as JSON), made once for all readers who saw as much."""
        key = version, fields
        if key not in self._encoded:
            found = self.since(version, fields=fields)
            if found is None:
                return None
            name, change = found
            self._encoded[key] = name, change.as_of, _ENCODER.encode(change)
        return self._encoded[key]

    def _tile(self, name: str) -> msgspec.Struct | None:
        found = self._items.get(name)
        return found.tile if found else None
