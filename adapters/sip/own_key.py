"""The adapter's own key; see engine.own_key."""

from engine.own_key import FILE, SIZE, own_key

__all__ = ["FILE", "SIZE", "own_key"]
