"""The naive twin, first layer: rows, waiting lines, offers, and who is matched with whom."""

import functools
from collections import deque
from collections.abc import Callable

from engine.kernel.tables import Capacity
from engine.messages import kinds as k
from engine.model.settings import AgentSetting, QueueSetting
from tests.kernel.facts import Fact
from tests.kernel.naive_books import Contact, Engagement, Line
from tests.kernel.naive_prices import PricedBooks


class Offers:
    """Offers contacts to agents. `said` holds what was concluded from the row under way."""

    def __init__(self, capacity: Capacity) -> None:
        self.books = PricedBooks(capacity)
        self.said: list[Fact] = []
        self._agenda: deque[Callable[[], object]] = deque()

    def _say(self, fact: Fact) -> None:
        self.books.seq += 1
        self.said.append(fact)

    def _then(self, decision: Callable[[], object]) -> None:
        self._agenda.append(decision)

    def _then_match_agent(self, number: int) -> None:
        self._then(lambda: self._match_agent(number))

    # --- standing in line

    def _stand(self, c: Contact) -> None:
        c.state, c.held = k.CONTACT_NEW, False
        self._open((c.queue, c.requirement, c.channel))
        c.state = k.CONTACT_WAITING
        self._watch()

    def _open(self, line: Line) -> None:
        books = self.books
        place = books.room_for(line)
        if line in books.lines or place < 0:
            return
        if place < len(books.lines):
            books.opened.remove(books.lines[place])
            books.lines[place], books.given_back = line, place
        else:
            books.lines.append(line)
        books.opened.append(line)

    def _close(self, c: Contact) -> None:
        c.state = k.CONTACT_FREE
        self._give_back(c)
        del self.books.contacts[c.slot]
        self.books.free_slots.append(c.slot)

    def _give_back(self, c: Contact) -> None:
        if c.group >= 0:
            group = self.books.groups[c.group]
            group.ended += 1
            group.held += self.books.now - c.seized
            c.group = -1

    def _watch(self) -> None:
        """Those who wait where nobody could serve them may leave now, if the queue has it so."""
        books = self.books
        for number, queue in enumerate(books.queues):
            rule = queue.get(QueueSetting.LEAVE_EMPTY)
            if rule and not queue.drain_due and self._deserted_lines(number, rule):
                queue.drain_due = books.now

    def _in_vain(self, line: Line) -> list[Contact]:
        """Who may be sent away: a callback's place was promised."""
        return [c for c in self.books.waiting(line) if not c.calls_back]

    def _deserted_lines(self, queue: int, rule: int) -> list[Line]:
        books = self.books
        lines = [line for line in books.opened if line[0] == queue and self._in_vain(line)]
        return [line for line in lines if books.is_deserted(queue, line[1], rule)]

    # --- offers

    def _withdraw(self, c: Contact, keep: int, reason: int) -> None:
        for tie in [tie for tie in c.ties if tie.state == k.ENGAGEMENT_OFFERED and tie.agent != keep]:
            self._end_offer(tie, reason)
            self._then_match_agent(tie.agent)

    def _end_offer(self, tie: Engagement, reason: int) -> None:
        """The agent has no offer any more; the contact stands in line again if it is still to be served."""
        c, books = tie.contact, self.books
        self._say(Fact(k.OFFER_ENDED, c.slot, tie.queue, tie.agent, reason, books.now - tie.since))
        books.rings[tie.queue, tie.channel].append(books.now - tie.since)
        books.agents[tie.agent].misses += reason == k.OFFER_NO_ANSWER
        c.ties.remove(tie)
        if books.queues[c.queue].get(QueueSetting.STRATEGY) != k.RING_ALL:
            c.let_go = (tie.agent, books.turn)
        self._untie(tie)
        if c.state == k.CONTACT_OFFERED and not c.ties:
            if reason in {k.OFFER_CONTACT_LEFT, k.OFFER_TAKEN_ELSEWHERE}:
                c.state = k.CONTACT_NEW
            else:
                c.own = -1 if c.own == tie.agent else c.own
                self._stand(c)

    def _untie(self, tie: Engagement) -> None:
        agent = self.books.agents[tie.agent]
        agent.ties.remove(tie)
        self.books.free_engagements.append(tie.number)
        if not agent.ties and agent.busy_since is not None:
            agent.busy += self.books.now - max(agent.busy_since, agent.login)
            agent.busy_since = None

    def _answer(self, fact: Fact) -> None:
        books, c = self.books, self.books.contacts[fact.contact]
        tie = next(tie for tie in c.ties if tie.agent == fact.agent)
        agent, waited = books.agents[fact.agent], books.now - c.entered
        self._say(Fact(k.CONTACT_ANSWERED, c.slot, c.queue, fact.agent, waited, books.now - c.arrived))
        books.rings[c.queue, c.channel].append(books.now - tie.since)
        was_full = agent.count(k.ENGAGEMENT_OFFERED) == 16
        tie.state, tie.since, tie.due = k.ENGAGEMENT_CONNECTED, books.now, 0
        agent.answered += 1
        agent.misses = 0
        c.state, c.agent, c.answered = k.CONTACT_CONNECTED, fact.agent, books.now
        self._watch_silence(c)
        books.queues[c.queue].waited_ns += waited
        self._withdraw(c, fact.agent, k.OFFER_TAKEN_ELSEWHERE)
        if was_full:
            self._then_match_agent(fact.agent)

    def _watch_silence(self, c: Contact) -> None:
        """A connected chat ends some time after the agent's last line, unless its customer says something."""
        limit = self.books.queues[c.queue].get(QueueSetting.IDLE_LIMIT_NS)
        c.idle_due = self.books.now + limit if limit and c.channel == k.CHAT and not c.asked else 0

    def _decline(self, fact: Fact) -> None:
        c = self.books.contacts[fact.contact]
        self._fail(next(tie for tie in c.ties if tie.agent == fact.agent), fact.a)

    def _fail(self, tie: Engagement, reason: int) -> None:
        agent, c, number = self.books.agents[tie.agent], tie.contact, tie.agent
        self._end_offer(tie, reason)
        self._rest(number, reason)
        self._then(lambda: self._match_contact(c))
        self._then(lambda: self._match_agent(number))
        assert agent is self.books.agents[number]

    def _rest(self, number: int, reason: int) -> None:
        agent, now = self.books.agents[number], self.books.now
        if agent.suspended:
            return
        most = agent.settings.get(AgentSetting.MAX_NO_ANSWER, 0)
        columns = {k.OFFER_NO_ANSWER: AgentSetting.NO_ANSWER_DELAY_NS, k.OFFER_REJECTED: AgentSetting.DECLINE_DELAY_NS}
        delay = agent.settings.get(columns.get(reason, AgentSetting.BUSY_DELAY_NS), 0)
        if reason == k.OFFER_NO_ANSWER and most and agent.misses >= most:
            agent.suspended = -1
            self._say(Fact(k.AGENT_SUSPENDED, agent=number, a=0, b=reason))
        elif delay:
            agent.suspended = now + delay
            self._say(Fact(k.AGENT_SUSPENDED, agent=number, a=agent.suspended, b=reason))

    def _offer(self, c: Contact, number: int, score: float, choice: int) -> None:
        books = self.books
        scaled = int(min(score * 1000.0, 9e18))
        self._say(Fact(k.OFFER_MADE, c.slot, c.queue, number, scaled, choice))
        agent, queue = books.agents[number], books.queues[c.queue]
        limit = agent.settings.get(AgentSetting.RING_LIMIT_NS, 0) or queue.get(QueueSetting.RING_LIMIT_NS)
        tie = Engagement(books.free_engagements.pop(), c, number, c.queue, c.channel, books.now)
        tie.due = books.now + limit
        c.ties.insert(0, tie)
        agent.ties.insert(0, tie)
        c.state, c.held = k.CONTACT_OFFERED, False
        agent.busy_since = books.now if agent.busy_since is None else agent.busy_since
        if queue.get(QueueSetting.STRATEGY) != k.RING_ALL:
            queue.last_agent = number

    # --- matching

    def _match_contact(self, c: Contact) -> bool:
        books = self.books
        if c.state != k.CONTACT_WAITING or books.contacts.get(c.slot) is not c:
            return False
        if c.own >= 0:
            if not books.is_free(c.own, c.channel):
                return False
            self._offer(c, c.own, 0.0, packed(1, k.PREFERRED_AGENT))
            return True
        line = (c.queue, c.requirement, c.channel)
        queue, asked = books.queues[c.queue], c
        if queue.get(QueueSetting.STRATEGY) != k.RING_ALL and queue.get(QueueSetting.HOLD_BACK_NS):
            c = books.head(books.waiting(line)) or c
        strategy = queue.get(QueueSetting.STRATEGY)
        keys = sorted((books.key(strategy, line, a), books.agents[a].idle_seq, a) for a in books.serving(line))
        others = [key for key in keys if key[2] != books.let_go_by(c)]
        if others and (others == keys or strategy == k.RING_ALL or not books.weigh(c, others[0][2])[0]):
            keys = others
        if keys and books.weigh(c, keys[0][2])[0]:
            return self._hold_back(c, keys[0][2])
        rung = queue.get(QueueSetting.RING_ALL_LIMIT) if strategy == k.RING_ALL else 1
        for place, (key, _, agent) in enumerate(keys[:rung]):
            behind = keys[place + 1] if place + 1 < len(keys) else None
            tied = behind is not None and behind[0] == key
            self._offer(c, agent, key, packed(len(keys) - place, strategy, behind[2] if behind else -1, tied=tied))
        if keys and c is not asked:
            self._then(lambda: self._match_contact(asked))
        return bool(keys)

    def _hold_back(self, c: Contact, number: int) -> bool:
        """Keep the agent from the contact; tell whether that had to be said."""
        _, stake, price = self.books.weigh(c, number)
        if c.held:
            return False
        self._say(Fact(k.AGENT_HELD_BACK, c.slot, c.queue, number, int(stake * 1000), int(price * 1000)))
        c.held = True
        return True

    def _is_kept_waiting(self, c: Contact, number: int | None = None) -> bool:
        """Whether the contact has the agent, or the best one free, held back from it, and no reason to change that."""
        line = (c.queue, c.requirement, c.channel)
        if not c.held:
            return False
        if number is None:
            keys = [
                (self.books.key(k.ERLANG, line, a), self.books.agents[a].idle_seq, a) for a in self.books.serving(line)
            ]
            number = min(keys)[2]
        return self.books.weigh(c, number)[0]

    def _match_agent(self, number: int) -> None:
        books = self.books
        own = books.head([c for c in books.waiting_for(number) if books.is_free(number, c.channel)])
        if own is not None:
            self._offer(own, number, 0.0, packed(1, k.PREFERRED_AGENT))
        else:
            best, second = None, None
            heads = [
                c for line in books.lines if number in books.serving(line) and (c := books.head(books.waiting(line)))
            ]
            left = [
                c
                for c in heads
                if not c.held
                and books.let_go_by(c) == number
                and books.serving((c.queue, c.requirement, c.channel)) != [number]
            ]
            heads = [c for c in heads if c not in left and not self._is_kept_waiting(c, number)]
            if left:
                self._then(functools.partial(self._match_contact, left[-1]))
            for c in heads:
                if best is None or (books.score(c, number), -c.order) > (books.score(best, number), -best.order):
                    best, second = c, best
                elif second is None or books.score(c, number) > books.score(second, number):
                    second = c
            if best is not None:
                strategy = books.queues[best.queue].get(QueueSetting.STRATEGY)
                choice = packed(len(heads), strategy, second.slot if second else -1, by_agent=True)
                if books.weigh(best, number)[0]:
                    self._hold_back(best, number)
                else:
                    self._offer(best, number, books.score(best, number), choice)
            elif not left:
                return
        self._then_match_agent(number)

    def _match_any(self) -> None:
        """Rules changed: whoever waits and can be served now is, own contacts first, then the weightiest wait."""
        books = self.books
        best: Contact | None = None
        for number in range(len(books.agents)):
            best = books.head([c for c in books.waiting_for(number) if books.is_free(number, c.channel)])
            if best is not None:
                break
        if best is None:
            heads = [c for line in books.lines if books.serving(line) and (c := books.head(books.waiting(line)))]
            heads = [c for c in heads if not self._is_kept_waiting(c)]
            best = max(heads, key=lambda c: (books.score(c), -c.order), default=None)
        if best is not None and self._match_contact(best):
            self._then(self._match_any)


def packed(candidates: int, strategy: int, second: int = -1, *, tied: bool = False, by_agent: bool = False) -> int:
    """OFFER_MADE's `b`: who else was considered."""
    return candidates | strategy << 20 | tied << 28 | by_agent << 29 | (second + 1) << 32
