"""Calls from a log of Trunkline's own, read beside the engine that writes it; nothing is written."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from engine.log.reader import read_runs
from engine.log_port import Turn
from engine.messages.exits import GAVE_UP, REFUSED
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    CONFIGURATION_LOADED,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_FREE,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    FLAG_CLOSES,
    FLAG_WRAPS,
    OFFER_BUSY,
    OFFER_ENDED,
    OFFER_MADE,
    OFFER_UNREACHABLE,
    SETTING_CHANGED,
    STATUS_OFFLINE,
    STATUS_PAUSED,
    TABLE_AGENT,
    VOICE,
    WRAP_UP_ENDED,
    WRAP_UP_STARTED,
)
from engine.messages.observed import ContactArrived
from engine.messages.recorded import read_recorded
from engine.model.directory import decode_directory
from engine.model.settings import AgentSetting
from engine.replay.base import state_at_beginning
from engine.replay.restore import log_folder
from engine.state import FEWEST_FACTS, EngineState, payload_of
from simulations.fit.calls import OFFER, UNKNOWN, Array, Before, Calls, Collected
from simulations.fit.hours import Hours
from simulations.fit.log_settings import LogSettings

NAMES_ONLY: Final = 1
VARIED: Final = "agent served other queues for a part of the time signed in: taken as for most of it"
NEVER_RANG: Final = (OFFER_BUSY, OFFER_UNREACHABLE)
FOLLOWED: Final = (
    AGENT_STATUS_CHANGED,
    CONFIGURATION_LOADED,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    OFFER_ENDED,
    OFFER_MADE,
    SETTING_CHANGED,
    WRAP_UP_ENDED,
    WRAP_UP_STARTED,
)


class _Arrived(msgspec.Struct):
    """A contact that is not closed."""

    priority: int = 0
    channel: int = 0
    customer: str = ""
    before: "_Call | None" = None
    """Its stay in the queue that it was in last."""


class _Call(msgspec.Struct):
    """A contact in one queue."""

    arrival_ns: int
    queue: int
    priority: int
    customer: str
    channel: int
    before: "_Call | None" = None
    wait_ns: int = UNKNOWN
    rang_ns: int = 0
    agent: int = UNKNOWN
    handle_ns: int = UNKNOWN
    wrap_up_ns: int = UNKNOWN
    abandoned: bool = False


def read_log(data: Path, time_zone: str) -> Calls:
    """Return the calls of a data folder, a contact once for each queue it waited in.

    Where old segments were deleted it begins with the state that was written down then. Raises LogError where there is
    no log, or no such state; LogDamaged where it cannot be read, ConfigError where nobody ever called.
    """
    begin = state_at_beginning(data, FEWEST_FACTS)
    runs = read_runs(log_folder(data), 1 if begin is None else begin.seq + 1)
    found = calls_of(runs, str(data), time_zone, begin)
    if not len(found.rows):
        raise ConfigError([f"{data}: nobody has been in a queue yet: there is nothing to learn from this log"])
    return found


def calls_of(runs: Iterable[Turn], source: str, time_zone: str, begin: EngineState | None = None) -> Calls:
    """Return the calls of recorded turns, in order; `begin` is the state that the first of them goes on from."""
    reader = _Reader()
    if begin is not None:
        reader.begin(begin)
    for run in runs:
        reader.absorb(run)
    return reader.calls(source, time_zone)


class _Reader:
    def __init__(self) -> None:
        self._settings = LogSettings()
        self._arrived: dict[int, _Arrived] = {}
        self._open: dict[int, _Call] = {}
        self._ended: _Call | None = None
        self._wrapping: dict[int, _Call] = {}
        self._all: list[_Call] = []
        self._hours = Hours()
        self._refused = 0
        self._under_way: set[int] = set()
        """Contacts of whom the log has no beginning: they are not told."""
        self._offered: dict[tuple[int, int], int] = {}
        """When it began to ring, ns, by contact and agent."""
        self._offers: list[tuple[int, bool, int]] = []
        """Of each that rang: queue, whether it was answered, how long it rang."""
        self._remarks: dict[str, int] = {}
        self._began_ns: int | None = None
        self._now_ns = 0

    def begin(self, state: EngineState) -> None:
        """Begin with what holds where the log does."""
        self._settings.begin(state.directory, state.settings(), state.now_ns)
        for agent in np.flatnonzero(state.tables.agents["status"] != STATUS_OFFLINE).tolist():
            self._change_status(agent, int(state.tables.agents["status"][agent]), state.now_ns)
        self._under_way = set(np.flatnonzero(state.tables.contacts["state"] != CONTACT_FREE).tolist())
        if self._under_way:
            self._remarks["under way when the log begins: not among the calls"] = len(self._under_way)

    def absorb(self, run: Turn) -> None:
        """Take in the next run of turns."""
        rows: Any = run.rows
        self._now_ns = int(rows["at_ns"][-1])
        if self._began_ns is None:
            self._began_ns = int(rows["at_ns"][0])
        for place in np.flatnonzero(np.isin(rows["kind"], FOLLOWED)).tolist():
            row = rows[place]
            kind, slot = int(row["kind"]), int(row["contact"])
            if kind == CONFIGURATION_LOADED:
                if int(row["a"]) != NAMES_ONLY:
                    self._settings.rename(decode_directory(payload_of(run, place)), int(row["at_ns"]))
            elif kind == SETTING_CHANGED:
                self._settings.change(row)
                if (int(row["agent"]), int(row["contact"]), int(row["a"])) == (TABLE_AGENT, AgentSetting.EXISTS, 0):
                    self._change_status(int(row["queue"]), STATUS_OFFLINE, int(row["at_ns"]))
            elif kind == AGENT_STATUS_CHANGED:
                self._change_status(int(row["agent"]), int(row["a"]), int(row["at_ns"]))
            elif kind == CONTACT_ARRIVED:
                payload = payload_of(run, place)
                customer = read_recorded(payload, ContactArrived).customer if len(payload) else ""
                packed = int(row["a"])
                self._under_way.discard(slot)
                self._arrived[slot] = _Arrived(packed >> 8 & 0xFF, packed & 0xFF, customer)
            elif kind == CONTACT_QUEUED:
                if slot not in self._under_way:
                    self._queue(slot, int(row["queue"]), int(row["at_ns"]))
            elif kind in (OFFER_MADE, OFFER_ENDED):
                self._ring(row, kind, slot)
            elif kind in (WRAP_UP_STARTED, WRAP_UP_ENDED):
                self._wrap(row, kind)
            elif kind == CONTACT_LEFT and int(row["a"]) in REFUSED and slot not in self._open:
                self._refused += slot not in self._under_way
            elif slot in self._open:
                self._go_on(row, kind, slot)

    def _change_status(self, agent: int, status: int, at_ns: int) -> None:
        name = self._settings.agent_name(agent)
        if status == STATUS_OFFLINE:
            self._hours.leave(name, at_ns)
            return
        self._hours.come(name, at_ns)
        (self._hours.pause if status == STATUS_PAUSED else self._hours.go_on)(name, at_ns)

    def _queue(self, slot: int, queue: int, at_ns: int) -> None:
        who = self._arrived.setdefault(slot, _Arrived())
        self._open[slot] = who.before = _Call(at_ns, queue, who.priority, who.customer, who.channel, who.before)

    def _go_on(self, row: Any, kind: int, slot: int) -> None:
        call = self._open[slot]
        if kind == CONTACT_ANSWERED:
            call.wait_ns, call.agent = int(row["a"]), int(row["agent"])
            if (since_ns := self._offered.pop((slot, call.agent), None)) is not None:
                call.rang_ns = int(row["at_ns"]) - since_ns
                self._offers.append((call.queue, True, call.rang_ns))
            return
        if kind == CONTACT_LEFT:
            call.wait_ns, call.abandoned = int(row["b"]), int(row["a"]) in GAVE_UP
        else:
            call.handle_ns = int(row["b"])
            self._ended = call if row["flags"] & FLAG_WRAPS else None
            call.wrap_up_ns = UNKNOWN if self._ended else 0
        self._all.append(self._open.pop(slot))
        if row["flags"] & FLAG_CLOSES:
            self._arrived.pop(slot, None)

    def _ring(self, row: Any, kind: int, slot: int) -> None:
        rung = slot, int(row["agent"])
        if kind == OFFER_MADE:
            self._offered[rung] = int(row["at_ns"])
        elif (since_ns := self._offered.pop(rung, None)) is not None and int(row["a"]) not in NEVER_RANG:
            self._offers.append((int(row["queue"]), False, int(row["at_ns"]) - since_ns))

    def _wrap(self, row: Any, kind: int) -> None:
        """A wrap-up begins right behind the end of its contact, and ends under the number of its engagement."""
        if kind == WRAP_UP_STARTED:
            if self._ended is not None:
                self._wrapping[int(row["b"])] = self._ended
            self._ended = None
        elif (call := self._wrapping.pop(int(row["a"]), None)) is not None:
            call.wrap_up_ns = int(row["b"])

    def calls(self, source: str, time_zone: str) -> Calls:
        """Return what was found."""
        found = Collected()
        settings = self._settings
        for call in self._open.values():  # their wait is known, or to be longer than so far; their talk is not
            if call.agent < 0:
                call.wait_ns = self._now_ns - call.arrival_ns
        for call in [*self._all, *self._open.values()]:
            found.add(
                arrival_ns=call.arrival_ns,
                wait_ns=call.wait_ns,
                rang_ns=min(call.rang_ns, max(call.wait_ns, 0)),
                handle_ns=call.handle_ns,
                wrap_up_ns=call.wrap_up_ns,
                kind=settings.queue_name(call.queue),
                priority=call.priority,
                agent=settings.agent_name(call.agent) if call.agent >= 0 else "",
                customer=call.customer,
                answered=call.agent >= 0,
                abandoned=call.abandoned,
                came_from=self._before(call),
            )
        found.remarks.update(self._remarks)
        for text, count in (
            ("refused at the door: not among the calls", self._refused),
            ("still there when the log ends: counted as far as known", len(self._open)),
        ):
            if count:
                found.remarks[text] = count
        channels = self._channels()
        signed_in, paused = self._hours.tables(found.agents, self._now_ns)
        may_serve, varied = settings.may_serve(found.agents.all(), signed_in, self._now_ns)
        if varied:
            found.remarks[VARIED] = varied
        return msgspec.structs.replace(
            found.calls(source, time_zone),
            told=tuple(settings.told(name, channels.get(name, VOICE)) for name in found.types.all()),
            capacity=settings.capacity(),
            may_interrupt=settings.may_interrupt(),
            signed_in=signed_in,
            paused=paused,
            may_serve=may_serve,
            is_routed_by_settings=True,
            span_ns=None if self._began_ns is None else (self._began_ns, self._now_ns),
            offers=self._offers_of(found.types.all()),
        )

    def _offers_of(self, types: tuple[str, ...]) -> Array:
        names = [self._settings.queue_name(queue) for queue, _, _ in self._offers]
        rows = [
            (types.index(name), answered, lasted_ns)
            for name, (_, answered, lasted_ns) in zip(names, self._offers, strict=True)
            if name in types
        ]
        return np.array(rows, OFFER)

    def _before(self, call: _Call) -> Before | None:
        if (before := call.before) is None:
            return None
        return Before(self._settings.queue_name(before.queue), before.wait_ns, before.agent >= 0)

    def _channels(self) -> dict[str, int]:
        """Return by queue the channel of most of its contacts: they bring their own, whatever the queue's is."""
        counts: dict[str, Counter[int]] = {}
        for call in [*self._all, *self._open.values()]:
            counts.setdefault(self._settings.queue_name(call.queue), Counter())[call.channel] += 1
        return {name: count.most_common(1)[0][0] for name, count in counts.items()}
