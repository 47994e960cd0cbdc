"""Processes that are to train together wait for each other, with a time limit.

TensorFlow's own start waits without one for a process that never comes, and hears no signal meanwhile; so it
is started once all are known to be there. The first process listens on its address, the others call it; once
all have called, it tells them all addresses, lets them go and frees the port for TensorFlow.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any

from leukokit.deep.distributed.cluster import Cluster
from leukokit.deep.distributed.environment import LIMIT_VARIABLE
from leukokit.errors import LeukokitError

_PAUSE = 0.2  # seconds between two calls
_READY, _HERE, _GO = "ready?", "here", "go"
_HINT = (
    "Start the same command for every process (in a job of Slurm: with srun), and see that its port can be "
    f"reached from the others; {LIMIT_VARIABLE} is the number of seconds to wait"
)


def meet(cluster: Cluster, *, limit: float) -> Cluster:
    """Come back when every process of the cluster has arrived, with the addresses of all.

    Parameters
    ----------
    limit : float
        Seconds to wait.

    Raises
    ------
    LeukokitError
        Naming the addresses from which nobody came, or this process' own where it is in use.
    """
    clock = _Clock(monotonic() + limit, limit)
    _check_own(cluster)
    return _welcome(cluster, clock) if cluster.rank == 0 else _call(cluster, clock)


def silent(cluster: Cluster) -> list[str]:
    """Addresses of the other processes where nobody listens any more."""
    gone = []
    for rank, address in enumerate(cluster.addresses):
        if rank != cluster.rank:
            try:
                socket.create_connection(_parted(address), timeout=2).close()
            except OSError:
                gone.append(address)
    return gone


@dataclass(frozen=True)
class _Clock:
    end: float
    limit: float

    def left(self) -> float:
        """Seconds left, never quite none: a socket takes 0 for 'do not wait'."""
        return max(0.01, self.end - monotonic())

    def over(self) -> bool:
        return monotonic() >= self.end


def _check_own(cluster: Cluster) -> None:
    try:
        with socket.create_server(_here(cluster)):
            pass
    except OSError as error:
        raise LeukokitError(
            f"this process cannot listen at its address ({error.strerror})",
            where=f"{cluster.shown(cluster.rank)}, from {cluster.source}",
            hint="Another process may be using the port: end it, or name another port on every machine",
        ) from error


def _welcome(cluster: Cluster, clock: _Clock) -> Cluster:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(_here(cluster)))
        callers: dict[int, socket.socket] = {}
        while len(callers) < cluster.size - 1:
            server.settimeout(clock.left())
            try:
                caller, _ = server.accept()
            except TimeoutError:
                missing = [cluster.shown(i) for i in range(1, cluster.size) if i not in callers]
                text = f"{', '.join(missing)} did not come within {clock.limit:g} s"
                for connected in callers.values():
                    _tell(connected, text)
                raise LeukokitError(text, where=str(cluster), hint=_HINT) from None
            rank = _greeted(caller, cluster)
            if rank is not None:
                # A process that was restarted connects again; its first connection is of no use any more.
                callers[rank] = stack.enter_context(caller)
            if len(callers) == cluster.size - 1:
                callers = {rank: caller for rank, caller in callers.items() if _waits(caller)}
        complete = _completed(cluster, {rank: caller.getpeername()[0] for rank, caller in callers.items()})
        for caller in callers.values():
            _tell(caller, f"{_GO} {json.dumps(complete.addresses)}")
        for caller in callers.values():
            # The other side closes the connection first: the port is then free at once.
            caller.settimeout(5)
            with suppress(OSError):
                caller.recv(1)
    return complete


def _completed(cluster: Cluster, hosts: dict[int, str]) -> Cluster:
    """Fill in hosts that were not known, with those from which the processes have called."""
    first = cluster.addresses[0].rpartition(":")[0]

    def host(rank: int) -> str:
        # A process that connects over loopback is on this machine: others reach it at the same host.
        return first if ipaddress.ip_address(hosts[rank]).is_loopback else hosts[rank]

    return replace(
        cluster,
        addresses=tuple(
            f"{host(rank)}{address}" if address.startswith(":") else address
            for rank, address in enumerate(cluster.addresses)
        ),
    )


def _greeted(caller: socket.socket, cluster: Cluster) -> int | None:
    """Rank of the process that has called; None for anybody else."""
    caller.settimeout(5)
    try:
        facts: Any = json.loads(_line(caller))
        rank = int(facts["rank"])
    except (OSError, ValueError, KeyError, TypeError):
        caller.close()
        return None
    if facts.get("cluster") != list(cluster.addresses) or not 0 < rank < cluster.size:
        _tell(
            caller,
            f"{cluster.source} of {cluster.address} names other machines: {', '.join(cluster.addresses)}",
        )
        caller.close()
        return None
    return rank


def _waits(caller: socket.socket) -> bool:
    """Whether the process at the other end is still there: it answers when it is asked."""
    _tell(caller, _READY)
    with suppress(OSError):
        return _line(caller).strip() == _HERE
    return False


def _call(cluster: Cluster, clock: _Clock) -> Cluster:
    first = cluster.addresses[0]
    answer = ""
    reached = False
    while not clock.over():
        try:
            with socket.create_connection(_parted(first), timeout=min(5.0, clock.left())) as server:
                reached = True
                _tell(server, json.dumps({"rank": cluster.rank, "cluster": list(cluster.addresses)}))
                # The first process tells when its own limit is over: a little later than ours, perhaps.
                server.settimeout(clock.left() + 5)
                while (answer := _line(server).strip()) == _READY:
                    _tell(server, _HERE)
        except OSError:
            answer = ""
        if answer.startswith(f"{_GO} "):
            return replace(cluster, addresses=tuple(json.loads(answer.removeprefix(_GO))))
        if answer:
            raise LeukokitError(answer, where=str(cluster), hint=_HINT)
        sleep(min(_PAUSE, clock.left()))
    text = "answered and let nobody go" if reached else "did not answer"
    raise LeukokitError(f"{first} {text} within {clock.limit:g} s", where=str(cluster), hint=_HINT)


def _tell(other: socket.socket, text: str) -> None:
    with suppress(OSError):
        other.sendall(f"{text}\n".encode())


def _line(other: socket.socket) -> str:
    """One line, of no more than a few addresses."""
    text = b""
    while not text.endswith(b"\n") and len(text) < 2**16:
        part = other.recv(4096)
        if not part:
            break
        text += part
    return text.decode("utf-8", "replace")


def _parted(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _here(cluster: Cluster) -> tuple[str, int]:
    """Where to listen: at every address of this machine, as TensorFlow does."""
    return "", _parted(cluster.address)[1]
