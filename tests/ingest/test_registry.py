"""Open contacts by name and by slot."""

import tracemalloc

import msgspec

from engine.ingest.registry import ContactEntry, OpenContacts, entry_of
from engine.messages.observed import ContactArrived


def arrival(name: str) -> ContactArrived:
    return ContactArrived(contact=name, queue="sales", customer="+84 24 1234", attributes={"order": "7"})


def opened(contacts: OpenContacts, slot: int, name: str, source: int = 1, seq: int = 0) -> ContactEntry:
    """Enter a contact."""
    entry = entry_of(slot, source, seq, msgspec.msgpack.encode(arrival(name)))
    contacts.open(entry)
    return entry


def test_a_contact_is_found_by_name_and_by_slot_until_it_is_closed() -> None:
    contacts = OpenContacts(4)
    entry = opened(contacts, 2, "a")
    assert contacts.find("a") is entry
    assert contacts.at(2) is entry
    assert (contacts.name_of(2), contacts.slot_of("a"), len(contacts)) == ("a", 2, 1)
    assert (contacts.name_of(1), contacts.name_of(-1), contacts.slot_of("b")) == ("", "", -1)
    assert contacts.at(-1) is None
    assert contacts.close(2) is entry
    assert (contacts.find("a"), contacts.at(2), contacts.close(2), len(contacts)) == (None, None, None, 0)


def test_an_arrival_is_kept_as_it_came() -> None:
    assert opened(OpenContacts(4), 1, "a").arrival == arrival("a")


def test_contacts_do_not_share_their_legs() -> None:
    contacts = OpenContacts(4)
    opened(contacts, 0, "a").record_leg("caller", b"x")
    assert opened(contacts, 1, "b").legs == {}


def test_saved_and_loaded_everything_is_there() -> None:
    contacts, again = OpenContacts(4), OpenContacts(4)
    entry = opened(contacts, 3, "a", source=5, seq=17)
    entry.record_leg("caller", b"\x00\xff")
    entry.line_ns, entry.callback_number = 12, "+84 1"
    opened(contacts, 0, "b")
    again.load(contacts.save())
    assert [again.find(name) for name in ("a", "b")] == [contacts.find(name) for name in ("a", "b")]
    assert again.at(3) == entry
    assert len(again) == 2


def test_what_a_contact_takes_is_bounded() -> None:
    count = 10_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        contacts = OpenContacts(count)
        for slot in range(count):
            fact = ContactArrived(id=f"c{slot}", contact=f"c{slot}", queue="sales", customer=f"+8490{slot:07}")
            contacts.open(ContactEntry(slot, 1, 10_000 + slot, fact.contact, msgspec.msgpack.encode(fact)))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(contacts) == count
    assert (after - before) / count < 500
