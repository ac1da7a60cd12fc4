"""Open contacts by name and by slot."""

from engine.ingest.registry import OpenContacts
from engine.messages.observed import ContactArrived


def arrival(name: str) -> ContactArrived:
    return ContactArrived(contact=name, queue="sales", customer="+84 24 1234", attributes={"order": "7"})


def test_a_contact_is_found_by_name_and_by_slot_until_it_is_closed() -> None:
    contacts = OpenContacts(4)
    entry = contacts.open(2, 1, arrival("a"))
    assert contacts.find("a") is entry
    assert contacts.at(2) is entry
    assert (contacts.name_of(2), contacts.slot_of("a"), len(contacts)) == ("a", 2, 1)
    assert (contacts.name_of(1), contacts.name_of(-1), contacts.slot_of("b")) == ("", "", -1)
    assert contacts.at(-1) is None
    assert contacts.close(2) is entry
    assert (contacts.find("a"), contacts.at(2), contacts.close(2), len(contacts)) == (None, None, None, 0)


def test_contacts_do_not_share_their_legs() -> None:
    contacts = OpenContacts(4)
    contacts.open(0, 1, arrival("a")).legs["caller"] = b"x"
    assert contacts.open(1, 1, arrival("b")).legs == {}


def test_saved_and_loaded_everything_is_there() -> None:
    contacts, again = OpenContacts(4), OpenContacts(4)
    entry = contacts.open(3, 5, arrival("a"), arrival_seq=17)
    entry.legs["caller"] = b"\x00\xff"
    entry.line_ns, entry.callback_number = 12, "+84 1"
    contacts.open(0, 1, arrival("b"))
    again.load(contacts.save())
    assert [again.find(name) for name in ("a", "b")] == [contacts.find(name) for name in ("a", "b")]
    assert again.at(3) == entry
    assert len(again) == 2
