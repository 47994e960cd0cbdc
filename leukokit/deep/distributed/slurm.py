"""The variables that Slurm's ``srun`` sets: one process a task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from leukokit.deep.distributed.cluster import PORT_VARIABLE, Cluster, is_port
from leukokit.errors import UsageError

SOURCE = "Slurm"
_PORTS, _BLOCK, _BLOCKS = 10_000, 8, 2_500
"""Jobs share machines: each takes a block of ports by its id, below those that Linux gives to clients."""

_MOST = 65_536  # nodes; a longer list is a mistake, and would fill the memory
_TASKS = re.compile(r"(\d+)(?:\(x(\d+)\))?")


def read(environment: Mapping[str, str]) -> Cluster | None:
    """Read rank, size and nodes of this job step; None where there is no task of Slurm's, or a single one.

    ``SLURM_STEP_NUM_TASKS``, ``SLURM_STEP_NODELIST`` and ``SLURM_STEP_TASKS_PER_NODE`` are of the step; they
    count before ``SLURM_NTASKS``, ``SLURM_JOB_NODELIST`` and ``SLURM_TASKS_PER_NODE``, which may be of the
    job. The first port comes from ``SLURM_JOB_ID``, or is ``LEUKOKIT_CLUSTER_PORT``; further tasks of a node
    take the following ones.

    Raises
    ------
    UsageError
        Where they cannot be understood, contradict each other, or tasks are not laid out in blocks.
    """
    rank_text = environment.get("SLURM_PROCID", "").strip()
    size_text = _either(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
    listed = _either(environment, "SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST")
    if not (rank_text and size_text and listed):
        return None
    rank, size = _number("SLURM_PROCID", rank_text), _number("SLURM_NTASKS", size_text)
    if size < 2:
        return None
    if not 0 <= rank < size:
        raise _wrong(f"SLURM_PROCID is {rank} of {size} tasks")
    nodes = expand_nodes(listed)
    counts = _tasks_a_node(environment, nodes, size)
    first = _first_port(environment)
    if not is_port(first) or not is_port(first + max(counts) - 1):
        raise _wrong(f"{max(counts)} tasks of a node would use the ports from {first} on")
    places = [(node, first + i) for node, count in zip(nodes, counts, strict=True) for i in range(count)]
    own_node = environment.get("SLURMD_NODENAME", "").strip()
    if own_node and own_node != places[rank][0]:
        raise _wrong(
            f"task {rank} is on {own_node}, and on {places[rank][0]} where nodes are filled "
            "one after the other",
            "Start it with srun --distribution=block",
        )
    return Cluster(tuple(f"{node}:{port}" for node, port in places), rank, SOURCE)


def expand_nodes(text: str) -> list[str]:
    """Names of the nodes of a compressed list, in order: ``node[01-03,07],login`` has five.

    Raises
    ------
    UsageError
        Where it is none.
    """
    nodes: list[str] = []
    for part in _parts(text):
        nodes += _expanded(part, text)
        if len(nodes) > _MOST:
            raise _wrong(f"the node list {text[:80]!r} names more than {_MOST} nodes")
    return nodes


def _parts(text: str) -> Iterator[str]:
    """Cut at commas outside of brackets."""
    depth, start = 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth not in (0, 1):
            raise _wrong(f"the node list {text!r} has a bracket too many")
        if letter == "," and depth == 0:
            yield text[start:i].strip()
            start = i + 1
    if depth:
        raise _wrong(f"the node list {text!r} has a bracket that does not end")
    yield text[start:].strip()


def _expanded(part: str, text: str) -> list[str]:
    before, bracket, rest = part.partition("[")
    if not part:
        raise _wrong(f"the node list {text!r} has an empty name")
    if not bracket:
        return [before]
    inner, _, after = rest.partition("]")
    endings = _expanded(after, text) if after else [""]
    names = [before + number for one in inner.split(",") for number in _numbers(one, text)]
    if len(names) * len(endings) > _MOST:
        raise _wrong(f"the node list {text[:80]!r} names more than {_MOST} nodes")
    return [name + ending for name in names for ending in endings]


def _numbers(one: str, text: str) -> list[str]:
    """Numbers of ``7`` or ``01-03``, with the zeros in front of the first."""
    first, dash, last = one.strip().partition("-")
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal()) or not 0 <= int(last) - int(first) < _MOST:
        raise _wrong(f"the node list {text!r} has {one!r}, expected a number or a range such as 01-03")
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]


def _tasks_a_node(environment: Mapping[str, str], nodes: list[str], size: int) -> list[int]:
    """Tasks of each node; spread evenly where Slurm does not say."""
    stated = _either(environment, "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE")
    if not stated:
        least, more = divmod(size, len(nodes))
        return [least + (i < more) for i in range(len(nodes))]
    counts: list[int] = []
    for part in stated.split(","):
        match = _TASKS.fullmatch(part.strip())
        if match is None or int(match[2] or 1) > _MOST:
            raise _wrong(f"the tasks of the nodes are {stated!r}, expected such as 2(x3),1")
        counts += [int(match[1])] * int(match[2] or 1)
    if len(counts) != len(nodes) or sum(counts) != size:
        raise _wrong(f"{size} tasks on {len(nodes)} nodes, and the tasks of the nodes are {stated!r}")
    return counts


def _first_port(environment: Mapping[str, str]) -> int:
    asked = environment.get(PORT_VARIABLE, "").strip()
    if asked:
        return _number(PORT_VARIABLE, asked)
    job = _number("SLURM_JOB_ID", environment.get("SLURM_JOB_ID", "0").strip())
    return _PORTS + job % _BLOCKS * _BLOCK


def _either(environment: Mapping[str, str], of_step: str, of_job: str) -> str:
    return environment.get(of_step, "").strip() or environment.get(of_job, "").strip()


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise _wrong(f"{name} is {text!r}, expected a whole number")
    return int(text)


def _wrong(what: str, hint: str = "") -> UsageError:
    return UsageError(
        f"the variables of Slurm cannot be used: {what}",
        hint=hint or "Start one process a task with srun, or name the processes in TF_CONFIG",
    )
