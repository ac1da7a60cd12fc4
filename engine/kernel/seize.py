"""Which trunk group gives a contact a channel: has it room, beside what is kept for protected calls, and at what cost?

A channel taken while j are busy costs what it will cost others: the chance that a later call is lost because of it. For
the chain M/M/N/N of load A that is B(N, A) / B(j, A) by Erlang's formula B (Ott and Krishnan, Separable routing, 1985).
N is what a call of this kind may have: all channels, or those without the reserve. Groups that cost next to nothing are
alike, and then the order of the request counts: who asks puts the better tariff first.
"""

from typing import Any, Final

from engine.kernel.emit import emit
from engine.kernel.erlang import channel_cost, load_of
from engine.kernel.jit import jit
from engine.kernel.tables import Array, Tables
from engine.messages.kinds import FLAG_PROTECTED, TRUNK_REFUSED, TRUNK_RESERVE_CHANGED, TRUNK_SEIZED
from engine.messages.rows import LOAD_BITS, RESERVE_BITS, TRUNK_BITS, TRUNKS_A_FIELD, TRUNKS_MAX
from engine.model.settings import RESERVE_AUTO, TrunkGroupSetting

WORTH_SPEAKING_OF: Final = 0.001
"""Cost of a channel, in calls, below which it counts as none."""


@jit
def seize_for(t: Tables, out: Array, row: Any) -> None:
    """TRUNK_REQUESTED: seize a channel of the group where that costs least, or refuse."""
    best, least, asked = -1, 0.0, 0
    for place in range(TRUNKS_MAX):
        g = requested_group(row, place)
        if g < 0 or _stands_before(row, g, place):
            continue
        asked += 1
        room = room_in(t, out, row.contact, g)
        if room <= 0:
            continue
        group = t.trunk_groups[g]
        load = load_of(t, g, group.protected + group.unprotected)
        cost = channel_cost(load, group.busy, group.busy + room)
        if cost < WORTH_SPEAKING_OF:
            cost = 0.0
        if best < 0 or cost < least:
            best, least = g, cost
    if best >= 0:
        emit(t, out, TRUNK_SEIZED, row.contact, -1, -1, best, int(least * 1000.0), 0)
    else:
        emit(t, out, TRUNK_REFUSED, row.contact, -1, -1, requested_group(row, 0), asked, 0)


@jit
def _stands_before(row: Any, g: int, place: int) -> bool:
    for earlier in range(place):
        if requested_group(row, earlier) == g:
            return True
    return False


@jit
def requested_group(row: Any, place: int) -> int:
    """Return the trunk group at a place of a TRUNK_REQUESTED, -1 for none."""
    packed = row.a if place < TRUNKS_A_FIELD else row.b
    return ((packed >> (TRUNK_BITS * (place % TRUNKS_A_FIELD))) & ((1 << TRUNK_BITS) - 1)) - 1


@jit
def room_in(t: Tables, out: Array, c: int, g: int) -> int:
    """Return how many channels of the group a contact like this may take; write down a reserve that has changed."""
    group = t.trunk_groups[g]
    if group.settings[TrunkGroupSetting.RESERVE] == RESERVE_AUTO and group.best_reserve != group.reserve:
        most = (1 << LOAD_BITS) - 1
        protected = min(int(load_of(t, g, group.protected) * 10.0), most)
        unprotected = min(int(load_of(t, g, group.unprotected) * 10.0), most)
        packed = group.best_reserve | protected << RESERVE_BITS | unprotected << (RESERVE_BITS + LOAD_BITS)
        emit(t, out, TRUNK_RESERVE_CHANGED, -1, -1, -1, g, packed, 0)
    return room_for(t, g, t.contacts[c].flags)


@jit
def room_for(t: Tables, g: int, flags: int) -> int:
    """Return how many channels of the group a contact with these flags may take: a protected one all that are free,
    another one those beside the reserve.
    """
    group = t.trunk_groups[g]
    room = group.settings[TrunkGroupSetting.CHANNELS] - group.busy
    if flags & FLAG_PROTECTED:
        return room
    reserve = group.settings[TrunkGroupSetting.RESERVE]
    return room - (group.best_reserve if reserve == RESERVE_AUTO else reserve)
