"""How long the agents of each queue were in each state, by interval: the kernel's running totals, read at its bounds.

Whoever applies rows calls `reach` before the first that is not before the next bound: until then nothing changes, so
what the totals will be there is known exactly. It costs nothing a row. Before settings change, `settle` lets what was
spent until then stand with the queues that the agents served then.
"""

from collections import deque
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import AGENT_IDLE, AGENT_OFFLINE, AGENT_STATES
from engine.model.settings import SECOND_NS, EngineSetting
from engine.projections.agents.eligibility import alike, eligible
from engine.projections.agents.occupancy import HANDLING, state_times_ns
from engine.projections.figures import NEVER_NS, book_now_ns, ratio

MARKS_NS: Final = 26 * 3600 * SECOND_NS
"""How far back each agent's own totals are known: a day, in every time zone."""
MARK_UNIT_NS: Final = SECOND_NS // 10


class AgentShares(msgspec.Struct, frozen=True):
    """The agents who may serve a queue, in one interval, so far as it has passed."""

    agents_actual: float
    """How many were at work, on average: ringing, busy, wrapping up or idle."""
    occupancy: float | None
    """handling / (handling + idle); handling is ringing, busy and wrapping up."""
    utilization: float | None
    """handling / all time signed in."""


class SavedTimes(msgspec.Struct):
    """The times as they stand in a snapshot."""

    start_ns: int
    length_ns: int
    known_from_ns: int
    spent: bytes
    times: dict[int, bytes]
    marked_from_ns: int
    marks: list[tuple[int, bytes]]
    since: bytes = b""
    """Empty: as `spent`."""
    settled: bytes = b""


class AgentTimes:
    """Times of the latest `kept` intervals, and of the running one."""

    def __init__(self, kept: int) -> None:
        self.next_ns = 0
        """The bound that is to be reached next."""
        self.log_ends_ns = 0
        """While a log is read: when it ends. Intervals that would not be kept until then are passed over."""
        self._kept = kept
        self._start_ns = self._length_ns = 0
        self._began_ns = 0
        """When the log began; 0: before the snapshot that was taken over."""
        self._known_from_ns = 0
        """Intervals that start before were passed over, or are not kept; 0: all are known from the log's beginning."""
        self._spent = np.zeros((0, AGENT_STATES), np.int64)
        """What each agent had spent in each state when the running interval began."""
        self._since = self._spent
        """... and when settings changed last, if that was later."""
        self._settled = np.zeros((0, AGENT_STATES), np.int64)
        """What was spent in between, by queue, shape (queues, AGENT_STATES)."""
        self.settled_ns = 0
        """For when `settle` was called last."""
        self._times: dict[int, Array] = {}
        """By interval: shape (queues, AGENT_STATES)."""
        self._marked_from_ns = 0
        self._marks: deque[tuple[int, Array]] = deque()
        """At the latest bounds: each agent's time with contacts and idle, in MARK_UNIT_NS, shape (agents, 2)."""

    def pass_all(self) -> None:
        """Keep none: nobody is going to ask."""
        self.log_ends_ns = self.next_ns = NEVER_NS

    def reach(self, t: Tables, now_ns: int) -> None:
        """Take in that rows of `now_ns` come next; of all rows before, the tables know."""
        if now_ns < self.next_ns:
            return
        length_ns = int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
        if length_ns != self._length_ns:
            self._begin(now_ns, length_ns)
        oldest_ns = (max(now_ns, self.log_ends_ns) // length_ns - self._kept) * length_ns
        if oldest_ns > now_ns:
            self._known_from_ns = self.next_ns = oldest_ns
            return
        if oldest_ns > self._start_ns:
            self._start_ns = self._known_from_ns = oldest_ns
            self._times, self._spent = {}, state_times_ns(t, oldest_ns)
            self._settle_nothing()
            self._mark(oldest_ns)
        while self._start_ns + length_ns <= now_ns:
            self._finish(t, self._start_ns + length_ns)
        self.next_ns = self._start_ns + length_ns

    def settle(self, t: Tables, now_ns: int) -> None:
        """Take in that rows of `now_ns` come next by which others may serve a queue: whom it had until here, it had.

        Called again for the same instant, it changes nothing.
        """
        if now_ns == self.settled_ns:
            return
        self.settled_ns = now_ns
        self.reach(t, now_ns)
        if self.next_ns == self._start_ns + self._length_ns:  # else intervals are passed over
            self._settled = self._running(t, now_ns, range(len(t.queues)))
            self._since = state_times_ns(t, now_ns)

    def follow(self, t: Tables, now_ns: int) -> None:
        """Take in that settings changed at `now_ns`: intervals may have another length from here on."""
        if self.next_ns != NEVER_NS and int(t.book["settings"][0, EngineSetting.INTERVAL_NS]) != self._length_ns:
            self.next_ns = 0
            self.reach(t, now_ns)

    def of(self, t: Tables, queues: list[int], start_ns: int, step_ns: int, now_ns: int) -> dict[int, AgentShares]:
        """Return the shares by queue in [start_ns, start_ns + step_ns) until `now_ns`, at the tables' position: since
        the last row everybody is as they were.

        Nothing where not all of that time is known.
        """
        at_ns, length_ns = max(book_now_ns(t), now_ns), int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
        if length_ns != self._length_ns or start_ns < self._known_from_ns or start_ns >= at_ns:
            return {}
        end_ns = start_ns + step_ns
        total = np.zeros((len(t.queues), AGENT_STATES), np.int64)
        for interval_ns in range(start_ns, min(end_ns, self._start_ns), length_ns):
            spent = self._times.get(interval_ns)
            if spent is not None:
                total[: len(spent)] += spent
        until_ns = min(end_ns, at_ns)
        if start_ns > self._start_ns:
            total += self._by_queue(t, until_ns, queues, state_times_ns(t, start_ns))
        elif self._start_ns < until_ns:
            total += self._running(t, until_ns, queues)
        return {queue: shares(total[queue], until_ns - start_ns) for queue in queues}

    def at_work(self, t: Tables, mask: Array, start_ns: int, step_ns: int, now_ns: int) -> float | None:
        """Return how many of the masked agents were at work in [start_ns, start_ns + step_ns) until `now_ns`.

        On average; each counts once, whatever they serve. None where that time is not known, or has not begun.
        """
        at_ns = max(book_now_ns(t), now_ns)
        if start_ns >= at_ns or not self._length_ns:
            return None
        until_ns = min(start_ns + step_ns, at_ns)
        begun, ended = self._worked(t, start_ns), self._worked(t, until_ns)
        first_ns = self._marks[0][0] if self._marks else self._start_ns
        if begun is None and start_ns < first_ns and not (self._marked_from_ns if self._marks else self._known_from_ns):
            begun = np.zeros((0, 2), np.uint32)  # the log began here
        if begun is None or ended is None:
            return None
        worked = np.zeros((len(mask), 2), np.int64)
        worked[: len(ended)] += ended
        worked[: len(begun)] -= begun
        return round(int(worked[mask].sum()) * MARK_UNIT_NS / (until_ns - start_ns), 2)

    def _worked(self, t: Tables, at_ns: int) -> Array | None:
        """What each agent had worked at a bound, or at a time to which no row came yet; None: it is not known."""
        if at_ns > self._start_ns:
            return _marked(state_times_ns(t, at_ns))
        if at_ns == self._start_ns and self._known_from_ns <= at_ns:
            return _marked(self._spent)
        return next((mark for marked_ns, mark in self._marks if marked_ns == at_ns), None)

    def occupancy_since(self, t: Tables, agent: int, since_ns: int, now_ns: int) -> float | None:
        """Return an agent's occupancy from the bound before an instant until now; None: too long ago, or of nothing."""
        mark = next((mark for at_ns, mark in reversed(self._marks) if at_ns <= since_ns), None)
        if mark is None and since_ns < self._marked_from_ns:
            return None
        handling, idle = _marked(state_times_ns(t, now_ns)[[agent]])[0].tolist()
        if mark is not None and agent < len(mark):
            handling, idle = handling - int(mark[agent, 0]), idle - int(mark[agent, 1])
        return ratio(handling, handling + idle)

    def save(self) -> bytes:
        """Return everything, for a snapshot."""
        times = {start_ns: spent.tobytes() for start_ns, spent in self._times.items()}
        marks = [(at_ns, mark.tobytes()) for at_ns, mark in self._marks]
        return msgspec.msgpack.encode(
            SavedTimes(
                *(self._start_ns, self._length_ns, self._known_from_ns, self._spent.tobytes(), times),
                *(self._marked_from_ns, marks, self._since.tobytes(), self._settled.tobytes()),
            )
        )

    def load(self, saved: bytes) -> None:
        """Take over what `save` returned."""
        found = msgspec.msgpack.decode(saved, type=SavedTimes)
        self._start_ns, self._length_ns, self._known_from_ns = found.start_ns, found.length_ns, found.known_from_ns
        self.next_ns = self._start_ns + self._length_ns
        self._spent = _columns(found.spent)
        self._since, self._settled = _columns(found.since or found.spent), _columns(found.settled)
        self._times = {start_ns: _columns(spent) for start_ns, spent in found.times.items()}
        self._marked_from_ns = found.marked_from_ns
        self._marks = deque((at_ns, np.frombuffer(mark, np.uint32).reshape(-1, 2)) for at_ns, mark in found.marks)

    def _begin(self, now_ns: int, length_ns: int) -> None:
        """Begin with intervals of this length: with the running one where the log is no older, else with the next."""
        start_ns = now_ns // length_ns * length_ns
        if self._length_ns == 0:
            self._began_ns = now_ns
        if self._began_ns < start_ns:
            self._known_from_ns = start_ns + length_ns
        else:
            self._spent = np.zeros((0, AGENT_STATES), np.int64)
        self._start_ns, self._length_ns, self._times = start_ns, length_ns, {}
        self._settle_nothing()

    def _finish(self, t: Tables, end_ns: int) -> None:
        self._times[self._start_ns] = self._running(t, end_ns, range(len(t.queues)))
        self._start_ns, self._spent = end_ns, state_times_ns(t, end_ns)
        self._settle_nothing()
        self._mark(end_ns)
        if len(self._times) > self._kept:
            oldest_ns = min(self._times)
            del self._times[oldest_ns]
            self._known_from_ns = oldest_ns + self._length_ns

    def _mark(self, at_ns: int) -> None:
        """Note the totals of a bound that is reached."""
        if not self._marks:
            self._marked_from_ns = at_ns if self._known_from_ns else 0
        used = int(np.flatnonzero(self._spent.any(axis=1)).max(initial=-1)) + 1
        self._marks.append((at_ns, _marked(self._spent[:used])))
        while self._marks[0][0] < at_ns - MARKS_NS:
            self._marks.popleft()
            self._marked_from_ns = self._marks[0][0]

    def _settle_nothing(self) -> None:
        """The running interval begins, or begins anew."""
        self._since, self._settled = self._spent, np.zeros((0, AGENT_STATES), np.int64)

    def _running(self, t: Tables, until_ns: int, queues: "list[int] | range") -> Array:
        """What the agents of each queue spent in the running interval until an instant, shape (queues, AGENT_STATES).

        Of queues that are not asked for perhaps a part.
        """
        found = self._by_queue(t, until_ns, queues, self._since)
        found[: len(self._settled)] += self._settled
        return found

    def _by_queue(self, t: Tables, until_ns: int, queues: "list[int] | range", before: Array) -> Array:
        """What the agents of each queue spent until an instant, after what they had spent before, of shape (agents,
        AGENT_STATES); shape (queues, AGENT_STATES).
        """
        spent = state_times_ns(t, until_ns)
        spent[: len(before)] -= before
        spent[:, AGENT_OFFLINE] = 0
        present = np.flatnonzero(spent.any(axis=1))
        found = np.zeros((len(t.queues), AGENT_STATES), np.int64)
        sums: dict[tuple[int, ...], Array] = {}
        for queue in queues if len(present) else ():
            served_by = alike(t, queue)  # most queues of a table are none, and all those are alike
            if served_by not in sums:
                sums[served_by] = spent[present[eligible(t, queue)[present]]].sum(axis=0)
            found[queue] = sums[served_by]
        return found


def shares(spent_ns: Array, passed_ns: int) -> AgentShares:
    """Return the shares of times by state, of an interval of which so much has passed."""
    handling, idle = int(spent_ns[HANDLING].sum()), int(spent_ns[AGENT_IDLE])
    return AgentShares(
        agents_actual=round((handling + idle) / passed_ns, 4),
        occupancy=ratio(handling, handling + idle),
        utilization=ratio(handling, int(spent_ns.sum())),
    )


def _marked(spent_ns: Array) -> Array:
    """Return times by state, shape (agents, AGENT_STATES), as a mark has them."""
    found = np.stack([spent_ns[:, HANDLING].sum(axis=1), spent_ns[:, AGENT_IDLE]], axis=1) // MARK_UNIT_NS
    return found.astype(np.uint32)


def _columns(saved: bytes) -> Array:
    return np.frombuffer(saved, np.int64).reshape(-1, AGENT_STATES).copy()
