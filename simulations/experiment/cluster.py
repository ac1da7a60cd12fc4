"""A Dask cluster that plays replications, where the cores of one machine are not enough.

What is played is keyed by seed and replication, so it does not matter who plays what, when it arrives, or whether it is
played again because a worker was lost: the figures are those of one machine, to the bit.
"""

import contextlib
import logging
import math
import queue
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from engine.errors import TrunklineError
from simulations.experiment.cluster_worker import Runner, compiled, pack, play_some
from simulations.experiment.runner import played_by

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S: Final = 10.0
"""How long a scheduler may take to answer."""
WORKERS_S: Final = 30.0
"""How long a cluster may be without any worker: one that was lost may be about to come back."""
PATROL_S: Final = 1.0
"""How often somebody looks whether there are workers at all, while nothing arrives."""
TASKS_A_THREAD: Final = 4
"""Into how many tasks the share of a thread is cut, so that quick workers take work off slow ones."""
TASK_REPLICATIONS_MAX: Final = 16
"""What is played again at most, by a thread that is lost."""
Came = TypeVar("Came")
What = TypeVar("What")
INSTALL: Final = "install it with: pip install 'trunkline[cluster]'"


class ClusterFailed(TrunklineError):
    """The cluster cannot be reached, or cannot play what it was given."""


class Cluster:
    """A Dask cluster at the address of its scheduler, as `tcp://10.0.0.5:8786`; used in a `with` statement.

    >>> with Cluster("tcp://10.0.0.5:8786") as cluster:
    ...     result = simulate("hotline.yaml", workers=cluster)

    Entering it lets the workers compile or load the world, so that what is asked then is no more than played. It raises
    ClusterFailed where `distributed` is not installed, no scheduler answers, no worker comes, or one has another build
    of trunkline.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.ready_s = 0.0
        """How long its workers took until they could play, s."""
        self._client: Client | None = None

    @property
    def client(self) -> "Client":
        """The connection to the scheduler."""
        assert self._client is not None, "a cluster is used in a 'with' statement"
        return self._client

    def __enter__(self) -> "Cluster":
        try:
            from distributed import Client
            from distributed.comm.addressing import resolve_address
        except ImportError:
            raise ClusterFailed(f"a cluster needs the package 'distributed', which is not there; {INSTALL}") from None
        # What happens to the cluster is told by the errors below; Dask tells it besides, with pages of traceback.
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        try:
            resolve_address(
                self.address
            )  # a client that was never begun cannot be closed, and hangs as it is forgotten
            self._client = Client(  # type: ignore[no-untyped-call]
                self.address, timeout=CONNECT_S, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            raise ClusterFailed(
                f"no scheduler of Dask answers at {self.address} ({str(error) or 'in time'}): is it running, and is "
                "the address that which it printed, as tcp://10.0.0.5:8786?"
            ) from None
        try:
            self._make_ready(self._checked_workers())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def worker_pool(self, runner_of: Callable[[What], Runner[Came]], what: What) -> "ClusterPool[Came]":
        """Return who plays this here, by the runners that `runner_of`, importable there, makes of it."""
        return ClusterPool(self, *pack(runner_of, what))

    def threads(self) -> int:
        """Return how many replications the workers play at once. Raises ClusterFailed where nobody can say."""
        try:
            counts: dict[str, int] = self.client.nthreads()  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):
            raise self.lost() from None
        return sum(counts.values())

    def lost(self) -> ClusterFailed:
        """Return the error of a scheduler that is gone."""
        return ClusterFailed(
            f"the scheduler at {self.address} was lost: start it and its workers again, then run this again; what a "
            "sweep with -o has kept is not played again"
        )

    def arriving(self, pending: "set[Future[Any]]") -> "Iterator[Future[Any]]":
        """Yield tasks as they end, in whatever order, and take them out of those pending. Raises ClusterFailed where
        nobody is left to do them.
        """
        arrived: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        for future in tuple(pending):
            future.add_done_callback(arrived.put)  # type: ignore[no-untyped-call]
        alive_s = time.monotonic()
        while pending:
            try:
                future = arrived.get(timeout=PATROL_S)
            except queue.Empty:
                alive_s = self._patrol(alive_s)
                continue
            alive_s = time.monotonic()
            yield future
            pending.discard(future)

    def _patrol(self, alive_s: float) -> float:
        """Return when there was a worker last, `alive_s` if there is none. Raises ClusterFailed after WORKERS_S."""
        if self.threads():
            return time.monotonic()
        if time.monotonic() - alive_s > WORKERS_S:
            raise ClusterFailed(f"all workers of the cluster at {self.address} are gone, and none came back")
        return alive_s

    def _make_ready(self, workers: list[str]) -> None:
        """Let every worker compile or load the world; one that comes later does it with its first replication."""
        began_s = time.monotonic()
        # Should a worker be lost meanwhile, another one that is ready has nothing to do in its place.
        tasks = {
            self.client.submit(compiled, workers=[worker], allow_other_workers=True, pure=False): worker
            for worker in workers
        }
        for task in self.arriving(set(tasks)):
            if task.cancelled():  # type: ignore[no-untyped-call]
                raise self.lost()
            if (error := task.exception()) is not None:  # type: ignore[no-untyped-call]
                raise ClusterFailed(f"worker {tasks[task]} cannot compile the simulated world: {error}")
        self.ready_s = time.monotonic() - began_s

    def _checked_workers(self) -> list[str]:
        """Return the addresses of the workers."""
        try:
            self.client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError:
            raise ClusterFailed(
                f"the cluster at {self.address} has no worker: start some with 'dask worker {self.address}'"
            ) from None
        found: dict[str, Any] = self.client.run(played_by, on_error="return")
        here = played_by()
        faults = [fault for worker, there in sorted(found.items()) if (fault := _fault(worker, there, here))]
        if faults:
            raise ClusterFailed("; ".join(faults))
        return sorted(found)


def _fault(worker: str, there: Any, here: tuple[str, ...]) -> str | None:
    """Return what is wrong with a worker that plays with `there`, an error where it could not say."""
    if isinstance(there, ModuleNotFoundError):
        return f"worker {worker} has no trunkline ({there}): install there what is installed here"
    if isinstance(there, BaseException):
        return f"worker {worker} cannot say which trunkline it has: {there}"
    if there == here:
        return None
    words = [f"{what} {one}, here {other}" for what, one, other in zip(WHAT, there, here, strict=True) if one != other]
    return (
        f"worker {worker} has another build, which may come to other figures ({', '.join(words)}): install there "
        "what is installed here, on processors of the same kind"
    )


WHAT: Final = ("trunkline", "numpy", "kernel", "world")
"""What the parts of `played_by` are."""


class ClusterPool(Generic[Came]):
    """The workers of a cluster as they play one thing; what they have not played when it is left is cancelled."""

    def __init__(self, cluster: Cluster, name: str, packed: bytes) -> None:
        self._cluster = cluster
        self._name, self._packed = name, packed
        self._pending: set[Future[Any]] = set()
        self._sent: Future[Any] | None = None

    def __enter__(self) -> "ClusterPool[Came]":
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel what is not played, as after an interruption."""
        futures = [*self._pending, *([] if self._sent is None else [self._sent])]
        if futures and self._cluster.client.status == "running":
            with contextlib.suppress(OSError, TimeoutError):
                self._cluster.client.cancel(futures)  # type: ignore[no-untyped-call]
        self._pending.clear()

    def play(self, seed: int, replications: range, done: Callable[[int], None]) -> list[Came]:
        """Return what the replications of these numbers came to, in order. Raises what a runner does; ClusterFailed."""
        parts = self._submitted(seed, replications)
        played: dict[int, list[Came]] = {}
        finished = 0
        self._pending = set(parts)
        for future in self._cluster.arriving(self._pending):
            part = self._result(future)
            played[parts[future]] = part
            finished += len(part)
            done(finished)
        return [one for first in sorted(played) for one in played[first]]

    def _submitted(self, seed: int, replications: range) -> "dict[Future[Any], int]":
        """Return the tasks, each with the number of its first replication.

        What is played is a task of its own, sent once: Dask brings it to every worker, anew where its holder is lost.
        """
        client, sender = self._cluster.client, played_by()
        if self._sent is None:
            self._sent = client.submit(bytes, self._packed, key=f"trunkline-{self._name}")
        tasks = TASKS_A_THREAD * max(self._cluster.threads(), 1)
        size = min(max(math.ceil(len(replications) / tasks), 1), TASK_REPLICATIONS_MAX)
        found = {}
        for first in replications[::size]:
            span = (first, min(first + size, replications.stop))
            found[client.submit(play_some, self._name, self._sent, sender, seed, span, pure=False)] = first
        return found

    def _result(self, future: "Future[Any]") -> list[Came]:
        """Return what a task that ended came to."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        try:
            played: list[Came] = future.result()
        except KilledWorker as error:
            raise ClusterFailed(f"one worker after the other was lost as it played: {error}") from None
        except (FutureCancelledError, CommClosedError):  # it went before, or as the result was on its way
            raise self._cluster.lost() from None
        except ImportError as error:
            raise ClusterFailed(f"a worker came to the cluster that has no trunkline ({error})") from None
        return played
