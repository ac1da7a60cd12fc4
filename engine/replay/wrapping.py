"""The contacts that agents wrap up, made from recorded runs: after each, the kernel's tables say which they are."""

from typing import Any, Final

import numpy as np

from engine.ingest.wrapping import WrapUp
from engine.kernel.tables import Array
from engine.log_port import Turn
from engine.messages.kinds import ENGAGEMENT_WRAPPING
from engine.messages.observed import ContactArrived
from engine.messages.recorded import read_recorded
from engine.replay.contacts import ContactReplay
from engine.state import EngineState, payload_of

COLUMNS: Final = ("agent", "arrival_seq")


class WrappingReplay:
    """Follows runs of rows, each folded already, but not yet taken in by `contacts`."""

    def __init__(self, state: EngineState, contacts: ContactReplay) -> None:
        self._state = state
        self._contacts = contacts

    def absorb(self, run: Turn) -> None:
        """Bring the registry to what the tables say after the run. Whose wrap-up began in it, it names or it ended."""
        known = self._state.contacts.wrapping
        engagements = self._engagements()
        places = np.flatnonzero(engagements["state"] == ENGAGEMENT_WRAPPING)
        agents, arrivals = (engagements[name][places].tolist() for name in COLUMNS)
        wrap_ups = []
        for agent, engagement, arrival_seq in zip(agents, places.tolist(), arrivals, strict=True):
            before = known.at(agent, engagement)
            if before is None or before.arrival_seq != arrival_seq:
                before = WrapUp(agent, engagement, arrival_seq, self._name_of(run, arrival_seq))
            wrap_ups.append(before)
        known.replace(wrap_ups)

    def _engagements(self) -> Array:
        tables = self._state.tables
        used: Any = np.asarray(tables.engagements)[: int(tables.book["engagements_used"][0])]
        return used  # type: ignore[no-any-return]

    def _name_of(self, run: Turn, arrival_seq: int) -> str:
        """Name of the contact that arrived in this run, or was open before it."""
        if arrival_seq >= run.first_seq:
            return read_recorded(payload_of(run, arrival_seq - run.first_seq), ContactArrived).contact
        return self._contacts.name_of(arrival_seq)
