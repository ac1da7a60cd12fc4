"""Names in facts that mean nothing here: told of a body that is not taken in, beside what else is wrong with it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from engine.messages.decoding import Fault, Malformed, escaped
from engine.model.directory import Directory
from engine.model.fields import nearest
from engine.model.names import UNKNOWN, Names
from engine.projections.names import OpenContacts

COMPARED_MAX: Final = 500
"""Names compared to find the nearest: beyond, looking would cost more than it helps."""
SHOWN_MAX: Final = 60
_OPENS: Final = "contact_arrived"
_NEEDS_NO_CONTACT: Final = "wrap_up_finished"
"""Its contact may be over."""


def misnamed(
    directory: Directory, contacts: OpenContacts | None, items: Sequence[Any], many: bool, limit: int
) -> list[Fault]:
    """Return a fault, `limit` at most, for each name in `items` that nothing here has.

    `items` are facts as they were sent, good or not; `many`: they stood in an array. A good fact would be told the same
    by its receipt; a contact counts as open if an earlier fact of the same body lets it arrive. `contacts` None:
    nothing is said about contacts, as to those who may not know which of others' are open.
    """
    faults: list[Fault] = []
    arrived: set[str] = set()
    for place, item in enumerate(items):
        if len(faults) >= limit:
            break
        if not isinstance(item, dict):
            continue
        base = f"/{place}" if many else ""
        faults += [Fault(text, base + pointer) for pointer, text in _wrong_names(directory, item)]
        contact, kind = item.get("contact"), item.get("type")
        if contacts is None or not isinstance(contact, str):
            continue
        if kind == _OPENS:
            arrived.add(contact)
        elif kind != _NEEDS_NO_CONTACT and contact and contact not in arrived and contacts.slot_of(contact) < 0:
            faults.append(Fault(f"there is no open contact {_shown(contact)}", f"{base}/contact"))
    return faults


def _wrong_names(directory: Directory, item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (pointer within the fact, sentence)."""
    for field, what, names in (
        ("queue", "queue", directory.queues),
        ("agent", "agent", directory.agents),
        ("preferred_agent", "preferred agent", directory.agents),
        ("trunk_group", "trunk group", directory.trunk_groups),
    ):
        name = item.get(field)
        if isinstance(name, str) and name and names.number(name) == UNKNOWN:
            yield f"/{field}", _unknown(what, name, names)
    skills = item.get("skills")
    for skill in skills if isinstance(skills, dict) else ():
        if directory.skills.number(str(skill)) == UNKNOWN:
            yield f"/skills{escaped(str(skill))}", _unknown("skill", str(skill), directory.skills)
    reason, known = item.get("reason"), directory.pause_reasons
    chosen = item.get("type") == "agent_status_changed" and isinstance(reason, str) and reason != ""
    if chosen and known and reason not in known:
        yield "/reason", _unknown("pause reason", str(reason), known)


def _unknown(what: str, name: str, known: Names | Sequence[str]) -> str:
    words = list(known.configured() if isinstance(known, Names) else known)
    near = nearest(name[:128], words) if len(words) <= COMPARED_MAX else ""
    return f"there is no {what} {_shown(name)}{near}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…")


def faults_in(directory: Directory, contacts: OpenContacts | None, malformed: Malformed, limit: int) -> list[Fault]:
    """Up to `limit` faults of a body, in its order: of its shape, and of the names in it that mean nothing here."""
    names = misnamed(directory, contacts, malformed.items, malformed.many, limit)
    known = {fault.pointer for fault in malformed.faults}
    found = [*malformed.faults, *(fault for fault in names if fault.pointer not in known)]
    place = {f"/{number}": number for number in range(len(malformed.items))} if malformed.many else {}
    found.sort(key=lambda fault: place.get("/" + fault.pointer[1:].partition("/")[0], -1))
    return found[:limit]
