"""Every seam for adapters in one file: what an adapter sees of the engine, and what it must be."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import msgspec

from engine.log_port import Turn
from engine.messages.effects import AnyEffect
from engine.messages.observed import Fact, Observed
from engine.model.forecast import Forecast, ForecastQuestion
from engine.model.plan_views import PlanDetail, PlanList, PlanOrder, PlanOutcome, PlanPreview
from engine.projections.views import Views

__all__ = [
    "CALLBACK_QUEUE",
    "DESK_CLOSED",
    "Adapter",
    "AdapterStatus",
    "AgentEndpoint",
    "Attachments",
    "Clock",
    "ConfigurationStatus",
    "EngineLink",
    "Forecaster",
    "Hint",
    "Listener",
    "OpenContact",
    "Past",
    "Plans",
    "Receipt",
    "Reloadable",
    "Timing",
    "Turn",
]


CALLBACK_QUEUE: Final = "callback_queue"
"""Attribute of a contact: where its callback waits, if the customer asks for one and no step of the queue says it."""


DESK_CLOSED: Final = "desk closed"
"""Reason of a status that is set because nobody is at an agent's desk any more; known whatever reasons there are."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What became of one submitted fact. Given only when the fact is durable (or was not accepted)."""

    seq: int
    """Sequence of the fact in the log; of the first one for a duplicate; 0 if it was not accepted."""
    duplicate: bool = False
    error: str = ""
    """Empty, or why it was not accepted: what, where and what to do."""
    field: str = ""
    """The field of the fact that the error is about."""
    refused: str = ""
    """Empty, or why the kernel set the (logged) fact aside: a name of REFUSAL_NAMES."""
    full: bool = False
    """It was not accepted for want of room alone: the same later may be."""
    key: str = ""
    """Of a field with several entries: the name of the one that the error is about."""


class OpenContact(msgspec.Struct, frozen=True):
    """A contact that was open when the engine stopped, or had just closed, given back to whose it is."""

    contact: str
    queue: str
    state: str
    """A name of CONTACT_STATE_NAMES."""
    agents: tuple[str, ...]
    """Agents it is offered to or connected with."""
    legs: Mapping[str, bytes]
    """The last LegRecorded of each leg."""
    trunk_group: str = ""
    """Whose channel it holds, '' for none."""
    call_back: str = ""
    """Number of the customer who is to be called, or was; '' for a contact that came by itself."""
    was_connected: bool = False
    """Whether an agent has it, or had it before it waited again: its customer was answered. Not said of closed ones."""
    closed: bool = False
    """Whether it is over already: only what is still up of it is to be ended, and an effect says so again."""
    released_by: str = ""
    """Who ended a closed contact, a name of BY_NAMES, where its own adapter had said so: that side knows. Else ''."""


class AgentEndpoint(msgspec.Struct, frozen=True):
    """How an agent is reached, from the configuration."""

    name: str
    phone: str
    """Address of record as `sip:alice@example`, or empty."""
    queues: tuple[str, ...]
    password: str = ""
    """The phone's digest password, or empty."""
    ha1: str = ""
    """Instead of the password: MD5 of user:realm:password, 32 hexadecimal digits; or empty."""
    auto_answer: bool = False
    """Whether the phone is asked to answer by itself."""
    desk_password: str = ""
    """How the agent signs in at the desk, hashed as model.passwords.HASH has it; or empty."""


class Hint(msgspec.Struct, frozen=True):
    """A passing sign about an open contact: that somebody is typing, a phone does not do what a desk asked for, or the
    customer who was to be called back is not reached.

    It is no fact, in no log, and gone with a restart.
    """

    contact: str
    by: Literal["customer", "agent"]
    agent: str = ""
    """Who it is, where an agent is; with `refused`, who asked; with `unreached`, who had taken it."""
    typing: bool = True
    refused: Literal["", "hold", "resume"] = ""
    """What the phone of `by` does not do, so that the contact stays as it is; then `typing` says nothing."""
    holds: bool = False
    """With `refused`: whether that is so because the phone itself holds the call, and only it can take it back."""
    unreached: Literal["", "busy", "declined", "no_answer", "unreachable"] = ""
    """Why the customer is not reached on whose behalf `agent` was on the line; then `typing` says nothing."""
    again: bool = False
    """With `unreached`: whether the customer is called once more later."""


class Attachments(Protocol):
    """The bytes of files that go with messages, kept beside the log under their digests: data, not a cache.

    All methods touch the disk: call them in a thread.
    """

    def store(self, content: bytes) -> str:
        """Take the bytes in; returns their SHA-256, hexadecimal, once they are durable. Raises OSError.

        They wait for a day for `keep`, then they are gone.
        """

    def keep(self, sha256: str) -> None:
        """Keep the bytes, before a message names them. Raises FileNotFoundError, OSError, ValueError for no digest.

        `settle` is to follow; where it does not, as the process ended, the next start looks for the message in the log.
        """

    def settle(self, sha256: str, *, named: bool) -> None:
        """Say whether the log has the message now; what no message names waits for another day. Raises OSError."""

    def open(self, sha256: str) -> BinaryIO:
        """The bytes of this digest, to be read and closed. Raises FileNotFoundError, ValueError for no digest."""


class Timing(msgspec.Struct, frozen=True):
    """How long something took since the process started, counted in bins."""

    edges_s: tuple[float, ...]
    """Upper edges of the bins, ascending; the last bin has none."""
    counts: tuple[int, ...]
    """One more than there are edges."""
    total_s: float


T = TypeVar("T")


class Reading(NamedTuple):
    """How far the log is read for an answer."""

    at_ns: int
    """The instant that somebody asked for."""
    share: float
    """Of what has to be read, between 0 and 1; begins anew where quality is read after the rest."""


class Past(Protocol):
    """What was true before: the kernel folds the log once more. Call it in threads, never in the loop."""

    @property
    def reading(self) -> Reading | None:
        """How far the log is read for whoever asks right now; None: for nobody. It may be asked in the loop."""

    def began_ns(self) -> int:
        """The first instant worth asking for: the house is configured then, or the log begins, where old segments
        were deleted. Raises LogError where the log's first part is missing.
        """

    def ask(self, at_ns: int, question: Callable[[Views, int], T]) -> T:
        """Return what `question` answers over the read models as they were at `at_ns`, which it is given, too.

        The models are good for as long as the question runs. Of the contacts before, those are known that a service
        started right then would remember. Raises LogError where the log cannot tell, or where too much of it would
        have to be folded.
        """


class Plans(Protocol):
    """The continuity plans. What is asked for a plan that there is not raises KeyError with a sentence."""

    def overview(self) -> PlanList:
        """All of them."""

    def detail(self, name: str) -> PlanDetail:
        """One, and what would change now."""

    async def preview(self, name: str) -> PlanPreview:
        """The same, with the next hour as it is and with the plan; simulated outside this process, in bounded time.

        Cancelled, it stops the simulation, too.
        """

    async def activate(self, name: str, order: PlanOrder) -> PlanOutcome:
        """Carry a plan out, or prolong it; the answer is durable. The same order again changes nothing.

        Raises PlanRefused, naming the field of the order, with nothing changed.
        """

    async def deactivate(self, name: str, by: str, reason: str) -> PlanOutcome:
        """Put back what it changed; nothing happens where it is not in force."""


class Forecaster(Protocol):
    """Who tells how the next hour would go. Found by the entry point group `trunkline.forecast`."""

    async def __call__(self, question: ForecastQuestion) -> Forecast:
        """Play it; cancelled, everything that plays is ended. Raises ForecastFailed, Overloaded while it plays."""


class ConfigurationStatus(NamedTuple):
    """Whether the configuration file is in force, as it was read last."""

    not_taken: Sequence[str] = ()
    """What is not followed though the rest is, a sentence each; empty: nothing."""
    faults: int = 0
    """Of a file of which nothing is followed, as it has faults; what they are is for who reads the process's log."""


class EngineLink(Protocol):
    """What an adapter sees of the engine."""

    @property
    def views(self) -> Views:
        """The read models, each answer true at one position of the log."""

    @property
    def endpoints(self) -> Sequence[AgentEndpoint]:
        """How each agent is reached, as configured now."""

    @property
    def folder(self) -> Path | None:
        """A folder of the adapter's own, for caches: what is there may be lost. None where no data are kept.

        It is there only once the adapter has made it.
        """

    @property
    def attachments(self) -> Attachments | None:
        """Where the bytes of attachments are kept; None where no data are."""

    def figures(self) -> Mapping[str, int]:
        """Counters of the driver, and how full its rooms are, for /metrics."""

    def timings(self) -> "Mapping[str, Timing]":
        """How long the driver's work takes, for /metrics; `routing_decision`: deciding upon one fact."""

    def statuses(self) -> "Sequence[AdapterStatus]":
        """How every adapter is doing, for /readyz and /metrics."""

    def configuration(self) -> "ConfigurationStatus":
        """Whether the configuration file is in force."""

    @property
    def past(self) -> Past:
        """What was true before, told by the log."""

    @property
    def plans(self) -> Plans:
        """The continuity plans."""

    def submit(
        self, source: str, facts: Sequence[Observed], *, own_only: frozenset[type[Fact]] = frozenset()
    ) -> "asyncio.Future[list[Receipt]]":
        """Hand facts in. The future resolves when all are durable and decided, with one receipt each, in order.

        Facts of the kinds in `own_only` are taken about contacts alone that the same source brought; see
        model.fact_scopes. Facts of one call enter the log in the order given. Raises Overloaded when the inbox is
        full, ContactsFull when as many contacts are open as may be; facts that end something (as releases) are
        always admitted, up to a guard of memory far above.
        """

    def came_before(self, source: str, fact_id: str) -> bool:
        """Whether a fact of this id came from `source`, as far back as is remembered: again, it changes nothing."""

    def rings(self, contact: str) -> bool:
        """Whether some adapter may ring agents' phones for an open contact; where none does, agents call themselves."""

    def durable(self) -> "asyncio.Future[int]":
        """Resolve with the position once everything applied so far is durable: what to wait for before answering."""

    def subscribe(self, watcher: Callable[[Turn], None]) -> Callable[[], None]:
        """Call `watcher` with every durable turn; returns the function that unsubscribes."""

    def hint(self, hint: Hint) -> None:
        """Tell a passing sign to everybody who watches now, before it returns; nobody keeps it."""

    def watch_hints(self, watcher: Callable[[Hint], None]) -> Callable[[], None]:
        """Call `watcher` with every hint; it must not block. Returns the function that ends that."""


class AdapterStatus(msgspec.Struct, frozen=True):
    """How an adapter is doing, for /readyz, /metrics and the status page."""

    name: str
    up: bool
    required: bool
    detail: str
    counters: Mapping[str, int]


class Listener(NamedTuple):
    """Where an adapter listens, as its settings say."""

    keys: tuple[str, ...]
    """What leads to the port, from the adapter's section: `("tls", "port")`."""
    transport: Literal["tcp", "udp"]
    host: str
    """Address or name; empty: all addresses."""
    port: int
    """0: any free one."""


class Adapter(Protocol):
    """One way into and out of the engine. Found by the entry point group `trunkline.adapters`.

    The class is called with its own settings (already checked against `Settings`) and the link; nothing happens before
    `start`. An adapter sees ports, messages, model and projections; never another adapter, nor kernel, log or ingest.
    """

    Settings: type
    """A pydantic model of the adapter's section in the configuration file.

    It may say by a property `calls_back` whether the adapter can call customers. Callbacks that were asked for at an
    adapter that says no are then carried out by the first that says yes, which gets them as its own. By a property
    `rings_phones` it may say that the adapter rings agents' phones and knows whether they are there, by a property
    `for_colleagues` which queues it uses for calls from one agent to another and for nothing else, by a property
    `listeners`, a tuple of `Listener`, where it listens: two at one place are a fault of the file. It may tell by a
    method `notes(queues)`, which is given the channel of each of the service's queues by name, what is doubtful though
    it is good: pairs of the keys that lead to the value, from the section, and of a sentence, for `trunkline check`.
    """

    name: str

    def __init__(self, settings: Any, engine: EngineLink) -> None: ...

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        """Open sockets; `contacts` are those of this adapter that were open when the engine stopped."""

    def act(self, effect: AnyEffect) -> None:
        """Carry out an effect of a contact that this adapter brought; must not block nor raise."""

    def status(self) -> AdapterStatus: ...

    async def stop(self) -> None:
        """Close sockets; calls in progress stay as they are.

        Where `start` has raised, or was called off, too: what was open by then is closed.
        """


@runtime_checkable
class Reloadable(Protocol):
    """What an adapter may offer beside: to follow other settings while it runs. Others keep theirs until a restart."""

    def reload(self, settings: Any) -> Sequence[str]:
        """Go on with these settings, already checked, and with the link's `endpoints`.

        Returns the names of those that it keeps until a restart, all others being followed. Raises ConfigError where it
        follows none of them.
        """


@runtime_checkable
class Certified(Protocol):
    """What an adapter offers that shows a certificate: to show another, as certificates end sooner than services."""

    def renew_certificate(self) -> bool:
        """Show what its files hold now; returns whether that is another. Raises OSError, TlsFilesUnusable."""


class Clock(Protocol):
    """Where the live driver gets its time; everything else is told."""

    def now_ns(self) -> int: ...
