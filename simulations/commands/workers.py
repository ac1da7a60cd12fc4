"""Who plays for a command: threads of this machine, or the cluster that `--cluster` names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from simulations.commands.printing import say

if TYPE_CHECKING:
    from simulations.experiment.worker_pool import Workers

TOLD_S: Final = 2.0
"""Loading what was compiled before takes less, and is worth no word."""


@contextmanager
def workers_of(workers: int | None, cluster: str | None) -> "Iterator[Workers | None]":
    """Connect to the cluster, if one is named. Raises typer.BadParameter where both are said, and ClusterFailed."""
    if cluster is None:
        yield workers
        return
    if workers is not None:
        raise typer.BadParameter(
            "--workers are threads of this machine: leave it out with --cluster", param_hint="--workers"
        )
    from simulations.experiment.cluster import Cluster

    with Cluster(cluster) as found:
        if found.ready_s >= TOLD_S:
            say(f"note: the workers took {found.ready_s:.0f} s to compile; that is not in the time of the answer")
        yield found
