"""Talks without the time in which they stood still: an e-mail that a call interrupts is work for when the call is over.

The world lets it stand still again, by whatever interrupts it then, so what was recorded must be taken off first.
"""

from typing import Any, Final

import numpy as np

from engine.messages.kinds import CHANNELS, SETTING_CHANGED, TABLE_CHANNEL
from engine.model.settings import ChannelSetting

Array = np.ndarray[Any, Any]
CHANNEL_BITS: Final = 0xFF
"""Of what an arrival carries."""


def interrupting(script: Array) -> Array:
    """Return which channel may interrupt which, as last set: shape (CHANNELS, CHANNELS) of bool."""
    masks = np.zeros(CHANNELS, np.int64)
    rows = script[(script["kind"] == SETTING_CHANGED) & (script["agent"] == TABLE_CHANNEL)]
    for row in rows[rows["contact"] == ChannelSetting.MAY_INTERRUPT]:
        masks[row["queue"]] = row["a"]
    found = (masks[:, None] >> np.arange(CHANNELS) & 1).astype(bool)
    np.fill_diagonal(found, val=False)
    return found


def take_off(stages: Array, packed: Array, script: Array) -> None:
    """Take the time of interruptions off the talks; `packed` is what each stage's arrival carries."""
    may = interrupting(script)
    channels = np.minimum(packed & CHANNEL_BITS, CHANNELS - 1)
    talked = stages["talk_ns"] >= 0
    for channel in np.flatnonzero(may.any(axis=0)).tolist():
        interrupts = talked & may[channels, channel]
        for agent in np.unique(stages["talked_with"][talked & (channels == channel)]).tolist():
            mine = np.flatnonzero(talked & (channels == channel) & (stages["talked_with"] == agent))
            others = stages[interrupts & (stages["talked_with"] == agent)]
            if len(others):
                begins, ends = _span(stages[mine])
                stages["talk_ns"][mine] -= _overlap(*_span(others), begins, ends)


def _span(stages: Array) -> tuple[Array, Array]:
    """Return from when until when these talks lasted."""
    begins = stages["talk_began_ns"]
    return begins, begins + stages["talk_ns"]


def _overlap(others_begin: Array, others_end: Array, begins: Array, ends: Array) -> Array:
    """Return for how long, between each of `begins` and `ends`, one at least of the others went on."""
    order = np.argsort(others_begin, kind="stable")
    starts, stops = others_begin[order], np.maximum.accumulate(others_end[order])
    new = np.r_[True, starts[1:] > stops[:-1]]
    starts, stops = starts[new], stops[np.r_[np.flatnonzero(new)[1:] - 1, len(stops) - 1]]
    before = np.r_[0, np.cumsum(stops - starts)]

    def until(instants: Array) -> Array:
        place = np.searchsorted(starts, instants, "right")
        inside = np.where(place > 0, np.minimum(instants, stops[place - 1]) - starts[place - 1], 0)
        return np.where(place > 0, before[np.maximum(place - 1, 0)] + inside, 0)

    return np.asarray(until(ends) - until(begins))
