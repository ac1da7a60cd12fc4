"""The hash table of idempotence keys against a dictionary, crowded and with keys that fall on one place."""

import numpy as np
import pytest

from engine.kernel.key_table import enter_keys, find_keys

PLACES = 64
SHIFT = 64 - 6


@pytest.mark.parametrize("salt", [1, 0x5851F42D4C957F2D, 2**63 - 1])
def test_it_finds_what_was_entered_and_nothing_else(salt: int) -> None:
    keys, values = np.zeros(PLACES, np.int64), np.zeros(PLACES, np.int64)
    expected: dict[int, int] = {}
    random = np.random.default_rng(7)
    for value in range(1, 9):
        entered = random.integers(-(2**63), 2**63, 5)
        entered[0] = value  # small keys fall on one place, where the salt does not scatter them
        given = np.full(5, value)
        assert enter_keys(keys, values, salt, SHIFT, entered, given) == len(set(entered.tolist()) - expected.keys())
        expected |= dict.fromkeys(entered.tolist(), value)
        assert enter_keys(keys, values, salt, SHIFT, entered, given) == 0
    wanted = np.array([*expected, 0, 99, -99])
    found = np.zeros(len(wanted), np.int64)
    find_keys(keys, values, salt, SHIFT, wanted, found)
    assert found.tolist() == [expected.get(key, 0) for key in wanted.tolist()]


def test_of_several_alike_the_last_counts_and_what_is_found_already_stays() -> None:
    keys, values = np.zeros(PLACES, np.int64), np.zeros(PLACES, np.int64)
    assert enter_keys(keys, values, 3, SHIFT, np.array([7, 7, 8]), np.array([1, 2, 3])) == 2
    found = np.array([0, 50])
    find_keys(keys, values, 3, SHIFT, np.array([7, 8]), found)
    assert found.tolist() == [2, 50]
