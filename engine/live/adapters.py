"""The adapters of a running engine: each with its own link, started with its open contacts, stopped in order."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.config.adapters import adapter_class
from engine.errors import ConfigError, TlsFilesUnusable, TrunklineError
from engine.live.loop import LiveEngine
from engine.live.orphans import Orphans
from engine.live.plans import PlanDriver
from engine.live.recovered import Recovered, carrier_of, oldest_first
from engine.log_port import Turn
from engine.messages.observed import Fact, Observed
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
from engine.replay.past import Past

STOP_LIMIT_S: Final = 10.0
"""How long an adapter may take to close its sockets."""

logger = logging.getLogger(__name__)


class AdapterFailed(TrunklineError):
    """An adapter could not be started."""


class Followed(NamedTuple):
    """What became of new settings."""

    faults: list[str]
    """What adapters refused, or follow only after a restart, as sentences: they go on as before."""
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
        self.past = past or Past(engine.log, engine.state.capacity, engine.beginning_of_past)
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
        """The settings that each follows."""
        self._reached = dict.fromkeys(sections, tuple(endpoints))
        """How agents are reached, as each follows it."""
        self._kept = {name: list[str]() for name in sections}
        """Settings that each follows only from a restart on."""
        engine.outbox.callers = callers_among(sections)
        past = Past(engine.log, engine.state.capacity, engine.beginning_of_past)
        shared = attachments, past, self._without_calls, plans
        self._links = {
            name: AdapterLink(
                engine, name, endpoints, self.status, folder / name if folder is not None else None, *shared
            )
            for name in sections
        }
        self._made = {name: find_class(name)(settings, self._links[name]) for name, settings in sections.items()}
        self._begun: list[str] = []
        """Adapters that were told to start, whether they could or not, and not yet to stop."""
        self._orphans = Orphans(engine)

    async def start(self, recovered: Recovered | None = None) -> int:
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
            self._begun.append(name)  # what it opened by the time at which it fails, only it can close
            try:
                await adapter.start(contacts.get(name, []))
            except Exception as error:
                raise AdapterFailed(f"adapter '{name}' could not be started: {error}") from error

    async def stop(self) -> None:
        """Stop those whose start was begun, the last one first; one that fails or hangs does not keep the others.

        What they leave to be decided has effects that nobody carries out any more: those stay in the outbox.
        """
        self._orphans.stop()
        while self._begun:
            name = self._begun.pop()
            self._engine.outbox.stop(name)
            try:
                await asyncio.wait_for(self._made[name].stop(), STOP_LIMIT_S)
            except Exception:
                logger.exception("adapter %s did not stop well", name)
        self._engine.outbox.is_open = False

    def reload(self, sections: dict[str, Any], endpoints: Sequence[AgentEndpoint]) -> Followed:
        """Hand new settings and endpoints to those that can follow; what one refuses keeps no other from following."""
        names = list[str]()
        faults = [f"adapters.{name} is started only by a restart" for name in sections if name not in self._made]
        for name, adapter in self._made.items():
            settings = sections.get(name)
            changed, moved = settings != self._sections[name], tuple(endpoints) != self._reached[name]
            self._links[name].endpoints = tuple(endpoints)
            if settings is not None and isinstance(adapter, Reloadable) and (changed or moved):
                try:
                    self._kept[name] = list(adapter.reload(settings))
                    self._sections[name], self._reached[name] = settings, tuple(endpoints)
                    names += [name] if changed else []
                except ConfigError as error:
                    faults += error.faults
                except Exception as error:
                    logger.exception("adapter %s failed to follow its settings", name)
                    faults.append(f"adapter '{name}' failed to follow its settings: {type(error).__name__}: {error}")
            elif changed:
                ends = "stopped" if settings is None else "followed"
                faults.append(f"adapters.{name} is {ends} only by a restart")
            faults += [f"adapters.{name}.{kept} is followed only by a restart" for kept in self._kept[name]]
        self._engine.outbox.callers = callers_among(self._sections)
        return Followed(faults + self._renew_certificates(), names)

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
        carriers = ((entry, carrier_of(state, entry, carrier)) for entry in oldest_first(state))
        self._orphans.release([(entry, name) for entry, name in carriers if name and name not in self._made])


def can_call(section: Any) -> bool | None:
    """Return whether an adapter with these settings can call customers; None: it does not say, and keeps its own."""
    said: bool | None = getattr(section, "calls_back", None)
    return said


def callers_among(sections: Mapping[str, Any]) -> dict[str, str]:
    """Return who calls back the customers of each adapter that says that it cannot; see `ports.Adapter.Settings`."""
    says = {name: can_call(section) for name, section in sections.items()}
    caller = next((name for name, can in says.items() if can), None)
    return {name: caller for name, can in says.items() if can is False and caller is not None}
