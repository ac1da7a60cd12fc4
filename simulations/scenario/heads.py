"""How many of a group work each of its shifts, in what a file says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulations.scenario.shift_files import read_shifts


def shifts_of(entry: Any, folder: Path) -> list[dict[str, Any]]:
    """Return the shifts of a group, of its file in `folder` where they stand in one; none where one of them cannot be
    read."""
    said = entry.get("shifts") if isinstance(entry, dict) else None
    if isinstance(said, list):
        sections = [one for one in said if isinstance(one, dict)]
        return sections if len(sections) == len(said) else []
    if not isinstance(said, str):
        return []
    try:
        return read_shifts(folder / said)
    except (OSError, UnicodeDecodeError, ValueError):
        return []  # told with its place when the scenario is checked


def in_proportion(counts: Sequence[int], whole: int) -> list[int]:
    """Return `whole` spread over shifts as `counts` are, rounded so that they add up to it; all 0 if `counts` are."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    reached, found = 0, list[int]()
    for one in counts:  # cumulative rounding: what is found adds up
        reached += one
        found.append(round(whole * reached / total) - sum(found))
    return found
