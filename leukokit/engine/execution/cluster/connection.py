"""The connection of a run to a dask cluster: opened when first needed, one for all stages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any

from leukokit.errors import MissingPackageError, RunFailed, UsageError
from leukokit.process.scratch import scratch_folder
from leukokit.process.stop import sigint_blocked_in_children

_JOIN_SECONDS = 60
_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 120  # a scheduler on a busy machine may need many; one that hangs never answers
# A trial is sent with its table, however large: data put on a worker beforehand is lost when it dies.
_WARNS_ABOVE = "distributed.admin.large-graph-warning-threshold"
_TEMPORARY = "temporary-directory"


class DaskConnection:
    """The cluster that one run works on.

    Parameters
    ----------
    scheduler : str or None
        Address of a running scheduler; without one, a cluster of this machine is made.
    count : int
        Processes of that cluster.
    """

    def __init__(self, scheduler: str | None, count: int) -> None:
        self._scheduler = scheduler
        self._count = count
        self._client: Any = None
        self._stack = ExitStack()

    def client(self) -> Any:
        """Give the client; connects, or starts the cluster, when first asked.

        Raises
        ------
        MissingPackageError
            Where dask is not installed.
        UsageError
            Where the scheduler cannot be reached or has no workers.
        """
        if self._client is None:
            self._client = self._stack.enter_context(_connected(self._scheduler, self._count))
        return self._client

    def close(self) -> None:
        """Leave the cluster, and end it where it was made here; the next client connects anew."""
        with suppress(
            TimeoutError, OSError
        ):  # of a scheduler that hangs or is gone: its error is told already
            self._stack.close()
        self._client = None


def check_answers(client: Any) -> None:
    """Ask the scheduler for a sign of life: it may be connected, and hang.

    Raises
    ------
    RunFailed
        Where it does not answer in time.
    """
    try:
        client.sync(client.scheduler.identity, callback_timeout=_ANSWER_SECONDS)
    except TimeoutError as error:
        raise RunFailed(
            f"the dask scheduler has not answered for {_ANSWER_SECONDS} s",
            where=str(client.scheduler.address),
            hint="Look at its log, start it again and run again; finished images are taken from the cache",
        ) from error
    except OSError:
        return  # the connection is lost: the work that waits for it says so


@contextmanager
def _connected(scheduler: str | None, count: int) -> Iterator[Any]:
    try:
        distributed: Any = import_module("distributed")  # untyped
    except ImportError as error:
        raise MissingPackageError(
            "the executor dask needs the package distributed", hint="Run: pip install 'leukokit[dask]'"
        ) from error

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # leukokit itself reports workers that die
    with import_module("dask").config.set({_WARNS_ABOVE: "1TB"}):
        yield from _clients(distributed, scheduler, count)


def _local_cluster(distributed: Any, count: int) -> Any:
    """Start a cluster of this machine; Ctrl-C reaches neither its workers nor the thread that starts them."""
    with sigint_blocked_in_children():
        return distributed.LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0"
        )


def _clients(distributed: Any, scheduler: str | None, count: int) -> Iterator[Any]:
    if scheduler is None:
        with (
            scratch_folder() as folder,
            import_module("dask").config.set({_TEMPORARY: str(folder)}),
            _local_cluster(distributed, count) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the dask scheduler cannot be reached: {str(error) or type(error).__name__}",
            where=f"--scheduler {scheduler}",
            hint="Start one with 'dask scheduler', and workers with 'dask worker ADDRESS'",
        ) from error
    with client:
        check_answers(client)
        try:
            client.wait_for_workers(1, timeout=_JOIN_SECONDS)
        except TimeoutError as error:
            raise UsageError(
                f"the dask scheduler has had no worker for {_JOIN_SECONDS} s",
                where=f"--scheduler {scheduler}",
                hint=f"Start workers with 'dask worker {scheduler}'",
            ) from error
        yield client
