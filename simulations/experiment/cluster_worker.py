"""What a worker of a cluster does: play replications of a model that was sent to it, on stages that it keeps."""

import pickle
import threading
import zlib
from collections import OrderedDict
from queue import Empty, SimpleQueue
from typing import Final

import xxhash

from simulations.experiment.stage import Played, SimulationFailed, Stage, played_by
from simulations.scenario.build import Model

MODELS_KEPT: Final = 4
"""Models whose stages a worker keeps at once: a stage holds all tables of an engine, and few are played at a time."""

_stages: OrderedDict[str, SimpleQueue[Stage]] = OrderedDict()
_lock = threading.Lock()


def pack(model: Model) -> tuple[str, bytes]:
    """Return a model as it travels, after its name: 32 hex digits of what it says."""
    packed = pickle.dumps(model)
    return xxhash.xxh3_128_hexdigest(packed), zlib.compress(packed, 1)


def play_some(
    name: str, packed: bytes, sender: tuple[str, ...], seed: int, replications: tuple[int, int]
) -> list[Played]:
    """Play the replications from the first number to before the second. `sender` is who asks, as `played_by` tells.

    Raises SimulationFailed, also where this worker would not come to the figures that the sender would.
    """
    if played_by() != sender:
        raise SimulationFailed("a worker came to the cluster that has another build of trunkline")
    idle = _idle(name)
    try:
        stage = idle.get_nowait()
    except Empty:
        stage = Stage(pickle.loads(zlib.decompress(packed)))
    try:
        return [stage.play(seed, number) for number in range(*replications)]
    finally:
        idle.put(stage)


def _idle(name: str) -> SimpleQueue[Stage]:
    """Return the stages of a model on which nothing is played; the model asked for longest ago is let go."""
    with _lock:
        idle = _stages.setdefault(name, SimpleQueue())
        _stages.move_to_end(name)
        while len(_stages) > MODELS_KEPT:
            _stages.popitem(last=False)
        return idle
