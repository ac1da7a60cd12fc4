"""Schedules of agents: entries in the configuration, or a CSV or YAML file beside it; local times become instants."""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.config.document import Document, Fault, Location, read_document
from engine.model.settings import SECOND_NS

COLUMNS: Final = ("agent", "from", "to", "activity")


def read_schedule(document: Document, folder: Path) -> None:
    """Put the file that `quality.schedule_file` names in the place of `quality.schedule`; write instants as ns.

    What is wrong goes to the document's faults: of a file, at the key that names it.
    """
    value = document.value
    section = value.get("quality") if isinstance(value, dict) else None
    if not isinstance(section, dict):
        return
    location: Location = ("quality", "schedule")
    if "schedule_file" in section:
        location = ("quality", "schedule_file")
        name = section.pop("schedule_file")
        if "schedule" in section:
            document.add(location, "'schedule' is given too; give one of the two", at_key=True)
            return
        section["schedule"] = _entries_of(document, location, folder / str(name))
        document.places[("quality", "schedule")] = document.place(location)
    service = value.get("service")
    zone = service.get("time_zone", "UTC") if isinstance(service, dict) else "UTC"
    entries = section.get("schedule")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        for key in ("from", "to"):
            if isinstance(entry, dict) and key in entry:
                entry[key] = _instant(document, (*location[:2], index, key), entry[key], str(zone))


def _entries_of(document: Document, location: Location, path: Path) -> list[Any]:
    """Read the file's entries; one that cannot be read has none."""
    try:
        if path.suffix.lower() != ".csv":
            other = read_document(path)
            document.faults += [Fault(*document.place(location), text) for text in other.sentences()]
            return other.value if isinstance(other.value, list) else []
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        document.add(location, f"the schedule cannot be read: {error}")
        return []
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    if {*(reader.fieldnames or ())} != {*COLUMNS}:
        document.add(location, f"the first line of {path.name} must name the columns {', '.join(COLUMNS)}")
        return []
    return [dict(row) for row in reader]


def _instant(document: Document, location: Location, value: Any, zone: str) -> int:
    """Return a local or RFC 3339 time in ns; what is none is a fault, and 0."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return int(moment.timestamp()) * SECOND_NS
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        entry, key = location[-2], location[-1]
        text = f"entry {int(entry) + 1}: {value!r} in '{key}' is no time; write 2026-11-23T08:00"
        document.add(location, text)
        return 0
