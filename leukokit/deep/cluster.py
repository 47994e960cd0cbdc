"""Which machines train together: what ``TF_CONFIG`` says."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leukokit.errors import UsageError

VARIABLE = "TF_CONFIG"
LIMIT_VARIABLE = "LEUKOKIT_CLUSTER_TIMEOUT"
_LIMIT = 600.0
_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Cluster:
    """The processes that train one network together, and which of them this one is.

    Attributes
    ----------
    addresses : tuple of str
        ``host:port`` of each process, the first one's first.
    rank : int
        Place of this process among them; 0 is the one that publishes.
    """

    addresses: tuple[str, ...]
    rank: int

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
        """Addresses of the other processes."""
        return tuple(each for rank, each in enumerate(self.addresses) if rank != self.rank)

    def __str__(self) -> str:
        return f"process {self.rank} of {self.size} ({self.address})"


def cluster_of(environment: Mapping[str, str] | None = None) -> Cluster | None:
    """Read ``TF_CONFIG`` as TensorFlow documents it; None where it is not set or names no cluster.

    Parameters
    ----------
    environment : mapping, optional
        This process' environment where omitted.

    Raises
    ------
    UsageError
        Where it is no JSON, names no task, or names tasks of other types than ``chief`` and ``worker``.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        facts = json.loads(text)
    except ValueError as error:
        raise _wrong(f"it is not JSON ({error})") from error
    jobs = facts.get("cluster") if isinstance(facts, dict) else None
    if isinstance(facts, dict) and not jobs:
        return None
    if not isinstance(jobs, dict):
        raise _wrong("it has no 'cluster' with the addresses of the workers")
    strange = sorted(set(jobs) - {"chief", "worker"})
    if strange:
        raise _wrong(f"the cluster has tasks of type {strange[0]!r}, and only 'chief' and 'worker' train")
    places = [(job, index) for job in ("chief", "worker") for index in range(len(_addresses(jobs, job)))]
    addresses = tuple(address for job in ("chief", "worker") for address in _addresses(jobs, job))
    doubled = sorted({each for each in addresses if addresses.count(each) > 1})
    if doubled:
        raise _wrong(f"two tasks have the address {doubled[0]}")
    return Cluster(addresses, _rank(facts.get("task"), places))


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


def _addresses(jobs: Mapping[str, Any], job: str) -> list[str]:
    found = jobs.get(job, [])
    if not isinstance(found, list) or not all(_is_address(each) for each in found):
        raise _wrong(f"the addresses of {job!r} are {found!r}, expected a list of 'host:port'")
    return found


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) < 2**16


def _rank(task: object, places: list[tuple[str, int]]) -> int:
    if not isinstance(task, dict) or "type" not in task or "index" not in task:
        raise _wrong("it does not say which task this process is")
    try:
        return places.index((task["type"], int(task["index"])))
    except (ValueError, TypeError) as error:
        raise _wrong(
            f"this process is task {task['index']!r} of type {task['type']!r}, "
            f"and the cluster has no such task"
        ) from error


def _wrong(what: str) -> UsageError:
    return UsageError(f"{VARIABLE} cannot be used: {what}", hint=f"Expected such as {_EXAMPLE}")
