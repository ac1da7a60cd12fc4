"""The 64-byte row: the one shape in which facts cross into the kernel and lie in the log.

What the general fields mean for each kind (fields not named are -1 for agent, queue and contact, else 0):

| kind                        | contact | queue  | agent     | a                                   | b                               |
|-----------------------------|---------|--------|-----------|-------------------------------------|---------------------------------|
| CONTACT_ARRIVED             | slot    | queue  | preferred | packed, see `pack_arrival`          | place in line since (ns), 0 now |
| CONTACT_RELEASED            | slot    |        |           | BY_*                                | cause of the adapter's protocol |
| OFFER_RANG, OFFER_ANSWERED  | slot    |        | agent     |                                     |                                 |
| OFFER_DECLINED              | slot    |        | agent     | OFFER_*                             | cause                           |
| CONTACT_HELD, _RESUMED      | slot    |        |           |                                     |                                 |
| TRANSFER_REQUESTED          | slot    | queue  | or agent  |                                     |                                 |
| REQUEUE_REQUESTED           | slot    |        |           |                                     |                                 |
| CALLBACK_REQUESTED          | slot    |        |           |                                     |                                 |
| EXIT_KEY_PRESSED            | slot    |        |           | key                                 |                                 |
| CONTACT_WITHDRAWN           | slot    |        |           |                                     |                                 |
| PRIORITY_CHANGED            | slot    |        |           | priority 0..7                       |                                 |
| MESSAGE_SENT                | slot    |        | or none   | BY_*                                |                                 |
| MESSAGES_READ               | slot    |        | or none   | BY_*                                | sequence of the last one seen   |
| SURVEY_REQUESTED, _ANSWERED |         |        |           | SURVEY_* and score << 8             | sequence of its contact's arrival |
| NOTE_WRITTEN, CONTACT_CLASSIFIED |    |        | agent     |                                     | sequence of its contact's arrival |
| HOLD_REQUESTED, RESUME_REQUESTED | slot |      | agent     |                                     |                                 |
| ALERT_ACKNOWLEDGED          |         |        |           | since when the alert stands (ns)    |                                 |
| QUALITY_EVALUATED           |         |        | of whom   | score, 1/100 %                      | sequence of its contact's arrival |
| SCHEDULE_EXCEPTED           |         |        | agent     | from (ns)                           | until (ns)                      |
| CASE_OPENED                 |         | queue  | or none   | deadline (ns)                       | sequence of its contact's arrival, 0: none |
| CASE_RESOLVED               |         |        | or none   |                                     | sequence of its opening         |
| CASE_REOPENED               |         |        | or none   | deadline (ns)                       | sequence of its opening         |
| PLAN_ACTIVATED              |         |        |           | until (ns)                          | tier, and 256 for a drill       |
| PLAN_DEACTIVATED            |         |        |           | sequence of its activation          | 1: by itself, its time being up |
| AGENT_STATUS_CHANGED        |         |        | agent     | STATUS_*                            | reason number                   |
| AGENT_REACHABILITY_CHANGED  |         |        | agent     | 1 reachable, 0 not                  |                                 |
| WRAP_UP_FINISHED            |         |        | agent     | sequence of its arrival, 0: all     |                                 |
| QUEUE_OPENED, QUEUE_CLOSED  |         | queue  |           |                                     |                                 |
| SETTING_CHANGED             | column  | index  | TABLE_*   | value                               | second index                    |
| REQUIREMENT_DEFINED         |         | number |           | packed skills, `pack_requirement`   | relaxed requirement             |
| TRUNK_REQUESTED             | slot    |        |           | trunk groups, see `pack_trunks`     | more of them                    |
| TRUNK_RELEASED              | slot    |        |           |                                     |                                 |
| CALLER_MOVED                | slot    |        |           | slot of whose caller it is now      |                                 |
| CONTACT_RECEIVED            | slot    |        |           | trunk group or -1                   |                                 |
| CONTACT_QUEUED              | slot    | queue  | own agent | place in line since (ns)            | packed, see `unpack_entry`      |
| OFFER_MADE                  | slot    | queue  | agent     | score of the winner                 | packed, see `unpack_choice`     |
| OFFER_ENDED                 | slot    | queue  | agent     | OFFER_*                             | offered for (ns)                |
| CONTACT_ANSWERED            | slot    | queue  | agent     | waited in this queue (ns)           | waited since arrival (ns)       |
| CONTACT_LEFT                | slot    | queue  |           | EXIT_*                              | waited in this queue (ns)       |
| CONTACT_ENDED               | slot    | queue  | agent     | BY_*                                | talked, holds included (ns)     |
| WRAP_UP_STARTED             |         | queue  | agent     | ends at (ns), 0: agent ends it      | engagement                      |
| WRAP_UP_ENDED               |         | queue  | agent     | engagement                          | wrapped up for (ns)             |
| AGENT_SUSPENDED             |         |        | agent     | until (ns), 0: until status changes | OFFER_* that caused it          |
| AGENT_RESUMED               |         |        | agent     |                                     |                                 |
| REQUIREMENT_RELAXED         | slot    | queue  |           | requirement now                     | step taken, or as GAVE_UP_AGENT |
| FACT_REFUSED                | slot    |        | agent     | REFUSED_*                           | kind of the refused fact        |
| AGENT_HELD_BACK             | slot    | queue  | agent     | what the contact stands to lose     | price of the agent              |
| QUEUE_DRAINED               |         | queue  |           |                                     |                                 |
| TRUNK_RESERVE_CHANGED       |         |        |           | trunk group                         | packed, see `unpack_reserve`    |
| TRUNK_SEIZED                | slot    |        |           | trunk group                         | cost of the channel, 1/1000 call |
| TRUNK_REFUSED               | slot    |        |           | first trunk group asked             | trunk groups asked              |

A row's sequence is implied: the first sequence of its frame plus its place. `cause` is the distance back to the observed
row that a decided row follows from (0 on observed rows). A contact is named outside by the sequence of its arrival; inside
by its slot, which is reused, oldest first, once the contact is closed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

ROW: Final = np.dtype(
    [
        ("at_ns", "<i8"),
        ("kind", "<u2"),
        ("flags", "<u2"),
        ("source", "<u4"),
        ("dedupe", "<u8"),
        ("agent", "<i4"),
        ("queue", "<i4"),
        ("contact", "<i4"),
        ("cause", "<u4"),
        ("a", "<i8"),
        ("b", "<i8"),
        ("payload_offset", "<u4"),
        ("payload_size", "<u4"),
    ]
)
assert ROW.itemsize == 64
SCHEMA: Final = 1
"""Version of the row and its vocabulary, written in every frame."""

Rows = np.recarray
"""A one-dimensional record array of ROW; typed views as plain arrays share its memory."""


def empty_rows(count: int) -> "np.recarray[tuple[int], np.dtype[np.void]]":
    """Return `count` blank rows: agent, queue and contact are -1, everything else 0."""
    rows = np.zeros(count, ROW)
    rows["agent"] = rows["queue"] = rows["contact"] = -1
    return rows.view(np.recarray)


def pack_arrival(channel: int, priority: int, requirement: int = 0, trunk_group: int = -1) -> int:
    """Pack what CONTACT_ARRIVED carries in `a`: channel 8 bits, priority 8, requirement 16, trunk group + 1 16."""
    return channel | priority << 8 | requirement << 16 | (trunk_group + 1) << 32


TRUNKS_MAX: Final = 8
"""Trunk groups that one request may name."""
TRUNK_BITS: Final = 15
TRUNKS_A_FIELD: Final = 4


def pack_trunks(groups: Sequence[int]) -> tuple[int, int]:
    """Pack the one to eight trunk groups of a TRUNK_REQUESTED, the most wanted first, into `a` and `b`."""
    fields = [0, 0]
    for place, group in enumerate(groups):
        fields[place // TRUNKS_A_FIELD] |= (group + 1) << TRUNK_BITS * (place % TRUNKS_A_FIELD)
    return fields[0], fields[1]


def unpack_trunks(a: int, b: int) -> list[int]:
    """Return the trunk groups of a TRUNK_REQUESTED in order; negative fields name none."""
    parts = [
        max(field, 0) >> TRUNK_BITS * place & (1 << TRUNK_BITS) - 1
        for field in (a, b)
        for place in range(TRUNKS_A_FIELD)
    ]
    return [part - 1 for part in parts if part]


def pack_requirement(*conditions: tuple[int, int]) -> int:
    """Pack up to four (skill, minimum level) pairs: each skill + 1 in 10 bits and level in 5."""
    packed = 0
    for place, (skill, level) in enumerate(conditions):
        packed |= ((skill + 1) << 5 | level) << (15 * place)
    return packed


def unpack_choice(packed: int) -> tuple[int, int, int, bool, bool]:
    """Return (candidates, strategy, runner-up or -1, tied, contact chosen) of an OFFER_MADE's `b`.

    If a contact was chosen for an agent, candidates are the waiting lines compared and the runner-up is a contact's
    slot; otherwise candidates are free agents and the runner-up is an agent.
    """
    return packed & 0xFFFFF, packed >> 20 & 0xFF, (packed >> 32) - 1, bool(packed >> 28 & 1), bool(packed >> 29 & 1)


GAVE_UP_AGENT: Final = -1
"""Of a REQUIREMENT_RELAXED's `b`: the contact waits for anybody, no longer for its own agent."""
HELD_LONG_ENOUGH: Final = -2
"""Likewise: no agent is held back from the contact any more, its queue's bound being reached."""
RESERVE_BITS: Final = 20
LOAD_BITS: Final = 21


def unpack_reserve(packed: int) -> tuple[int, float, float]:
    """Return (channels reserved, load of protected calls, of unprotected ones: erlangs) of a TRUNK_RESERVE_CHANGED."""
    most = (1 << LOAD_BITS) - 1
    loads = packed >> RESERVE_BITS
    return packed & (1 << RESERVE_BITS) - 1, (loads & most) / 10, (loads >> LOAD_BITS) / 10


UNTOLD: Final = 0xFFFFFF
"""Expected wait that could not be told."""


def unpack_entry(packed: int) -> tuple[int, int | None, int | None]:
    """Return (ENTRY_*, expected wait p50 in s, p90 in s) of a CONTACT_QUEUED's `b`; None: could not be told."""
    p50, p90 = packed >> 8 & UNTOLD, packed >> 32 & UNTOLD
    return packed & 0xFF, None if p50 == UNTOLD else p50, None if p90 == UNTOLD else p90
