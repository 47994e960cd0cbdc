"""What TF_CONFIG may say, and what is refused; what launchers say of a network that trains."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from leukokit.api import Examples, LeukokitError, Workspace
from leukokit.deep.distributed.environment import cluster_of, time_limit
from leukokit.deep.distributed.secondary import secondary_of
from leukokit.errors import UsageError
from leukokit.testing.networks import TinyCnn

TWO = {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}


def _environment(**facts: object) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps(facts)}


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": " "}, _environment(), _environment(cluster={})])
def test_without_a_cluster_there_is_none(environment: dict[str, str]) -> None:
    """Not set, empty, or naming no machine, as on managed services with a single one."""
    assert cluster_of(environment) is None


def test_a_worker_knows_its_place() -> None:
    """The address and rank are those that the task names."""
    cluster = cluster_of(_environment(cluster=TWO, task={"type": "worker", "index": 1}))
    assert cluster is not None
    assert (cluster.rank, cluster.size, cluster.address) == (1, 2, "10.0.0.2:12345")
    assert cluster.others == ("10.0.0.1:12345",)
    assert str(cluster) == "process 1 of 2 (10.0.0.2:12345)"


def test_a_chief_comes_before_the_workers() -> None:
    """TensorFlow's other way to write it: the chief has a list of its own."""
    jobs = {"worker": ["b:2", "c:3"], "chief": ["a:1"]}
    cluster = cluster_of(_environment(cluster=jobs, task={"type": "worker", "index": "0"}))
    assert cluster is not None
    assert cluster.addresses == ("a:1", "b:2", "c:3")
    assert cluster.rank == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{'cluster'", "it is not JSON"),
        ("[1]", "it has no 'cluster'"),
        (json.dumps({"cluster": TWO}), "does not say which task this process is"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker"}}), "does not say which task"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 2}}), "task 2 of type 'worker'"),
        (json.dumps({"cluster": TWO, "task": {"type": "chief", "index": 0}}), "task 0 of type 'chief'"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": "x"}}), "has no such task"),
        (json.dumps({"cluster": {**TWO, "ps": ["d:4"]}, "task": {}}), "tasks of type 'ps'"),
        (json.dumps({"cluster": {"worker": ["10.0.0.1"]}, "task": {}}), "expected a list of 'host:port'"),
        (json.dumps({"cluster": {"worker": "a:1"}, "task": {}}), "expected a list of 'host:port'"),
        (json.dumps({"cluster": {"worker": ["a:1", "a:1"]}, "task": {}}), "two tasks have the address a:1"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_with_an_example(text: str, message: str) -> None:
    """The message says what is wrong with it, and how it is written."""
    with pytest.raises(UsageError, match=message) as caught:
        cluster_of({"TF_CONFIG": text})
    assert '"task": {"type": "worker", "index": 0}' in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["soon", "0", "-3", "inf", "nan"])
def test_a_time_limit_is_a_number_of_seconds(text: str) -> None:
    """Anything else is refused."""
    assert time_limit({}) == 600
    assert time_limit({"LEUKOKIT_CLUSTER_TIMEOUT": "2.5"}) == 2.5
    with pytest.raises(UsageError, match="expected a number of seconds above 0"):
        time_limit({"LEUKOKIT_CLUSTER_TIMEOUT": text})


def test_processes_are_part_of_what_a_model_is_kept_under(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes add floats in another order than one; their model is not taken for its model."""
    alone, spread = TinyCnn.create(side=64), TinyCnn.create(side=64, strategy="multi_worker")
    assert alone.fingerprint() == spread.fingerprint() == ""
    for index, secondary in ((0, ""), (1, "process 1 of 2 (10.0.0.2:12345)")):
        text = _environment(cluster=TWO, task={"type": "worker", "index": index})["TF_CONFIG"]
        monkeypatch.setenv("TF_CONFIG", text)
        assert alone.fingerprint() == ""
        assert secondary_of(alone.params) is None
        assert spread.fingerprint() == "2 replicas"
        assert str(secondary_of(spread.params) or "") == secondary


def test_a_network_that_trains_alone_beside_a_cluster_says_so(
    small_cnn: Callable[..., TinyCnn],
    train: Examples,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TF_CONFIG without strategy: multi_worker changes nothing, and that is told."""
    monkeypatch.setenv(
        "TF_CONFIG", _environment(cluster=TWO, task={"type": "worker", "index": 1})["TF_CONFIG"]
    )
    small_cnn(epochs=1, max_steps=1).fit(train, seed=1, workspace=workspace)
    said = workspace.progress.said  # type: ignore[attr-defined]
    assert any("strategy: none trains in this one alone" in line for line in said)


def test_a_broken_cluster_ends_a_fit_before_it_begins(
    small_cnn: Callable[..., TinyCnn], train: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is built or read with a TF_CONFIG that cannot be used, where it would be."""
    monkeypatch.setenv("TF_CONFIG", "{")
    small_cnn(epochs=1, max_steps=1).fit(train, seed=1)
    with pytest.raises(LeukokitError, match="TF_CONFIG cannot be used: it is not JSON"):
        small_cnn(strategy="multi_worker").fit(train, seed=1)
