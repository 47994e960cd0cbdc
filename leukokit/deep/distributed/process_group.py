"""One network trained by several processes (``tf.distribute``): what they exchange.

Keras 3 cannot ``fit`` under ``MultiWorkerMirroredStrategy`` (https://github.com/keras-team/keras/issues/20585:
batches reach its layers as ``PerReplica`` values). Here the strategy starts the cluster and sums over its
processes, and nothing else: each process has an ordinary network and optimizer, and steps of its own
(:mod:`leukokit.deep.distributed.step`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.deep.checkpoint import Arrays, TrainingState
from leukokit.deep.distributed.cluster import Cluster
from leukokit.deep.distributed.environment import cluster_of, time_limit
from leukokit.deep.distributed.rendezvous import meet, silent
from leukokit.deep.runtime import load_keras
from leukokit.errors import LeukokitError

_DIGITS = 8


@dataclass(frozen=True)
class Share:
    """Rows of a batch that one process works on.

    Attributes
    ----------
    start, stop : int
        From and up to which row of the batch.
    weight : float
        What a row counts here: 1, or less where several processes have the same rows.
    """

    start: int
    stop: int
    weight: float = 1.0


def share_of(rows: int, rank: int, size: int) -> Share:
    """Cut a batch into one run of rows a process, in order, no two of which differ by more than one row.

    A batch with fewer rows than processes goes whole to each of them, and each row counts ``1 / size``: sums
    and moments come out the same, and no process has an empty batch (TensorFlow's convolution on CPUs gives
    those a wrong shape).
    """
    if rows < size:
        return Share(0, rows, 1 / size)
    return Share(rows * rank // size, rows * (rank + 1) // size)


def replicas_of(strategy: str) -> int:
    """Count the processes that a network with this ``strategy`` is trained by, here and now.

    Raises
    ------
    UsageError
        Where the strategy needs to know the processes, and what names them cannot be used.
    """
    cluster = cluster_of() if strategy == "multi_worker" else None
    return cluster.size if cluster is not None else 1


def process_group_of(strategy: str) -> ProcessGroup | None:
    """Meet the other processes; None where this one trains alone.

    Raises
    ------
    UsageError
        Where what names the processes cannot be used.
    LeukokitError
        Where Keras runs on another backend than TensorFlow, or a process does not connect in time.
    """
    cluster = cluster_of() if strategy == "multi_worker" else None
    if cluster is None or cluster.size < 2:
        return None
    backend = load_keras().backend.backend()
    if backend != "tensorflow":
        raise LeukokitError(
            f"{cluster.source} names {cluster.size} processes that train together through tf.distribute, "
            f"and Keras runs on {backend}",
            hint="Set KERAS_BACKEND=tensorflow, or strategy: none",
        )
    return _started(cluster)


@cache
def _started(cluster: Cluster) -> ProcessGroup:
    # TensorFlow joins a cluster once in the life of a process; later fits go on in the same one.
    return ProcessGroup(cluster)


class ProcessGroup:
    """The processes that train one network together, as one of them sees it.

    Every method is called by all of them in the same order: each waits for the others.

    Parameters
    ----------
    cluster : Cluster

    Attributes
    ----------
    strategy : tf.distribute.MultiWorkerMirroredStrategy
        Of one device a process.
    """

    def __init__(self, cluster: Cluster) -> None:
        import tensorflow as tf

        gpus = len(tf.config.get_visible_devices("GPU"))
        if gpus > 1:
            raise LeukokitError(
                f"this process sees {gpus} GPUs and uses one of them",
                where=str(cluster),
                hint="Start one process a GPU: each with an address of its own, and with "
                "CUDA_VISIBLE_DEVICES naming its GPU (srun: --gpus-per-task=1)",
            )
        self.cluster = meet(cluster, limit=time_limit())
        try:
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy(
                cluster_resolver=_resolver(self.cluster)
            )
        except RuntimeError as error:
            raise LeukokitError(
                f"TensorFlow cannot join the cluster any more ({error})",
                where=str(cluster),
                hint="It was used in this process before: fit over several machines in a fresh process",
            ) from error

        def summed(values: tuple[Any, ...]) -> Any:
            # Arguments are on no device; a copy is on the device of this process.
            tensors = [tf.identity(value) for value in values]
            context = tf.distribute.get_replica_context()
            for dtype in sorted({tensor.dtype.name for tensor in tensors}):  # one sum cannot hold several
                indices = [i for i, tensor in enumerate(tensors) if tensor.dtype.name == dtype]
                sums = context.all_reduce(tf.distribute.ReduceOp.SUM, [tensors[i] for i in indices])
                for i, total in zip(indices, sums, strict=True):
                    tensors[i] = total
            return tensors

        self._summed = tf.function(lambda values: self.strategy.run(summed, args=(values,)), autograph=False)

    @property
    def rank(self) -> int:
        """Place of this process."""
        return self.cluster.rank

    @property
    def size(self) -> int:
        """Number of processes."""
        return self.cluster.size

    def part(self, rows: int) -> slice:
        """Rows of this process, of so many."""
        share = share_of(rows, self.rank, self.size)
        return slice(share.start, share.stop)

    def mean(self, values: NDArray[np.float64], rows: int) -> list[float]:
        """Means of columns over the rows of all processes.

        Parameters
        ----------
        values : float64 array, rows of this process x columns
            As :meth:`part` chose them.
        rows : int
            Rows of all processes.
        """
        weight = share_of(rows, self.rank, self.size).weight
        return [float(total) / rows for total in self.sum([values.sum(axis=0) * weight])[0]]

    def sum(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Sum each array over the processes; shapes and dtypes are the same in all."""
        import tensorflow as tf

        if not arrays:
            return []
        constants = tuple(tf.constant(array) for array in arrays)
        return [np.asarray(total) for total in self._summed(constants)]

    def gather(self, row: Sequence[int]) -> NDArray[np.int64]:
        """One row of integers of each process, in order of rank."""
        table = np.zeros((self.size, len(row)), dtype=np.int64)
        table[self.rank] = row
        return self.sum([table])[0]

    def broadcast(self, source: int, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Arrays of one process for all; the others give arrays of the same shapes and dtypes."""
        terms = [_summable(array if self.rank == source else np.zeros_like(array)) for array in arrays]
        return [total.astype(array.dtype) for total, array in zip(self.sum(terms), arrays, strict=True)]

    def agree(self, facts: Any) -> None:
        """Refuse to go on where the processes do not train the same network on the same samples.

        Parameters
        ----------
        facts : object
            All that must be the same; JSON.

        Raises
        ------
        LeukokitError
            In every process, naming those that differ from the first.
        """
        import tensorflow as tf

        text = json.dumps([tf.__version__, facts], sort_keys=True).encode()
        digits = np.frombuffer(hashlib.blake2b(text, digest_size=4 * _DIGITS).digest(), dtype="<u4")
        table = self.gather(digits.tolist())
        differing = [rank for rank in range(1, self.size) if (table[rank] != table[0]).any()]
        if differing:
            others = ", ".join(self.cluster.addresses[rank] for rank in differing)
            raise LeukokitError(
                f"the processes do not train the same: {others} differ from {self.cluster.addresses[0]} in "
                "parameters, samples, seed or versions, or are at another fold",
                where=str(self.cluster),
                hint="Start the same command with the same data and versions on each; where one has results "
                "in its cache that another lacks, share the cache folder or use --no-cache",
            )

    def latest(self, kept: tuple[TrainingState, Arrays] | None) -> tuple[TrainingState, Arrays] | None:
        """Give the checkpoint of the process that has trained longest; None where no process has one.

        Parameters
        ----------
        kept : tuple or None
            What this process has.
        """
        done = self.gather([len(kept[0].history) if kept is not None else 0])[:, 0]
        if not done.any():
            return None
        source = int(done.argmax())
        state, arrays = kept if kept is not None else (TrainingState(), {})
        shapes = {name: [(str(a.dtype), a.shape) for a in group] for name, group in arrays.items()}
        state_facts, shape_facts = json.loads(self._text(source, json.dumps([asdict(state), shapes])))
        if self.rank != source:
            arrays = {
                name: [np.zeros(shape, dtype) for dtype, shape in group]
                for name, group in shape_facts.items()
            }
        return TrainingState(**state_facts), {
            name: self.broadcast(source, arrays[name]) for name in sorted(shape_facts)
        }

    def _text(self, source: int, text: str) -> str:
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        length = int(self.gather([len(data)])[source, 0])
        mine = data if self.rank == source else np.zeros(length, dtype=np.uint8)
        return bytes(self.broadcast(source, [mine])[0]).decode()

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn TensorFlow's errors about a lost process into an error that names the process.

        Raises
        ------
        LeukokitError
        """
        import tensorflow as tf

        errors = tf.errors
        try:
            yield
        except (
            errors.UnavailableError,
            errors.AbortedError,
            errors.CancelledError,
            errors.DeadlineExceededError,
            errors.FailedPreconditionError,
            errors.InternalError,
        ) as error:
            lost = silent(self.cluster)
            who = ", ".join(lost) if lost else "one of " + ", ".join(self.cluster.addresses)
            raise LeukokitError(
                f"{who} has left the training: {_first_line(error)}",
                where=str(self.cluster),
                hint="Look for the reason on that machine, then start the same command again on all: "
                "training goes on after the last whole epoch",
            ) from error


def _resolver(cluster: Cluster) -> Any:
    """Tell TensorFlow of the processes, whoever named them: by itself it reads ``TF_CONFIG`` only."""
    import tensorflow as tf

    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
        task_type="worker",
        task_id=cluster.rank,
        rpc_layer="grpc",
    )


def _summable(array: NDArray[Any]) -> NDArray[Any]:
    # Sums exist for floats and for signed integers of 32 and 64 bits only.
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reasons = (
        [line for line in lines if "ollective ops is aborted" in line] or lines or [type(error).__name__]
    )
    return reasons[0][:300]
