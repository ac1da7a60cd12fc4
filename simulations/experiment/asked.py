"""Whole numbers that are asked for: how often something is played, of which seed, by how many threads."""

from operator import index

from engine.errors import ConfigError


def whole(said: int, what: str, least: int, advice: str) -> int:
    """Return a whole number, of numpy's too, as one of Python's.

    Raises ConfigError below `least`, and for anything else, with `what` it should have been and what to do.
    """
    try:
        number = index(said)
    except TypeError:
        raise ConfigError([f"{what} {said!r}: that is no whole number; {advice}"]) from None
    if number < least:
        raise ConfigError([f"{what} {number}: {advice}"])
    return number
