"""Everything about quality that the log determines: the same log always gives the same.

Contacts are counted many rows at once. Rows that speak of single things (a survey, a case, a status) are few, and taken
one by one after those around them; what they find is what was so at their position.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.kind_set import KindSet
from engine.messages.row_fields import RowFields, fields_at, fields_of
from engine.model.quality import QualityPlan, SurveyRule
from engine.model.settings import EngineSetting
from engine.projections.quality.columns.cells import Key
from engine.projections.quality.columns.people import Segment, case_of, task_of
from engine.projections.quality.columns.ring import BATCH_MAX, Array
from engine.projections.quality.folding.flow import Counts, Taken, take_contacts
from engine.projections.quality.folding.folded import Folded
from engine.projections.quality.subjects import resolution

_NO_RULE: Final = SurveyRule()
CUSTOMER_BASE: Final = "customer_base"
REGION: Final = "region"
"""Attributes of arrivals by which contacts are counted against complaints."""
FLOW: Final = KindSet(
    kinds.CONTACT_ARRIVED, kinds.OFFER_ENDED, kinds.CONTACT_ANSWERED, kinds.CONTACT_ENDED, kinds.CONTACT_LEFT
)
"""Kinds that are counted many at once."""
BARRIERS: Final = KindSet(kinds.CONFIGURATION_LOADED, kinds.SETTING_CHANGED, kinds.CALLER_MOVED)
"""Kinds that change what rows behind them mean: those before are taken in first."""
OF_TASKS: Final = KindSet(kinds.CONTACT_ANSWERED, kinds.PRIORITY_CHANGED, kinds.CONTACT_ENDED, kinds.CONTACT_LEFT)
"""Kinds that mean something to a case where their contact is its task, and nothing to be taken alone otherwise."""
TAKES: Final = KindSet(kinds.CONTACT_ANSWERED, kinds.WRAP_UP_STARTED)
GIVES: Final = KindSet(kinds.CONTACT_ENDED, kinds.WRAP_UP_ENDED)
"""Kinds by which an agent has one contact more in hand, or one less."""
OF_AGENTS: Final = KindSet(
    kinds.AGENT_STATUS_CHANGED, kinds.AGENT_SUSPENDED, kinds.AGENT_RESUMED, kinds.AGENT_REACHABILITY_CHANGED
)
"""Kinds that may change whether an agent without a contact is at work."""
Single = Callable[[int, RowFields], None]


class PhoneOf(msgspec.Struct):
    """What is read of an agent's card."""

    phone: str = ""


class PlanOf(msgspec.Struct):
    """What is read of a configuration that was loaded."""

    quality: QualityPlan = QualityPlan()
    agent_cards: list[PhoneOf] = []


_PLANS: Final = msgspec.msgpack.Decoder(PlanOf)
NAMES_ONLY: Final = 1
"""Of a CONFIGURATION_LOADED's `a`: it gives names and no configuration."""


class Fold:
    """Applies rows to a `Folded`."""

    def __init__(self, folded: Folded) -> None:
        self.state = folded
        self._payload = memoryview(b"")
        self._counts = Counts()
        self._taken = Taken(0, np.zeros(0, np.int64), [])
        self._of_tasks: dict[int, Single] = {
            kinds.CONTACT_ANSWERED: self._answered,
            kinds.PRIORITY_CHANGED: self._raised,
            kinds.CONTACT_ENDED: self._closed,
            kinds.CONTACT_LEFT: self._closed,
        }
        self._barriers: dict[int, Single] = {
            kinds.CONFIGURATION_LOADED: self._configured,
            kinds.SETTING_CHANGED: self._setting,
            kinds.CALLER_MOVED: self._moved,
        }
        self._singles: dict[int, Single] = {
            kinds.SURVEY_REQUESTED: self._survey_requested,
            kinds.SURVEY_ANSWERED: self._survey_answered,
            kinds.CONTACT_CLASSIFIED: self._classified,
            kinds.QUALITY_EVALUATED: self._evaluated,
            kinds.SCHEDULE_EXCEPTED: self._excepted,
            kinds.AGENT_STATUS_CHANGED: self._chose,
            kinds.AGENT_SUSPENDED: self._suspended,
            kinds.AGENT_RESUMED: self._resumed,
            kinds.AGENT_REACHABILITY_CHANGED: self._rung,
            kinds.CASE_OPENED: self._case_opened,
            kinds.CASE_RESOLVED: self._case_resolved,
            kinds.CASE_REOPENED: self._case_reopened,
        }
        self._alone = KindSet(*self._singles)
        self._wanted = KindSet(
            *(*self._singles, *self._barriers, *self._of_tasks),
            *(kinds.CONTACT_ARRIVED, kinds.OFFER_ENDED, kinds.FACT_REFUSED),
            *(kinds.WRAP_UP_STARTED, kinds.WRAP_UP_ENDED),
        )

    def apply(self, turn: Turn) -> None:
        """Take in a turn or a run of them; rows taken in already are passed over."""
        fresh = max(0, self.state.as_of + 1 - turn.first_seq)
        if fresh >= len(turn.rows):
            return
        self._payload = turn.payload
        rows, seqs, put_back = self._chosen(turn, fresh)
        barriers = np.flatnonzero(BARRIERS.mask(rows["kind"]))
        begin = 0
        for end in [*barriers.tolist(), len(rows)]:
            for start in range(begin, end, BATCH_MAX):
                stop = min(start + BATCH_MAX, end)
                self._take(rows[start:stop], seqs[start:stop], put_back[start:stop])
            if end < len(rows):
                row = fields_at(rows, end)
                self._barriers[row.kind](int(seqs[end]), row)
            begin = end + 1
        self.state.as_of = turn.last_seq

    def _chosen(self, turn: Turn, fresh: int) -> tuple[Array, Array, Array]:
        """Return the rows that say something about quality and were not refused, their sequences, and the mask of those
        that end a talk because the contact is put back into its queue: their cause is a fact that asked for it.
        """
        all_kinds = np.ascontiguousarray(turn.rows["kind"])
        wanted = self._wanted.mask(all_kinds)
        wanted[:fresh] = False
        places = np.flatnonzero(wanted)
        rows: Array = np.asarray(turn.rows).take(places)
        row_kinds = rows["kind"]
        kept = (row_kinds != kinds.SETTING_CHANGED) | (
            (rows["agent"] == kinds.TABLE_ENGINE) & (rows["contact"] == EngineSetting.INTERVAL_NS)
        )
        refused = row_kinds == kinds.FACT_REFUSED
        if refused.any():
            kept &= ~refused & ~np.isin(places, places[refused] - rows["cause"][refused])
        if not kept.all():
            rows, places = rows.compress(kept), places[kept]
        ended = rows["kind"] == kinds.CONTACT_ENDED
        put_back = ended & (all_kinds[places - np.where(ended, rows["cause"], 0)] == kinds.REQUEUE_REQUESTED)
        return rows, places + turn.first_seq, put_back

    def _take(self, rows: Array, seqs: Array, put_back: Array) -> None:
        """Take in up to BATCH_MAX rows without a barrier among them."""
        state = self.state
        row_kinds = np.ascontiguousarray(rows["kind"])
        flow = FLOW.mask(row_kinds)
        counts = self._counts = Counts()
        self._taken = take_contacts(state, rows.compress(flow), seqs[flow], put_back[flow], self._payload, counts)
        alone = self._alone.mask(row_kinds)
        telling = [one for one in self._taken.telling if self._means_something(one[2])]
        arriving = [row.contact for _, row, attributes in telling if case_of(attributes)]
        if arriving or state.people.tasks:
            alone |= OF_TASKS.mask(row_kinds) & np.isin(rows["contact"], [*state.people.tasks, *arriving])
        of_hands = self._count_hands(rows, row_kinds)
        hands = set(seqs[of_hands].tolist())
        places = np.flatnonzero(alone | of_hands)
        singles = list(zip(seqs[places].tolist(), fields_of(rows.take(places)), strict=True))
        attributes_at = {seq: attributes for seq, _, attributes in telling}
        if telling:
            singles = sorted([*singles, *((seq, row) for seq, row, _ in telling)])
        for seq, row in singles:
            if seq in hands:
                by = 1 if row.kind in (kinds.CONTACT_ANSWERED, kinds.WRAP_UP_STARTED) else -1
                state.presence.engaged(row.agent, row.at_ns, by)
            if row.kind == kinds.CONTACT_ARRIVED:
                self._arrived(seq, row, attributes_at[seq])
            elif handler := self._singles.get(row.kind) or self._of_tasks.get(row.kind):
                handler(seq, row)
        state.flow.extend(counts.in_order())

    def _count_hands(self, rows: Array, row_kinds: Array) -> Array:
        """Count what agents take in hand and give back where it changes nothing else; mask of the rows where it may."""
        presence, agents = self.state.presence, rows["agent"]
        takes, gives = TAKES.mask(row_kinds), GIVES.mask(row_kinds)
        engaged = takes | gives
        steady = np.setdiff1d(np.array(presence.steady(), np.int64), agents[OF_AGENTS.mask(row_kinds)])
        at_once = engaged & np.isin(agents, steady)
        places = np.flatnonzero(at_once)
        places = places[np.argsort(agents[places], kind="stable")]
        theirs, first = np.unique(agents[places], return_index=True)
        if len(theirs):
            sums = np.cumsum(takes[places].astype(np.int64) - gives[places])
            before = np.concatenate([[0], sums[first[1:] - 1]])
            last = sums[np.concatenate([first[1:], [len(sums)]]) - 1]
            changes = zip(theirs, last - before, np.minimum.reduceat(sums, first) - before, strict=True)
            for agent, by, least in changes:
                presence.count(int(agent), int(by), int(least))
        return engaged & ~at_once

    def _said(self, row: RowFields) -> memoryview:
        return self._payload[row.payload_offset : row.payload_offset + row.payload_size]

    def _start_ns(self, at_ns: int) -> int:
        return at_ns // self.state.interval_ns * self.state.interval_ns

    def _segment(self, seq: int, contact_id: int) -> Segment:
        """The closed contact of this id, as it was at a position of the batch."""
        return self.state.people.segment(contact_id, self._taken.closed_by(seq))

    def _count(self, seq: int, key: Key | None, column: int) -> None:
        if key is not None:
            self._counts.add_one(seq, key, column)

    # --- configuration, and callers who are handed over

    def _configured(self, _seq: int, row: RowFields) -> None:
        if row.a != NAMES_ONLY and row.payload_size:
            plan = _PLANS.decode(self._said(row))
            self.state.plan = plan.quality
            self.state.presence.phones = {number: True for number, card in enumerate(plan.agent_cards) if card.phone}

    def _setting(self, _seq: int, row: RowFields) -> None:
        self.state.interval_ns = row.a

    def _moved(self, _seq: int, row: RowFields) -> None:
        """The other contact has this one's caller from now on."""
        self.state.people.move(row.contact, row.a)

    # --- contacts that are tasks of cases, or tell where their customers live

    @staticmethod
    def _means_something(attributes: dict[str, str]) -> bool:
        return bool(attributes.get(CUSTOMER_BASE) or attributes.get(REGION) or case_of(attributes))

    def _arrived(self, seq: int, row: RowFields, attributes: dict[str, str]) -> None:
        state, case_id = self.state, case_of(attributes)
        if case_id:
            task = state.people.tasks[row.contact] = task_of(seq, case_id, self._said(row))
            state.cases.contact_arrived(task, row.a >> 8 & 0xFF)
        elif not row.flags & kinds.FLAG_CALLS_BACK:
            state.cases.base(attributes.get(CUSTOMER_BASE, ""), attributes.get(REGION, "")).contacts += 1

    def _answered(self, _seq: int, row: RowFields) -> None:
        if (task := self.state.people.tasks.get(row.contact)) is not None:
            self.state.cases.contact_answered(task, row.agent, row.at_ns)

    def _raised(self, _seq: int, row: RowFields) -> None:
        if (task := self.state.people.tasks.get(row.contact)) is not None:
            self.state.cases.contact_raised(task, row.a)

    def _closed(self, _seq: int, row: RowFields) -> None:
        tasks = self.state.people.tasks
        if row.flags & kinds.FLAG_CLOSES and (task := tasks.pop(row.contact, None)) is not None:
            self.state.cases.contact_closed(task, row.at_ns)

    # --- surveys, evaluations, schedules

    def _survey_requested(self, seq: int, row: RowFields) -> None:
        segment, start_ns = self._segment(seq, row.b), self._start_ns(row.at_ns)
        self.state.surveys.request(kinds.SURVEY_NAMES[row.a & 0xFF], row.b, segment, row.at_ns, start_ns)

    def _survey_answered(self, seq: int, row: RowFields) -> None:
        state, kind = self.state, kinds.SURVEY_NAMES[row.a & 0xFF]
        segment, start_ns = self._segment(seq, row.b), self._start_ns(row.at_ns)
        rule = state.plan.surveys.get(kind, _NO_RULE)
        state.surveys.answer(seq, kind, row.a >> 8, row.b, segment, row.at_ns, start_ns, rule, self._said(row))

    def _classified(self, _seq: int, row: RowFields) -> None:
        self.state.people.classify(row.b, self._said(row))

    def _evaluated(self, seq: int, row: RowFields) -> None:
        state, start_ns = self.state, self._start_ns(row.at_ns)
        segment = self._segment(seq, row.b)
        state.evaluations.take(seq, row.at_ns, start_ns, row.b, segment, row.agent, row.a, self._said(row))

    def _excepted(self, seq: int, row: RowFields) -> None:
        self.state.presence.excepted(seq, row.agent, row.a, row.b, self._said(row))

    def _chose(self, _seq: int, row: RowFields) -> None:
        self.state.presence.chose(row.agent, row.at_ns, row.a)

    def _suspended(self, _seq: int, row: RowFields) -> None:
        self.state.presence.suspended(row.agent, row.at_ns, True)

    def _resumed(self, _seq: int, row: RowFields) -> None:
        self.state.presence.suspended(row.agent, row.at_ns, False)

    def _rung(self, _seq: int, row: RowFields) -> None:
        self.state.presence.rung(row.agent, row.at_ns, bool(row.a))

    # --- cases

    def _case_opened(self, seq: int, row: RowFields) -> None:
        source = self.state.people.source_of(row.b, self._taken.closed_by(seq))
        self.state.cases.opened(seq, row, self._said(row), self.state.plan.cases, source)

    def _case_resolved(self, seq: int, row: RowFields) -> None:
        key = self.state.cases.resolve(row, self._start_ns(row.at_ns), self._said(row), self.state.plan.cases)
        self._count(seq, key, resolution.RESOLVED)

    def _case_reopened(self, seq: int, row: RowFields) -> None:
        plan = self.state.plan
        key = self.state.cases.reopen(row, self._said(row), plan.cases, plan.window_ns)
        self._count(seq, key, resolution.REOPENED)
