"""A hash table of 64-bit keys in two columns: the idempotence keys of a batch looked up or entered in one call.

`keys` holds 0 where a place is free, so no key is 0; its length is a power of two. A key is looked for from its own
place on, to the first free one, and never taken out. All is int64, also where a key is thought of without a sign.
"""

from engine.kernel.jit import door, jit
from engine.kernel.tables import Array


@jit
def _place_of(keys: Array, key: int, salt: int, shift: int) -> int:
    """Where the key is, or the free place where it belongs."""
    mask = len(keys) - 1
    place = (key * salt >> shift) & mask
    while keys[place] != 0 and keys[place] != key:
        place = (place + 1) & mask
    return place


@door
def find_keys(keys: Array, values: Array, salt: int, shift: int, wanted: Array, found: Array) -> None:
    """Write the value of each wanted key that is here to `found`, where there is none yet. A wanted 0 has none."""
    for number in range(len(wanted)):
        key = wanted[number]
        if key != 0 and found[number] == 0:
            place = _place_of(keys, key, salt, shift)
            if keys[place] == key:
                found[number] = values[place]


@door
def enter_keys(keys: Array, values: Array, salt: int, shift: int, entered: Array, given: Array) -> int:
    """Enter keys, for which there is room, with the values given; of several alike the last counts. Return the new."""
    new = 0
    for number in range(len(entered)):
        place = _place_of(keys, entered[number], salt, shift)
        if keys[place] == 0:
            keys[place] = entered[number]
            new += 1
        values[place] = given[number]
    return new
