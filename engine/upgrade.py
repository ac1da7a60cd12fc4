"""What an earlier version kept and no log has any more, in today's form: one step for each version that was left."""

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def upgraded(kept: T, written: int, today: int, steps: Mapping[int, Callable[[T], T]]) -> T | None:
    """Return what the version `written` kept as the version `today` would have; None where no steps lead there.

    `steps` says by version what makes of its form that of the next. What a step raises is raised.
    """
    if written > today or any(version not in steps for version in range(written, today)):
        return None
    for version in range(written, today):
        kept = steps[version](kept)
    return kept
