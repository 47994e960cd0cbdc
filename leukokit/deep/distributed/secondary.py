"""Secondary processes of a training: they compute what the primary process computes, and keep no run."""

from __future__ import annotations

from leukokit.deep.distributed.cluster import Cluster
from leukokit.deep.distributed.environment import cluster_of

_STRATEGY = "multi_worker"


def secondary_of(params: object) -> Cluster | None:
    """Say which secondary process this is for a classifier with these parameters; None where it is none.

    Raises
    ------
    UsageError
        Where the network is to be trained by several processes, and the environment cannot be understood.
    """
    if getattr(params, "strategy", None) != _STRATEGY:
        return None
    # Imported for networks only: other recipes would wait for a model of parameters that they do not have.
    from leukokit.deep.params import NetworkParams

    cluster = cluster_of() if isinstance(params, NetworkParams) else None
    return cluster if cluster is not None and cluster.rank else None
