"""Processes as Slurm starts them: node lists, tasks of a node, ports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.deep.distributed.environment import cluster_of
from leukokit.deep.distributed.slurm import expand_nodes
from leukokit.errors import UsageError


def slurm(rank: int, **changed: str) -> dict[str, str]:
    """Give the variables of a task, of three on two nodes."""
    variables = {
        "SLURM_PROCID": str(rank),
        "SLURM_NTASKS": "3",
        "SLURM_JOB_NODELIST": "node[01-02]",
        "SLURM_TASKS_PER_NODE": "2,1",
        "SLURM_JOB_ID": "4711",
    }
    return {name: value for name, value in (variables | changed).items() if value}


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("login", ["login"]),
        ("a,b", ["a", "b"]),
        ("node[01-03,07]", ["node01", "node02", "node03", "node07"]),
        ("node[8-11]", ["node8", "node9", "node10", "node11"]),
        ("node[098-101],gpu[2]", ["node098", "node099", "node100", "node101", "gpu2"]),
        ("rack[1-2]n[01-02]", ["rack1n01", "rack1n02", "rack2n01", "rack2n02"]),
        ("n[1,3]-ib.example.org, x", ["n1-ib.example.org", "n3-ib.example.org", "x"]),
        ("c-1-[2-3]", ["c-1-2", "c-1-3"]),
    ],
)
def test_compressed_node_lists(text: str, nodes: list[str]) -> None:
    """Ranges, zeros in front, several brackets, names with dashes and dots."""
    assert expand_nodes(text) == nodes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,,b",
        "a[1",
        "a]1[",
        "a[1-]",
        "a[3-1]",
        "a[x]",
        "a[]",
        "a[[1]]",
        "a[1-99999999]",
        "a[1-999]b[1-999]",
    ],
)
def test_what_is_no_node_list_is_refused(text: str) -> None:
    """Named, with what was expected; a list that would fill the memory too."""
    with pytest.raises(UsageError, match="node list"):
        expand_nodes(text)


@given(first=st.integers(0, 1200), count=st.integers(1, 40), width=st.integers(1, 5))
def test_a_range_has_all_its_nodes_in_order(first: int, count: int, width: int) -> None:
    """Numbers keep the width of the first one, and grow where they must."""
    last = first + count - 1
    nodes = expand_nodes(f"n[{first:0{width}d}-{last:0{width}d}]")
    assert nodes == [f"n{number:0{width}d}" for number in range(first, last + 1)]


def test_every_task_has_the_same_addresses_and_its_own_rank() -> None:
    """Ports come from the job; tasks of one node take one after the other."""
    clusters = [cluster_of(slurm(rank)) for rank in range(3)]
    first = 10_000 + 4711 % 2_500 * 8
    assert {each.addresses for each in clusters if each} == {
        (f"node01:{first}", f"node01:{first + 1}", f"node02:{first}")
    }
    assert [each.rank for each in clusters if each] == [0, 1, 2]
    assert str(clusters[2]) == f"process 2 of 3 (node02:{first})"


def test_ports_of_all_jobs_lie_below_those_of_clients() -> None:
    """Linux gives clients those from 32768 on; jobs next to each other share none of their first eight."""
    firsts = []
    for job in (1, 2, 2_499, 2_500, 10**9):
        cluster = cluster_of(slurm(0, SLURM_JOB_ID=str(job)))
        assert cluster is not None
        firsts.append(int(cluster.address.rpartition(":")[2]))
    assert min(firsts) >= 10_000
    assert max(firsts) + 8 <= 32_768
    assert firsts[1] - firsts[0] == 8


def test_a_port_can_be_named() -> None:
    """Where the network lets only some through."""
    cluster = cluster_of(slurm(1, LEUKOKIT_CLUSTER_PORT="5000"))
    assert cluster is not None
    assert cluster.address == "node01:5001"


def test_a_step_counts_before_its_job() -> None:
    """A step of two tasks in a job of three."""
    step = {
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "node02,node07",
        "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
    }
    cluster = cluster_of(slurm(1, **step))
    assert cluster is not None
    assert cluster.size == 2
    assert cluster.address.startswith("node07:")


def test_tasks_are_spread_where_slurm_does_not_say_how() -> None:
    """The first nodes have one more."""
    cluster = cluster_of(slurm(0, SLURM_TASKS_PER_NODE=""))
    assert cluster is not None
    assert [address.partition(":")[0] for address in cluster.addresses] == ["node01", "node01", "node02"]


@pytest.mark.parametrize(
    "changed",
    [{"SLURM_PROCID": ""}, {"SLURM_NTASKS": ""}, {"SLURM_NTASKS": "1"}, {"SLURM_JOB_NODELIST": ""}],
)
def test_a_task_alone_is_no_cluster(changed: dict[str, str]) -> None:
    """A shell of salloc, a job of one task, or no job."""
    assert cluster_of(slurm(0, **changed)) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"SLURM_PROCID": "3"}, "SLURM_PROCID is 3 of 3 tasks"),
        ({"SLURM_PROCID": "x"}, "SLURM_PROCID is 'x', expected a whole number"),
        ({"SLURM_JOB_ID": "x"}, "SLURM_JOB_ID is 'x', expected a whole number"),
        ({"SLURM_TASKS_PER_NODE": "2(x2)"}, "3 tasks on 2 nodes, and the tasks of the nodes are '2\\(x2\\)'"),
        ({"SLURM_TASKS_PER_NODE": "all"}, "expected such as 2\\(x3\\),1"),
        ({"LEUKOKIT_CLUSTER_PORT": "65535"}, "would use the ports from 65535 on"),
        ({"SLURMD_NODENAME": "node02"}, "task 0 is on node02, and on node01 where nodes are filled"),
    ],
)
def test_what_contradicts_itself_is_refused(changed: dict[str, str], message: str) -> None:
    """The variable is named, and what to do."""
    with pytest.raises(UsageError, match=message) as caught:
        cluster_of(slurm(0, **changed))
    assert "srun" in str(caught.value)
