"""The naive twin, second layer: how contacts come in, move on and leave."""

import functools
import math
from collections.abc import Callable

from engine.messages import kinds as k
from engine.messages.rows import UNTOLD
from engine.model.settings import INHERIT, RESERVE_AUTO, AgentSetting, QueueSetting, TrunkGroupSetting
from tests.kernel import naive_formulas as formulas
from tests.kernel.facts import Fact
from tests.kernel.naive_books import Contact, Engagement, Line
from tests.kernel.naive_offers import Offers

WAITS = (k.CONTACT_WAITING, k.CONTACT_OFFERED)
TALKS = (k.CONTACT_CONNECTED, k.CONTACT_HELD_STATE)


def trunks(fact: Fact) -> list[int]:
    """The trunk groups that a request names, the most wanted first."""
    parts = [field >> 15 * place & 0x7FFF for field in (fact.a, fact.b) for place in range(4)]
    return [part - 1 for part in parts if part]


class Stays(Offers):
    """Lets contacts in and out."""

    # --- arriving, and being let in

    def _arrive(self, fact: Fact) -> None:
        books = self.books
        books.free_slots.popleft()
        requirement, group = fact.a >> 16 & 0xFFFF, (fact.a >> 32 & 0xFFFF) - 1
        c = books.contacts[fact.contact] = Contact(
            slot=fact.contact,
            arrival=books.seq,
            arrived=books.now,
            place=fact.b or books.now,
            queue=fact.queue,
            channel=fact.a & 0xFF,
            priority=fact.a >> 8 & 0xFF,
            requirement=requirement,
            brought=requirement != 0,
            asked_group=group,
            own=fact.agent,
            protected=bool(fact.flags & k.FLAG_PROTECTED),
            calls_back=bool(fact.flags & k.FLAG_CALLS_BACK),
            no_callback=bool(fact.flags & k.FLAG_NO_CALLBACK),
            order=books.seq,
        )
        if group >= 0:
            if self._room(c, group) <= 0:
                self._refuse(c, c.queue, k.EXIT_REFUSED_TRUNK, closes=True)
                return
            self._say(Fact(k.CONTACT_RECEIVED, c.slot, a=group))
            self._take_channel(c, group)
        for step in self._ways_in(c, c.queue, c.own, c.place, k.ENTRY_ARRIVAL):
            step()

    def _take_channel(self, c: Contact, group: int) -> None:
        c.group, c.seized = group, self.books.now
        self.books.offered(c)

    def _request_trunk(self, fact: Fact) -> None:
        """Of the groups that have room for the contact, the one whose channel costs least; cheap ones are alike."""
        c, costs = self.books.contacts[fact.contact], dict[int, float]()
        groups = list(dict.fromkeys(trunks(fact)))
        for number in groups:
            room = self._room(c, number)
            if room > 0:
                group, busy = self.books.groups[number], self._busy(number)
                load = group.load(group.protected + group.unprotected, self.books.now)
                lost = [formulas.erlang_b(channels, load) for channels in (busy + room, busy)]
                cost = lost[0] / lost[1] if lost[1] else 0.0
                costs[number] = cost if cost >= 0.001 else 0.0
        if not costs:
            self._say(Fact(k.TRUNK_REFUSED, c.slot, a=groups[0], b=len(groups)))
            return
        chosen = min(costs, key=lambda number: costs[number])
        self._say(Fact(k.TRUNK_SEIZED, c.slot, a=chosen, b=int(costs[chosen] * 1000)))
        self._take_channel(c, chosen)

    def _release_trunk(self, fact: Fact) -> None:
        self._give_back(self.books.contacts[fact.contact])

    def _move_caller(self, fact: Fact) -> None:
        here, there = (self.books.contacts[slot] for slot in (fact.contact, fact.a))
        self._give_back(there)
        there.group, there.seized, there.asked_group = here.group, here.seized, here.asked_group
        here.group = here.asked_group = -1

    def _busy(self, group: int) -> int:
        return sum(other.group == group for other in self.books.contacts.values())

    def _room(self, c: Contact, number: int) -> int:
        settings = self.books.groups[number]
        room = settings.get(TrunkGroupSetting.CHANNELS) - self._busy(number)
        reserve = settings.get(TrunkGroupSetting.RESERVE)
        if reserve == RESERVE_AUTO:
            reserve = self._reserve(number)
        return room if c.protected else room - reserve

    def _reserve(self, number: int) -> int:
        group = self.books.groups[number]
        if group.best != group.reserve:
            counts = (group.protected, group.unprotected)
            loads = [min(int(group.load(calls, self.books.now) * 10), (1 << 21) - 1) for calls in counts]
            packed = group.best | loads[0] << 20 | loads[1] << 41
            self._say(Fact(k.TRUNK_RESERVE_CHANGED, a=number, b=packed))
            group.reserve = group.best
        return group.best

    def _ways_in(self, c: Contact, queue: int, own: int, place: int, entry: int) -> list[Callable[[], object]]:
        """What will happen at the doors, judged before anything of it happened."""
        steps: list[Callable[[], object]] = []
        for _ in range(8):
            way_out, target = self._obstacle(c, queue)
            promised = c.calls_back and entry == k.ENTRY_ARRIVAL
            spared = promised or entry in {k.ENTRY_REQUEUE, k.ENTRY_TRANSFER_TO_AGENT}
            if spared and way_out != k.EXIT_SYSTEM_ERROR:
                way_out = 0
            if not way_out:
                if own >= 0 and not self._is_worth_waiting_for(own, c.channel, queue):
                    own = -1
                told = entry | self._told(c, queue) << 8
                steps.append(functools.partial(self._enter, c, queue, own, place, told))
                return steps
            closes = target < 0
            exit_code = way_out if closes else k.EXIT_OVERFLOWED
            steps.append(functools.partial(self._refuse, c, queue, exit_code, closes=closes))
            if closes:
                return steps
            queue, entry = target, k.ENTRY_OVERFLOW
        steps.append(functools.partial(self._refuse, c, queue, k.EXIT_REFUSED_FULL, closes=True))
        return steps

    def _obstacle(self, c: Contact, number: int) -> tuple[int, int]:
        books, queue = self.books, self.books.queues[number]
        line = self._line_in(c, number)
        if books.room_for(line) < 0:
            return k.EXIT_SYSTEM_ERROR, -1
        if not queue.get(QueueSetting.OPEN):
            return k.EXIT_REFUSED_CLOSED, queue.get(QueueSetting.CLOSED_TARGET)
        limit = queue.get(QueueSetting.MAX_LENGTH)
        if limit and self._ahead(c, number) >= limit:
            return k.EXIT_REFUSED_FULL, queue.get(QueueSetting.FULL_TARGET)
        rule = queue.get(QueueSetting.JOIN_EMPTY)
        if rule and books.is_deserted(number, line[1], rule):
            return k.EXIT_REFUSED_EMPTY, queue.get(QueueSetting.EMPTY_TARGET)
        return 0, -1

    def _ahead(self, c: Contact, queue: int) -> int:
        """Contacts in the queue besides this one."""
        return self.books.in_queue(queue) - (c.queue == queue and c.state in WAITS)

    def _line_in(self, c: Contact, queue: int) -> Line:
        requirement = c.requirement if c.brought else self.books.queues[queue].get(QueueSetting.REQUIREMENT)
        return queue, requirement, c.channel

    def _is_worth_waiting_for(self, agent: int, channel: int, queue: int) -> bool:
        if not self.books.queues[queue].get(QueueSetting.PREFERRED_WAIT_NS):
            return self.books.is_free(agent, channel)
        return self.books.agents[agent].status != k.STATUS_OFFLINE

    def _told(self, c: Contact, number: int) -> int:
        books, line, queue = self.books, self._line_in(c, number), self.books.queues[number]
        slots = books.slots(line)
        if not slots:
            return UNTOLD | UNTOLD << 24
        ahead = sum(other.queue == number and other.state == k.CONTACT_WAITING for other in books.contacts.values())
        ahead -= c.queue == number and c.state == k.CONTACT_WAITING
        departures = 0 if books.serving(line) else ahead + 1
        rings = books.rings[number, c.channel]
        stages = [1 / (slots / books.mean_handle(queue) + j / books.patience(queue)) for j in range(departures)]
        stages.append((sum(rings) + 5 * 10**9) / (len(rings) + 1))
        seconds = [min(math.ceil(formulas.quantile(stages, share) / 1e9), UNTOLD - 1) for share in (0.5, 0.9)]
        return seconds[0] | seconds[1] << 24

    def _refuse(self, c: Contact, queue: int, way_out: int, *, closes: bool) -> None:
        """Out at the door: counted in and out of the queue, having waited nothing."""
        self._say(Fact(k.CONTACT_LEFT, c.slot, queue, a=way_out, flags=k.FLAG_CLOSES if closes else 0))
        c.queue, c.entered, c.state = queue, self.books.now, k.CONTACT_NEW
        if way_out == k.EXIT_REFUSED_TRUNK:
            self.books.offered(c)
        if closes:
            self._close(c)

    def _enter(self, c: Contact, queue: int, own: int, place: int, told: int) -> None:
        self._say(Fact(k.CONTACT_QUEUED, c.slot, queue, own, place, told))
        books = self.books
        c.requirement = self._line_in(c, queue)[1]
        c.queue, c.own, c.entered, c.place, c.order = queue, own, books.now, place, books.seq
        c.agent, c.step, c.handed_on = -1, 0, told & 0xFF == k.ENTRY_OVERFLOW
        self._stand(c)
        books.enter(queue)
        self._then(lambda: self._match_contact(c))

    # --- leaving, and ending

    def _leave(self, c: Contact, way_out: int, *, closes: bool) -> None:
        books = self.books
        self._withdraw(c, -1, k.OFFER_CONTACT_LEFT)
        waited = books.now - c.entered
        flags = k.FLAG_WAITED | (k.FLAG_CLOSES if closes else 0)
        self._say(Fact(k.CONTACT_LEFT, c.slot, c.queue, a=way_out, b=waited, flags=flags))
        queue = books.queues[c.queue]
        queue.waited_ns += waited
        c.held = False
        queue.quit += way_out in {k.EXIT_ABANDONED, k.EXIT_SHORT_ABANDONED}
        c.state = k.CONTACT_NEW
        if closes:
            self._close(c)

    def _end_talk(self, c: Contact, by: int, *, closes: bool) -> None:
        books, agent = self.books, self.books.agents[c.agent]
        tie = next(tie for tie in c.ties if tie.agent == c.agent)
        queue = books.queues[c.queue]
        wrap_up = agent.settings[AgentSetting.WRAP_UP_NS]
        if wrap_up == INHERIT:
            wrap_up = queue.get(QueueSetting.WRAP_UP_NS)
        wraps = wrap_up != 0 and agent.settings.get(AgentSetting.EXISTS) and agent.count(k.ENGAGEMENT_WRAPPING) < 16
        talked = books.now - c.answered
        flags = (k.FLAG_CLOSES if closes else 0) | (k.FLAG_WRAPS if wraps else 0)
        self._say(Fact(k.CONTACT_ENDED, c.slot, c.queue, c.agent, by, talked, flags))
        agent.idle_seq = books.seq
        books.took(c.queue, c.agent, 1, talked)
        c.ties.remove(tie)
        self._then_match_agent(tie.agent)
        c.state, c.agent, c.let_go, c.idle_due = k.CONTACT_NEW, -1, (tie.agent, books.turn), 0
        if wraps:
            tie.state, tie.since = k.ENGAGEMENT_WRAPPING, books.now
            tie.due = books.now + wrap_up if wrap_up > 0 else 0
        else:
            self._untie(tie)
        if closes:
            self._close(c)
        if wraps:
            self._say(Fact(k.WRAP_UP_STARTED, -1, c.queue, tie.agent, tie.due, tie.number))

    def _end_wrap_up(self, tie: Engagement) -> None:
        books = self.books
        lasted = books.now - tie.since
        self._say(Fact(k.WRAP_UP_ENDED, -1, tie.queue, tie.agent, tie.number, lasted))
        books.took(tie.queue, tie.agent, 0, lasted)
        books.agents[tie.agent].idle_seq = books.seq
        self._untie(tie)

    def _release(self, fact: Fact) -> None:
        c = self.books.contacts[fact.contact]
        if c.state in TALKS:
            self._end_talk(c, fact.a, closes=True)
            return
        short = self.books.now - c.entered <= self.books.queues[c.queue].get(QueueSetting.SHORT_ABANDON_NS)
        way_out = k.EXIT_SHORT_ABANDONED if short else k.EXIT_ABANDONED
        way_out = {k.BY_SYSTEM: k.EXIT_SYSTEM_ERROR, k.BY_UNKNOWN: k.EXIT_UNKNOWN}.get(fact.a, way_out)
        self._leave(c, way_out, closes=True)

    def _leave_by(self, fact: Fact) -> None:
        way_out = {
            k.CALLBACK_REQUESTED: k.EXIT_CALLBACK,
            k.EXIT_KEY_PRESSED: k.EXIT_KEY,
            k.CONTACT_WITHDRAWN: k.EXIT_WITHDRAWN,
        }[fact.kind]
        self._leave(self.books.contacts[fact.contact], way_out, closes=True)

    def _transfer(self, fact: Fact) -> None:
        c = self.books.contacts[fact.contact]
        queue = fact.queue if fact.queue >= 0 else c.queue
        place = c.place if fact.flags & k.FLAG_KEEP_PLACE else self.books.now
        self._move(c, queue, fact.agent, place, k.ENTRY_TRANSFER_TO_AGENT if fact.agent >= 0 else k.ENTRY_TRANSFER)

    def _requeue(self, fact: Fact) -> None:
        c = self.books.contacts[fact.contact]
        if c.state in TALKS:
            self._move(c, c.queue, -1, c.place, k.ENTRY_REQUEUE)
            return
        self._then(lambda: self._match_contact(c))
        if c.state == k.CONTACT_OFFERED:
            self._withdraw(c, -1, k.OFFER_WITHDRAWN)
        elif c.own >= 0:
            self._say(Fact(k.REQUIREMENT_RELAXED, c.slot, c.queue, a=c.requirement, b=-1))
            c.own = -1
            self._stand(c)

    def _move(self, c: Contact, queue: int, own: int, place: int, entry: int) -> None:
        steps = self._ways_in(c, queue, own, place, entry)
        if c.state in TALKS:
            self._end_talk(c, k.BY_TRANSFER, closes=False)
        else:
            self._leave(c, k.EXIT_TRANSFERRED, closes=False)
        for step in steps:
            step()
