"""Everything about quality that the log determines, folded row by row: the same log always gives the same."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.row_fields import RowFields, fields_of
from engine.messages.rows import ROW
from engine.model.quality import QualityPlan, SurveyRule
from engine.model.settings import SECOND_NS, EngineSetting
from engine.projections.quality import resolution
from engine.projections.quality.cases import Cases
from engine.projections.quality.cells import Cells, Key
from engine.projections.quality.evaluations import Evaluations
from engine.projections.quality.people import Open, People
from engine.projections.quality.presence import Presence
from engine.projections.quality.surveys import Surveys

VERSION: Final = 1
"""Of what `Folded` means; what another version wrote is folded anew."""
_NO_RULE: Final = SurveyRule()
CUSTOMER_BASE: Final = "customer_base"
REGION: Final = "region"
"""Attributes of arrivals by which contacts are counted against complaints."""


class Folded(msgspec.Struct):
    """The state: what stands in a snapshot."""

    version: int = VERSION
    as_of: int = 0
    interval_ns: int = 900 * SECOND_NS
    plan: QualityPlan = QualityPlan()
    people: People = msgspec.field(default_factory=People)
    flow: Cells = msgspec.field(default_factory=lambda: Cells(resolution.WIDTH))
    surveys: Surveys = msgspec.field(default_factory=Surveys)
    evaluations: Evaluations = msgspec.field(default_factory=Evaluations)
    presence: Presence = msgspec.field(default_factory=Presence)
    cases: Cases = msgspec.field(default_factory=Cases)


class PlanOf(msgspec.Struct):
    """What is read of a configuration that was loaded."""

    quality: QualityPlan = QualityPlan()


_PLANS: Final = msgspec.msgpack.Decoder(PlanOf)
NAMES_ONLY: Final = 1
"""Of a CONFIGURATION_LOADED's `a`: it gives names and no configuration."""


class Fold:
    """Applies rows to a `Folded`."""

    def __init__(self, folded: Folded) -> None:
        self.state = folded
        self._payload = memoryview(b"")
        self._handlers: dict[int, Callable[[int, RowFields], None]] = {
            kinds.CONFIGURATION_LOADED: self._configured,
            kinds.SETTING_CHANGED: self._setting,
            kinds.CONTACT_ARRIVED: self._arrived,
            kinds.OFFER_ENDED: self._offer_ended,
            kinds.CONTACT_ANSWERED: self._answered,
            kinds.PRIORITY_CHANGED: self._raised,
            kinds.CONTACT_ENDED: self._ended,
            kinds.CONTACT_LEFT: self._left,
            kinds.CALLER_MOVED: self._moved,
            kinds.SURVEY_REQUESTED: self._survey_requested,
            kinds.SURVEY_ANSWERED: self._survey_answered,
            kinds.CONTACT_CLASSIFIED: self._classified,
            kinds.QUALITY_EVALUATED: self._evaluated,
            kinds.SCHEDULE_EXCEPTED: self._excepted,
            kinds.AGENT_STATUS_CHANGED: self._chose,
            kinds.CASE_OPENED: self._case_opened,
            kinds.CASE_RESOLVED: self._case_resolved,
            kinds.CASE_REOPENED: self._case_reopened,
        }
        self._wanted = np.zeros(1 << 16, np.bool_)
        self._wanted[[*self._handlers, kinds.FACT_REFUSED]] = True

    def apply(self, turn: Turn) -> None:
        """Take in a turn or a run of them; rows taken in already are passed over."""
        rows: Any = turn.rows
        fresh = max(0, self.state.as_of + 1 - turn.first_seq)
        if fresh >= len(rows):
            return
        wanted = self._wanted[rows["kind"]]
        wanted[:fresh] = False
        wanted &= (rows["kind"] != kinds.SETTING_CHANGED) | (rows["agent"] == kinds.TABLE_ENGINE)
        places = np.flatnonzero(wanted)
        self._payload = turn.payload
        chosen = fields_of(rows[places])
        numbered = list(zip(places.tolist(), chosen, strict=True))
        refused = {place - row.cause for place, row in numbered if row.kind == kinds.FACT_REFUSED}
        for place, row in numbered:
            if place not in refused and row.kind != kinds.FACT_REFUSED:
                self._handlers[row.kind](turn.first_seq + place, row)
        self.state.as_of = turn.last_seq

    def _said(self, row: RowFields) -> memoryview:
        return self._payload[row.payload_offset : row.payload_offset + row.payload_size]

    def _start_ns(self, at_ns: int) -> int:
        return at_ns // self.state.interval_ns * self.state.interval_ns

    def _key(self, row: RowFields, channel: int) -> Key:
        return Key(self._start_ns(row.at_ns), row.queue, row.agent, channel)

    # --- configuration

    def _configured(self, _seq: int, row: RowFields) -> None:
        if row.a != NAMES_ONLY and row.payload_size:
            self.state.plan = _PLANS.decode(self._said(row)).quality

    def _setting(self, _seq: int, row: RowFields) -> None:
        if row.contact == EngineSetting.INTERVAL_NS:
            self.state.interval_ns = row.a

    # --- contacts

    def _arrived(self, seq: int, row: RowFields) -> None:
        state = self.state
        contact, attributes = state.people.arrive(row, seq, self._said(row), state.plan.reason)
        if contact.case_id:
            state.cases.contact_arrived(contact, row.a >> 8 & 0xFF)
        elif not row.flags & kinds.FLAG_CALLS_BACK:
            if contact.customer:
                for key in state.people.came_again(contact, row.at_ns, state.plan.window_ns):
                    state.flow.add(key, resolution.REPEATED)
            base, region = attributes.get(CUSTOMER_BASE, ""), attributes.get(REGION, "")
            if base or region:
                state.cases.base(base, region).contacts += 1

    def _offer_ended(self, _seq: int, row: RowFields) -> None:
        self._count(row, resolution.OFFERS)
        if row.a == kinds.OFFER_NO_ANSWER:
            self._count(row, resolution.NO_ANSWERS)

    def _answered(self, _seq: int, row: RowFields) -> None:
        self._count(row, resolution.OFFERS)
        contact = self.state.people.open.get(row.contact)
        if contact is not None and contact.case_id:
            self.state.cases.contact_answered(contact, row.agent, row.at_ns)

    def _raised(self, _seq: int, row: RowFields) -> None:
        contact = self.state.people.open.get(row.contact)
        if contact is not None and contact.case_id:
            self.state.cases.contact_raised(contact, row.a)

    def _ended(self, _seq: int, row: RowFields) -> None:
        self._count(row, resolution.HANDLED)
        if row.a == kinds.BY_TRANSFER:
            self._count(row, resolution.TRANSFERS)
        if row.flags & kinds.FLAG_CLOSES:
            self._close(row, talked=True)

    def _left(self, _seq: int, row: RowFields) -> None:
        if row.flags & kinds.FLAG_CLOSES:
            self._close(row, talked=False)

    def _close(self, row: RowFields, *, talked: bool) -> None:
        state = self.state
        contact = state.people.close(row.contact, row.queue, row.agent, row.at_ns, talked=talked)
        if contact is None:
            return
        if contact.case_id:
            state.cases.contact_closed(contact, row.at_ns)
        elif talked and contact.customer:
            key = self._key(row, contact.channel)
            state.people.ended(contact, row.at_ns, key)
            state.flow.add(key, resolution.JUDGED)

    def _moved(self, _seq: int, row: RowFields) -> None:
        """The other contact has this one's caller from now on."""
        contact, other = self.state.people.open.get(row.contact), self.state.people.open.get(row.a)
        if contact is not None and other is not None:
            other.customer, other.reason = contact.customer, contact.reason

    def _count(self, row: RowFields, column: int) -> None:
        contact: Open | None = self.state.people.open.get(row.contact)
        self.state.flow.add(self._key(row, contact.channel if contact is not None else -1), column)

    # --- surveys, evaluations, schedules

    def _survey_requested(self, _seq: int, row: RowFields) -> None:
        segment, start_ns = self.state.people.segment(row.b), self._start_ns(row.at_ns)
        self.state.surveys.request(kinds.SURVEY_NAMES[row.a & 0xFF], row.b, segment, row.at_ns, start_ns)

    def _survey_answered(self, seq: int, row: RowFields) -> None:
        state, kind = self.state, kinds.SURVEY_NAMES[row.a & 0xFF]
        segment, start_ns = state.people.segment(row.b), self._start_ns(row.at_ns)
        rule = state.plan.surveys.get(kind, _NO_RULE)
        state.surveys.answer(seq, kind, row.a >> 8, row.b, segment, row.at_ns, start_ns, rule, self._said(row))

    def _classified(self, _seq: int, row: RowFields) -> None:
        self.state.people.classify(row.b, self._said(row))

    def _evaluated(self, seq: int, row: RowFields) -> None:
        state, start_ns = self.state, self._start_ns(row.at_ns)
        segment = state.people.segment(row.b)
        state.evaluations.take(seq, row.at_ns, start_ns, row.b, segment, row.agent, row.a, self._said(row))

    def _excepted(self, seq: int, row: RowFields) -> None:
        self.state.presence.excepted(seq, row.agent, row.a, row.b, self._said(row))

    def _chose(self, _seq: int, row: RowFields) -> None:
        self.state.presence.chose(row.agent, row.at_ns, row.a)

    # --- cases

    def _case_opened(self, seq: int, row: RowFields) -> None:
        source = self.state.people.source_of(row.b)
        self.state.cases.opened(seq, row, self._said(row), self.state.plan.cases, source)

    def _case_resolved(self, _seq: int, row: RowFields) -> None:
        key = self.state.cases.resolve(row, self._start_ns(row.at_ns), self._said(row))
        if key is not None:
            self.state.flow.add(key, resolution.RESOLVED)

    def _case_reopened(self, _seq: int, row: RowFields) -> None:
        plan = self.state.plan
        key = self.state.cases.reopen(row, self._said(row), plan.cases, plan.window_ns)
        if key is not None:
            self.state.flow.add(key, resolution.REOPENED)


def joined(turns: Sequence[Turn]) -> Turn:
    """Return consecutive turns as one: looking for rows in each by itself would cost more than folding them."""
    if len(turns) == 1:
        return turns[0]
    rows = np.frombuffer(bytearray().join([turn.rows.tobytes() for turn in turns]), ROW)
    sizes = np.array([len(turn.payload) for turn in turns], np.uint32)
    bases = np.cumsum(sizes, dtype=np.uint32) - sizes
    rows["payload_offset"] += np.repeat(bases, [len(turn.rows) for turn in turns])
    return Turn(turns[0].first_seq, turns[-1].last_seq, rows, memoryview(b"".join([turn.payload for turn in turns])))
