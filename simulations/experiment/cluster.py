"""A Dask cluster that plays replications, where the cores of one machine are not enough.

What is played is keyed by seed and replication, so it does not matter who plays what, when it arrives, or whether it is
played again because a worker was lost: the figures are those of one machine, to the bit.
"""

import asyncio
import contextlib
import logging
import math
import queue
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, wait
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from engine.errors import TrunklineError
from simulations.experiment.cluster_worker import Runner, compiled, pack, play_some
from simulations.experiment.runner import played_by

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S: Final = 10.0
"""How long a scheduler may take to answer at first."""
ANSWER_S: Final = 30.0
"""How long it may take later, busy with what it was given."""
WORKERS_S: Final = 30.0
"""How long a cluster may be without any worker: one that was lost may be about to come back."""
PATROL_S: Final = 1.0
"""How often somebody looks whether there are workers at all, while nothing arrives."""
COMING_S: Final = 0.1
"""How often somebody looks for the first worker."""
TASKS_A_THREAD: Final = 4
"""Into how many tasks the share of a thread is cut, so that quick workers take work off slow ones."""
TASK_REPLICATIONS_MAX: Final = 16
"""What is played again at most, by a thread that is lost."""
Answer = TypeVar("Answer")
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
        self._joined = contextlib.ExitStack()

    @property
    def client(self) -> "Client":
        """The connection to the scheduler."""
        assert self._client is not None, "a cluster is used in a 'with' statement"
        return self._client

    def __enter__(self) -> "Cluster":
        try:
            import distributed  # noqa: F401  # whose loggers are there then
        except ImportError:
            raise ClusterFailed(f"a cluster needs the package 'distributed', which is not there; {INSTALL}") from None
        with contextlib.ExitStack() as joined:
            joined.enter_context(_dask_is_silent())
            self._client = self._connection()
            joined.callback(self._close)
            self._make_ready(self._checked_workers())
            self._joined = joined.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._joined.close()

    def _connection(self) -> "Client":
        from distributed import Client
        from distributed.comm.addressing import resolve_address

        try:
            resolve_address(
                self.address
            )  # a client that was never begun cannot be closed, and hangs as it is forgotten
            return Client(  # type: ignore[no-untyped-call]
                self.address, timeout=CONNECT_S, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            raise ClusterFailed(
                f"no scheduler of Dask answers at {self.address} ({str(error) or 'in time'}): is it running, and is "
                "the address that which it printed, as tcp://10.0.0.5:8786?"
            ) from None

    def _close(self) -> None:
        client, self._client = self.client, None
        with contextlib.suppress(OSError):  # a scheduler that does not answer takes no leave either
            client.close()  # type: ignore[no-untyped-call]

    def worker_pool(self, runner_of: Callable[[What], Runner[Came]], what: What) -> "ClusterPool[Came]":
        """Return who plays this here, by the runners that `runner_of`, importable there, makes of it."""
        return ClusterPool(self, *pack(runner_of, what))

    def threads(self) -> int:
        """Return how many replications the workers play at once. Raises ClusterFailed where nobody can say."""
        return sum(self._threads_of_workers().values())

    def _threads_of_workers(self) -> dict[str, int]:
        with self.connected():
            found: dict[str, int] = self.client.nthreads(callback_timeout=ANSWER_S)  # type: ignore[no-untyped-call]
        return found

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Raise ClusterFailed for whatever Dask raises where its scheduler is gone."""
        try:
            yield
        except Exception as error:
            if self._means_lost(error):
                raise self.lost() from None
            raise

    def _means_lost(self, error: Exception) -> bool:
        """Whether this came of a lost scheduler: a client that gave up stumbles over what it has no more."""
        if isinstance(error, TrunklineError):
            return False
        return isinstance(error, OSError | CancelledError) or self.client.status != "running"

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

    def fetched(self, task: "Future[Came]") -> Came:
        """Return what a task that ended came to, once it was done again where a lost worker took that along.

        Raises what the task raised; ClusterFailed where the cluster failed it.
        """
        from distributed import KilledWorker

        try:
            came: Came = self._watched(
                lambda: self.client.gather(task, asynchronous=True)  # type: ignore[no-untyped-call]
            )
        except KilledWorker as error:
            raise ClusterFailed(
                f"one worker of the cluster at {self.address} after the other was lost over the same task, at last "
                f"{error.last_worker.address}: see what they printed"
            ) from None
        except Exception as error:
            if task.status != "error" and self._means_lost(error):
                raise self.lost() from None
            raise
        return came

    def _watched(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what the scheduler answers, however long it takes while there are workers. Raises what it raises, and
        ClusterFailed where nobody is left to answer.
        """

        async def asking() -> Answer:
            return await ask()

        loop: Any = self.client.loop  # none any more, where the client is closed
        asked = asyncio.run_coroutine_threadsafe(asking(), loop.asyncio_loop)
        alive_s = time.monotonic()
        # It is never cancelled, as then Dask would tell of its parts: it ends as the connection is closed.
        while not wait([asked], PATROL_S).done:
            alive_s = self._patrol(alive_s)
        return asked.result()

    def _patrol(self, alive_s: float) -> float:
        """Return when there was a worker last, `alive_s` if there is none. Raises ClusterFailed after WORKERS_S."""
        if self.threads():
            return time.monotonic()
        if time.monotonic() - alive_s > WORKERS_S:
            raise self._deserted()
        return alive_s

    def _deserted(self) -> ClusterFailed:
        return ClusterFailed(
            f"the cluster at {self.address} has had no worker for {WORKERS_S:.0f} s: start some with "
            f"'dask worker {self.address}'"
        )

    def _make_ready(self, workers: list[str]) -> None:
        """Let every worker compile or load the world; one that comes later does it with its first replication."""
        began_s = time.monotonic()
        # Should a worker be lost meanwhile, another one that is ready has nothing to do in its place.
        with self.connected():
            tasks = {
                self.client.submit(compiled, workers=[worker], allow_other_workers=True, pure=False): worker
                for worker in workers
            }
        for task in self.arriving(set(tasks)):
            try:
                self.fetched(task)
            except ClusterFailed:
                raise
            except Exception as error:
                raise ClusterFailed(
                    f"worker {tasks[task]} of the cluster at {self.address} cannot compile the simulated world: {error}"
                ) from None
        self.ready_s = time.monotonic() - began_s

    def _checked_workers(self) -> list[str]:
        """Return the addresses of the workers, as soon as there are any."""
        here = played_by()
        came_by_s = time.monotonic() + WORKERS_S
        while not (found := self._builds()):
            if time.monotonic() > came_by_s:
                raise self._deserted()
            time.sleep(COMING_S)
        faults = [fault for worker, there in sorted(found.items()) if (fault := _fault(worker, there, here))]
        if faults:
            raise ClusterFailed("; ".join(faults))
        return sorted(found)

    def _builds(self) -> dict[str, Any]:
        """Return what each worker plays with, an error where it cannot say, by address; not who is lost meanwhile."""
        from distributed.comm.core import CommClosedError

        with self.connected():
            found: dict[str, Any] = self._watched(
                lambda: self.client.run(played_by, on_error="return", asynchronous=True)
            )
        left = self._threads_of_workers()
        return {
            worker: there
            for worker, there in found.items()
            if worker in left and not isinstance(there, CommClosedError)  # the scheduler may find out a moment later
        }


@contextlib.contextmanager
def _dask_is_silent() -> Iterator[None]:
    """Let Dask tell nothing meanwhile: what happens to a cluster is told by errors, not by its pages of traceback."""

    def is_told(_: logging.LogRecord) -> bool:
        return False

    # All of them, not the first alone: some have a level and a place to write to of their own.
    names = [name for name in tuple(logging.root.manager.loggerDict) if name.partition(".")[0] in DASK]
    for name in names:
        logging.getLogger(name).addFilter(is_told)
    try:
        yield
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(is_told)


DASK: Final = ("distributed", "tornado")
"""Whose loggers they are: Dask's, and those of the loop in which it waits."""


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
            with contextlib.suppress(ClusterFailed), self._cluster.connected():
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
        tasks = TASKS_A_THREAD * max(self._cluster.threads(), 1)
        size = min(max(math.ceil(len(replications) / tasks), 1), TASK_REPLICATIONS_MAX)
        found = {}
        with self._cluster.connected():
            if self._sent is None:
                self._sent = client.submit(bytes, self._packed, key=f"trunkline-{self._name}")
            for first in replications[::size]:
                span = (first, min(first + size, replications.stop))
                found[client.submit(play_some, self._name, self._sent, sender, seed, span, pure=False)] = first
        return found

    def _result(self, future: "Future[list[Came]]") -> list[Came]:
        """Return what a task that ended came to."""
        try:
            return self._cluster.fetched(future)
        except ImportError as error:
            raise ClusterFailed(
                f"a worker came to the cluster at {self._cluster.address} that has no trunkline ({error})"
            ) from None
        except OSError as error:
            raise ClusterFailed(f"a worker of the cluster at {self._cluster.address} cannot play: {error}") from None
