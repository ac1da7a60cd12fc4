"""One topic of state: items by name with the version at which each last changed, so that any reader can catch up.

A reader that is slow simply finds more items changed at once: nothing is queued for it, and only the newest is sent.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

TOMBSTONES_MAX: Final = 1000


class Change(msgspec.Struct, frozen=True):
    """What a reader must take in."""

    topic: str
    as_of: int
    at_ns: int
    items: list[msgspec.Raw]
    removed: list[str] = []


class Board:
    """The items of one topic. `update` replaces them, `since` tells what changed."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.version = 0
        self._items: dict[str, tuple[int, bytes]] = {}
        self._removed: dict[str, int] = {}
        self._whole_since = 0
        """Readers that saw nothing later than this get everything: removals before it are forgotten."""
        self._as_of = 0
        self._encoded: dict[int, tuple[str, int, bytes]] = {}
        self._at_ns = 0

    def update(self, items: Mapping[str, bytes], as_of: int, at_ns: int, *, partial: bool = False) -> bool:
        """Take in all items, or with `partial` only the changed ones; returns whether anything changed."""
        self._as_of, self._at_ns = as_of, at_ns
        version = self.version + 1
        changed = {name: body for name, body in items.items() if self._body(name) != body}
        gone = [] if partial else [name for name in self._items if name not in items]
        if not changed and not gone and self.version:
            return False
        for name, body in changed.items():
            self._items[name] = version, body
            self._removed.pop(name, None)
        for name in gone:
            del self._items[name]
            self._removed[name] = version
        if len(self._removed) > TOMBSTONES_MAX:
            self._removed.clear()
            self._whole_since = version
        self.version = version
        self._encoded.clear()
        return True

    def since(self, version: int) -> tuple[str, Change] | None:
        """Return ("snapshot" or "delta", change) for a reader that has seen `version`; None when it has seen all."""
        if version >= self.version and version:
            return None
        if version == 0 or version < self._whole_since:
            items = [msgspec.Raw(body) for _, body in self._items.values()]
            return "snapshot", Change(self.topic, self._as_of, self._at_ns, items)
        items = [msgspec.Raw(body) for at, body in self._items.values() if at > version]
        removed = [name for name, at in self._removed.items() if at > version]
        return "delta", Change(self.topic, self._as_of, self._at_ns, items, removed)

    def encoded_since(self, version: int) -> tuple[str, int, bytes] | None:
        """Return (snapshot or delta, its position, the change as JSON), made once for all readers who saw as much."""
        if version not in self._encoded:
            found = self.since(version)
            if found is None:
                return None
            name, change = found
            self._encoded[version] = name, change.as_of, msgspec.json.encode(change)
        return self._encoded[version]

    def _body(self, name: str) -> bytes | None:
        found = self._items.get(name)
        return found[1] if found else None
