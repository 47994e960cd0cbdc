"""Processes as torchrun starts them, and which launcher counts where several speak."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from leukokit.deep.distributed.environment import cluster_of
from leukokit.deep.distributed.rendezvous import meet
from leukokit.errors import UsageError
from tests.deep.distributed.test_slurm import slurm
from tests.deep.processes import free_addresses


def torchrun(rank: int, size: int = 2, **changed: str) -> dict[str, str]:
    """Give the variables of a process."""
    variables = {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "node01",
        "MASTER_PORT": "29500",
    }
    return {name: value for name, value in (variables | changed).items() if value}


def test_hosts_of_others_are_not_known_yet() -> None:
    """Ports follow that of torchrun itself; ranks are those of torchrun."""
    first, second = (cluster_of(torchrun(rank)) for rank in range(2))
    assert first is not None
    assert second is not None
    assert first.addresses == second.addresses == ("node01:29501", ":29502")
    assert (first.rank, second.rank, first.size) == (0, 1, 2)
    assert str(first) == "process 0 of 2 (node01:29501)"
    assert str(second) == "process 1 of 2 (port 29502)"
    assert first.others == ("process 1 (port 29502)",)


def test_a_port_can_be_named() -> None:
    """Where the network lets only some through."""
    cluster = cluster_of(torchrun(0, LEUKOKIT_CLUSTER_PORT="5000"))
    assert cluster is not None
    assert cluster.addresses == ("node01:5000", ":5001")


@pytest.mark.parametrize("absent", ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"])
def test_less_than_all_variables_are_no_cluster(absent: str) -> None:
    """Other software sets some of them."""
    assert cluster_of(torchrun(0, **{absent: ""})) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"RANK": "2"}, "RANK is 2 and WORLD_SIZE 2"),
        ({"RANK": "first"}, "RANK is 'first', expected a whole number"),
        ({"MASTER_PORT": "65534"}, "2 processes would use the ports from 65535 on"),
    ],
)
def test_what_cannot_be_used_is_refused(changed: dict[str, str], message: str) -> None:
    """The variable is named, and how they are written."""
    with pytest.raises(UsageError, match=message) as caught:
        cluster_of(torchrun(0, **changed))
    assert "MASTER_PORT=29500" in str(caught.value)


def test_processes_tell_their_hosts_when_they_meet() -> None:
    """All come back with the same addresses, in which no host is empty."""
    port = int(free_addresses(1)[0].rpartition(":")[2])
    here = {"MASTER_ADDR": "localhost", "LEUKOKIT_CLUSTER_PORT": str(port)}
    clusters = [cluster_of(torchrun(rank, 3, **here)) for rank in range(3)]
    with ThreadPoolExecutor(3) as pool:
        met = list(pool.map(lambda each: meet(each, limit=20), clusters))
    assert {each.addresses for each in met} == {tuple(f"localhost:{port + rank}" for rank in range(3))}
    assert [each.rank for each in met] == [0, 1, 2]


def test_who_counts_where_several_speak() -> None:
    """TF_CONFIG before torchrun before Slurm: torchrun is often started by srun, and says more."""
    own = {"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 1}}
    everything = slurm(0) | torchrun(1) | {"TF_CONFIG": json.dumps(own)}
    for source, variable in (("TF_CONFIG", "TF_CONFIG"), ("torchrun", "RANK"), ("Slurm", "SLURM_PROCID")):
        cluster = cluster_of(everything)
        assert cluster is not None
        assert cluster.source == source
        del everything[variable]
    assert cluster_of(everything) is None
