"""What a worker of a cluster does: play replications of what was sent to it, by players that it keeps."""

import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeVar

import xxhash

from simulations.experiment.player import played_by
from simulations.world.player import SimulationFailed

KEPT: Final = 4
"""Of how many a worker keeps the players: one holds all tables of an engine, and few are played at a time."""
What = TypeVar("What")
Came_co = TypeVar("Came_co", covariant=True)


class Plays(Protocol[Came_co]):
    """A player: plays one replication after the other, not for two threads at once."""

    def play(self, seed: int, replication: int, /) -> Came_co:
        """Return what a replication came to."""


_players: OrderedDict[str, SimpleQueue[Plays[Any]]] = OrderedDict()
_lock = threading.Lock()


def compiled() -> float:
    """Compile or load what plays, once in a process; return the seconds it took."""
    from simulations.world.warm import warm

    return warm()


def pack(player_of: Callable[[What], Plays[Any]], what: What) -> tuple[str, bytes]:
    """Return what is to be played, as it travels, with what makes a player of it, after its name: 32 hex digits."""
    packed = pickle.dumps((player_of, what))
    return xxhash.xxh3_128_hexdigest(packed), zlib.compress(packed, 1)


def play_some(name: str, packed: bytes, sender: tuple[str, ...], seed: int, replications: tuple[int, int]) -> list[Any]:
    """Play the replications from the first number to before the second. `sender` is who asks, as `played_by` tells.

    Raises what a player does, and SimulationFailed where this worker would not come to the sender's figures.
    """
    if played_by() != sender:
        raise SimulationFailed("a worker came to the cluster that has another build of trunkline")
    idle = _idle(name)
    try:
        player = idle.get_nowait()
    except Empty:
        player_of, what = pickle.loads(zlib.decompress(packed))
        player = player_of(what)
    try:
        return [player.play(seed, number) for number in range(*replications)]
    finally:
        idle.put(player)


def _idle(name: str) -> SimpleQueue[Plays[Any]]:
    """Return the players of this name that play nothing; those asked for longest ago are let go."""
    with _lock:
        idle = _players.setdefault(name, SimpleQueue())
        _players.move_to_end(name)
        while len(_players) > KEPT:
            _players.popitem(last=False)
        return idle
