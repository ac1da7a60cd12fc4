"""Contacts as quality sees them: who they are while open, whom a score is about once closed, who came again."""

from typing import Any, Final

import msgspec

from engine.messages.row_fields import RowFields
from engine.projections.quality.cells import Key

CLOSED_MAX: Final = 50_000
"""Closed contacts of which later facts may speak."""
CUSTOMERS_MAX: Final = 200_000
SERVED_MAX: Final = 8
"""Contacts of one customer that ended while another was open."""
CASE_ATTRIBUTE: Final = "case_id"
"""Attribute of a contact that works on a case, or tells of it: no contact of a customer's own."""


class Arrival(msgspec.Struct):
    """What an arrival's payload must say."""

    contact: str = ""
    customer: str = ""
    attributes: dict[str, str] = {}


ARRIVALS: Final = msgspec.msgpack.Decoder(Arrival)


class Classified(msgspec.Struct):
    """What the payload of a classification says."""

    code: str = ""


_CODES: Final = msgspec.msgpack.Decoder(Classified)


class Open(msgspec.Struct, array_like=True):
    """An open contact."""

    id: int
    contact: str
    customer: str
    reason: str
    channel: int
    case_id: int = 0
    """The case that it is a task of, or tells of."""
    code: str = ""
    """What an agent said it was about."""
    source: int = 0


class Segment(msgspec.Struct, array_like=True):
    """A closed contact, by the last queue and agent that it had."""

    contact: str
    customer: str
    queue: int
    agent: int
    """-1: nobody served it last."""
    channel: int
    ended_ns: int
    talked: bool
    code: str = ""
    source: int = 0


class Served(msgspec.Struct, array_like=True):
    """A contact of a customer who did not come again yet."""

    ended_ns: int
    key: Key


UNKNOWN: Final = Segment("", "", -1, -1, -1, 0, talked=False)


class People(msgspec.Struct):
    """Open contacts by slot, closed ones by id, and customers by name and reason."""

    open: dict[int, Open] = {}
    closed: dict[int, Segment] = {}
    served: dict[str, list[Served]] = {}
    forgotten: int = 0
    """Customers of whom more were known than there is room for: they cannot be seen to come again."""

    def arrive(self, row: RowFields, seq: int, payload: Any, reason: str) -> tuple[Open, dict[str, str]]:
        """Enter a contact; returns it, and its attributes."""
        facts = ARRIVALS.decode(payload) if len(payload) else Arrival()
        case_id = facts.attributes.get(CASE_ATTRIBUTE, "")
        found = self.open[row.contact] = Open(
            seq,
            facts.contact or str(seq),
            facts.customer,
            facts.attributes.get(reason, "") if reason else "",
            row.a & 0xFF,
            int(case_id) if case_id.isascii() and case_id.isdigit() and len(case_id) < 19 else 0,
            source=row.source,
        )
        return found, facts.attributes

    def close(self, slot: int, queue: int, agent: int, at_ns: int, *, talked: bool) -> Open | None:
        """Take a contact out, and keep what later facts may ask; None where it is not known."""
        found = self.open.pop(slot, None)
        if found is not None:
            self.closed[found.id] = Segment(
                found.contact,
                found.customer,
                queue,
                agent,
                found.channel,
                at_ns,
                talked=talked,
                code=found.code,
                source=found.source,
            )
            if len(self.closed) > CLOSED_MAX:
                del self.closed[next(iter(self.closed))]
        return found

    def segment(self, contact_id: int) -> Segment:
        """Return the closed contact of this id; UNKNOWN where it is forgotten, or not closed."""
        return self.closed.get(contact_id, UNKNOWN)

    def source_of(self, contact_id: int) -> int:
        """Return who brought a contact, 0 where it is forgotten."""
        if contact_id in self.closed:
            return self.closed[contact_id].source
        return next((one.source for one in self.open.values() if one.id == contact_id), 0)

    def classify(self, contact_id: int, payload: Any) -> None:
        """Note what an agent said that a contact was about; the latest counts."""
        code = _CODES.decode(payload).code
        if contact_id in self.closed:
            self.closed[contact_id].code = code
            return
        for contact in self.open.values():
            if contact.id == contact_id:
                contact.code = code

    def ended(self, contact: Open, at_ns: int, key: Key) -> None:
        """Note that a customer's contact ended after an answer."""
        person = person_of(contact)
        self.served[person] = [*self.served.pop(person, []), Served(at_ns, key)][-SERVED_MAX:]
        if len(self.served) > CUSTOMERS_MAX:
            del self.served[next(iter(self.served))]
            self.forgotten += 1

    def came_again(self, contact: Open, at_ns: int, window_ns: int) -> list[Key]:
        """Return where those of the customer's contacts are counted that had resolved nothing, as this one tells."""
        earlier = self.served.pop(person_of(contact), [])
        return [one.key for one in earlier if at_ns - one.ended_ns <= window_ns]


def person_of(contact: Open) -> str:
    """Return the customer, with the reason of the contact."""
    return f"{contact.reason}\0{contact.customer}"
