"""The naive twin of the kernel: the same rules in plain Python, written from what rows and settings mean.

Slow and obvious. It keeps no sets, no heaps and no links; whatever it needs to know it looks for. Given the same
observed rows it must reach the same conclusions in the same order. This layer knows time, agents and settings.
"""

import functools
import math
from collections.abc import Callable

from engine.kernel.tables import Capacity
from engine.messages import kinds as k
from engine.model.settings import AgentSetting, QueueSetting
from tests.kernel.facts import Fact
from tests.kernel.naive_books import Contact, Engagement
from tests.kernel.naive_refusal import conditions, refusal
from tests.kernel.naive_stays import TALKS, Stays


class Twin(Stays):
    """Decides like the kernel."""

    def __init__(self, capacity: Capacity) -> None:
        super().__init__(capacity)
        self._fired = 0

    def observe(self, fact: Fact) -> list[Fact]:
        """Take one observed row; return what follows from it."""
        books = self.books
        books.now = max(books.now, fact.at_ns)
        books.seq += 1
        books.turn += 1
        self.said, self._fired = [], 0
        held = self._anybody_is_held()
        used = max((number for number, queue in enumerate(books.queues) if queue.first), default=0)
        books.looked_at = books.looked_at + 1 if books.looked_at < used else 0
        if books.queues[books.looked_at].first:
            books.refresh(books.looked_at)
        reason = refusal(books, fact)
        if not reason and self._is_barred(fact):
            reason = k.REFUSED_NOT_ADMITTED
        if reason:
            self._say(Fact(k.FACT_REFUSED, fact.contact, agent=fact.agent, a=reason, b=fact.kind))
        else:
            REACTIONS.get(fact.kind, Twin._ignore)(self, fact)
            self._watch()
        while self._agenda:
            self._agenda.popleft()()
        if held or self._anybody_is_held():
            self._then(self._match_any)
        while self._agenda:
            self._agenda.popleft()()
        books.forget_slow()
        return self.said

    def _anybody_is_held(self) -> bool:
        return any(c.held for c in self.books.contacts.values())

    def next_deadline(self) -> int | None:
        """When something is due next."""
        return min((due for due, _, _ in self._timers()), default=None)

    def _ignore(self, fact: Fact) -> None:
        """Facts that only the log and the projections care for."""

    # --- time

    def _timers(self) -> list[tuple[int, int, Callable[[], object]]]:
        """Everything that is due some time: when, its place among equals, and what happens then."""
        books, sizes = self.books, self.books.capacity
        timers: list[tuple[int, int, Callable[[], object]]] = []
        for c in books.contacts.values():
            due = books.next_step(c) if c.state == k.CONTACT_WAITING else None
            if due is not None:
                timers.append((due, c.slot, functools.partial(self._take_step, c)))
            if c.idle_due:
                timers.append((c.idle_due, c.slot, functools.partial(self._end_talk, c, k.BY_IDLE, closes=True)))
        base = sizes.contacts + sizes.engagements
        for number, agent in enumerate(books.agents):
            ends = [tie for tie in agent.ties if tie.due]
            timers += [(tie.due, sizes.contacts + tie.number, functools.partial(self._pass_limit, tie)) for tie in ends]
            if agent.suspended > 0:
                timers.append((agent.suspended, base + number, functools.partial(self._resume, number)))
        for number, queue in enumerate(books.queues):
            if queue.drain_due:
                place = base + sizes.agents + number
                timers.append((queue.drain_due, place, functools.partial(self._drain, number)))
        return timers

    def _pass_deadline(self, _: Fact | None = None) -> None:
        if self._fired == 256:
            return
        due, _subject, fire = min(self._timers(), key=lambda timer: timer[:2], default=(math.inf, 0, self._match_any))
        if due <= self.books.now:
            self._fired += 1
            fire()
            self._then(self._pass_deadline)

    def _pass_limit(self, tie: Engagement) -> None:
        if tie.state == k.ENGAGEMENT_OFFERED:
            self._fail(tie, k.OFFER_NO_ANSWER)
        else:
            self._end_wrap_up(tie)
            self._then_match_agent(tie.agent)

    def _resume(self, number: int) -> None:
        self._say(Fact(k.AGENT_RESUMED, agent=number))
        self.books.agents[number].suspended = 0
        self._then_match_agent(number)

    def _take_step(self, c: Contact) -> None:
        books, queue = self.books, self.books.queues[c.queue]
        patience = queue.get(QueueSetting.PREFERRED_WAIT_NS)
        if c.own >= 0 and books.now >= c.entered + patience:
            self._give_up_own(c)
            return
        if c.held and books.now >= c.entered + queue.get(QueueSetting.HOLD_BACK_NS):
            self._say(Fact(k.REQUIREMENT_RELAXED, c.slot, c.queue, a=c.requirement, b=-2))
            self._stand(c)
            self._then(lambda: self._match_contact(c))
            return
        first = QueueSetting.FIRST_STEP + 3 * c.step
        action, target = queue.get(first + 1), queue.get(first + 2)
        if action == k.STEP_OVERFLOW and self._takes_over(c, target):
            self._hand_on(c, target)
        elif action in {k.STEP_OVERFLOW, k.STEP_RELAX}:
            self._relax(c, action)
        else:
            exits = {k.STEP_CALLBACK: k.EXIT_CALLBACK, k.STEP_REFUSE: self._refusal_exit(c)}
            self._leave(c, exits.get(action, k.EXIT_TIMED_OUT), closes=True)

    def _refusal_exit(self, c: Contact) -> int:
        if not self.books.queues[c.queue].get(QueueSetting.OPEN):
            return k.EXIT_REFUSED_CLOSED
        return k.EXIT_REFUSED_EMPTY if self.books.is_deserted(c.queue, c.requirement, 1) else k.EXIT_REFUSED_FULL

    def _relax(self, c: Contact, action: int) -> None:
        books = self.books
        relaxed = books.requirements.get(c.requirement, ([], -1))[1]
        room = books.room_for((c.queue, relaxed, c.channel)) >= 0
        wanted = relaxed if action == k.STEP_RELAX and relaxed >= 0 and room else c.requirement
        self._say(Fact(k.REQUIREMENT_RELAXED, c.slot, c.queue, a=wanted, b=c.step))
        c.requirement = wanted
        c.step += 1
        self._stand(c)
        self._then(lambda: self._match_contact(c))

    def _give_up_own(self, c: Contact) -> None:
        self._say(Fact(k.REQUIREMENT_RELAXED, c.slot, c.queue, a=c.requirement, b=-1))
        c.own = -1
        self._stand(c)
        self._then(lambda: self._match_contact(c))

    def _is_barred(self, fact: Fact) -> bool:
        """Whether a transfer asks for a queue that neither lets the contact in nor has another do so, or for an agent
        who is engaged where nobody waits for one.
        """
        if fact.kind not in {k.TRANSFER_REQUESTED, k.REQUEUE_REQUESTED}:
            return False
        c = self.books.contacts[fact.contact]
        if fact.kind == k.REQUEUE_REQUESTED:
            return c.state in TALKS and self._obstacle(c, c.queue)[0] == k.EXIT_SYSTEM_ERROR
        if fact.agent >= 0:
            if fact.queue < 0 and not self._is_worth_waiting_for(fact.agent, c.channel, c.queue):
                return True
            return self._obstacle(c, fact.queue if fact.queue >= 0 else c.queue)[0] == k.EXIT_SYSTEM_ERROR
        way_out, target = self._obstacle(c, fact.queue)
        return bool(way_out) and not self._takes_over(c, target)

    def _takes_over(self, c: Contact, target: int) -> bool:
        if target in {-1, c.queue} or self._obstacle(c, target)[0]:
            return False
        rule = self.books.queues[target].get(QueueSetting.LEAVE_EMPTY)
        return not rule or not self.books.is_deserted(target, self._line_in(c, target)[1], rule)

    def _hand_on(self, c: Contact, target: int) -> None:
        steps = self._ways_in(c, target, -1, c.place, k.ENTRY_OVERFLOW)
        self._leave(c, k.EXIT_OVERFLOWED, closes=False)
        for step in steps:
            step()

    def _drain(self, number: int) -> None:
        """One of those who wait in vain leaves; when nobody does any more, look whom else to serve."""
        queue = self.books.queues[number]
        rule = queue.get(QueueSetting.LEAVE_EMPTY)
        deserted = self._deserted_lines(number, rule) if rule else []
        if not deserted:
            self._say(Fact(k.QUEUE_DRAINED, queue=number))
            queue.drain_due = 0
            self._then(self._match_any)
            return
        c = self.books.head(self._in_vain(deserted[-1]))
        assert c is not None
        if self._takes_over(c, queue.get(QueueSetting.EMPTY_TARGET)):
            self._hand_on(c, queue.get(QueueSetting.EMPTY_TARGET))
        else:
            self._leave(c, k.EXIT_EMPTY, closes=True)

    # --- agents and rules

    def _change_status(self, fact: Fact) -> None:
        self._set_status(fact.agent, fact.a)

    def _set_status(self, number: int, status: int) -> None:
        books, agent = self.books, self.books.agents[number]
        if agent.status == k.STATUS_OFFLINE and status != k.STATUS_OFFLINE:
            agent.idle_seq, agent.login, agent.busy = books.seq, books.now, 0
        agent.status, agent.misses, agent.suspended = status, 0, 0
        self._watch()
        if status == k.STATUS_AVAILABLE:
            for tie in books.wrap_ups(number, 0):
                if not tie.due and tie.since < agent.login:
                    self._end_wrap_up(tie)
            self._then_match_agent(number)
        elif status == k.STATUS_OFFLINE:
            self._withdraw_from(number, range(k.CHANNELS))
            self._then(lambda: self._disperse(number))

    def _withdraw_from(self, number: int, channels: range) -> None:
        offers = [tie for tie in self.books.agents[number].ties if tie.state == k.ENGAGEMENT_OFFERED]
        for tie in [tie for tie in offers if tie.channel in channels]:
            c = tie.contact
            self._end_offer(tie, k.OFFER_WITHDRAWN)
            self._then(functools.partial(self._match_contact, c))

    def _finish_wrap_ups(self, number: int, arrival: int) -> None:
        for tie in self.books.wrap_ups(number, arrival):
            self._end_wrap_up(tie)
        self._then_match_agent(number)

    def _disperse(self, number: int) -> None:
        c = self.books.head(self.books.waiting_for(number))
        if c is not None and self.books.agents[number].status == k.STATUS_OFFLINE:
            self._give_up_own(c)
            self._then(lambda: self._disperse(number))

    def _change_reachability(self, fact: Fact) -> None:
        agent = self.books.agents[fact.agent]
        agent.reachable = fact.a == 1
        if not agent.reachable and agent.settings.get(AgentSetting.NEEDS_PHONE):
            self._withdraw_from(fact.agent, range(k.VOICE, k.VOICE + 1))
        self._then_match_agent(fact.agent)

    def _hold(self, fact: Fact) -> None:
        held = fact.kind == k.CONTACT_HELD
        self.books.contacts[fact.contact].state = k.CONTACT_HELD_STATE if held else k.CONTACT_CONNECTED

    def _take_message(self, fact: Fact) -> None:
        c = self.books.contacts[fact.contact]
        if fact.a == k.BY_SYSTEM:
            return
        if fact.a == k.BY_AGENT:
            c.asked = 0
        elif not c.asked:
            c.asked = self.books.now
        if c.state in TALKS:
            self._watch_silence(c)

    def _change_priority(self, fact: Fact) -> None:
        self.books.contacts[fact.contact].priority = fact.a
        self.books.contacts[fact.contact].held = False

    def _open_queue(self, fact: Fact) -> None:
        self.books.queues[fact.queue].settings[QueueSetting.OPEN] = int(fact.kind == k.QUEUE_OPENED)

    def _define_requirement(self, fact: Fact) -> None:
        self.books.requirements[fact.queue] = (conditions(fact.a) or [], fact.b)
        self._watch()
        self._then(self._match_any)

    def _change_setting(self, fact: Fact) -> None:
        books, table, number, column = self.books, fact.agent, fact.queue, fact.contact
        if table == k.TABLE_QUEUE:
            queue = books.queues[number]
            books.change_queue(number, column, fact.a)
            if column in {QueueSetting.REQUIREMENT, QueueSetting.CHANNEL, QueueSetting.MEMBERS_ONLY}:
                self._open((number, queue.get(QueueSetting.REQUIREMENT), queue.get(QueueSetting.CHANNEL)))
        elif table == k.TABLE_AGENT:
            books.agents[number].settings[column] = fact.a
        elif table == k.TABLE_TRUNK_GROUP:
            books.groups[number].settings[column] = fact.a
        elif table == k.TABLE_SKILL_LEVEL:
            books.skills[number, fact.b] = fact.a
        elif table == k.TABLE_MEMBERSHIP:
            books.members[number, fact.b] = fact.a
        elif table == k.TABLE_CHANNEL:
            books.interrupts[number] = fact.a
        elif table == k.TABLE_ENGINE:
            books.engine[column] = fact.a
        self._watch()
        if table == k.TABLE_AGENT and column == AgentSetting.EXISTS and not fact.a:
            self._set_status(number, k.STATUS_OFFLINE)
            self._finish_wrap_ups(number, 0)
        elif table in {k.TABLE_AGENT, k.TABLE_SKILL_LEVEL, k.TABLE_MEMBERSHIP}:
            self._then_match_agent(number)
        elif table in {k.TABLE_QUEUE, k.TABLE_CHANNEL}:
            self._then(self._match_any)


REACTIONS: dict[int, Callable[[Twin, Fact], object]] = {
    k.CONTACT_ARRIVED: Twin._arrive,
    k.CONTACT_RELEASED: Twin._release,
    k.OFFER_ANSWERED: Twin._answer,
    k.OFFER_DECLINED: Twin._decline,
    k.CONTACT_HELD: Twin._hold,
    k.CONTACT_RESUMED: Twin._hold,
    k.TRANSFER_REQUESTED: Twin._transfer,
    k.REQUEUE_REQUESTED: Twin._requeue,
    k.CALLBACK_REQUESTED: Twin._leave_by,
    k.EXIT_KEY_PRESSED: Twin._leave_by,
    k.CONTACT_WITHDRAWN: Twin._leave_by,
    k.MESSAGE_SENT: Twin._take_message,
    k.PRIORITY_CHANGED: Twin._change_priority,
    k.AGENT_STATUS_CHANGED: Twin._change_status,
    k.AGENT_REACHABILITY_CHANGED: Twin._change_reachability,
    k.WRAP_UP_FINISHED: lambda twin, fact: twin._finish_wrap_ups(fact.agent, fact.a),
    k.QUEUE_OPENED: Twin._open_queue,
    k.QUEUE_CLOSED: Twin._open_queue,
    k.DEADLINE_PASSED: lambda twin, _fact: twin._then(twin._pass_deadline),
    k.SETTING_CHANGED: Twin._change_setting,
    k.REQUIREMENT_DEFINED: Twin._define_requirement,
    k.TRUNK_REQUESTED: Twin._request_trunk,
    k.TRUNK_RELEASED: Twin._release_trunk,
    k.CALLER_MOVED: Twin._move_caller,
}
