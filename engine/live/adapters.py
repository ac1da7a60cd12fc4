"""The adapters of a running engine: each with its own link, started with its open contacts, stopped in order."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from engine.config.adapters import adapter_class
from engine.effects.address import Names
from engine.effects.derive import end_effect, leave_effect
from engine.errors import ConfigError, TlsFilesUnusable, TrunklineError
from engine.ingest.names import NAMES_ONLY, NamesRecord
from engine.ingest.registry import ContactEntry
from engine.live.loop import LiveEngine
from engine.live.orphans import Orphans
from engine.live.plans import PlanDriver
from engine.log_port import Turn
from engine.messages.effects import AnyEffect
from engine.messages.kinds import (
    BY_NAMES,
    CONFIGURATION_LOADED,
    CONTACT_CONNECTED,
    CONTACT_ENDED,
    CONTACT_RELEASED,
    CONTACT_STATE_NAMES,
    CONTACT_WAITING,
    ENGAGEMENT_CONNECTED,
    ENGAGEMENT_OFFERED,
)
from engine.messages.observed import CALLBACK_NUMBER, Fact, Observed
from engine.messages.rows import empty_rows
from engine.ports import (
    Adapter,
    AdapterStatus,
    AgentEndpoint,
    Attachments,
    Certified,
    ConfigurationStatus,
    Hint,
    OpenContact,
    Receipt,
    Reloadable,
    Timing,
)
from engine.projections.views import Views
from engine.replay.closed import ClosedContact
from engine.replay.past import Past
from engine.state import EngineState

Carrier = Callable[[str, bool], str]
"""From who brought a contact, and whether that calls a customer, to who carries out its effects."""
STOP_LIMIT_S: Final = 10.0
"""How long an adapter may take to close its sockets."""

logger = logging.getLogger(__name__)


def own_adapter(owner: str, _calls_back: bool) -> str:
    """The carrier where every adapter can do what its contacts need."""
    return owner


class AdapterFailed(TrunklineError):
    """An adapter could not be started."""


class Followed(NamedTuple):
    """What became of new settings."""

    waiting: list[str]
    """Adapters that follow theirs only after a restart."""
    faults: list[str]
    """What adapters refused, as sentences: they go on as before."""
    names: list[str]
    """Adapters that follow another section from now on."""


class AdapterLink:
    """The engine as one adapter sees it: contacts that it brings have their effects handed back to it."""

    def __init__(
        self,
        engine: LiveEngine,
        adapter: str,
        endpoints: Sequence[AgentEndpoint],
        statuses: Callable[[], Sequence[AdapterStatus]],
        folder: Path | None = None,
        attachments: Attachments | None = None,
        past: Past | None = None,
        without_calls: Callable[[], frozenset[str]] = frozenset,
        plans: PlanDriver | None = None,
    ) -> None:
        self._engine = engine
        self.plans = plans or PlanDriver(engine)
        """See `ports.EngineLink`."""
        self._adapter = adapter
        self.past = past or Past(engine.log, engine.state.capacity, engine.earliest)
        """See `ports.EngineLink`."""
        self.endpoints = tuple(endpoints)
        """How each agent is reached, as configured now."""
        self.statuses = statuses
        """See `ports.EngineLink`."""
        self._without_calls = without_calls
        self.folder = folder
        """See `ports.EngineLink`."""
        self.attachments = attachments
        """See `ports.EngineLink`."""

    @property
    def views(self) -> Views:
        """The read models."""
        return self._engine.views

    def configuration(self) -> ConfigurationStatus:
        """See `ports.EngineLink`."""
        return self._engine.loads.status()

    def figures(self) -> dict[str, int]:
        """See `ports.EngineLink`."""
        return self._engine.figures()

    def timings(self) -> Mapping[str, Timing]:
        """See `ports.EngineLink`."""
        return self._engine.timings()

    def came_before(self, source: str, fact_id: str) -> bool:
        """See `ports.EngineLink`."""
        return self._engine.state.seen.knows(source, fact_id)

    def rings(self, contact: str) -> bool:
        """See `ports.EngineLink`."""
        entry, callers = self._engine.state.contacts.find(contact), self._engine.outbox.callers
        owner = self._engine.state.interned.owners[entry.source] if entry is not None else ""
        return owner in callers or owner not in self._without_calls()

    def submit(
        self, source: str, facts: Sequence[Observed], *, own_only: frozenset[type[Fact]] = frozenset()
    ) -> "asyncio.Future[list[Receipt]]":
        """See `ports.EngineLink`."""
        return self._engine.submit_for(self._adapter, source, facts, own_only)

    def durable(self) -> "asyncio.Future[int]":
        """See `ports.EngineLink`."""
        return self._engine.durable()

    def subscribe(self, watcher: Callable[[Turn], None]) -> Callable[[], None]:
        """See `ports.EngineLink`."""
        return self._engine.subscribe(watcher)

    def hint(self, hint: Hint) -> None:
        """See `ports.EngineLink`."""
        self._engine.hints.tell(hint)

    def watch_hints(self, watcher: Callable[[Hint], None]) -> Callable[[], None]:
        """See `ports.EngineLink`."""
        return self._engine.hints.watch(watcher)


class Adapters:
    """The adapters that a configuration asks for, by name and with their settings."""

    def __init__(
        self,
        engine: LiveEngine,
        sections: dict[str, Any],
        endpoints: Sequence[AgentEndpoint],
        find_class: Callable[[str], Callable[[Any, Any], Adapter]] = adapter_class,
        folder: Path | None = None,
        attachments: Attachments | None = None,
        plans: PlanDriver | None = None,
    ) -> None:
        self._engine = engine
        self._sections = dict(sections)
        engine.outbox.callers = callers_among(sections)
        past = Past(engine.log, engine.state.capacity, engine.earliest)
        shared = attachments, past, self._without_calls, plans
        self._links = {
            name: AdapterLink(
                engine, name, endpoints, self.status, folder / name if folder is not None else None, *shared
            )
            for name in sections
        }
        self._made = {name: find_class(name)(settings, self._links[name]) for name, settings in sections.items()}
        self._started: list[str] = []
        self._orphans = Orphans(engine)

    async def start(self, recovered: "Recovered | None" = None) -> int:
        """Start all in the order of the file, each with its open contacts; raises AdapterFailed, all stopped again.

        The contacts are those that were open when the engine was `recovered`: what happened since then is told when all
        adapters are started. None: those that are open now. Contacts that closed last before the log ended are given
        back with those, as they were then; an effect ends them. Whoever did so before has nothing left to end.
        Returns the sequence up to which the adapters were told all that follows from it.
        """
        engine, outbox = self._engine, self._engine.outbox
        outbox.is_open = False
        outbox.routes.update({name: adapter.act for name, adapter in self._made.items()})
        given = recovered or Recovered(engine.state, (), outbox.carrier)
        contacts = {name: list(found) for name, found in given.contacts.items()}
        again = [one for one in given.ends if one[0] in self._made]
        for owner, contact, _ in again:
            contacts.setdefault(owner, []).append(contact)
        outbox.hold_first([(owner, effect) for owner, _, effect in again])
        engine.counters["ends_told_again"] += len(again)
        try:
            await self._start_each(contacts)
            self._release_orphans()
        except BaseException:  # a start that is called off, too, leaves none behind
            await self.stop()
            raise
        outbox.is_open = True
        told_seq = engine.log.durable_seq
        outbox.release(told_seq)
        return told_seq

    async def _start_each(self, contacts: Mapping[str, Sequence[OpenContact]]) -> None:
        for name, adapter in self._made.items():
            try:
                await adapter.start(contacts.get(name, []))
            except Exception as error:
                raise AdapterFailed(f"adapter '{name}' could not be started: {error}") from error
            self._started.append(name)

    async def stop(self) -> None:
        """Stop those that were started, the last one first; one that fails or hangs does not keep the others.

        What they leave to be decided has effects that nobody carries out any more: those stay in the outbox.
        """
        self._orphans.stop()
        while self._started:
            name = self._started.pop()
            self._engine.outbox.stop(name)
            try:
                await asyncio.wait_for(self._made[name].stop(), STOP_LIMIT_S)
            except Exception:
                logger.exception("adapter %s did not stop well", name)
        self._engine.outbox.is_open = False

    def reload(self, sections: dict[str, Any], endpoints: Sequence[AgentEndpoint]) -> Followed:
        """Hand new settings and endpoints to those that can follow; what one refuses keeps no other from following."""
        waiting, faults, names = [name for name in sections if name not in self._made], list[str](), list[str]()
        for name, adapter in self._made.items():
            link, settings = self._links[name], sections.get(name)
            changed, moved = settings != self._sections[name], tuple(endpoints) != link.endpoints
            link.endpoints = tuple(endpoints)
            if settings is not None and isinstance(adapter, Reloadable) and (changed or moved):
                try:
                    adapter.reload(settings)
                    self._sections[name] = settings
                    names += [name] if changed else []
                except ConfigError as error:
                    faults += error.faults
                except Exception as error:
                    logger.exception("adapter %s failed to follow its settings", name)
                    faults.append(f"adapter '{name}' failed to follow its settings: {type(error).__name__}: {error}")
            elif changed:
                waiting.append(name)
        self._engine.outbox.callers = callers_among(self._sections)
        return Followed(waiting, faults + self._renew_certificates(), names)

    def _renew_certificates(self) -> list[str]:
        """Let adapters show the certificates that their files hold now; returns why one goes on with that of before."""
        faults = []
        for name, adapter in self._made.items():
            try:
                if isinstance(adapter, Certified) and adapter.renew_certificate():
                    logger.info("adapter %s shows the certificate that its files hold now", name)
            except (OSError, TlsFilesUnusable) as error:
                faults.append(f"adapters.{name}.tls: {error}; the certificate of before is shown further on")
        return faults

    def status(self) -> list[AdapterStatus]:
        """How each is doing."""
        return [adapter.status() for adapter in self._made.values()]

    def _without_calls(self) -> frozenset[str]:
        """Adapters that cannot call customers, by the settings that they follow."""
        return frozenset(name for name, section in self._sections.items() if can_call(section) is False)

    def _release_orphans(self) -> None:
        """Release the contacts whose adapter is not there any more."""
        state, carrier = self._engine.state, self._engine.outbox.carrier
        carriers = ((entry, _carrier_of(state, entry, carrier)) for entry in _oldest_first(state))
        self._orphans.release([(entry, name) for entry, name in carriers if name and name not in self._made])


class Recovered:
    """What adapters get back at their start, as it is when this is made: before the engine makes its first turn."""

    def __init__(
        self, state: EngineState, closed: Iterable[ClosedContact] = (), carrier: Carrier = own_adapter
    ) -> None:
        self.contacts = open_contacts(state, carrier)
        self.ends = list(told_again(state, closed, carrier))


def record_told(engine: LiveEngine, told_seq: int) -> None:
    """Record that adapters are up and were told what follows from everything up to `told_seq`.

    To older readers of the log it is a row that brings no new names.
    """
    row = empty_rows(1)
    row["kind"], row["a"], row["b"] = CONFIGURATION_LOADED, NAMES_ONLY, told_seq
    engine.record(row, msgspec.msgpack.encode(NamesRecord()))


def can_call(section: Any) -> bool | None:
    """Return whether an adapter with these settings can call customers; None: it does not say, and keeps its own."""
    said: bool | None = getattr(section, "calls_back", None)
    return said


def callers_among(sections: Mapping[str, Any]) -> dict[str, str]:
    """Return who calls back the customers of each adapter that says that it cannot; see `ports.Adapter.Settings`."""
    says = {name: can_call(section) for name, section in sections.items()}
    caller = next((name for name, can in says.items() if can), None)
    return {name: caller for name, can in says.items() if can is False and caller is not None}


def open_contacts(state: EngineState, carrier: Carrier = own_adapter) -> dict[str, list[OpenContact]]:
    """Return the open contacts by the name of the adapter that carries out their effects, oldest first."""
    found: dict[str, list[OpenContact]] = {}
    for entry in _oldest_first(state):
        found.setdefault(_carrier_of(state, entry, carrier), []).append(_open_contact(state, entry))
    return found


def _oldest_first(state: EngineState) -> list[ContactEntry]:
    return sorted(state.contacts, key=lambda entry: entry.arrival_seq)


def _carrier_of(state: EngineState, entry: ContactEntry, carrier: Carrier) -> str:
    return carrier(state.interned.owners[entry.source], CALLBACK_NUMBER in entry.arrival.attributes)


def told_again(
    state: EngineState, closed: Iterable[ClosedContact], carrier: Carrier
) -> Iterator[tuple[str, OpenContact, AnyEffect]]:
    """Yield adapter, contact as it was before it closed, and effect, for each whose end may not have been told."""
    names, owners = state.names, state.interned.owners
    for one in closed:
        entry, row = one.entry, one.row
        ended = row.kind == CONTACT_ENDED
        effect = _end_of(names, one)
        if effect is not None:
            contact = OpenContact(
                contact=entry.name,
                queue=names.queues[row.queue],
                state=CONTACT_STATE_NAMES[CONTACT_CONNECTED if ended else CONTACT_WAITING],
                agents=(names.agents[row.agent],) if ended and row.agent >= 0 else (),
                legs=dict(entry.legs),
                call_back=entry.arrival.attributes.get(CALLBACK_NUMBER, ""),
                closed=True,
                released_by=_released_by(owners, one, _carrier_of(state, entry, carrier)),
            )
            yield _carrier_of(state, entry, carrier), contact, effect


def _end_of(names: Names, closed: ClosedContact) -> AnyEffect | None:
    derive = end_effect if closed.row.kind == CONTACT_ENDED else leave_effect
    return derive(names, closed.seq, closed.row, lambda: closed.cause, closed.entry)


def _released_by(owners: Sequence[str], closed: ClosedContact, carrier: str) -> str:
    """Who hung up, if the contact's own adapter heard it; what others order is no sign of what a side knows."""
    cause = closed.cause
    heard = cause.kind == CONTACT_RELEASED and owners[cause.source] == carrier
    return BY_NAMES[cause.a] if heard else ""


def _open_contact(state: EngineState, entry: ContactEntry) -> OpenContact:
    contact = state.tables.contacts[entry.slot]
    return OpenContact(
        contact=entry.name,
        queue=state.names.queues[int(contact["queue"])],
        state=CONTACT_STATE_NAMES[int(contact["state"])],
        agents=tuple(state.names.agents[agent] for agent in _agents_of(state, entry.slot)),
        legs=dict(entry.legs),
        trunk_group=_trunk_group_of(state, int(contact["trunk_group"])),
        call_back=entry.arrival.attributes.get(CALLBACK_NUMBER, ""),
    )


def _trunk_group_of(state: EngineState, number: int) -> str:
    return state.names.trunk_groups[number] if number >= 0 else ""


def _agents_of(state: EngineState, slot: int) -> Iterable[int]:
    engagements = state.tables.engagements
    place = int(state.tables.contacts["engagement"][slot])
    while place >= 0:
        engagement = engagements[place]
        if engagement["state"] in (ENGAGEMENT_OFFERED, ENGAGEMENT_CONNECTED):
            yield int(engagement["agent"])
        place = int(engagement["next_of_contact"])
