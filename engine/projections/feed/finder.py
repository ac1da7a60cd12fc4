"""A contact by its name or id: among the latest, among those who are open, or in the log where it is forgotten."""

from contextlib import suppress
from typing import NamedTuple

from engine.kernel.tables import Tables
from engine.projections.contacts.history import ContactHistory
from engine.projections.contacts.open_record import open_record, open_slot
from engine.projections.contacts.records import ContactRecord, Words
from engine.projections.feed.events import EventReader
from engine.projections.names import OpenContacts


class ContactFinder(NamedTuple):
    """Where to look."""

    tables: Tables
    contacts: OpenContacts
    history: ContactHistory
    events: EventReader
    words: Words

    def find(self, name: str | int, *, in_log: bool = False) -> ContactRecord:
        """Return a contact; a number is an id alone. `in_log`: from the disk by its id, if need be.

        Raises KeyError, with a sentence.
        """
        return self.recorded(name)[0] if in_log else self._remembered(name)

    def recorded(self, name: str | int) -> tuple[ContactRecord, int]:
        """Return a contact and the slot that it has or had, from the disk if need be. Raises KeyError."""
        try:
            return (record := self._remembered(name)), self.slot_of(record)
        except KeyError:
            found = self.events.contact(str(name))
        if found is None:
            raise KeyError(f"{self._unknown(name)}; an older one is found by its id, the sequence of its arrival")
        return found

    def slot_of(self, record: ContactRecord) -> int:
        """The slot that the contact has or had. Raises KeyError when it was forgotten meanwhile."""
        with suppress(KeyError):
            return self.history.slot_of(record)
        if (slot := open_slot(self.tables, self.contacts, record.id)) < 0:
            raise KeyError(record.id)
        return slot

    def _remembered(self, name: str | int) -> ContactRecord:
        record = self.history.find(name)
        if record is None and (slot := open_slot(self.tables, self.contacts, name)) >= 0:
            record = open_record(self.tables, self.words, self.contacts, slot)
        if record is None:
            raise KeyError(self._unknown(name))
        return record

    def _unknown(self, name: str | int) -> str:
        return f"there is no contact {name!r} among the {len(self.history)} latest"
