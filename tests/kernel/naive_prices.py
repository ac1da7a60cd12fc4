"""What the naive twin's books say agents and waits are worth: estimates, prices, reserves, and keys of strategies."""

import math
from collections import defaultdict

from engine.messages import kinds as k
from engine.model.settings import (
    RESERVE_AUTO,
    SECOND_NS,
    AgentSetting,
    EngineSetting,
    QueueSetting,
    TrunkGroupSetting,
)
from tests.kernel import naive_formulas as formulas
from tests.kernel.naive_books import Books, Contact, Group, Line, Pool, Queue


class PricedBooks(Books):
    """The twin's state, with what it is worth."""

    def score(self, c: Contact, number: int | None = None) -> float:
        """How much there is to be said for the contact, if it is this agent who might take it."""
        queue = self.queues[c.queue]
        waited, credit = self.now - self.head_start(c), queue.get(QueueSetting.QUEUE_CREDIT_NS)
        if queue.get(QueueSetting.STRATEGY) != k.ERLANG:
            return float(waited + credit + SECOND_NS)
        ahead = credit / max(queue.get(QueueSetting.THRESHOLD_NS), 1e9)
        lasts = self.service(c.queue, number) if number is not None else self.mean_handle(queue)
        return queue.worth * (1.0 + waited * queue.ageing + ahead) / lasts

    def mean_handle(self, queue: Queue) -> float:
        """Talk plus wrap-up, ns."""
        late = (queue.handle_ns + formulas.HANDLE_GUESS_NS * 0.1) / (queue.handled + 0.1)
        steady = (queue.long_handle_ns + formulas.HANDLE_GUESS_NS * 0.1) / (queue.long_handled + 0.1)
        return formulas.unless_changed(steady, late, max(late, steady) / math.sqrt(queue.handled + 0.1))

    def enter(self, number: int) -> None:
        """Count who entered, after a look at those before; the first only begins the time that is looked at."""
        queue = self.queues[number]
        is_first = not queue.first
        if is_first:
            was_priced = self._is_priced()
            queue.first = self.now
            queue.handled = queue.long_handled = formulas.HANDLE_GUESS_CONTACTS
            queue.handle_ns = queue.long_handle_ns = formulas.HANDLE_GUESS_CONTACTS * formulas.HANDLE_GUESS_NS
            self.price_all(was_priced)
        self.refresh(number)
        queue.entered += 1
        queue.expected_quit += queue.quit_share
        if not is_first:
            since = self.now - queue.priced
            queue.arrivals += 1.0 + since / formulas.MEMORY_NS
            queue.steady_arrivals += 1.0 + since / formulas.STEADY_MEMORY_NS

    def refresh(self, number: int) -> None:
        """Once a minute fade what was counted before, and price the queue's agents anew."""
        queue = self.queues[number]
        if queue.priced and self.now - queue.priced < 60 * SECOND_NS:
            return
        self._fade(queue)
        queue.priced = self.now
        self._review(number)

    def price_all(self, was_priced: bool) -> None:
        """Price every queue if nobody asked for prices before and somebody does now."""
        if was_priced or not self._is_priced():
            return
        for number, queue in enumerate(self.queues):
            if queue.priced:
                queue.looked, queue.expected_quit = 0, queue.quit
                self._fade(queue)
                queue.priced = self.now
                self._review(number)

    def _is_priced(self) -> bool:
        """Whether any queue that had contacts chooses by prices."""
        return any(queue.first and queue.get(QueueSetting.STRATEGY) == k.ERLANG for queue in self.queues)

    def change_queue(self, number: int, column: int, value: int) -> None:
        """Write a setting of a queue."""
        was_priced = self._is_priced()
        self.queues[number].settings[column] = value
        self.price_all(was_priced)

    def _review(self, number: int) -> None:
        """Estimate the arrival rate, look at agents if that is due, and price them anew if anything moved."""
        if not self._is_priced():
            return
        queue = self.queues[number]
        late, steady = (queue.arrivals, queue.seen), (queue.steady_arrivals, queue.steady_seen)
        queue.arrival_rate, changed = formulas.arrival_rate(*late, *steady)
        if changed:
            queue.steady_arrivals, queue.steady_seen = late
        oldest = self._oldest_line(number)
        slots = {number: self.slots(oldest, only=number) for number in range(len(self.agents))} if oldest else {}
        crew = {number: count for number, count in slots.items() if count}
        holds = min(max((self.now - queue.first) // 2, 600 * SECOND_NS), 3600 * SECOND_NS)
        if not queue.looked or crew != queue.looked_crew or self.now >= queue.looked + holds:
            self._look(queue, oldest)
            queue.looked, queue.looked_crew = self.now, crew
        elif not queue.has_moved():
            return
        self._price(queue)

    def _price(self, queue: Queue) -> None:
        """Compute the prices."""
        queue.priced_rate, queue.priced_value = queue.arrival_rate, queue.get(QueueSetting.VALUE)
        value, patience, (own, mean) = queue.priced_value / 1000.0, self.patience(queue), queue.own
        cost = value / min(patience, 30.0 * max(queue.get(QueueSetting.THRESHOLD_NS), 1e9))
        slots, quits, queue.quit_share = formulas.slots_by_quits(
            own, queue.arrival_rate, mean, patience, queue.quit, queue.expected_quit
        )
        queue.prices = formulas.prices(slots, queue.arrival_rate, mean, patience, cost, quits)
        queue.rate = 1.0 / mean
        queue.worth = (value + queue.prices.get(0, 0.0)) * formulas.HANDLE_GUESS_NS * 20e9
        queue.ageing = 1.0 / (20.0 * patience)

    def _fade(self, queue: Queue) -> None:
        """What was counted before weighs less."""
        since = self.now - queue.priced if queue.priced else 0
        late, steady = math.exp(-since / formulas.MEMORY_NS), math.exp(-since / formulas.STEADY_MEMORY_NS)
        long = math.exp(-since / formulas.LONG_MEMORY_NS)
        queue.arrivals *= late
        queue.seen = queue.seen * late + formulas.MEMORY_NS * (1.0 - late)
        queue.steady_seen = queue.steady_seen * steady + formulas.STEADY_MEMORY_NS * (1.0 - steady)
        for name in ("steady_arrivals", "entered", "handled", "handle_ns"):
            setattr(queue, name, getattr(queue, name) * steady)
        for name in ("quit", "waited_ns", "expected_quit", "long_handled", "long_handle_ns"):
            setattr(queue, name, getattr(queue, name) * long)
        queue.services = {
            pool: [contacts * long, lasted * long, of_late * steady]
            for pool, (contacts, lasted, of_late) in queue.services.items()
        }

    def _look(self, queue: Queue, oldest: Line | None) -> None:
        """Look at who may serve the queue, and every ten minutes at what all agents do."""
        if not self.loaded or self.now >= self.loaded + 600 * SECOND_NS:
            self._add_up_loads()
        queue.own = (0.0, self.mean_handle(queue))
        if oldest:
            self._review_apt(oldest)
            queue.own = self._own_slots(oldest)

    def _add_up_loads(self) -> None:
        """Forget pools that nobody belongs to; add up what the others are busy with on the mean."""
        self.loaded, self.loads = self.now, defaultdict[Pool, float](float)
        kept = {self.pool(number) for number in range(len(self.agents))}
        for queue in self.queues:
            queue.services = {pool: sums for pool, sums in queue.services.items() if pool in kept}
            queue.means = {pool: mean for pool, mean in queue.means.items() if pool in kept}
            if queue.entered > 0.0 and queue.arrival_rate > 0.0:
                for pool, sums in queue.services.items():
                    self.loads[pool] += sums[2] * (queue.arrival_rate / queue.entered)

    def _review_apt(self, line: Line) -> None:
        """Tell anew who takes not much longer than most."""
        queue = self.queues[line[0]]
        mean = self.mean_handle(queue)
        long_mean = (queue.long_handle_ns + mean) / (queue.long_handled + 1.0)
        able = {number: self.pool(number) for number in range(len(self.agents)) if self.qualifies(number, *line[:2])}
        for pool in able.values():
            contacts, lasted, _ = queue.services.get(pool, [0.0, 0.0, 0.0])
            queue.means[pool] = formulas.service_mean(contacts, lasted, mean, long_mean)
        fastest = min(
            (queue.means[pool] for number, pool in able.items() if self.slots(line, only=number)), default=0.0
        )
        limit = 1.2 * max(mean, fastest)
        self.slow[line] = {number for number, pool in able.items() if queue.means[pool] > limit}

    def _own_slots(self, line: Line) -> tuple[float, float]:
        """What the queue has for itself, and how long its contacts take there."""
        queue, pools = self.queues[line[0]], dict[Pool, bool]()
        slots, taken, work, done, done_slowly = 0.0, 0.0, 0.0, 0.0, 0.0
        for number in range(len(self.agents)):
            if self.slots(line, only=number):
                pools.setdefault(self.pool(number), self.is_apt(line, number))
                if self.is_apt(line, number):
                    slots += self.slots(line, only=number)
        for pool, is_apt in pools.items():
            of_late = queue.services.get(pool, [0.0, 0.0, 0.0])[2]
            own = of_late * (queue.arrival_rate / queue.entered) if queue.entered > 0.0 else 0.0
            if is_apt:
                work += own
                done += own / queue.means[pool]
                taken += max(self.loads.get(pool, 0.0) - own, 0.0)
            else:
                done_slowly += own / queue.means[pool]
        mean = work / done if done > 0.0 else self.mean_handle(queue)
        return max(slots - taken + done_slowly * mean, 0.1 * slots, min(slots, 1.0)), mean

    def offered(self, c: Contact) -> None:
        """Count a call that came to its trunk group; once a minute of calls think about the reserve anew."""
        group = self.groups[c.asked_group if c.group < 0 else c.group]
        if not group.first:
            group.first = group.estimated = self.now
            return
        if self.now - group.estimated >= 60 * SECOND_NS:
            self._estimate(group)
        weight = 1.0 + (self.now - group.estimated) / formulas.MEMORY_NS
        if c.protected:
            group.protected += weight
        else:
            group.unprotected += weight

    def _estimate(self, group: Group) -> None:
        """What was counted before weighs less; the reserve is found anew."""
        fade = math.exp(-(self.now - group.estimated) / formulas.MEMORY_NS)
        for name in ("protected", "unprotected", "ended", "held"):
            setattr(group, name, getattr(group, name) * fade)
        group.estimated = self.now
        if group.get(TrunkGroupSetting.RESERVE) != RESERVE_AUTO:
            return
        group.best = formulas.best_reserve(
            group.get(TrunkGroupSetting.CHANNELS),
            group.load(group.protected, self.now),
            group.load(group.unprotected, self.now),
            group.get(TrunkGroupSetting.PROTECTED_VALUE) / 1000.0,
        )

    def key(self, strategy: int, line: Line, number: int) -> float:
        """What the strategy minimises over free agents."""
        agent, queue = self.agents[number], self.queues[line[0]]
        if strategy == k.ERLANG:
            costs = self._line_prices(number)
            total, dearest = sum(costs), max(costs, default=0.0)
            own = self._oldest_line(line[0])
            price = dearest + 0.15 * (total - dearest) + (2.0 * self._line_price(own) if own else 0.0)
            return price * self.service(line[0], number)
        if strategy == k.LEAST_OCCUPIED:
            return self.occupancy(agent)
        if strategy == k.FEWEST_CONTACTS:
            return agent.answered
        if strategy == k.ROUND_ROBIN:
            return (number - queue.last_agent - 1) % len(self.agents)
        if strategy == k.TOP_DOWN:
            return self.members.get((number, line[0]), 0) or 1e6
        if strategy == k.WEIGHTED_RANDOM:
            drawn = formulas.uniform(self.engine[EngineSetting.SEED], self.seq, number)
            return -math.log(drawn) / max(agent.settings.get(AgentSetting.WEIGHT, 0), 1)
        if strategy == k.SKILL_BEST:
            conditions = self.requirements.get(line[1], ([], -1))[0]
            return -sum(self.skills.get((number, skill), 0) for skill, _ in conditions)
        return 0.0

    def weigh(self, c: Contact, number: int) -> tuple[bool, float, float]:
        """Whether the free agent is kept from the contact; what the contact stands to lose; what the agent costs."""
        queue, line = self.queues[c.queue], (c.queue, c.requirement, c.channel)
        holds = queue.get(QueueSetting.STRATEGY) == k.ERLANG
        if not holds or self.now - c.entered >= queue.get(QueueSetting.HOLD_BACK_NS):
            return False, 0.0, 0.0
        if self.slots(line) <= self.slots(line, only=number):
            return False, 0.0, 0.0
        lasts, price, dearest = self.service(c.queue, number), 0.0, 0.0
        if not self.is_apt(line, number):
            price = 0.6 * max(lasts * queue.rate - 1.0, 0.0) * queue.prices.get(self.slack(line), 0.0)
        for other in self._priced_elsewhere(line, number):
            entry, slack = self.queues[other[0]], self.slack(other)
            taken = lasts * entry.rate
            lost = entry.prices.get(slack, 0.0) * min(taken, 1.0) + entry.prices.get(slack - 1, 0.0) * max(taken - 1, 0)
            if self._has_others(line, other) or self._has_others(other, line):
                dearest = max(dearest, lost)
        price += dearest
        stake = queue.prices.get(max(1 - len(self.waiting(line)), -31), 0.0)
        return price > stake * 1.1, stake, price

    def _has_others(self, line: Line, other: Line) -> bool:
        """Whether somebody at work may serve the line who is not apt for the other one."""
        return any(
            self.slots(line, only=number) and not (self.qualifies(number, *other[:2]) and self.is_apt(other, number))
            for number in range(len(self.agents))
        )

    def pool(self, number: int) -> Pool:
        """What the agent has in common with others of the same skill: queues, and levels in each."""
        lines = [line for line in self.opened if line == self._oldest_line(line[0])]
        return tuple(
            sorted(
                (line[0], sum(self.skills.get((number, skill), 0) for skill, _ in self.conditions(line[1])))
                for line in lines
                if self.qualifies(number, line[0], line[1])
            )
        )

    def conditions(self, requirement: int) -> list[tuple[int, int]]:
        """Skills that a requirement asks for, with their least levels."""
        found: list[tuple[int, int]] = self.requirements.get(requirement, ([], -1))[0]
        return found

    def service(self, number: int, agent: int) -> float:
        """Mean handling time of the queue's contacts at agents like this one, ns."""
        queue = self.queues[number]
        return queue.means.get(self.pool(agent)) or self.mean_handle(queue)

    def took(self, number: int, agent: int, contacts: int, lasted: int) -> None:
        """Count what the agent did for the queue."""
        queue = self.queues[number]
        queue.handled += contacts
        queue.handle_ns += lasted
        queue.long_handled += contacts
        queue.long_handle_ns += lasted
        sums = queue.services.setdefault(self.pool(agent), [0.0, 0.0, 0.0])
        sums[0] += contacts
        sums[1] += lasted
        sums[2] += lasted

    def _oldest_line(self, queue: int) -> Line | None:
        return next((line for line in self.opened if line[0] == queue), None)

    def patience(self, queue: Queue) -> float:
        """Mean time until somebody who waits gives up, ns."""
        return (queue.waited_ns + formulas.PATIENCE_GUESS_NS) / (queue.quit + 1.0)

    def _elsewhere(self, line: Line, agent: int) -> list[Line]:
        """The oldest lines of other queues that the agent may serve."""
        others = [other for other in self.lines if other[0] != line[0] and other == self._oldest_line(other[0])]
        return [other for other in others if self.qualifies(agent, other[0], other[1])]

    def _priced_elsewhere(self, line: Line, agent: int) -> list[Line]:
        """Those of them that the agent is apt for and that are short of free slots."""
        lines = [other for other in self._elsewhere(line, agent) if self.is_apt(other, agent)]
        return [other for other in lines if self.apt_slots(other) < formulas.FREE_LEVELS]

    def _line_prices(self, agent: int) -> list[float]:
        """What each queue that the agent is apt for loses for each ns that it is busy."""
        return [self._line_price(line) for line in self._priced_elsewhere((-1, 0, 0), agent)]

    def _line_price(self, line: Line) -> float:
        """What the line's queue loses for each ns that a slot is taken."""
        queue = self.queues[line[0]]
        return queue.prices.get(self.slack(line), 0.0) * queue.rate

    def slack(self, line: Line) -> int:
        """Free slots of apt agents less waiting contacts, as far as there are prices for it."""
        slack = self.apt_slots(line) - len(self.waiting(line))
        return min(max(slack, 1 - formulas.WAITING_LEVELS), formulas.FREE_LEVELS - 1)
