"""What a worker of a cluster does: play replications of what was sent to it, by runners that it keeps."""

import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeVar

import xxhash

from simulations.experiment.runner import played_by
from simulations.world.runner import SimulationFailed

KEPT: Final = 4
"""Of how many a worker keeps the runners: one holds all tables of an engine, and few are played at a time."""
What = TypeVar("What")
Came_co = TypeVar("Came_co", covariant=True)


class Runner(Protocol[Came_co]):
    """A runner: plays one replication after the other, not for two threads at once."""

    def play(self, seed: int, replication: int, /) -> Came_co:
        """Return what a replication came to."""


_runners: OrderedDict[str, SimpleQueue[Runner[Any]]] = OrderedDict()
_lock = threading.Lock()


def compiled() -> float:
    """Compile or load what plays, once in a process; return the seconds it took."""
    from simulations.world.warm import warm

    return warm()


def pack(runner_of: Callable[[What], Runner[Any]], what: What) -> tuple[str, bytes]:
    """Return what is to be played, as it travels, with what makes a runner of it, after its name: 32 hex digits."""
    packed = pickle.dumps((runner_of, what))
    return xxhash.xxh3_128_hexdigest(packed), zlib.compress(packed, 1)


def play_some(name: str, packed: bytes, sender: tuple[str, ...], seed: int, replications: tuple[int, int]) -> list[Any]:
    """Play the replications from the first number to before the second. `sender` is who asks, as `played_by` tells.

    Raises what a runner does, and SimulationFailed where this worker would not come to the sender's figures.
    """
    if played_by() != sender:
        raise SimulationFailed("a worker came to the cluster that has another build of trunkline")
    idle = _idle(name)
    try:
        runner = idle.get_nowait()
    except Empty:
        runner_of, what = pickle.loads(zlib.decompress(packed))
        runner = runner_of(what)
    try:
        return [runner.play(seed, number) for number in range(*replications)]
    finally:
        idle.put(runner)


def _idle(name: str) -> SimpleQueue[Runner[Any]]:
    """Return the runners of this name that play nothing; those asked for longest ago are let go."""
    with _lock:
        idle = _runners.setdefault(name, SimpleQueue())
        _runners.move_to_end(name)
        while len(_runners) > KEPT:
            _runners.popitem(last=False)
        return idle
