"""Continuity plans in files of their own, one a file: `plans: [plans/hanoi-power.yaml]` beside `plans: {NAME: ...}`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.config.document import Document, Location, read_document

PLANS: Final = "plans"
NAME: Final = "plan"
"""Key of such a file that says what the plan is called; not said: as the file."""


def read_plan_files(document: Document, folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Put the plans of the files that a list names in its place; what is wrong with a file is told with its place."""
    value = document.value
    entries = value.get(PLANS) if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return
    plans: dict[str, Any] = {}
    for index, entry in enumerate(entries):
        location: Location = (PLANS, index)
        if not isinstance(entry, str):
            document.add(location, "in a list of plans each is the path of a file; or write 'plans: {NAME: ...}'")
            continue
        part = read_document(folder / entry, environment)
        name, plan = _plan_of(part, Path(entry).stem)
        if name in plans:
            document.add(location, f"there is a plan '{name}' already")
            continue
        plans[name] = plan
        document.parts[(PLANS, name)] = part
        document.places[(PLANS, name)] = document.key_places[(PLANS, name)] = document.place(location)
    value[PLANS] = plans


def _plan_of(part: Document, stem: str) -> tuple[str, Any]:
    """Return what a file calls its plan, and the plan."""
    if not isinstance(part.value, dict):
        if not part.faults:
            part.add((), "the file must be a mapping: one plan, as 'close: [survey]'")
        return stem, {}
    name = part.value.pop(NAME, stem)
    if not isinstance(name, str):
        part.add((NAME,), f"{name!r} is not a name; write it in quotes")
        return stem, part.value
    return name, part.value
