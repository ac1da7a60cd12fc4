"""What a log says of the people in it: who came, how long they waited and talked, and what else was bound to happen.

Read once, in order. Of each contact some numbers are kept, 500 bytes in all; names stay in the log, to be looked up.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError, LogError
from engine.kernel.tables import Capacity
from engine.log.reader import read_log, read_runs
from engine.log_port import Turn, part_of
from engine.messages import kinds
from engine.messages.observed import ContactArrived
from engine.messages.recorded import read_recorded
from engine.messages.rows import ROW
from engine.model.directory import Directory, decode_directory
from engine.replay.base import state_at_beginning
from engine.replay.restore import collector_paused, log_folder
from engine.state import FEWEST_FACTS, payload_of, row_payload, started_with
from simulations.whatif.beginning import Beginning
from simulations.whatif.cuts import tie, write_cuts
from simulations.whatif.interruptions import CHANNEL_BITS, take_off
from simulations.whatif.packed import Packed
from simulations.whatif.returns import tell_returns
from simulations.whatif.stages import LEFT_KINDS, Stages

Array = np.ndarray[Any, Any]
CONTACTS_MAX: Final = 1_000_000
"""Contacts that are read at most: half a GB, and as much again for each thread that plays."""
SCRIPT_MAX: Final = 2_000_000
NAMES_ONLY: Final = 1
SCRIPTED: Final = (
    kinds.SETTING_CHANGED,
    kinds.REQUIREMENT_DEFINED,
    kinds.AGENT_STATUS_CHANGED,
    kinds.AGENT_SUSPENDED,
    kinds.AGENT_REACHABILITY_CHANGED,
    kinds.QUEUE_OPENED,
    kinds.QUEUE_CLOSED,
)
"""Facts that no routing rule brings about: they happen again as they are. Of who was set aside, when that ended."""
LEFT_OUT: Final = {
    kinds.PRIORITY_CHANGED: "priorities changed by hand",
    kinds.TRUNK_REQUESTED: "trunks asked for by outgoing calls",
    kinds.CALLER_MOVED: "callers moved to another contact",
}
FOLLOWED: Final = (
    kinds.CONTACT_ARRIVED,
    kinds.CONTACT_QUEUED,
    kinds.OFFER_MADE,
    kinds.OFFER_ENDED,
    kinds.CONTACT_ANSWERED,
    kinds.CONTACT_LEFT,
    kinds.CONTACT_ENDED,
    kinds.WRAP_UP_STARTED,
    kinds.WRAP_UP_ENDED,
    *LEFT_OUT,
)
CLOSING: Final = (kinds.CONTACT_LEFT, kinds.CONTACT_ENDED)
CONFIGURING: Final = (kinds.ENGINE_STARTED, kinds.CONFIGURATION_LOADED, kinds.REQUIREMENT_DEFINED)
ARRIVAL: Final = np.dtype(
    [
        ("seq", "i8"),
        ("at_ns", "i8"),
        ("queue", "i8"),
        ("packed", "i8"),
        ("line_ns", "i8"),
        ("flags", "i8"),
        ("agent", "i8"),
    ]
)


class Record(msgspec.Struct, frozen=True):
    """A recorded stretch of time, taken apart into facts and people."""

    folder: Path
    directory: Directory
    capacity: Capacity
    script: Array
    """dtype ROW: what happens again as it is."""
    arrivals: Array
    """dtype ARRIVAL, in order: one a contact."""
    stages: Array
    """dtype stages.RECORDED, person by person."""
    offers: Array
    """dtype OFFER: what became of the offers of each stage but the answered one, in order."""
    first_stages: Array
    """shape (contacts,): place of each one's first stage."""
    begin_ns: int
    end_ns: int
    remarks: dict[str, int]
    """What was left out, each with how often."""

    def name_of(self, contact: int) -> str:
        """Return what a contact is called."""
        seq = int(self.arrivals["seq"][contact])
        frame = next(read_log(log_folder(self.folder), seq, seq, dtype=ROW))
        payload = row_payload(frame.rows[seq - frame.first_seq], frame.payload)
        return read_recorded(payload, ContactArrived).contact if len(payload) else str(seq)

    def number_of(self, contact: str) -> int:
        """Return the number of a contact, by the sequence of its arrival or by its name, of several the first.

        Raises ConfigError when there is none.
        """
        seqs = self.arrivals["seq"]
        if contact.isdecimal():
            places = np.flatnonzero(seqs == int(contact))
            if len(places):
                return int(places[0])
        for run in read_runs(log_folder(self.folder)):
            for place in np.flatnonzero(run.rows["kind"] == kinds.CONTACT_ARRIVED).tolist():
                payload = payload_of(run, place)
                if len(payload) and read_recorded(payload, ContactArrived).contact == contact:
                    found = int(np.searchsorted(seqs, run.first_seq + place))
                    if found < len(seqs) and int(seqs[found]) == run.first_seq + place:
                        return found
        raise ConfigError([f"--contact {contact}: no contact that came into a queue has this name or sequence"])


@collector_paused()
def read_record(
    data: Path,
    told: Callable[[int], object] = lambda rows: None,
    *,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> Record:
    """Return what the log in a data folder says; `told` hears how many rows were read.

    With `since_ns` what lies before is folded, not played: the record begins with the settings, and those at work, of
    that instant, and with nobody waiting or talking. So it does where the log's older segments were deleted, with the
    state that was written down then. Nothing is locked or written. Raises LogError where there is no log, no such
    state, or more than there is room for; LogDamaged where it cannot be read; ConfigError where nobody came.
    """
    begin = state_at_beginning(data, FEWEST_FACTS)
    wants_all = since_ns is None and begin is None
    reader = _Reader(None if wants_all else Beginning(since_ns or 0, begin), until_ns)
    for run in read_runs(log_folder(data), 1 if begin is None else begin.seq + 1):
        if not reader.absorb(run):
            break
        told(reader.rows)
    return reader.record(data)


class _Reader:
    def __init__(self, beginning: Beginning | None, until_ns: int | None) -> None:
        self.rows = 0
        self._until_ns = until_ns
        self._beginning = beginning
        self._directory = Directory()
        self._capacity = Capacity()
        self._script: list[Array] = []
        self._script_facts: list[Array] = []
        self._scripted = self._facts = 0
        self._arrivals = Packed(ARRIVAL)
        self._stages = Stages()
        self._remarks: Counter[str] = Counter()
        self._begin_ns = self._end_ns = 0

    def absorb(self, run: Turn) -> bool:
        """Take in the next run of turns; tell whether more is wanted."""
        self.rows += len(run.rows)
        if self._until_ns is not None:
            wanted = part_of(run, 0, int(np.searchsorted(run.rows["at_ns"], self._until_ns)))
        else:
            wanted = run
        if self._beginning is not None and len(wanted.rows):
            wanted = self._beginning.pass_over(wanted)
            if len(wanted.rows):
                self._begin(self._beginning)
        if len(wanted.rows):
            self._take(wanted)
        return self._until_ns is None or int(run.rows["at_ns"][-1]) < self._until_ns

    def _begin(self, beginning: Beginning) -> None:
        """Begin with what holds at the instant that was asked for."""
        self._directory, self._capacity = beginning.directory, beginning.capacity
        self._begin_ns = beginning.since_ns
        facts = beginning.facts()
        self._add_script(facts, np.zeros(len(facts), np.int64))
        if beginning.open_contacts:
            self._remarks["contacts under way when it begins"] = beginning.open_contacts
        self._beginning = None

    def _take(self, run: Turn) -> None:
        rows: Array = np.asarray(run.rows)
        self._begin_ns = self._begin_ns or int(rows["at_ns"][0])
        self._end_ns = int(rows["at_ns"][-1])
        kind = rows["kind"]
        for place in np.flatnonzero(np.isin(kind, CONFIGURING)).tolist():
            self._configure(run, place, int(kind[place]))
        places = np.flatnonzero(np.isin(kind, FOLLOWED))
        caused_by = places - rows["cause"][places]
        causes = rows[caused_by]
        of_cut = np.full(len(rows), -1)
        for place, row, fact, cause in zip(
            places.tolist(), rows[places].tolist(), caused_by.tolist(), causes.tolist(), strict=True
        ):
            if row[1] in CLOSING and (person := self._stages.cut_by(row[7], cause)) >= 0:
                of_cut[fact] = person
            self._follow(run.first_seq + place, row, cause)
        self._take_script(rows, of_cut)
        if len(self._arrivals) > CONTACTS_MAX or self._scripted > SCRIPT_MAX:
            what = f"{CONTACTS_MAX} contacts or {SCRIPT_MAX} changes of settings and states"
            raise LogError(f"there are more than {what}, for which there is no room; choose less by --from and --to")

    def _take_script(self, rows: Array, of_cut: Array) -> None:
        """Take in what happens again as it is; `of_cut` tells whose contact a row cut, -1: nobody's."""
        facts = self._facts + np.cumsum(rows["cause"] == 0)
        self._facts = int(facts[-1])
        lines = np.flatnonzero(np.isin(rows["kind"], SCRIPTED) | (of_cut >= 0))
        script = rows[lines]
        write_cuts(script, of_cut[lines])
        self._add_script(script, facts[lines])

    def _add_script(self, script: Array, facts: Array) -> None:
        self._script.append(script)
        self._script_facts.append(facts)
        self._scripted += len(script)

    def _configure(self, run: Turn, place: int, kind: int) -> None:
        if kind == kinds.ENGINE_STARTED:
            self._capacity = started_with(run.rows[place], run.payload)
        elif kind == kinds.REQUIREMENT_DEFINED:
            self._directory.fold(run.rows[place : place + 1].view(np.recarray))
        elif int(run.rows["a"][place]) != NAMES_ONLY:
            self._directory = decode_directory(payload_of(run, place))

    def _follow(self, seq: int, row: tuple[int, ...], cause: tuple[int, ...]) -> None:
        at_ns, kind, flags, _, _, agent, queue, slot, _, a, b = row[:11]
        stages = self._stages
        if kind in LEFT_OUT:
            self._remarks[LEFT_OUT[kind]] += 1
        elif kind == kinds.CONTACT_ARRIVED:
            if queue < 0:
                self._remarks["contacts without queue"] += 1
                stages.forget(slot)
                return
            if flags & kinds.FLAG_CALLS_BACK:
                stages.call_back(slot, queue, b, at_ns)
                return
            person = self._arrivals.add((seq, at_ns, queue, a, b, flags, agent))
            stages.begin(slot, person, queue, at_ns, is_written=a & CHANNEL_BITS > kinds.CHAT)
        elif kind == kinds.CONTACT_QUEUED:
            stages.queue(slot, a)
        elif kind == kinds.OFFER_MADE:
            stages.offer(slot, agent, at_ns)
        elif kind == kinds.OFFER_ENDED:
            stages.end_offer(slot, agent, at_ns, a, was_declined=cause[1] == kinds.OFFER_DECLINED)
        elif kind == kinds.CONTACT_ANSWERED:
            stages.answer(slot, agent, at_ns)
        elif kind == kinds.CONTACT_LEFT:
            if flags & kinds.FLAG_CLOSES:
                stages.leave(slot, queue, at_ns, a, cause[1] if cause[1] in LEFT_KINDS else 0, cause[9])
        elif kind == kinds.CONTACT_ENDED:
            goes_on = cause[1] if cause[1] in (kinds.TRANSFER_REQUESTED, kinds.REQUEUE_REQUESTED) else 0
            then = (goes_on, cause[6], cause[5], cause[2]) if goes_on and not flags & kinds.FLAG_CLOSES else None
            was_cut = stages.cut_by(slot, cause) >= 0
            stages.end(slot, at_ns, b, then, bool(flags & kinds.FLAG_WRAPS), was_cut=was_cut)
        elif kind == kinds.WRAP_UP_STARTED:
            stages.wrap(b)
        else:
            stages.unwrap(a, b, cause[1] == kinds.WRAP_UP_FINISHED)

    def record(self, data: Path) -> Record:
        """Return what was found."""
        if not len(self._arrivals):
            raise ConfigError([f"{data}: nobody came into a queue: there is nothing to play again"])
        still_open = self._stages.close(self._end_ns)
        if still_open:
            self._remarks["contacts still there when the log ends"] = still_open
        stages, offers = self._stages.tables()
        script = np.concatenate(self._script)
        tie(script, np.concatenate(self._script_facts))
        script = tell_returns(script)
        script["payload_offset"] = script["payload_size"] = script["dedupe"] = 0
        arrivals = self._arrivals.table()
        take_off(stages, arrivals["packed"][stages["person"]], script)
        return Record(
            folder=data,
            directory=self._directory,
            capacity=self._capacity,
            script=script,
            arrivals=arrivals,
            stages=stages,
            offers=offers,
            first_stages=np.searchsorted(stages["person"], np.arange(len(arrivals))),
            begin_ns=self._begin_ns,
            end_ns=self._end_ns,
            remarks=dict(self._remarks),
        )
