"""The processes that train one network together, as they are known before they have met."""

from __future__ import annotations

from dataclasses import dataclass

PORT_VARIABLE = "LEUKOKIT_CLUSTER_PORT"
"""Names the first port to use, where a launcher names none or another than the network lets through."""


@dataclass(frozen=True)
class Cluster:
    """The processes that train one network together, and which of them this one is.

    Attributes
    ----------
    addresses : tuple of str
        ``host:port`` of each process, the first one's first. The host is empty where it is not known before
        the processes have met.
    rank : int
        Place of this process among them; 0 is the primary process, whose run is kept.
    source : str
        Who says so: ``TF_CONFIG``, ``torchrun`` or ``Slurm``.
    """

    addresses: tuple[str, ...]
    rank: int
    source: str = "TF_CONFIG"

    @property
    def size(self) -> int:
        """Number of processes."""
        return len(self.addresses)

    @property
    def address(self) -> str:
        """Address of this process."""
        return self.addresses[self.rank]

    @property
    def others(self) -> tuple[str, ...]:
        """Addresses of the other processes, as they are shown."""
        return tuple(self.shown(rank) for rank in range(self.size) if rank != self.rank)

    def shown(self, rank: int) -> str:
        """Address of a process for people; its number where its host is not known yet."""
        address = self.addresses[rank]
        return f"process {rank} (port {address[1:]})" if address.startswith(":") else address

    def __str__(self) -> str:
        host_or_port = self.address.removeprefix(":")
        prefix = "port " if host_or_port != self.address else ""
        return f"process {self.rank} of {self.size} ({prefix}{host_or_port})"


def is_port(value: int) -> bool:
    """Whether a number can be a port that others connect to."""
    return 0 < value < 2**16
