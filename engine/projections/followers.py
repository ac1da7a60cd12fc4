"""The read models that follow the log: they see turns late, many at once, but always before who reads them."""

from collections.abc import Callable
from typing import Final

from engine.kernel.tables import Tables
from engine.log_port import EventLog, Turn
from engine.model.directory import Directory
from engine.projections.agents.own_figures import OwnCounts
from engine.projections.contacts.history import ContactHistory
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.events import EventReader
from engine.projections.feed.remarks import RemarkBook
from engine.projections.feed.transcripts import Transcripts
from engine.projections.figures import position
from engine.projections.names import Interned, OpenContacts
from engine.projections.quality.folding.folded import require_next
from engine.projections.quality.quality import Quality
from engine.projections.queues.interval_waits import IntervalWaits
from engine.projections.trunk_occupancy import TrunkTraffic
from engine.projections.turns_aside import TurnsAside

ROWS_REMEMBERED: Final = 500_000
"""Rows of the log read at the start, so that a restart does not forget who called: a fraction of a second."""


class Followers:
    """Hands out each read model as of the last turn applied."""

    def __init__(
        self,
        tables: Tables,
        directory: Directory,
        contacts: OpenContacts,
        log: EventLog,
        interned: Interned,
        slot_of: Callable[[ContactRecord], int],
        quality: bytes = b"",
    ) -> None:
        """`quality` is what `save` of that read model returned once."""
        self._tables = tables
        self.traffic = TrunkTraffic()
        self._history = ContactHistory(directory, interned, contacts=contacts)
        self._events = EventReader(log, directory, interned, self._history, slot_of)
        self._transcripts = Transcripts(directory, self._history)
        self._remarks = RemarkBook(directory)
        self._own, self._waits = OwnCounts(tables), IntervalWaits(tables)
        self._quality = Quality(directory, quality, log.durable_seq)
        as_of = self._quality.from_seq - 1
        for run in log.read_runs(as_of + 1):
            require_next(as_of, run.first_seq)
            self._quality.apply(run)
            as_of = run.last_seq
        self._aside = TurnsAside(self._take)
        for run in log.read_runs(max(1, position(tables) - ROWS_REMEMBERED)):
            self._aside.put(run)
        self.take_in()

    def apply(self, turn: Turn) -> None:
        """Take in the next durable turn, or a run of them."""
        self._aside.put(turn)
        self._quality.apply(turn)
        self.traffic.note(self._tables)

    def take_in(self) -> None:
        """Let all see what was applied: before the tables' settings change, which some of them count by."""
        self._aside.take_in()

    def reconfigure(self, directory: Directory) -> None:
        """Speak in the names of a configuration that was loaded anew."""
        self._history.directory = self._transcripts.directory = self._remarks.directory = directory
        self._events.directory = self._quality.directory = directory

    @property
    def quality(self) -> Quality:
        """Surveys, evaluations, resolution, adherence and cases."""
        return self._quality

    @property
    def history(self) -> ContactHistory:
        """The latest contacts."""
        self._aside.take_in()
        return self._history

    @property
    def events(self) -> EventReader:
        """The log in words."""
        self._aside.take_in()
        return self._events

    @property
    def transcripts(self) -> Transcripts:
        """What was written in the latest conversations."""
        self._aside.take_in()
        return self._transcripts

    @property
    def remarks(self) -> RemarkBook:
        """What agents remarked about the latest contacts."""
        self._aside.take_in()
        return self._remarks

    @property
    def own(self) -> OwnCounts:
        """What each agent did lately."""
        self._aside.take_in()
        return self._own

    @property
    def waits(self) -> IntervalWaits:
        """How long the answered waited."""
        self._aside.take_in()
        return self._waits

    def _take(self, run: Turn) -> None:
        for follower in (self._history, self._transcripts, self._remarks, self._own, self._waits):
            follower.apply(run)
