"""Admission: names become numbers and a fact a row of the turn being built, or an answer that says what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from engine.errors import Overloaded
from engine.ingest.answers import CODES, BadFact, excerpt, unknown, wrong
from engine.ingest.fact_writer import PAYLOAD_MAX
from engine.ingest.names import UNNUMBERED, InternedNames, NamesInForce, Source, put_names
from engine.ingest.quality import case_kind, check_deadline, check_exception, evaluation_score
from engine.ingest.registry import LEGS_MAX, NO_LEGS, ContactEntry, OpenContacts
from engine.ingest.remarks import check_remark
from engine.ingest.runs import CHANNEL_NUMBERS, ROWS_OF_A_FACT, RUN_MIN, SLOTS_KEPT_FREE, RunWriter, next_run
from engine.ingest.seen import remembered
from engine.ingest.stamp import RowBuffer
from engine.ingest.surveys import survey_score
from engine.ingest.transfers import check_target
from engine.kernel.tables import Tables
from engine.messages import kinds, observed
from engine.messages.kinds import (
    FLAG_CALLS_BACK,
    FLAG_KEEP_PLACE,
    FLAG_NO_CALLBACK,
    FLAG_PROTECTED,
    REFUSAL_NAMES,
)
from engine.messages.observed import CALLBACK_NUMBER, INTEGER_MAX, Fact, Observed
from engine.messages.rows import TRUNKS_MAX, pack_arrival, pack_trunks
from engine.model.callback_source import is_callback_source
from engine.model.names import UNKNOWN
from engine.model.quality import case_number
from engine.ports import DESK_CLOSED, Receipt

NO_INSTANT: Final = f"the number is no instant; send nanoseconds since 1970, up to {INTEGER_MAX}"
UNIQUE: Final = "names of open contacts are unique"
RAISE: Final = "send it again later, or raise limits.contacts"

SaidByAgent = observed.OfferRang | observed.OfferAnswered | observed.HoldRequested | observed.ResumeRequested


class Admission(RunWriter):
    """Turns facts into rows of `buffer`. Between turns `contacts` and the tables are what the log says."""

    def __init__(
        self,
        t: Tables,
        in_force: NamesInForce,
        buffer: RowBuffer,
        contacts: OpenContacts,
        names: InternedNames,
    ) -> None:
        super().__init__(t, in_force, buffer, contacts, names)
        self._handlers: dict[type, Callable[[Any], int | None]] = {
            observed.ContactArrived: self._contact_arrived,
            observed.ContactReleased: self._contact_released,
            observed.OfferRang: partial(self._said_by_agent, kinds.OFFER_RANG),
            observed.OfferAnswered: partial(self._said_by_agent, kinds.OFFER_ANSWERED),
            observed.OfferDeclined: self._offer_declined,
            observed.ContactHeld: partial(self._said_of_contact, kinds.CONTACT_HELD),
            observed.ContactResumed: partial(self._said_of_contact, kinds.CONTACT_RESUMED),
            observed.TransferRequested: self._transfer_requested,
            observed.RequeueRequested: self._requeue_requested,
            observed.CallbackRequested: self._callback_requested,
            observed.ExitKeyPressed: self._exit_key_pressed,
            observed.ContactWithdrawn: self._contact_withdrawn,
            observed.PriorityChanged: self._priority_changed,
            observed.TrunkRequested: self._trunk_requested,
            observed.TrunkReleased: partial(self._said_of_contact, kinds.TRUNK_RELEASED),
            observed.MessageSent: self._message_sent,
            observed.MessagesRead: self._messages_read,
            observed.CallerMoved: self._caller_moved,
            observed.SurveyRequested: partial(self._survey, kinds.SURVEY_REQUESTED),
            observed.SurveyAnswered: partial(self._survey, kinds.SURVEY_ANSWERED),
            observed.NoteWritten: partial(self._remark, kinds.NOTE_WRITTEN),
            observed.ContactClassified: partial(self._remark, kinds.CONTACT_CLASSIFIED),
            observed.HoldRequested: partial(self._said_by_agent, kinds.HOLD_REQUESTED),
            observed.ResumeRequested: partial(self._said_by_agent, kinds.RESUME_REQUESTED),
            observed.QualityEvaluated: self._quality_evaluated,
            observed.ScheduleExcepted: self._schedule_excepted,
            observed.CaseOpened: self._case_opened,
            observed.CaseResolved: self._case_resolved,
            observed.CaseReopened: self._case_reopened,
            observed.LegRecorded: self._leg_recorded,
            observed.AgentStatusChanged: self._agent_status_changed,
            observed.AgentReachabilityChanged: self._agent_reachability_changed,
            observed.WrapUpFinished: self._wrap_up_finished,
            observed.QueueOpened: partial(self._queue_turned, kinds.QUEUE_OPENED),
            observed.QueueClosed: partial(self._queue_turned, kinds.QUEUE_CLOSED),
            observed.AlertAcknowledged: self._alert_acknowledged,
            observed.StreamGapped: self._stream_gapped,
        }

    @property
    def fresh(self) -> Mapping[int, int]:
        """Idempotence keys of this turn's facts and the places of their rows."""
        return self._fresh

    def admit(
        self,
        source: Source,
        facts: Sequence[Observed],
        keys: Sequence[int],
        known: Sequence[int],
        own_only: frozenset[type[Fact]] = frozenset(),
    ) -> list[int | Receipt]:
        """Put facts into the turn; `keys` and `known` as SeenFacts.look_up has them, `own_only` as EngineLink.submit.

        Returns for each the place of its row, or ~place of the row in this turn that it duplicates; a Receipt when
        nothing was put: it is wrong, or a duplicate of an earlier turn. Where those are fewer than the facts, the turn
        must be decided before the next one: then ask again.
        """
        self._source = source
        results = list[int | Receipt]()
        of_kinds, start = list(map(type, facts)) if len(facts) >= RUN_MIN else [], 0
        while start < len(facts):
            begin, end = next_run(of_kinds, start) if of_kinds else (len(facts), len(facts))
            run, place = slice(begin, end), self._buffer.count
            if begin > start:
                end = begin
            elif of_kinds[begin] not in own_only and self._put_run(facts[run], keys[run], known[run]):
                results += range(place, place + end - begin)
                start = end
                continue
            some = slice(start, end)
            self._admit_each(facts[some], keys[some], known[some], own_only, results)
            if len(results) < end:
                break
            start = end
        return results

    def _admit_each(
        self,
        facts: Sequence[Observed],
        keys: Sequence[int],
        known: Sequence[int],
        own_only: frozenset[type[Fact]],
        results: list[int | Receipt],
    ) -> None:
        """Put one after the other, until the turn must be decided first; add what `admit` returns to `results`."""
        source, buffer, fresh, handlers = self._source, self._buffer, self._fresh, self._handlers
        told = results.append
        rows_max, bytes_max = buffer.full_beyond(ROWS_OF_A_FACT, PAYLOAD_MAX)
        for fact, key, earlier in zip(facts, keys, known, strict=True):
            if buffer.count > rows_max or len(buffer.payload) > bytes_max:
                return
            kind = type(fact)
            self._key, self._own_only = key, kind in own_only
            try:
                if source.number == UNNUMBERED:
                    self._names.find(source)
                at_ns = fact.at_ns
                if at_ns is not None and not 0 <= at_ns <= INTEGER_MAX:
                    raise BadFact("at_ns", NO_INSTANT)
                if key:
                    if earlier or key in fresh:
                        told(self._duplicate(key, earlier))
                        continue
                elif fact.id:
                    fact.id.encode()  # raises: it has no key because it is not Unicode
                place = handlers[kind](fact)
            except Exception as error:
                # One fact must not end the process: whoever sent it would send it again after the start, and again.
                told(wrong(fact, error))
                continue
            if place is None:
                return
            if key:
                fresh[key] = place
            told(place)

    def _duplicate(self, key: int, earlier: int) -> int | Receipt:
        if key in self._fresh:
            return ~self._fresh[key]
        seq, refusal = remembered(earlier)
        return Receipt(seq, duplicate=True, refused=REFUSAL_NAMES.get(refusal, ""))

    # --- contacts

    def _contact_arrived(self, fact: observed.ContactArrived) -> int | None:
        directory, buffer, slots = self.directory, self._buffer, self._slots
        if self._contacts.find(fact.contact) is not None:
            if buffer.count:
                return None  # it may close in this very turn
            raise BadFact("contact", f"contact {excerpt(fact.contact)} is open already; {UNIQUE}")
        if self._arrivals >= self._free_slots and not self._may_use_last_slots():
            if buffer.count:
                return None
            raise BadFact("contact", f"too many contacts: {len(self._contacts)} are open; {RAISE}", full=True)
        queue = self._number("queue", directory.queues, fact.queue)
        agent = trunk_group = UNKNOWN
        if fact.preferred_agent:
            agent = self._number("preferred_agent", directory.agents, fact.preferred_agent)
        if fact.trunk_group:
            trunk_group = self._number("trunk_group", directory.trunk_groups, fact.trunk_group)
        if not 0 <= fact.waiting_since_ns <= buffer.at_ns:
            raise BadFact("waiting_since_ns", f"{fact.waiting_since_ns} is not an instant (ns since 1970) in the past")
        payload = self._payload(fact if directory.numbers is None else self._known(fact))
        requirement = self._requirement(queue, fact.skills) if fact.skills else 0
        flags = FLAG_PROTECTED if fact.protected else 0
        if CALLBACK_NUMBER in fact.attributes:
            flags |= FLAG_CALLS_BACK
        if not fact.callback:
            flags |= FLAG_NO_CALLBACK
        slot = slots.item((self._first_slot + self._arrivals) % len(slots))
        a = pack_arrival(CHANNEL_NUMBERS[fact.channel], fact.priority, requirement, trunk_group)
        place = self._put(kinds.CONTACT_ARRIVED, agent, queue, slot, a, fact.waiting_since_ns, flags, payload)
        self._arrivals += 1
        self._contacts.open(ContactEntry(slot, self._source.number, 0, fact.contact, payload, 0, "", NO_LEGS))
        return place

    def _contact_released(self, fact: observed.ContactReleased) -> int:
        slot, cause = self._entry(fact).slot, fact.cause
        if cause:
            cause = self._cause(cause)
        return self._put(kinds.CONTACT_RELEASED, -1, -1, slot, CODES[fact.by], cause)

    def _said_of_contact(self, kind: int, fact: observed.ContactFact) -> int:
        return self._put(kind, contact=self._entry(fact).slot)

    def _said_by_agent(self, kind: int, fact: SaidByAgent) -> int:
        return self._put(kind, contact=self._entry(fact).slot, agent=self._agent(fact.agent))

    def _offer_declined(self, fact: observed.OfferDeclined) -> int:
        slot, agent, cause = self._entry(fact).slot, self._agent(fact.agent), self._cause(fact.cause)
        return self._put(kinds.OFFER_DECLINED, contact=slot, agent=agent, a=CODES[fact.reason], b=cause)

    def _transfer_requested(self, fact: observed.TransferRequested) -> int:
        slot = self._entry(fact).slot
        check_target(fact, self.directory)
        return self._put(
            kinds.TRANSFER_REQUESTED,
            contact=slot,
            queue=self._number("queue", self.directory.queues, fact.queue, optional=True),
            agent=self._number("agent", self.directory.agents, fact.agent, optional=True),
            flags=FLAG_KEEP_PLACE if fact.keep_place else 0,
            payload=self._payload(fact),
        )

    def _requeue_requested(self, fact: observed.RequeueRequested) -> int:
        slot = self._entry(fact).slot
        payload = self._payload(fact) if fact.by or fact.reason else b""
        return self._put(kinds.REQUEUE_REQUESTED, contact=slot, flags=FLAG_KEEP_PLACE, payload=payload)

    def _callback_requested(self, fact: observed.CallbackRequested) -> int:
        entry = self._entry(fact)
        payload = self._payload(fact) if fact.number else b""
        entry.callback_number = fact.number
        return self._put(kinds.CALLBACK_REQUESTED, contact=entry.slot, payload=payload)

    def _exit_key_pressed(self, fact: observed.ExitKeyPressed) -> int:
        return self._put(kinds.EXIT_KEY_PRESSED, contact=self._entry(fact).slot, a=ord(fact.key))

    def _contact_withdrawn(self, fact: observed.ContactWithdrawn) -> int:
        return self._put(kinds.CONTACT_WITHDRAWN, contact=self._entry(fact).slot, payload=self._payload(fact))

    def _priority_changed(self, fact: observed.PriorityChanged) -> int:
        slot = self._entry(fact).slot
        return self._put(kinds.PRIORITY_CHANGED, contact=slot, a=fact.priority, payload=self._payload(fact))

    def _trunk_requested(self, fact: observed.TrunkRequested) -> int:
        slot = self._entry(fact).slot
        if not 0 < len(fact.trunk_groups) <= TRUNKS_MAX:
            raise BadFact("trunk_groups", f"name one to {TRUNKS_MAX} trunk groups; there are {len(fact.trunk_groups)}")
        groups = [self._number("trunk_groups", self.directory.trunk_groups, name) for name in fact.trunk_groups]
        a, b = pack_trunks(groups)
        return self._put(kinds.TRUNK_REQUESTED, contact=slot, a=a, b=b)

    def _message_sent(self, fact: observed.MessageSent) -> int:
        slot = self._entry(fact).slot
        if not fact.text.strip() and fact.attachment is None:
            raise BadFact("text", "there is nothing in the message; send a text, an attachment or both")
        return self._put(
            kinds.MESSAGE_SENT, contact=slot, agent=self._side(fact), a=CODES[fact.by], payload=self._payload(fact)
        )

    def _messages_read(self, fact: observed.MessagesRead) -> int:
        slot, agent = self._entry(fact).slot, self._side(fact)
        return self._put(kinds.MESSAGES_READ, contact=slot, agent=agent, a=CODES[fact.by], b=fact.up_to_seq)

    def _side(self, fact: observed.MessageSent | observed.MessagesRead) -> int:
        """Number of the agent who wrote or read; UNKNOWN for anybody else."""
        if bool(fact.agent) != (fact.by == "agent"):
            raise BadFact("agent", "an agent's name goes with by: agent, and with no other")
        return self._number("agent", self.directory.agents, fact.agent, optional=True)

    def _caller_moved(self, fact: observed.CallerMoved) -> int:
        entry, to = self._entry(fact), self._entry_named("to", fact.to)
        return self._put(kinds.CALLER_MOVED, contact=entry.slot, a=to.slot)

    def _survey(self, kind: int, fact: observed.SurveyRequested | observed.SurveyAnswered) -> int:
        a = survey_score(fact, int(self._book_seq[0]))
        return self._put(kind, a=a, b=fact.contact_id, payload=self._payload(fact))

    def _remark(self, kind: int, fact: observed.NoteWritten | observed.ContactClassified) -> int:
        check_remark(fact, self.directory, int(self._book_seq[0]))
        return self._put(kind, agent=self._agent(fact.agent), b=fact.contact_id, payload=self._payload(fact))

    def _quality_evaluated(self, fact: observed.QualityEvaluated) -> int:
        entry = self._contacts.find(fact.contact)
        if entry is not None and entry.arrival_seq == fact.contact_id:
            raise BadFact("contact_id", f"contact {excerpt(fact.contact)} is open; judge it once it is over")
        a = evaluation_score(self.directory.quality, fact, int(self._book_seq[0]))
        agent = self._number("agent", self.directory.agents, fact.agent, optional=True)
        return self._put(kinds.QUALITY_EVALUATED, agent=agent, a=a, b=fact.contact_id, payload=self._payload(fact))

    def _schedule_excepted(self, fact: observed.ScheduleExcepted) -> int:
        agent = self._agent(fact.agent)
        check_exception(fact)
        payload = self._payload(fact)
        return self._put(kinds.SCHEDULE_EXCEPTED, agent=agent, a=fact.from_ns, b=fact.to_ns, payload=payload)

    def _case_opened(self, fact: observed.CaseOpened) -> int:
        kind = case_kind(self.directory.quality, fact, int(self._book_seq[0]))
        queue = self._number("queue", self.directory.queues, fact.queue or kind.queue)
        agent = self._number("agent", self.directory.agents, fact.agent, optional=True)
        check_deadline(fact.deadline_ns, self._buffer.at_ns)
        deadline_ns = fact.deadline_ns or self._buffer.at_ns + kind.limit_ns
        customer = self.directory.customer(fact.customer)
        if customer != fact.customer:
            number = case_number(fact.number, fact.customer, fact.contact_id)
            fact = msgspec.structs.replace(fact, customer=customer, number=number)
        return self._put(
            kinds.CASE_OPENED, agent=agent, queue=queue, a=deadline_ns, b=fact.contact_id, payload=self._payload(fact)
        )

    def _case_resolved(self, fact: observed.CaseResolved) -> int:
        agent = self._number("agent", self.directory.agents, fact.agent, optional=True)
        return self._put(kinds.CASE_RESOLVED, agent=agent, b=self._case_id(fact.case_id), payload=self._payload(fact))

    def _case_reopened(self, fact: observed.CaseReopened) -> int:
        agent = self._number("agent", self.directory.agents, fact.agent, optional=True)
        check_deadline(fact.deadline_ns, self._buffer.at_ns)
        case_id = self._case_id(fact.case_id)
        return self._put(kinds.CASE_REOPENED, agent=agent, a=fact.deadline_ns, b=case_id, payload=self._payload(fact))

    def _case_id(self, case_id: int) -> int:
        if not 0 < case_id <= int(self._book_seq[0]):
            raise BadFact("case_id", f"no case was opened at sequence {case_id}")
        return case_id

    def _leg_recorded(self, fact: observed.LegRecorded) -> int:
        entry = self._entry(fact)
        if not self._same_adapter(entry):
            raise BadFact("contact", f"another adapter brought contact {excerpt(fact.contact)}; its legs are not yours")
        if fact.leg not in entry.legs and len(entry.legs) >= LEGS_MAX:
            raise BadFact("leg", f"contact {excerpt(fact.contact)} has {LEGS_MAX} legs already")
        payload = self._payload(fact)
        entry.record_leg(fact.leg, fact.record)
        return self._put(kinds.LEG_RECORDED, contact=entry.slot, payload=payload)

    # --- agents, queues, adapters

    def _agent_status_changed(self, fact: observed.AgentStatusChanged) -> int:
        agent = self._agent(fact.agent)
        configured = self.directory.pause_reasons
        if fact.reason and configured and fact.reason not in (*configured, DESK_CLOSED):
            raise BadFact("reason", unknown("pause reason", fact.reason, configured))
        payload = self._payload(fact) if fact.by or fact.reason or fact.note else b""
        try:
            reason = self._names.reason(fact.reason)
        except Overloaded as full:
            raise BadFact("reason", f"{full}; say one of them, or none") from None
        put_names(self._names, self._buffer)
        return self._put(kinds.AGENT_STATUS_CHANGED, agent=agent, a=CODES[fact.status], b=reason, payload=payload)

    def _agent_reachability_changed(self, fact: observed.AgentReachabilityChanged) -> int:
        return self._put(kinds.AGENT_REACHABILITY_CHANGED, agent=self._agent(fact.agent), a=int(fact.reachable))

    def _wrap_up_finished(self, fact: observed.WrapUpFinished) -> int | None:
        agent = self._agent(fact.agent)
        if not fact.contact:
            return self._put(kinds.WRAP_UP_FINISHED, agent=agent)
        wrap_up = self._contacts.wrapping.find(agent, fact.contact)
        if wrap_up is not None:
            return self._put(kinds.WRAP_UP_FINISHED, agent=agent, a=wrap_up.arrival_seq)
        if self._contacts.find(fact.contact) is not None and self._buffer.count:
            return None  # its talk may end in this very turn
        raise BadFact("contact", f"agent {excerpt(fact.agent)} does not wrap up a contact {excerpt(fact.contact)}")

    def _queue_turned(self, kind: int, fact: observed.QueueOpened | observed.QueueClosed) -> int:
        queue = self._number("queue", self.directory.queues, fact.queue)
        return self._put(kind, queue=queue, payload=self._payload(fact) if fact.by or fact.reason else b"")

    def _alert_acknowledged(self, fact: observed.AlertAcknowledged) -> int:
        return self._put(kinds.ALERT_ACKNOWLEDGED, a=fact.since_ns, payload=self._payload(fact))

    def _stream_gapped(self, fact: observed.StreamGapped) -> int:
        if not 0 <= fact.lost_since_ns <= self._buffer.at_ns:
            raise BadFact("lost_since_ns", f"{fact.lost_since_ns} is not an instant (ns since 1970) in the past")
        return self._put(kinds.STREAM_GAPPED, a=fact.lost_since_ns, payload=self._payload(fact))

    def _may_use_last_slots(self) -> bool:
        """Whether there is a slot among those kept free for it: a promised callback, whose customer gave one up."""
        is_free = self._arrivals < self._free_slots + SLOTS_KEPT_FREE
        return is_free and is_callback_source(self._source.name)
