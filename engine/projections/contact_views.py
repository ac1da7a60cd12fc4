"""What adapters see of contacts: one by its name or id, a customer's, those who wait, those in an agent's hand."""

from collections.abc import Mapping, Sequence

import msgspec

from engine.kernel.tables import Tables
from engine.messages.fact import CALLBACK_OF, CALLED_BY, CONSULTATION_OF
from engine.model.callback_source import is_callback_source, left_seq_in
from engine.model.directory import Directory
from engine.model.names import UNKNOWN
from engine.projections.answers import ContactAnswer, ContactList
from engine.projections.contacts.engagements import Engagement, engagements
from engine.projections.contacts.explain import Explanation, explain
from engine.projections.contacts.open_record import open_slot
from engine.projections.contacts.records import ContactRecord, Words, waited_until
from engine.projections.contacts.silence import silence_ends_ns
from engine.projections.contacts.waiting_reasons import WaitingReason, waiting_reasons
from engine.projections.feed.conversation import Conversation, conversation
from engine.projections.feed.events import EventPage
from engine.projections.feed.finder import ContactFinder
from engine.projections.feed.remarks import Remarks
from engine.projections.feed.transcripts import Message
from engine.projections.figures import now_of, position
from engine.projections.followers import Followers
from engine.projections.names import Interned, OpenContacts, number_of
from engine.projections.queues.waiting_list import LongWait, WaitingList, longest_waiting, waiting_contacts


class ContactViews:
    """The read models of contacts over one engine. Methods that name a queue, an agent or a contact raise KeyError,
    with a sentence, where none is; `now_ns` is as for `Views`.
    """

    def __init__(
        self, tables: Tables, directory: Directory, open_: OpenContacts, interned: Interned, followers: Followers
    ) -> None:
        self.directory = directory
        self._tables = tables
        self._open = open_
        self._interned = interned
        self._followers = followers

    def of_tables(self, tables: Tables) -> "ContactViews":
        """The same over a copy of the tables; histories and names go on changing."""
        return ContactViews(tables, self.directory, self._open, self._interned, self._followers)

    def find(self, name: str | int, now_ns: int | None = None, *, in_log: bool = False) -> ContactAnswer:
        """One contact by its id, or by a text: its name (the latest of it) or id. Names may be numbers, so whoever has
        an id asks by that. Raises KeyError when it is unknown or forgotten.

        Only those that are closed are ever forgotten; with `in_log`, which may read the disk, no id is.
        """
        record = self._finder.find(name, in_log=in_log)
        return ContactAnswer(self._followers.history.as_of, waited_until(record, now_of(self._tables, now_ns)))

    def of_customer(
        self, customer: str, now_ns: int | None = None, limit: int = 100, before_id: int | None = None
    ) -> ContactList:
        """Up to `limit` of a customer's contacts among the latest, latest first; of those before the one of this id."""
        at_ns, history = now_of(self._tables, now_ns), self._followers.history
        records = history.of_customer(self.directory.customer(customer), limit + 1, before_id)
        found = [waited_until(record, at_ns) for record in records[:limit]]
        return ContactList(history.as_of, found, found[-1].id if len(records) > limit else None)

    def waiting(self, queue: str, now_ns: int | None = None, limit: int = 100, after: str = "") -> WaitingList:
        """Up to `limit` of a queue's waiting list, behind `after`. Raises ValueError for one that no page told."""
        number, at_ns = number_of(self.directory.queues, queue, "queue"), now_of(self._tables, now_ns)
        total, page, more = waiting_contacts(self._tables, self.directory, self._open, number, at_ns, limit, after)
        listed = [
            msgspec.structs.replace(one, asked_by=asked)
            if (asked := self._asks(self._open.slot_of(one.contact)))
            else one
            for one in page
        ]
        return WaitingList(position(self._tables), at_ns, queue, total, listed, more)

    def longest_waiting(self, limit: int, queues: Sequence[str] = ()) -> list[LongWait]:
        """The contacts who wait longest in one of these queues, of none: in any, longest first."""
        found = longest_waiting(self._tables, self.directory, self._open, limit, queues)
        return [one._replace(asked_by=self._asks(one.slot)) for one in found]

    def waiting_reasons(self, slots: Sequence[int], now_ns: int | None = None) -> list[WaitingReason]:
        """Why each of these contacts waits, in a few words; `explain` tells all of one."""
        return waiting_reasons(self._tables, self.directory, slots, now_of(self._tables, now_ns))

    def engagements(self, agent: str) -> list[Engagement]:
        """What an agent has in hand: ringing, served and wrapped up, oldest first."""
        return self.engagements_of(number_of(self.directory.agents, agent, "agent"))

    def engagements_of(self, agent: int) -> list[Engagement]:
        """What an agent of this number, who may be configured no more, has in hand."""
        return engagements(self._tables, self.directory, self._open, self._followers.history, agent)

    def timeline(self, name: str, limit: int = 1000, after_seq: int = 0) -> EventPage:
        """A contact's events after a position. Reads the disk: call it in a thread."""
        recorded, remarks = self.recorded(name), self._followers.remarks.all_of
        return self._followers.events.timeline(after_seq, limit, remarks, *recorded)

    def conversation(self, name: str | int, after_seq: int = 0, limit: int = 1000) -> Conversation:
        """What was written in a contact after a position. May read the disk: call it in a thread."""
        record, slot = self.recorded(name)
        return conversation(self._followers.transcripts, self._followers.events, record, after_seq, limit, slot)

    def latest_lines(self, contact_id: int, after_seq: int, limit: int) -> list[Message] | None:
        """Up to `limit` lines of a contact after a position, from memory alone; None: `conversation` reads the log."""
        transcripts = self._followers.transcripts
        if max(after_seq, contact_id) < transcripts.whole_after_seq:
            return None
        return [transcripts.message(line) for line in transcripts.lines(contact_id, after_seq, limit)]

    def silence_ends_ns(self, contact: str) -> int:
        """When an open contact of this name ends by the silence of its customer, ns since 1970; 0: not as it stands."""
        return silence_ends_ns(self._tables, self._open.slot_of(contact))

    def asked_by(self, contact: str, attributes: Mapping[str, str]) -> str:
        """The shown name of who consults a colleague in a call with these attributes; else, and where the customer was
        put through, empty.
        """
        agent, about = attributes.get(CALLED_BY, ""), attributes.get(CONSULTATION_OF, "")
        if not agent or not about:
            return ""
        try:
            is_through = self.find(about).contact.caller_moved_to == contact
        except KeyError:
            is_through = False  # so many contacts came since that it is forgotten
        if is_through:
            return ""
        number = self.directory.agents.number(agent)
        return (self.directory.agent_cards[number].display_name if number != UNKNOWN else "") or agent

    def led_to(self, record: ContactRecord) -> list[ContactRecord]:
        """The contacts whose customer left the line for the callback that this is, latest first; none for any other.

        Names are given anew once their contacts are over: it is the one that ended by the row that names the callback.
        """
        found: list[ContactRecord] = []
        while (left_seq := left_seq_in(record.contact)) and is_callback_source(record.source):
            try:
                record = self.find(record.attributes.get(CALLBACK_OF, "")).contact
            except KeyError:
                break  # so many contacts came since that it is forgotten
            if record.last_seq != left_seq:
                break
            found.append(record)
        return found

    def names_of_customer(self, record: ContactRecord) -> list[str]:
        """What a contact's customer is called; of a callback also what they were called before they left a number."""
        names = (one.customer for one in (record, *self.led_to(record)))
        return list(dict.fromkeys(name for name in names if name))

    def remarks(self, contact_id: int) -> Remarks:
        """What agents remarked about a contact, as far as it is kept at hand."""
        return self._followers.remarks.of(contact_id)

    def explain(self, name: str | int, now_ns: int | None = None, *, in_log: bool = False) -> Explanation:
        """Why this agent, and why still waiting. `in_log` as for `find`."""
        record = self._finder.find(name, in_log=in_log)
        slot = open_slot(self._tables, self._open, record.contact) if record.open else -1
        return explain(self._tables, self.directory, self._interned, record, slot, now_of(self._tables, now_ns))

    def recorded(self, name: str | int) -> tuple[ContactRecord, int]:
        """A contact and the slot that it has or had, from the disk if need be. Raises KeyError."""
        return self._finder.recorded(name)

    def slot_of(self, record: ContactRecord) -> int:
        """The slot that a contact has or had. Raises KeyError when it was forgotten meanwhile."""
        return self._finder.slot_of(record)

    def _asks(self, slot: int) -> str:
        """Who asks a colleague in the open contact of this slot."""
        entry = self._open.at(slot)
        return self.asked_by(entry.arrival.contact, entry.arrival.attributes) if entry is not None else ""

    @property
    def _finder(self) -> ContactFinder:
        history = self._followers.history
        words = Words(self.directory, self._interned, history.name_in)
        return ContactFinder(self._tables, self._open, history, self._followers.events, words)
