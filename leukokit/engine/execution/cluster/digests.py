"""Digests of image files, computed by the workers: the machine that runs the recipe reads no file."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.api import Dataset, Sample
from leukokit.engine.execution.cluster.batches import DaskBatches
from leukokit.engine.execution.cluster.connection import DaskConnection
from leukokit.engine.execution.cluster.requirements import Requirements
from leukokit.engine.execution.cluster.worker import prepare
from leukokit.engine.io.reading import content_key, file_keys
from leukokit.errors import RunFailed

BATCH = 500


def content_keys_on_dask(
    dataset: Dataset, identity: str, samples: Sequence[Sample], connection: DaskConnection
) -> list[str]:
    """Digests of all samples, in order, as ``content_keys`` gives them; files are read by the workers.

    Nothing is connected where no sample is a file.

    Raises
    ------
    RunFailed
        Where every worker that reads a file dies, or the connection is lost.
    """
    keys = ["" if not sample.rendered else content_key(dataset, identity, sample) for sample in samples]
    files = [(row, sample) for row, sample in enumerate(samples) if not sample.rendered]
    if not files:
        return keys

    def done(batch: Sequence[tuple[int, Sample]], digests: list[str]) -> None:
        for (row, _), key in zip(batch, digests, strict=True):
            keys[row] = key

    def failed(file: tuple[int, Sample], error: BaseException, alone: bool) -> bool:
        if not alone:
            return False
        raise RunFailed(f"every dask worker that was to read {file[1].id} died") from error

    DaskBatches(connection.client(), work, (Requirements.of(),), done, failed).run(files, BATCH)
    return keys


def work(batch: list[tuple[int, Sample]], required: Requirements) -> list[str]:
    """Read a batch of files, in a dask worker; one digest a file, in order."""
    prepare(required)
    return file_keys([sample for _, sample in batch], threads=1)
