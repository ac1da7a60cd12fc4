"""What one record of each table holds: a contact, an agent, a queue, a line, an engagement, a trunk group, a timer.

An entity is its index. Links between entities are indices, -1 is none. Everything is integer but the running estimates.
"""

from typing import Final

import numpy as np

from engine.messages.kinds import AGENT_STATES, CHANNELS
from engine.model.settings import AGENT_COLUMNS, ENGINE_COLUMNS, PRIORITIES, QUEUE_COLUMNS, TRUNK_GROUP_COLUMNS

BOOK: Final = np.dtype(
    [
        ("settings", "i8", (ENGINE_COLUMNS,)),
        ("seq", "i8"),  # sequence of the row applied last
        ("cause_seq", "i8"),  # sequence of the observed row being decided
        ("now_ns", "i8"),  # its time; never goes back
        ("refused", "i8"),  # facts set aside
        ("interval_end_ns", "i8"),
        ("interval_row", "i8"),  # row of the interval table in use
        ("produced", "i8"),  # rows written in the step under way; 0 at rest
        ("agenda_head", "i8"),  # what is still to be decided of the row under way; empty at rest
        ("agenda_tail", "i8"),
        ("fired", "i8"),  # deadlines fired by the row under way
        ("slot_head", "i8"),  # ring of free contact slots: oldest freed first
        ("slot_count", "i8"),
        ("engagement_free", "i8"),  # stack of engagements that were used and are free again
        ("engagements_used", "i8"),  # those beyond were never used, and lie in memory nobody touched
        ("timers", "i8"),  # armed timers
        ("lines", "i8"),  # lines in use (agents' own lines come after all of these)
        ("line_given_back", "i8"),  # the line that was given back last: the search for another begins behind it
        ("held_back", "i8"),  # contacts that wait although an agent is free, kept for other queues
        ("queues", "i8"),  # those beyond never had an entry
        ("looks", "i8"),  # looks at the pools of queues so far
        ("loads_at_ns", "i8"),  # when the loads of pools were added up
        ("priced", "i8"),  # queue whose prices were looked at last
        ("priced_by", "i8"),  # queues with contacts that choose by prices; without one there are none
    ],
    align=True,
)

CONTACT: Final = np.dtype(
    [
        ("arrival_seq", "i8"),
        ("arrived_ns", "i8"),
        ("enqueued_ns", "i8"),
        ("line_ns", "i8"),  # place in line: since when it counts as waiting
        ("cohort", "i8"),  # row of the interval table for the entry, as long as cohort_ns stands there
        ("cohort_ns", "i8"),
        ("order", "i8"),  # tie-break in line: sequence of the entry
        ("answered_ns", "i8"),
        ("held_since_ns", "i8"),
        ("hold_ns", "i8"),
        ("asked_ns", "i8"),  # since when the customer awaits a line of the agent; 0: nobody owes one
        ("told_p50_ns", "i8"),
        ("told_p90_ns", "i8"),
        ("queue", "i8"),
        ("line", "i8"),
        ("held_line", "i8"),  # its queue's line, even while it rings or waits for its own agent: kept open for it
        ("requirement", "i8"),
        ("trunk_group", "i8"),  # whose channel it holds
        ("trunk_since_ns", "i8"),
        ("asked_group", "i8"),  # by which it came
        ("own_agent", "i8"),  # preferred agent, or the agent it was transferred to
        ("agent", "i8"),  # who answered
        ("next", "i8"),
        ("prev", "i8"),
        ("engagement", "i8"),  # first of its engagements
        ("let_go_by", "i8"),  # the agent who let go of it last, and the sequence of the row that says so
        ("let_go_seq", "i8"),
        ("offers", "i8"),  # live offers
        ("source", "i8"),
        ("state", "i8"),
        ("channel", "i8"),
        ("priority", "i8"),
        ("step", "i8"),  # next timed step of its queue
        ("brought", "i8"),  # 1: the requirement is its own, not its queue's
        ("held_back", "i8"),  # 1: waits although an agent is free, kept for other queues
        ("responded", "i8"),  # 1: an agent has written to it
        ("flags", "i8"),
    ],
    align=True,
)

AGENT: Final = np.dtype(
    [
        ("settings", "i8", (AGENT_COLUMNS,)),
        ("state_since_ns", "i8"),
        ("suspended_until_ns", "i8"),  # 0 not, -1 until the status changes
        ("login_ns", "i8"),
        ("busy_ns", "i8"),  # time with at least one contact, since log-in: wall clock, however many
        ("answered", "i8"),
        ("offers", "i8"),
        ("not_answered", "i8"),
        ("declined", "i8"),
        ("talk_ns", "i8"),
        ("hold_ns", "i8"),
        ("wrap_up_ns", "i8"),
        ("ring_ns", "i8"),
        ("state_ns", "i8", (AGENT_STATES,)),  # time spent in each state
        ("load", "i8", (CHANNELS,)),  # engagements by channel: offered, connected, wrapping
        ("slots", "i8", (CHANNELS,)),  # contacts it could hold at once while at work, 0 otherwise
        ("free_slots", "i8", (CHANNELS,)),  # of these, what it could be offered now
        ("ringing", "i8"),
        ("connected", "i8"),
        ("wrapping", "i8"),
        ("engagement", "i8"),
        ("misses", "i8"),  # unanswered offers in a row
        ("reason", "i8"),
        ("status", "i8"),
        ("state", "i8"),
        ("reachable", "i8"),
    ],
    align=True,
)

QUEUE: Final = np.dtype(
    [
        ("settings", "i8", (QUEUE_COLUMNS,)),
        ("arrivals", "f8"),  # decayed count of entries over the time seen: the arrival rate of late
        ("seen_ns", "f8"),
        ("steady_arrivals", "f8"),  # the same over a working day
        ("steady_seen_ns", "f8"),
        ("rate", "f8"),  # arrivals per ns that the prices were computed with
        ("entered", "f8"),  # decayed count of entries over a working day, whatever the arrival rate does
        ("weight", "f8"),  # of what is counted now in its work by pool: it grows as what was before fades
        ("long_weight", "f8"),  # the same in its handling times by pool
        ("own_slots", "f8"),  # slots that it has for itself, and its mean handling time there, as last looked at
        ("own_mean_ns", "f8"),
        ("looked_at_ns", "i8"),
        ("looked_crew", "i8"),  # who was at work then
        ("handled", "f8"),  # decayed count and sum: mean handling time
        ("handle_ns", "f8"),
        ("long_handled", "f8"),  # the same, remembered as long as by pool
        ("long_handle_ns", "f8"),
        ("quit", "f8"),  # decayed count of abandonments over time waited: patience
        ("waited_ns", "f8"),
        ("expected_quit", "f8"),  # as many as its chain expected; and what share of entries it expects now
        ("quit_share", "f8"),
        ("decayed_at_ns", "i8"),
        ("priced_at_ns", "i8"),
        ("handling_rate", "f8"),  # 1 / mean handling time that the prices were computed with
        ("priced_rate", "f8"),  # arrivals per ns that they were computed with, and the setting VALUE
        ("priced_value", "i8"),
        ("worth", "f8"),  # of its first waiting contact, value and price, by one that takes HANDLE_GUESS_NS, as a wait
        ("ageing", "f8"),  # share by which that grows for each ns of waiting
        ("first_ns", "i8"),
        ("waiting", "i8"),  # not yet answered: in line or being offered
        ("offered", "i8"),  # of these, being offered
        ("connected", "i8"),
        ("last_agent", "i8"),  # round-robin stands here
        ("first_line", "i8"),
    ],
    align=True,
)

POOL: Final = np.dtype(
    [
        ("key", "i8"),  # what its agents may serve, hashed; 0: free
        ("look", "i8"),  # the last look that counted it
        ("load", "f8"),  # slots that all queues' contacts take up on the mean
    ],
    align=True,
)

LINE: Final = np.dtype(
    [
        ("queue", "i8"),
        ("requirement", "i8"),
        ("channel", "i8"),
        ("next_line", "i8"),  # of the same queue
        ("count", "i8"),
        ("promised", "i8"),  # of these, callbacks: whose place was promised
        ("holders", "i8"),  # contacts that it is kept open for
        ("slots", "i8"),  # contacts that those at work who may serve it could hold at once
        ("crew", "i8"),  # whose slots these are: the sum of a mark of each one's agent, see `review.mark_of`
        ("idle", "i8"),  # of these slots, the free ones
        ("apt_idle", "i8"),  # of these, the free ones of apt agents
        ("head", "i8", (PRIORITIES,)),
        ("tail", "i8", (PRIORITIES,)),
    ],
    align=True,
)

ENGAGEMENT: Final = np.dtype(
    [
        ("started_ns", "i8"),  # of the present state
        ("talk_ns", "i8"),  # known once wrap-up began
        ("cohort", "i8"),  # of its contact, likewise
        ("cohort_ns", "i8"),
        ("arrival_seq", "i8"),  # likewise: which contact is wrapped up, whose slot may be another's by now
        ("contact", "i8"),
        ("agent", "i8"),
        ("queue", "i8"),
        ("next_of_contact", "i8"),
        ("next_of_agent", "i8"),
        ("prev_of_agent", "i8"),
        ("state", "i8"),
        ("channel", "i8"),
    ],
    align=True,
)

TRUNK_GROUP: Final = np.dtype(
    [
        ("settings", "i8", (TRUNK_GROUP_COLUMNS,)),
        ("seized", "i8"),
        ("refused", "i8"),
        ("busy_ns", "i8"),  # integral of busy channels over time
        ("busy_at_ns", "i8"),
        ("protected", "f8"),  # decayed counts of calls offered, for the reserve that costs least
        ("unprotected", "f8"),
        ("ended", "f8"),  # decayed count and sum: mean holding time
        ("held_ns", "f8"),
        ("estimated_at_ns", "i8"),
        ("first_ns", "i8"),
        ("best_reserve", "i8"),  # by the estimates
        ("reserve", "i8"),  # in force, where it is for the kernel to say
        ("busy", "i8"),
        ("peak", "i8"),
    ],
    align=True,
)

TIMER: Final = np.dtype([("deadline_ns", "i8"), ("place", "i8"), ("order", "i4")], align=True)
"""deadline_ns and place (in the heap, plus 1; 0 not armed) belong to subject i; order[i] is the subject at place i.

A new table is all zeros, and what was never armed lies in memory that nobody touched.
"""
