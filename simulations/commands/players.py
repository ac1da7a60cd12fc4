"""Who plays for a command: threads of this machine, or the cluster that `--cluster` names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from simulations.experiment.troupe import Workers


@contextmanager
def players(workers: int | None, cluster: str | None) -> "Iterator[Workers | None]":
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
        yield found
