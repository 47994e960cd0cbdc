"""``TF_CONFIG``, as TensorFlow documents it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from leukokit.deep.distributed.cluster import Cluster, is_port
from leukokit.errors import UsageError

VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}, "task": {"type": "worker", "index": 0}}'
)


def read(environment: Mapping[str, str]) -> Cluster | None:
    """Read ``TF_CONFIG``; None where it is not set or names no cluster.

    Raises
    ------
    UsageError
        Where it is no JSON, names no task, or names tasks of other types than ``chief`` and ``worker``.
    """
    text = environment.get(VARIABLE, "").strip()
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
    doubled = sorted({address for address in addresses if addresses.count(address) > 1})
    if doubled:
        raise _wrong(f"two tasks have the address {doubled[0]}")
    return Cluster(addresses, _rank(facts.get("task"), places))


def _addresses(jobs: Mapping[str, Any], job: str) -> list[str]:
    addresses = jobs.get(job, [])
    if not isinstance(addresses, list) or not all(_is_address(address) for address in addresses):
        raise _wrong(f"the addresses of {job!r} are {addresses!r}, expected a list of 'host:port'")
    return addresses


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdecimal() and is_port(int(port))


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
