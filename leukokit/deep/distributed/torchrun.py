"""The variables that torchrun sets, and whoever starts processes the way PyTorch wants it.

They name the host of the first process only; the others tell theirs when the processes meet.
"""

from __future__ import annotations

from collections.abc import Mapping

from leukokit.deep.distributed.cluster import PORT_VARIABLE, Cluster, is_port
from leukokit.errors import UsageError

SOURCE = "torchrun"
_NAMES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def read(environment: Mapping[str, str]) -> Cluster | None:
    """Read ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and ``MASTER_PORT``; None where not all are set.

    Ports follow ``MASTER_PORT``, at which torchrun itself listens: the first process takes the next one, the
    second the one after that. ``LEUKOKIT_CLUSTER_PORT`` names another for the first.

    Raises
    ------
    UsageError
        Where they are no numbers, or the rank or a port is out of bounds.
    """
    values = {name: environment.get(name, "").strip() for name in _NAMES}
    if not all(values.values()):
        return None
    rank, size, master = (_number(values, name) for name in ("RANK", "WORLD_SIZE", "MASTER_PORT"))
    if not 0 <= rank < size:
        raise _wrong(f"RANK is {rank} and WORLD_SIZE {size}; ranks go from 0 to WORLD_SIZE - 1")
    first = master + 1
    if environment.get(PORT_VARIABLE, "").strip():
        first = _number({PORT_VARIABLE: environment[PORT_VARIABLE].strip()}, PORT_VARIABLE)
    if not is_port(first) or not is_port(first + size - 1):
        raise _wrong(f"{size} processes would use the ports from {first} on, and ports end at 65535")
    host = values["MASTER_ADDR"]
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    others = [f":{first + rank}" for rank in range(1, size)]
    return Cluster((f"{host}:{first}", *others), rank, SOURCE)


def _number(values: Mapping[str, str], name: str) -> int:
    try:
        return int(values[name])
    except ValueError:
        raise _wrong(f"{name} is {values[name]!r}, expected a whole number") from None


def _wrong(what: str) -> UsageError:
    return UsageError(
        f"the variables of torchrun cannot be used: {what}",
        hint="Expected such as RANK=0 WORLD_SIZE=2 MASTER_ADDR=node01 MASTER_PORT=29500; unset them to train "
        "in this process alone",
    )
