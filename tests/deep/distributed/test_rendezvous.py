"""Processes wait for each other, for a while."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from leukokit.deep.distributed.cluster import Cluster
from leukokit.deep.distributed.rendezvous import meet, silent
from leukokit.errors import LeukokitError
from tests.deep.processes import free_addresses


def _clusters(count: int) -> list[Cluster]:
    addresses = tuple(free_addresses(count))
    return [Cluster(addresses, rank) for rank in range(count)]


@pytest.mark.parametrize("late", [0, 1, 2])
def test_all_meet_whoever_comes_last(late: int) -> None:
    """Nobody goes on before the last one is there; the ports are free then."""
    clusters = _clusters(3)

    def arrive(cluster: Cluster) -> float:
        if cluster.rank == late:
            sleep(0.6)
        meet(cluster, limit=20)
        return monotonic()

    started = monotonic()
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(arrive, clusters))
    assert min(ended) - started >= 0.6
    for each in clusters[0].addresses:
        socket.create_server(("127.0.0.1", int(each.rpartition(":")[2]))).close()


def test_who_does_not_come_is_named_to_all_that_came() -> None:
    """The first and the second say that the third is missing."""
    clusters = _clusters(3)

    def arrive(cluster: Cluster) -> str:
        with pytest.raises(LeukokitError) as caught:
            meet(cluster, limit=1.0)
        return str(caught.value)

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(arrive, clusters[:2]))
    for each, cluster in zip(told, clusters, strict=False):
        assert f"{clusters[2].address} did not come within 1 s" in each
        assert str(cluster) in each
        assert clusters[1].address not in each.replace(str(cluster), "")
        assert "LEUKOKIT_CLUSTER_TIMEOUT" in each


def test_a_first_process_that_does_not_come_is_named() -> None:
    """The others cannot know more than that nobody answers there."""
    _, second = _clusters(2)
    with pytest.raises(LeukokitError, match=f"{second.addresses[0]} did not answer within 0.5 s"):
        meet(second, limit=0.5)


def test_strangers_and_gone_callers_are_not_counted() -> None:
    """A port scanner and a process that died while waiting do not stand for the second process."""
    first, second = _clusters(2)
    place = ("127.0.0.1", int(first.address.rpartition(":")[2]))
    greeting = f'{{"rank": 1, "cluster": {list(first.addresses)}}}\n'.replace("'", '"').encode()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meet, first, limit=2.0)
        sleep(0.3)
        for text in (b"GET / HTTP/1.1\n", b"\xff\xfe\n", b'{"rank": 7}\n', b""):
            with socket.create_connection(place) as stranger:
                stranger.sendall(text)
        with pytest.raises(LeukokitError, match=f"{second.address} did not come within 2 s"):
            waiting.result()
        waiting = pool.submit(meet, first, limit=20.0)
        sleep(0.3)
        with socket.create_connection(place) as caller:
            caller.sendall(greeting)
        meet(second, limit=20.0)
        waiting.result()


def test_machines_with_another_cluster_in_mind_do_not_meet() -> None:
    """Both lists of addresses have to be the same."""
    first, second, third = _clusters(3)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meet, Cluster(first.addresses[:2], 0), limit=3.0)
        with pytest.raises(LeukokitError, match="names other machines"):
            meet(third, limit=20.0)
        with pytest.raises(LeukokitError, match="did not come within 3 s"):
            waiting.result()
    assert second.address in first.others


def test_a_port_in_use_is_named() -> None:
    """Where something else listens already, the process says so."""
    (first,) = _clusters(1)
    place = ("", int(first.address.rpartition(":")[2]))
    with socket.create_server(place), pytest.raises(LeukokitError, match="cannot listen at its address"):
        meet(Cluster((first.address, "10.0.0.9:1"), 0), limit=1.0)


def test_silent_names_those_that_do_not_listen() -> None:
    """A process that has gone no longer takes connections."""
    first, second, third = _clusters(3)
    with socket.create_server(("127.0.0.1", int(second.address.rpartition(":")[2]))):
        assert silent(first) == [third.address]
