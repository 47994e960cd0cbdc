"""Find out from the environment which processes train together.

``TF_CONFIG`` comes first, since nobody sets it by accident. torchrun comes before Slurm: started by ``srun``,
its processes see the variables of both, and those of torchrun tell them apart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from leukokit.deep.distributed import slurm, tf_config, torchrun
from leukokit.deep.distributed.cluster import Cluster
from leukokit.errors import UsageError

LIMIT_VARIABLE = "LEUKOKIT_CLUSTER_TIMEOUT"
_LIMIT = 600.0


def cluster_of(environment: Mapping[str, str] | None = None) -> Cluster | None:
    """Read what a launcher says; None where none says anything.

    Parameters
    ----------
    environment : mapping, optional
        This process' environment where omitted.

    Raises
    ------
    UsageError
        Where the variables of a launcher are there and cannot be used.
    """
    variables = os.environ if environment is None else environment
    for read in (tf_config.read, torchrun.read, slurm.read):
        cluster = read(variables)
        if cluster is not None:
            return cluster
    return None


def time_limit(environment: Mapping[str, str] | None = None) -> float:
    """Seconds to wait for the other processes to arrive: ``LEUKOKIT_CLUSTER_TIMEOUT``, or ten minutes.

    Raises
    ------
    UsageError
        Where it is not a positive number.
    """
    text = (os.environ if environment is None else environment).get(LIMIT_VARIABLE, "").strip()
    try:
        limit = float(text) if text else _LIMIT
        if not 0 < limit < float("inf"):
            raise ValueError(text)
    except ValueError as error:
        raise UsageError(f"{LIMIT_VARIABLE} is {text!r}, expected a number of seconds above 0") from error
    return limit
