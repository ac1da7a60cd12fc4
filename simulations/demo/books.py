"""The books of a run, drawn up twice: from the read models that everybody sees, and once more from the recorded log."""

from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec

from engine.live.loop import LiveEngine
from engine.log.reader import read_log
from engine.log.runs import runs
from engine.log_port import Frame
from engine.messages.kinds import EXIT_NAMES, EXITS
from engine.messages.rows import ROW
from engine.model.tallies import Tally as Column
from engine.replay.recount import Recount
from engine.replay.restore import capacity_of_log, log_folder
from engine.replay.verify import verify
from simulations.demo.people.tally import Tally


class ChannelTotals(msgspec.Struct, frozen=True):
    """One channel over all queues."""

    offered: int
    answered: int
    abandoned: int
    waiting: int
    service_level: float | None


class Totals(msgspec.Struct, frozen=True):
    """All queues together. An overflow is an exit of one queue and an entry of the other."""

    as_of: int
    offered: int
    exits: dict[str, int]
    waiting: int

    @property
    def is_balanced(self) -> bool:
        """Whether everybody who came in has left or still waits."""
        return self.offered == sum(self.exits.values()) + self.waiting


class Recounted(msgspec.Struct, frozen=True):
    """What the log says by itself."""

    totals: Totals
    verified: bool
    """Whether deciding the log again led to the same decisions and the same state."""
    rows: int
    fingerprint: str
    findings: tuple[str, ...]


class Books(msgspec.Struct, frozen=True):
    """The result of a run, as `--json` prints it."""

    offered: int
    answered: int
    abandoned: int
    """Short ones included."""
    exits: dict[str, int]
    waiting: int
    channels: dict[str, ChannelTotals]
    as_of: int
    invariant_violations: int
    balanced: bool
    recount: Recounted
    people: Tally
    """What callers, customers and agents counted themselves, at the other end of the sockets."""
    seconds: float
    data: str | None
    """Folder of the log; null: it was not kept."""


def totals_of(engine: LiveEngine) -> Totals:
    """Add up the read models of a running engine."""
    listed = engine.views.queues()
    exits = {name: sum(status.exits.get(name, 0) for status in listed.queues) for name in EXIT_NAMES.values()}
    entries, waiting = (sum(getattr(status, name) for status in listed.queues) for name in ("entries", "waiting"))
    return Totals(listed.as_of, entries, exits, waiting)


def channels_of(engine: LiveEngine) -> dict[str, ChannelTotals]:
    """The same by channel."""
    rows = engine.views.realtime(["channel"]).rows
    return {
        str(row.channel): ChannelTotals(
            row.contacts_queued, row.contacts_answered, row.contacts_abandoned, row.contacts_in_queue, row.service_level
        )
        for row in rows
    }


def recounted(data: Path, as_of: int) -> Recounted:
    """Count the log in a data folder up to a position, and decide all of it again."""
    folder = log_folder(data)
    capacity = capacity_of_log(read_log(folder, dtype=ROW))
    count = Recount(capacity.queues, capacity.contacts)

    def is_wanted(frame: Frame) -> bool:
        return frame.first_seq + len(frame.rows) - 1 <= as_of

    for run in runs(takewhile(is_wanted, read_log(folder, dtype=ROW))):
        count.add(run)
    cells: Any = count.cells.sum(axis=(0, 1))
    exits = {EXIT_NAMES[way_out]: int(cells[Column.EXIT + way_out]) for way_out in range(EXITS)}
    entries = int(cells[Column.ENTRIES])
    totals = Totals(as_of, entries, exits, entries - sum(exits.values()))
    report = verify(data)
    findings = report.violations + report.differences
    if report.mismatch is not None:
        findings += (str(report),)
    return Recounted(totals, report.ok, report.rows, report.fingerprint, findings)


def balanced(seen: Totals, again: Recounted, violations: int) -> bool:
    """Whether both books are right and say the same."""
    return seen.is_balanced and again.totals == seen and again.verified and violations == 0
