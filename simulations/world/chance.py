"""Chance by key: what is drawn depends on the seed, the replication, the source, the contact's number and what it is
for, and on nothing that happened meanwhile. So two scenarios meet the same callers (common random numbers).
"""

import math
from typing import Any, Final

import numpy as np

from engine.kernel.jit import jit

GAP: Final = 1
PATIENCE: Final = 2
HANDLE: Final = 3
WRAP_UP: Final = 4
RETRY: Final = 5
RETRY_AFTER: Final = 6
BALK: Final = 7
CALLBACK: Final = 8
CUT_OFF: Final = 9
TRANSFER: Final = 10
NO_ANSWER: Final = 1 << 20
"""Drawn for each offer anew, as RING."""
RING: Final = 1 << 21
_STAGE_BITS: Final = 32

EXPONENTIAL: Final = 0
LOGNORMAL: Final = 1
ERLANG: Final = 2
HYPEREXPONENTIAL: Final = 3
DETERMINISTIC: Final = 4
EMPIRICAL: Final = 5
NEVER: Final = 6
"""Kinds of distributions. EXPONENTIAL: a mean. LOGNORMAL: a mean and b deviation of the logarithm. ERLANG: a mean of
one of b stages. HYPEREXPONENTIAL: with probability a mean b, else mean c. DETERMINISTIC: a. EMPIRICAL: `count` samples
from `first` on, sorted, between which quantiles are interpolated."""
LONGEST: Final = 4e18
"""What counts as for ever, ns."""

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_ATTEMPT: Final = np.uint64(0xD1B54A32D192ED03)
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11))
_FACTORS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@jit
def mixed(word: Any) -> Any:
    """Return 64 bits that look unrelated to those of `word`: the finisher of SplitMix64 (Steele, Lea, Flood 2014)."""
    word = (word ^ (word >> _SHIFTS[0])) * _FACTORS[0]
    word = (word ^ (word >> _SHIFTS[1])) * _FACTORS[1]
    return word ^ (word >> _SHIFTS[2])


@jit
def key_of(source_key: Any, number: int, attempt: int) -> Any:
    """Return the key of all that is drawn for one attempt of one contact."""
    return mixed(source_key + np.uint64(number) * _STEP + np.uint64(attempt) * _ATTEMPT)


@jit
def purpose(kind: int, stage: int, offer: int) -> int:
    """Return what a chance is for. The stages of a contact are its waits, each with the talk after it: what is drawn
    again in another stage, or for another offer in it, has nothing to do with what was drawn before.
    """
    return kind + offer + (stage << _STAGE_BITS)


@jit
def uniform(key: Any, purpose: int) -> float:
    """Return a number between 0 and 1, both excluded."""
    return (float(mixed(key + np.uint64(purpose) * _STEP) >> _SHIFTS[3]) + 0.5) / 9007199254740992.0


@jit
def draw(distributions: Any, samples: Any, which: int, key: Any, purpose: int) -> float:
    """Return a duration from a distribution, ns."""
    one = distributions[which]
    kind = one.kind
    if kind == EXPONENTIAL:
        return -math.log(uniform(key, purpose)) * one.a
    if kind == DETERMINISTIC:
        return one.a
    if kind == NEVER:
        return LONGEST
    if kind == EMPIRICAL:
        place = uniform(key, purpose) * (one.count - 1)
        low = int(place)
        lower = samples[one.first + low]
        return lower + (place - low) * (samples[one.first + min(low + 1, one.count - 1)] - lower)
    inner = mixed(key + np.uint64(purpose) * _STEP)
    if kind == LOGNORMAL:
        radius = math.sqrt(-2.0 * math.log(uniform(inner, 1)))
        return math.exp(one.a + one.b * radius * math.cos(2.0 * math.pi * uniform(inner, 2)))
    if kind == HYPEREXPONENTIAL:
        mean = one.b if uniform(inner, 1) < one.a else one.c
        return -math.log(uniform(inner, 2)) * mean
    product = 1.0
    for stage in range(int(one.b)):
        product *= uniform(inner, stage)
    return -math.log(product) * one.a
