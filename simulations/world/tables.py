"""What the compiled world knows beside the kernel's tables: sources of contacts, who is where, and what it counts.

Times are absolute, ns; durations that are drawn are ns, too. Distributions, sources and callers are numbers.
"""

from typing import ClassVar, Final

import numpy as np

from engine.kernel.jit import tables_of
from engine.kernel.records import TIMER
from engine.kernel.table_set import TableSet
from engine.kernel.tables import Array
from engine.messages.kinds import AGENT_STATES
from engine.messages.rows import ROW
from engine.model.settings import SECOND_NS
from simulations.world.waits import WAIT_BINS

BOOK: Final = np.dtype(
    [
        ("timers", "i8"),  # armed timers, by subject as below
        ("now_ns", "i8"),
        ("from_ns", "i8"),  # where the first interval begins
        ("interval_ns", "i8"),
        ("interval", "i8"),  # the one under way, -1 before the first
        ("boundary_ns", "i8"),  # where the next one begins
        ("crowd_spare", "i8"),  # so many more may come before more wait than ever before in this interval
        ("stop_ns", "i8"),  # whoever is still there then is left there
        ("script", "i8"),  # rows of the script that were given to the kernel
        ("same_moment", "i8"),  # 1: the script's next row comes before anybody answers
        ("cut_from", "i8"),  # contact at which a cut of trunks goes on for which the log had no room
        ("at_once_head", "i8"),  # offers that are answered at once
        ("at_once_tail", "i8"),
        ("ended", "i8"),  # contact whose talk ended last: the wrap-up that begins is of it
        ("missed", "i8"),  # source of the contact whose offer ended last: who is set aside then is so for it
        ("retrials_free", "i8"),
        ("retrials_used", "i8"),
        ("logged", "i8"),  # rows in the log buffer
        ("contacts", "i8"),  # contacts that arrived in all
        ("rows", "i8"),  # rows that the kernel took and wrote
        ("lost", "i8"),  # arrivals for which the kernel had no room
        ("not_retried", "i8"),  # retrials for which the world had none
        ("refused", "i8"),  # facts that the kernel refused: none, unless the world is wrong
        ("replication", "u8"),
        ("key", "u8"),
    ],
    align=True,
)

SOURCE: Final = np.dtype(
    [
        ("key", "u8"),  # of this replication and source
        ("queue", "i8"),
        ("packed", "i8"),  # what its CONTACT_ARRIVED carries, see `pack_arrival`; without the trunk group
        ("flags", "i8"),
        ("number", "i8"),  # of its next contact
        ("segment", "i8"),  # where its arrival rate stands
        ("segments_end", "i8"),
        ("since_ns", "i8"),  # from where on the segment is not used up
        ("volume", "f8"),  # factor of the rate
        ("trace_at", "i8"),  # its next arrival in the trace, where it has one
        ("trace_last", "i8"),
        ("first_trunk", "i8"),  # its trunk groups, in the order in which a carrier tries them
        ("trunks", "i8"),
        ("handle", "i8"),  # distributions
        ("wrap_up", "i8"),  # -1: the kernel's own
        ("patience", "i8"),
        ("ring", "i8"),  # -1: answered at once
        ("retry_after", "i8"),
        ("retry_share", "f8"),  # of those who give up or do not get in
        ("balk_share", "f8"),  # of those who would have to wait
        ("no_answer_share", "f8"),  # of offers
        ("back_after_ns", "i8"),  # until who was set aside for not answering is back
        ("callback_share", "f8"),  # of those whom the queue's rules would call back: agree to it
        ("transfer_share", "f8"),  # of talks: go on to another queue
        ("transfer_to", "i8"),  # that queue
        ("cut_off_share", "f8"),  # of those who are cut off in a talk: come again
        ("announced_share", "f8"),  # of those who wait and are told that it takes long: hang up
        ("announced", "i8"),  # 1: they are told so now
        ("slower", "f8"),  # share by which each further contact at once makes a talk take longer
    ],
    align=True,
)

SEGMENT: Final = np.dtype([("until_ns", "i8"), ("rate", "f8")], align=True)
"""A stretch of constant arrival rate, contacts a ns; or of a constant factor."""

DISTRIBUTION: Final = np.dtype(
    [("kind", "i8"), ("a", "f8"), ("b", "f8"), ("c", "f8"), ("first", "i8"), ("count", "i8")]
)

CALLER: Final = np.dtype(
    [
        ("key", "u8"),  # of all that is drawn for this contact
        ("source", "i8"),  # by which it came, and will come again
        ("wants", "i8"),  # source whose ways it has now: another one after a transfer
        ("number", "i8"),
        ("attempt", "i8"),
        ("gives_up_ns", "i8"),
        ("answered_at_ns", "i8"),  # when the first of the agents it rings at will answer; 0 none
        ("rings_at", "i8"),
        ("offers", "i8"),  # made to it so far, in this stage
        ("talks", "i8"),  # with agents so far: the number of its stage, one more during a talk
        ("line_ns", "i8"),  # place in line, for a callback
        ("work_ns", "f8"),  # of the talk that is left, at the pace of one contact alone
        ("pace", "f8"),  # at which it goes on: 0 while its agent is interrupted
        ("worked_at_ns", "i8"),  # until when that was reckoned
    ],
    align=True,
)
"""Whoever has the kernel's contact slot of this number."""

PERSON: Final = np.dtype(
    [
        ("source", "i8"),
        ("queue", "i8"),  # from here what the CONTACT_ARRIVED of the record carries
        ("packed", "i8"),
        ("line_ns", "i8"),
        ("flags", "i8"),
        ("agent", "i8"),
        ("first_stage", "i8"),
        ("stages", "i8"),
        ("arrived_ns", "i8"),
        ("slot", "i8"),  # of the kernel that it had last, and 1; 0: it has not come
        ("waited_ns", "i8"),  # what came of it: until the first answer, or until it left without one; -1: neither
        ("served_by", "i8"),  # agent who answered first, -1
        ("way_out", "i8"),  # EXIT_* of who left, EXIT_ANSWERED, or -1
    ],
    align=True,
)
"""A contact of a record that is played again: who comes, where, and what came of it."""

STAGE: Final = np.dtype(
    [
        ("patience_ns", "i8"),  # from the beginning of the stage; LONGEST: for ever
        ("leaves_by", "i8"),  # kind of the fact by which it leaves then
        ("leaves_with", "i8"),  # what that carries in `a`
        ("ring_ns", "i8"),  # until an agent picks up; 0: at once
        ("first_offer", "i8"),  # its offers that are on record, in order
        ("offers", "i8"),
        ("talk_ns", "i8"),
        ("wrap_up_ns", "i8"),
        ("wraps_early", "i8"),  # 1: the agent ends it after that time even where the kernel keeps the time
        ("then", "i8"),  # kind of the fact after the talk, as TRANSFER_REQUESTED; 0: it is over
        ("then_queue", "i8"),
        ("then_agent", "i8"),
        ("then_flags", "i8"),
    ],
    align=True,
)
"""One wait of a person and the talk after it."""

PICKS_UP: Final = 0
RINGS_ON: Final = -1
IN_VAIN: Final = -1
OFFER: Final = np.dtype(
    [
        ("after_ns", "i8"),  # how long it rings until the agent reacts; IN_VAIN: nobody does
        ("how", "i8"),  # PICKS_UP, OFFER_* of who declines; RINGS_ON: for the stage's `ring_ns` more, then picks up
    ],
    align=True,
)
"""What comes of one offer of a stage, whichever agent it is made to. Those after the last ring for `ring_ns`."""

RETRIAL: Final = np.dtype(
    [
        ("source", "i8"),
        ("number", "i8"),
        ("attempt", "i8"),
        ("line_ns", "i8"),  # of a callback: its place in line; else 0
        ("queue", "i8"),  # of a callback: the queue that calls back
        ("wants", "i8"),  # and where it stood when it left: the call goes on there
        ("offers", "i8"),
        ("talks", "i8"),
        ("next", "i8"),
    ],
    align=True,
)

ALARM: Final = np.dtype([("due_ns", "i8"), ("subject", "i8")])

SOURCE_NUMBER: Final = 1
"""Who says what happens in the world; the script is the engine's own."""
BACK_AFTER_NS: Final = 60 * SECOND_NS
"""How long whoever was set aside for not answering is away, where nothing else is known."""
AT_ONCE: Final = 8192
"""Room for offers that are answered at once, a ring: more than one row can make."""


@tables_of
class WorldTables(TableSet):
    """All that a world holds. Timers: contacts, then retrials, engagements, agents."""

    SCHEMA = (
        ("book", BOOK, 1),
        ("coming", np.dtype([("timers", "i8")]), 1),  # sources that have a next arrival
        ("arrivals", TIMER, 1),  # timers of sources
        ("timers", ALARM, 1),  # a heap
        ("places", np.dtype(np.int64), 1),  # of each subject in it, plus 1; 0: it is not armed
        ("sources", SOURCE, 1),
        ("segments", SEGMENT, 1),
        ("talk_factors", SEGMENT, 1),  # until when talks take so many times as long; afterwards once
        ("trace", np.dtype(np.int64), 1),
        ("trunk_choices", np.dtype(np.int64), 1),
        ("distributions", DISTRIBUTION, 1),
        ("samples", np.dtype(np.float64), 1),  # of empirical distributions, each sorted
        ("callers", CALLER, 1),
        ("people", PERSON, 1),  # of a record; with them the last source's trace says when each of them comes
        ("stages", STAGE, 1),
        ("offers", OFFER, 1),
        ("retrials", RETRIAL, 1),
        ("pick_ups", np.dtype(np.int64), 1),  # (engagements) when the agent will answer who rings there; 0: not at all
        (
            "declines",
            np.dtype(np.int64),
            1,
        ),  # (engagements) OFFER_* if not the agent answers then, but declines; else 0
        ("speeds", np.dtype(np.float64), 2),  # (agents, sources) factor of talks and wrap-ups
        ("home_factors", np.dtype(np.float64), 1),  # (agents) the same, of the place where each works now
        ("returns_ns", np.dtype(np.int64), 1),  # (agents) until then the script says when one set aside is back
        ("groups", np.dtype(np.int64), 1),  # of each agent
        ("script", ROW, 1),  # what is bound to happen, in order of time: settings, shifts, opening hours
        ("out", ROW, 1),  # the fact under way, and what was decided
        ("log", ROW, 1),  # without room: nothing is kept
        ("at_once", np.dtype(np.int64), 2),
        ("waits", np.dtype(np.int64), 3),  # (intervals, queues, WAIT_BINS) of the answered, by arrival
        ("longest", np.dtype(np.int64), 2),  # (intervals, queues) most who waited at once
        ("crowd", np.dtype(np.int64), 1),  # (intervals) the same of all queues together
        ("retried", np.dtype(np.int64), 2),  # (intervals, queues) arrivals that were not the first attempt
        ("trunk_calls", np.dtype(np.int64), 2),  # (intervals, queues) arrivals that asked for a trunk channel
        ("cut_off", np.dtype(np.int64), 2),  # (intervals, queues) talks that broke off, by when
        ("states", np.dtype(np.int64), 3),  # (intervals + 1, groups, AGENT_STATES) ns spent until each boundary
        ("busy_trunks", np.dtype(np.int64), 2),  # (intervals + 1, trunk groups) channel ns until each boundary
        ("peaks", np.dtype(np.int64), 2),  # (intervals, trunk groups) most channels busy at once
    )
    FIXED: ClassVar[dict[str, tuple[int, ...]]] = {
        "at_once": (2,),
        "waits": (WAIT_BINS,),
        "states": (AGENT_STATES,),
    }
    __slots__ = tuple(name for name, _, _ in SCHEMA)

    book: Array
    coming: Array
    arrivals: Array
    timers: Array
    places: Array
    sources: Array
    segments: Array
    talk_factors: Array
    trace: Array
    trunk_choices: Array
    distributions: Array
    samples: Array
    callers: Array
    people: Array
    stages: Array
    offers: Array
    retrials: Array
    pick_ups: Array
    declines: Array
    speeds: Array
    home_factors: Array
    returns_ns: Array
    groups: Array
    script: Array
    out: Array
    log: Array
    at_once: Array
    waits: Array
    longest: Array
    crowd: Array
    retried: Array
    trunk_calls: Array
    cut_off: Array
    states: Array
    busy_trunks: Array
    peaks: Array


def blank_tables(**lengths: tuple[int, ...]) -> dict[str, Array]:
    """Return every table, zeroed, of the shape named; those not named have one record."""
    lengths = {"book": (1,), "coming": (1,), "at_once": (AT_ONCE, 2), **lengths}
    tables = {}
    for name, dtype, dimensions in WorldTables.SCHEMA:
        extents = WorldTables.FIXED.get(name, ())
        tables[name] = np.zeros(lengths.get(name, (0,) * (dimensions - len(extents)) + extents), dtype)
    return tables
