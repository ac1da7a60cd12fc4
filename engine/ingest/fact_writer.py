"""What taking in a fact of any kind needs: who speaks, names as numbers, and a row of the turn being built."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from engine.errors import Overloaded
from engine.ingest.answers import BadFact, excerpt, unknown
from engine.ingest.names import UNNUMBERED, InternedNames, NamesInForce, put_names
from engine.ingest.registry import ContactEntry, OpenContacts
from engine.ingest.stamp import RowBuffer
from engine.messages import kinds, observed
from engine.messages.observed import ATTRIBUTES_MAX, INTEGER_MAX, Observed
from engine.messages.rows import Rows
from engine.model.callback_source import is_callback_source
from engine.model.directory import requirement_rows
from engine.model.names import UNKNOWN, Names
from engine.model.phone_numbers import NUMBER_AS_IT_CAME

PAYLOAD_MAX: Final = 256 << 10

encode: Final = msgspec.msgpack.Encoder().encode


class FactWriter:
    """Writes the fact that is being taken in down. Raises BadFact for what it cannot be."""

    def __init__(self, in_force: NamesInForce, buffer: RowBuffer, contacts: OpenContacts, names: InternedNames) -> None:
        self._in_force = in_force
        self._buffer = buffer
        self._contacts = contacts
        self._names = names
        self._source = names.numbered(0)
        self._key = 0
        self._own_only = False
        self.directory = in_force.directory
        """The directory of the configuration in force when the turn began."""

    def begin(self) -> None:
        """Start a turn."""
        self.directory = self._in_force.directory

    def _put(
        self,
        kind: int,
        agent: int = -1,
        queue: int = -1,
        contact: int = -1,
        a: int = 0,
        b: int = 0,
        flags: int = 0,
        payload: bytes = b"",
    ) -> int:
        number = self._source.number
        if number == UNNUMBERED:
            number = self._number_source()
        return self._buffer.put(kind, number, self._key, agent, queue, contact, a, b, flags, payload)

    def _number_source(self) -> int:
        """Give who speaks a number, for which `InternedNames.find` saw room, in a row before the first that has it."""
        source = self._source
        source.number = self._names.source(source.name, source.owner, reserved=source.reserved)
        put_names(self._names, self._buffer)
        return source.number

    def _payload(self, fact: Observed) -> bytes:
        payload = encode(fact)
        if len(payload) > PAYLOAD_MAX:
            raise BadFact("", f"the fact takes {len(payload)} bytes; at most {PAYLOAD_MAX} are possible")
        return payload

    def _known(self, fact: observed.ContactArrived) -> observed.ContactArrived:
        """The fact with its customer in the one form; the number as it came stays beside it, to be dialled."""
        customer, attributes = self.directory.customer(fact.customer), fact.attributes
        if customer == fact.customer:
            return fact
        if len(attributes) < ATTRIBUTES_MAX:
            attributes = {NUMBER_AS_IT_CAME: fact.customer, **attributes}
        return msgspec.structs.replace(fact, customer=customer, attributes=attributes)

    def _entry(self, fact: observed.ContactFact) -> ContactEntry:
        entry = self._contacts.find(fact.contact)
        if entry is None or self._own_only:
            return self._entry_named("contact", fact.contact)
        return entry

    def _entry_named(self, field: str, name: str) -> ContactEntry:
        entry = self._contacts.find(name)
        if entry is None:
            raise BadFact(field, f"there is no open contact {excerpt(name)}")
        if entry.source != self._source.number and self._own_only and not self._is_own_callback(entry):
            raise BadFact(field, f"there is no open contact {excerpt(name)} that this source brought")
        return entry

    def _is_own_callback(self, entry: ContactEntry) -> bool:
        """Whether it calls back a customer of the adapter that speaks now."""
        return is_callback_source(self._names.sources[entry.source]) and self._same_adapter(entry)

    def _same_adapter(self, entry: ContactEntry) -> bool:
        return self._names.owners[entry.source] == self._source.owner

    def _agent(self, name: str) -> int:
        return self._number("agent", self.directory.agents, name)

    def _number(self, field: str, names: Names, name: str, *, optional: bool = False) -> int:
        if optional and not name:
            return UNKNOWN
        number = names.in_force.get(name, UNKNOWN)
        if number == UNKNOWN:
            raise BadFact(field, unknown(field.replace("_", " "), name, names.configured()))
        return number

    def _cause(self, cause: int) -> int:
        if not -INTEGER_MAX <= cause <= INTEGER_MAX:
            raise BadFact("cause", "the cause number does not fit into 64 bits")
        return cause

    def _requirement(self, queue: int, skills: Mapping[str, int]) -> int:
        before = len(self.directory.requirements.pairs)
        try:
            number, rows = self.directory.requirement(queue, skills)
        except KeyError as error:
            skill = str(error.args[0])
            raise BadFact("skills", unknown("skill", skill, self.directory.skills.configured()), key=skill) from None
        except ValueError as error:
            raise BadFact("skills", f"with those of the queue {error}") from None
        except Overloaded as error:
            self._define(requirement_rows(self.directory.requirements.pairs, before))
            raise BadFact("skills", str(error)) from None
        self._define(rows)
        return number

    def _define(self, rows: "Rows | None") -> None:
        if rows is None:
            return
        for number, a, b in np.column_stack([rows["queue"], rows["a"], rows["b"]]).tolist():
            self._buffer.put(kinds.REQUIREMENT_DEFINED, queue=number, a=a, b=b)
