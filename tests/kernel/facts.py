"""Rows as the tests see them."""

from typing import NamedTuple


class Fact(NamedTuple):
    """One row, observed or decided, without what only the log needs."""

    kind: int
    contact: int = -1
    queue: int = -1
    agent: int = -1
    a: int = 0
    b: int = 0
    flags: int = 0
    at_ns: int = 0
