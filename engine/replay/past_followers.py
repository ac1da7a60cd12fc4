"""The read models that follow the log, as they were: each is made when somebody first asks for it."""

from typing import Any

from engine.log_port import EventLog, read_between
from engine.projections.contacts.history import ContactHistory
from engine.projections.feed.events import EventReader
from engine.projections.followers import ROWS_REMEMBERED, Followers
from engine.projections.quality.quality import Quality
from engine.replay.past_quality import PastQuality
from engine.state import EngineState


class PastHistory:
    """The latest contacts at one position of the log after the other. It belongs to one thread at a time."""

    def __init__(self, log: EventLog, rows_remembered: int = ROWS_REMEMBERED) -> None:
        self._log = log
        self._rows_remembered = rows_remembered
        self._history: ContactHistory | None = None
        self._names: object = None
        """Those that the history speaks in: each state has its own."""

    def at(self, state: EngineState) -> ContactHistory:
        """Return the contacts that a service started right then would remember; it is good until the next call."""
        seq, history = state.seq, self._history
        self._history = None  # whatever fails, what is half folded is not gone on with
        if history is None or self._names is not state.interned or not 0 <= seq - history.as_of < self._rows_remembered:
            history, self._names = ContactHistory(state.directory, state.interned), state.interned
        history.directory = state.directory
        for run in read_between(self._log, history.as_of or max(0, seq - self._rows_remembered - 1), seq):
            history.apply(run)
        self._history = history
        return history


class PastFollowers(Followers):
    """Hands out those that a board asks for, as of a state of the past; the others know of nothing."""

    def __init__(
        self, log: EventLog, state: EngineState, quality: PastQuality, history: PastHistory, *parts: Any
    ) -> None:
        """`parts` are those of `Followers`."""
        super().__init__(*parts)
        self._whole_log, self._state, self._past_quality, self._past_history = log, state, quality, history

    @property
    def quality(self) -> Quality:
        """See `Followers`."""
        return self._past_quality.at(self._state.seq, self._state.directory)

    @property
    def history(self) -> ContactHistory:
        """See `Followers`."""
        return self._past_history.at(self._state)

    @property
    def events(self) -> EventReader:
        """The log in words, up to then."""
        return EventReader(self._whole_log, self._state.directory, self._state.interned, self.history)
