"""The closed vocabulary of rows: every kind, state, reason and exit as the small integer that the log keeps.

The numbers are part of the file format: they are never reused and never renumbered. Plain integers, not enums, because
the compiled kernel folds them into its code; the name tables at the end serve everything that speaks to people.
"""

from typing import Final

# --- observed: what the outside told us (1..99)
CONTACT_ARRIVED: Final = 1
CONTACT_RELEASED: Final = 2
OFFER_RANG: Final = 3
OFFER_ANSWERED: Final = 4
OFFER_DECLINED: Final = 5
CONTACT_HELD: Final = 6
CONTACT_RESUMED: Final = 7
TRANSFER_REQUESTED: Final = 8
REQUEUE_REQUESTED: Final = 9
CALLBACK_REQUESTED: Final = 10
EXIT_KEY_PRESSED: Final = 11
CONTACT_WITHDRAWN: Final = 12
PRIORITY_CHANGED: Final = 13
AGENT_STATUS_CHANGED: Final = 14
AGENT_REACHABILITY_CHANGED: Final = 15
WRAP_UP_FINISHED: Final = 16
QUEUE_OPENED: Final = 17
QUEUE_CLOSED: Final = 18
DEADLINE_PASSED: Final = 19
SETTING_CHANGED: Final = 20
CONFIGURATION_LOADED: Final = 21
LEG_RECORDED: Final = 22
STREAM_GAPPED: Final = 23
ENGINE_STARTED: Final = 24
REQUIREMENT_DEFINED: Final = 25
TRUNK_REQUESTED: Final = 26
TRUNK_RELEASED: Final = 27
MESSAGE_SENT: Final = 28
MESSAGES_READ: Final = 29
CALLER_MOVED: Final = 30
SURVEY_REQUESTED: Final = 31
SURVEY_ANSWERED: Final = 32
NOTE_WRITTEN: Final = 33
CONTACT_CLASSIFIED: Final = 34
HOLD_REQUESTED: Final = 35
RESUME_REQUESTED: Final = 36
ALERT_ACKNOWLEDGED: Final = 37
QUALITY_EVALUATED: Final = 38
SCHEDULE_EXCEPTED: Final = 39
CASE_OPENED: Final = 40
CASE_RESOLVED: Final = 41
CASE_REOPENED: Final = 42
PLAN_ACTIVATED: Final = 43
PLAN_DEACTIVATED: Final = 44

# --- decided: what the kernel concluded (100..)
FIRST_DECIDED: Final = 100
CONTACT_QUEUED: Final = 100
OFFER_MADE: Final = 101
OFFER_ENDED: Final = 102
CONTACT_ANSWERED: Final = 103
CONTACT_LEFT: Final = 104
CONTACT_ENDED: Final = 105
WRAP_UP_STARTED: Final = 106
WRAP_UP_ENDED: Final = 107
AGENT_SUSPENDED: Final = 108
AGENT_RESUMED: Final = 109
REQUIREMENT_RELAXED: Final = 110
FACT_REFUSED: Final = 111
CONTACT_RECEIVED: Final = 112
AGENT_HELD_BACK: Final = 113
QUEUE_DRAINED: Final = 114
TRUNK_RESERVE_CHANGED: Final = 115
TRUNK_SEIZED: Final = 116
TRUNK_REFUSED: Final = 117

# --- how a queue entry ends: the closed set of exits
EXIT_ANSWERED: Final = 0
EXIT_ABANDONED: Final = 1
EXIT_SHORT_ABANDONED: Final = 2
EXIT_TIMED_OUT: Final = 3
EXIT_KEY: Final = 4
EXIT_EMPTY: Final = 5
EXIT_OVERFLOWED: Final = 6
EXIT_CALLBACK: Final = 7
EXIT_WITHDRAWN: Final = 8
EXIT_REFUSED_FULL: Final = 9
EXIT_REFUSED_EMPTY: Final = 10
EXIT_REFUSED_CLOSED: Final = 11
EXIT_REFUSED_TRUNK: Final = 12
EXIT_SYSTEM_ERROR: Final = 13
EXIT_UNKNOWN: Final = 14
EXIT_TRANSFERRED: Final = 15
EXITS: Final = 16

# --- channels
VOICE: Final = 0
CHAT: Final = 1
EMAIL: Final = 2
TASK: Final = 3
CHANNELS: Final = 4

# --- a contact's state
CONTACT_FREE: Final = 0
CONTACT_NEW: Final = 1
CONTACT_WAITING: Final = 2
CONTACT_OFFERED: Final = 3
CONTACT_CONNECTED: Final = 4
CONTACT_HELD_STATE: Final = 5

# --- an agent's status: what a person chose
STATUS_OFFLINE: Final = 0
STATUS_PAUSED: Final = 1
STATUS_AVAILABLE: Final = 2

# --- an agent's state: what the engine made of it
AGENT_OFFLINE: Final = 0
AGENT_PAUSED: Final = 1
AGENT_IDLE: Final = 2
AGENT_OFFERED: Final = 3
AGENT_BUSY: Final = 4
AGENT_WRAPPING: Final = 5
AGENT_NOT_RESPONDING: Final = 6
AGENT_UNREACHABLE: Final = 7
AGENT_STATES: Final = 8

# --- an engagement: one agent bound to one contact
ENGAGEMENT_OFFERED: Final = 1
ENGAGEMENT_CONNECTED: Final = 2
ENGAGEMENT_WRAPPING: Final = 3

# --- who ended a contact
BY_CUSTOMER: Final = 1
BY_AGENT: Final = 2
BY_NETWORK: Final = 3
BY_SYSTEM: Final = 4
BY_TRANSFER: Final = 5
BY_UNKNOWN: Final = 6
"""It was over when the source looked again, after a gap."""
BY_IDLE: Final = 7
"""The customer wrote nothing for as long as the queue's idle limit."""

# --- why an offer ended without an answer
OFFER_NO_ANSWER: Final = 1
OFFER_REJECTED: Final = 2
OFFER_BUSY: Final = 3
OFFER_UNREACHABLE: Final = 4
OFFER_CONTACT_LEFT: Final = 5
OFFER_TAKEN_ELSEWHERE: Final = 6
OFFER_WITHDRAWN: Final = 7

# --- how a contact came into a queue
ENTRY_ARRIVAL: Final = 0
ENTRY_OVERFLOW: Final = 1
ENTRY_TRANSFER: Final = 2
ENTRY_REQUEUE: Final = 3
ENTRY_TRANSFER_TO_AGENT: Final = 4

# --- why a fact was refused by the kernel
REFUSED_NO_SUCH_OFFER: Final = 1
REFUSED_WRONG_STATE: Final = 2
REFUSED_OUT_OF_RANGE: Final = 3
REFUSED_SLOT_TAKEN: Final = 4
REFUSED_NOT_ADMITTED: Final = 5
"""A transfer to a queue that lets nobody in: the contact stays where it is."""

# --- what a customer is asked after a contact
SURVEY_CSAT: Final = 1
"""How satisfied, 1 to 5."""
SURVEY_NPS: Final = 2
"""Whether they would recommend the house, 0 to 10."""
SURVEY_CES: Final = 3
"""How easy it was, 1 to 7."""

# --- strategies
ERLANG: Final = 0
LONGEST_IDLE: Final = 1
LEAST_OCCUPIED: Final = 2
FEWEST_CONTACTS: Final = 3
ROUND_ROBIN: Final = 4
TOP_DOWN: Final = 5
RING_ALL: Final = 6
WEIGHTED_RANDOM: Final = 7
SKILL_BEST: Final = 8
STRATEGIES: Final = 9
PREFERRED_AGENT: Final = 9
"""Not a strategy of a queue: the reason given when a contact's own agent was free."""

# --- timed steps of a waiting contact
STEP_NONE: Final = 0
STEP_RELAX: Final = 1
STEP_OVERFLOW: Final = 2
STEP_CALLBACK: Final = 3
STEP_TIME_OUT: Final = 4
STEP_REFUSE: Final = 5

# --- tables that SETTING_CHANGED writes
TABLE_QUEUE: Final = 1
TABLE_AGENT: Final = 2
TABLE_TRUNK_GROUP: Final = 3
TABLE_SKILL_LEVEL: Final = 4
TABLE_MEMBERSHIP: Final = 5
TABLE_CHANNEL: Final = 6
TABLE_ENGINE: Final = 7

# --- row flags
FLAG_CLOSES: Final = 1
"""The contact's slot is free again after this row."""
FLAG_PROTECTED: Final = 2
"""The arriving contact may use the reserve of its trunk group."""
FLAG_KEEP_PLACE: Final = 4
"""A requeued or transferred contact keeps the place that its first entry gave it."""
FLAG_WRAPS: Final = 8
"""The contact ended and its agent goes into wrap-up."""
FLAG_WAITED: Final = 16
"""The contact that left had been in the queue; without it, it was refused at the door."""

FLAG_CALLS_BACK: Final = 32
"""The arriving contact is a customer who is called back: `callback` steps are passed over."""
FLAG_NO_CALLBACK: Final = 64
"""The arriving contact's customer cannot be called back: `callback` steps are passed over."""


def _names(prefix: str) -> dict[int, str]:
    return {
        value: name.removeprefix(prefix).lower()
        for name, value in globals().items()
        if name.startswith(prefix) and isinstance(value, int)
    }


KIND_NAMES: Final[dict[int, str]] = {
    value: name.lower()
    for name, value in list(globals().items())[: list(globals()).index("EXIT_ANSWERED")]
    if isinstance(value, int) and name.isupper() and name != "FIRST_DECIDED"
}
EXIT_NAMES: Final[dict[int, str]] = {
    EXIT_ANSWERED: "answered",
    EXIT_ABANDONED: "abandoned",
    EXIT_SHORT_ABANDONED: "short_abandoned",
    EXIT_TIMED_OUT: "timed_out",
    EXIT_KEY: "exit_key",
    EXIT_EMPTY: "empty",
    EXIT_OVERFLOWED: "overflowed",
    EXIT_CALLBACK: "callback",
    EXIT_WITHDRAWN: "withdrawn",
    EXIT_REFUSED_FULL: "refused_full",
    EXIT_REFUSED_EMPTY: "refused_empty",
    EXIT_REFUSED_CLOSED: "refused_closed",
    EXIT_REFUSED_TRUNK: "refused_trunk",
    EXIT_SYSTEM_ERROR: "system_error",
    EXIT_UNKNOWN: "unknown",
    EXIT_TRANSFERRED: "transferred",
}
CHANNEL_NAMES: Final[dict[int, str]] = {VOICE: "voice", CHAT: "chat", EMAIL: "email", TASK: "task"}
CONTACT_STATE_NAMES: Final[dict[int, str]] = {
    CONTACT_FREE: "closed",
    CONTACT_NEW: "new",
    CONTACT_WAITING: "waiting",
    CONTACT_OFFERED: "offered",
    CONTACT_CONNECTED: "connected",
    CONTACT_HELD_STATE: "held",
}
STATUS_NAMES: Final[dict[int, str]] = _names("STATUS_")
AGENT_STATE_NAMES: Final[dict[int, str]] = {
    AGENT_OFFLINE: "offline",
    AGENT_PAUSED: "paused",
    AGENT_IDLE: "idle",
    AGENT_OFFERED: "offered",
    AGENT_BUSY: "busy",
    AGENT_WRAPPING: "wrapping",
    AGENT_NOT_RESPONDING: "not_responding",
    AGENT_UNREACHABLE: "unreachable",
}
BY_NAMES: Final[dict[int, str]] = _names("BY_")
OFFER_END_NAMES: Final[dict[int, str]] = {
    OFFER_NO_ANSWER: "no_answer",
    OFFER_REJECTED: "declined",
    OFFER_BUSY: "busy",
    OFFER_UNREACHABLE: "unreachable",
    OFFER_CONTACT_LEFT: "contact_left",
    OFFER_TAKEN_ELSEWHERE: "taken_elsewhere",
    OFFER_WITHDRAWN: "withdrawn",
}
REFUSAL_NAMES: Final[dict[int, str]] = _names("REFUSED_")
SURVEY_NAMES: Final[dict[int, str]] = {SURVEY_CSAT: "csat", SURVEY_NPS: "nps", SURVEY_CES: "ces"}
ENTRY_NAMES: Final[dict[int, str]] = _names("ENTRY_")
STEP_NAMES: Final[dict[int, str]] = _names("STEP_")
STRATEGY_NAMES: Final[dict[int, str]] = {
    ERLANG: "erlang",
    LONGEST_IDLE: "longest-idle",
    LEAST_OCCUPIED: "least-occupied",
    FEWEST_CONTACTS: "fewest-contacts",
    ROUND_ROBIN: "round-robin",
    TOP_DOWN: "top-down",
    RING_ALL: "ring-all",
    WEIGHTED_RANDOM: "weighted-random",
    SKILL_BEST: "skill-best",
    PREFERRED_AGENT: "preferred-agent",
}
