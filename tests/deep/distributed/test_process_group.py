"""Two processes come to what one comes to with the same batches; and what happens where one is missing."""

from __future__ import annotations

import csv
import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.api import Workspace
from leukokit.deep.distributed.process_group import share_of
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
from tests.deep.processes import free_addresses, python_together, started_with, together

# Plain gradient descent, where a convolution with a bias comes before batch normalization: the bias' gradient
# is zero but for rounding, and Adam would make a whole step of that.
SETTINGS: dict[str, dict[str, Any]] = {
    "all layers, batch normalization, dropout": {
        "epochs": 3,
        "learning_rate": 0.01,
        "optimizer": "sgd",
        "dropout": 0.3,
        "augment": {"stain_jitter": 0.05},
        "early_stopping": 9,
    },
    "kept outputs of frozen layers, weighted": {
        "train": "gradual",
        "fine_tune_from": "block2",
        "epochs": 2,
        "head_epochs": 2,
        "dropout": 0.3,
        "augment": {"views": 2},
        "class_weight": "balanced",
        "label_smoothing": 0.1,
        "schedule": "plateau",
        "early_stopping": 1,
    },
    "several batches a step, few at last": {
        "train": "head",
        "epochs": 2,
        "accumulate": 2,
        "max_steps": 7,
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "schedule": "cosine",
    },
}
COMMON = {"side": 64, "batch_size": 8}

_FITS = f"""
import json, sys
from pathlib import Path
from leukokit.api import Workspace
from leukokit.errors import LeukokitError
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples

class Listener:
    def stage(self, name, total): pass
    def advance(self, count=1): pass
    def say(self, text): pass

train = examples(0, n=25, images=True, image_size=64)
validation = examples(2, n=11, images=True, image_size=64)
for name, params in json.loads({json.dumps(json.dumps(SETTINGS))}).items():
    folder = Path(sys.argv[1], name)
    for inner in ("checkpoints", "artifacts", "model"):
        (folder / inner).mkdir(parents=True)
    workspace = Workspace(folder / "checkpoints", folder / "artifacts", Listener())
    cnn = TinyCnn.create(**{COMMON}, strategy="multi_worker", **params)
    cnn.fit(train, validation, seed=9, workspace=workspace).save(folder / "model")
try:
    TinyCnn.create(**{COMMON}, strategy="multi_worker").fit(train, seed=len(sys.argv[1]))
except LeukokitError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Every setting, trained by two processes together; then both try to train with seeds of their own."""
    root = tmp_path_factory.mktemp("pair")
    folders = [root / "first", root / "second!"]
    done = python_together(_FITS, folders)
    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[1].stderr
    return folders, [each.stdout for each in done]


def _history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", SETTINGS)
def test_two_processes_have_the_losses_of_one(
    name: str, small_cnn: Callable[..., TinyCnn], pair: tuple[list[Path], list[str]], workspace: Workspace
) -> None:
    """Loss, accuracy and rate of each epoch, on both parts; the last batch has one row for two processes."""
    train, validation = (examples(seed, n=n, images=True, image_size=64) for seed, n in ((0, 25), (2, 11)))
    small_cnn(**COMMON, **SETTINGS[name]).fit(train, validation, seed=9, workspace=workspace)
    alone, spread = _history(workspace.artifacts), _history(pair[0][0] / name / "artifacts")
    assert len(alone) == len(spread) > 1
    for one, two in zip(alone, spread, strict=True):
        assert two.pop("replicas") == "2"
        assert one.keys() == two.keys()
        for column in one.keys() - {"phase"}:
            assert float(two[column]) == pytest.approx(float(one[column]), rel=1e-4), (column, one, two)


@pytest.mark.parametrize("name", SETTINGS)
def test_both_processes_have_the_same_bytes(name: str, pair: tuple[list[Path], list[str]]) -> None:
    """Model and history; the model says how many processes trained it."""
    first, second = (folder / name for folder in pair[0])
    for file in ("model/model.weights.h5", "model/network.json", "artifacts/history.csv"):
        assert (first / file).read_bytes() == (second / file).read_bytes(), file
    assert json.loads((first / "model/network.json").read_text())["replicas"] == 2
    model = TinyCnn.create(**COMMON).load(first / "model")
    assert model.replicas == 2


def test_processes_that_train_something_else_are_told(pair: tuple[list[Path], list[str]]) -> None:
    """Different seeds: both say who differs, and none waits."""
    for told in pair[1]:
        assert "the processes do not train the same: 127.0.0.1:" in told
        assert "share the cache folder or use --no-cache" in told


@given(rows=st.integers(1, 300), size=st.integers(2, 9))
def test_shares_are_the_batch(rows: int, size: int) -> None:
    """In order, every row counts one in all, and shares differ by one row at most."""
    shares = [share_of(rows, rank, size) for rank in range(size)]
    counted = np.zeros(rows)
    for each in shares:
        assert each.stop > each.start
        counted[each.start : each.stop] += each.weight
    np.testing.assert_allclose(counted, 1)
    lengths = [each.stop - each.start for each in shares]
    assert max(lengths) - min(lengths) <= 1
    if rows >= size:
        assert [each.start for each in shares[1:]] == [each.stop for each in shares[:-1]]


_ONE = """
import sys
from leukokit.errors import LeukokitError
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
try:
    TinyCnn.create(side=64, strategy="multi_worker").fit(examples(0, n=6, images=True, image_size=64), seed=1)
except LeukokitError as error:
    print(error)
"""


_REPLICAS = """
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
model = TinyCnn.create(side=64, strategy="multi_worker").fit(
    examples(0, n=6, images=True, image_size=64), seed=1
)
print(model.replicas)
"""


def free_block() -> int:
    """Find two ports in a row that nobody listens at."""
    for _ in range(100):
        port = int(free_addresses(1)[0].rpartition(":")[2])
        try:
            socket.create_server(("127.0.0.1", port + 1)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no two ports in a row are free")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torchrun", "slurm"])
def test_processes_of_other_launchers_train_together(launcher: str) -> None:
    """TensorFlow, which reads TF_CONFIG only, is told of them."""
    port = str(free_block())
    variables = {
        "torchrun": [
            {"RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
            for rank in "01"
        ],
        "slurm": [
            {"SLURM_PROCID": rank, "SLURM_NTASKS": "2", "SLURM_JOB_NODELIST": "localhost"} for rank in "01"
        ],
    }[launcher]
    environments = [each | {"LEUKOKIT_CLUSTER_PORT": port} for each in variables]
    done = started_with(environments, [[sys.executable, "-c", _REPLICAS]] * 2, 300)
    assert [each.stdout for each in done] == ["2\n", "2\n"], done[0].stderr + done[1].stderr


_ABSENT = [sys.executable, "-c", "pass"]


def test_a_process_that_never_comes_is_named_in_time() -> None:
    """The other one is not started: the fit ends after the limit with its address."""
    first, _ = together([[sys.executable, "-c", _ONE], _ABSENT], 100, LEUKOKIT_CLUSTER_TIMEOUT="1")
    assert first.returncode == 0, first.stderr
    assert f"{first.addresses[1]} did not come within 1 s" in first.stdout


def test_another_backend_than_tensorflow_is_refused() -> None:
    """tf.distribute is a part of TensorFlow; nobody is waited for."""
    first, _ = together([[sys.executable, "-c", _ONE], _ABSENT], 100, KERAS_BACKEND="jax")
    assert "Keras runs on jax" in first.stdout, first.stderr
    assert "KERAS_BACKEND=tensorflow" in first.stdout


# Told to, the second process kills itself in the second of three batches of epoch 3.
_TRAINING = """
import os, signal, sys
from pathlib import Path
from leukokit.api import Workspace
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples

class Listener:
    steps, stages = 0, []
    def stage(self, name, total):
        self.stages.append(name)
        self.steps = 0
    def advance(self, count=1):
        self.steps += count
        if {die} and "second" in sys.argv[1] and self.stages[-1] == "training" and self.steps == 3 + 3 + 2:
            os.kill(os.getpid(), signal.SIGKILL)
    def say(self, text):
        print(text)

folder = Path(sys.argv[1])
for name in ("checkpoints", "artifacts", "model"):
    (folder / name).mkdir(parents=True, exist_ok=True)
cnn = TinyCnn.create(
    side=64, epochs=5, batch_size=8, learning_rate=0.003, strategy="multi_worker",
    augment={{"stain_jitter": 0.05}}, early_stopping=4, schedule="cosine", dropout=0.3,
)
model = cnn.fit(
    examples(0, n=24, images=True, image_size=64),
    examples(2, n=12, images=True, image_size=64),
    seed=9,
    workspace=Workspace(folder / "checkpoints", folder / "artifacts", Listener()),
)
model.save(folder / "model")
"""


@pytest.mark.slow
def test_a_process_that_dies_ends_the_others_and_training_goes_on_later(tmp_path: Path) -> None:
    """SIGKILL in epoch 3 of 5; the second start goes on after epoch 2 and ends with the same bytes.

    The process that had died has lost its checkpoint; the other one's is enough.
    """
    whole = [tmp_path / "whole" / name for name in ("first", "second")]
    broken = [tmp_path / "broken" / name for name in ("first", "second")]
    assert [each.returncode for each in python_together(_TRAINING.format(die=False), whole)] == [0, 0]
    first, second = python_together(_TRAINING.format(die=True), broken)
    assert second.returncode == -signal.SIGKILL
    assert first.returncode == 1
    assert f"{first.addresses[1]} has left the training" in first.stderr
    assert "training goes on after the last whole epoch" in first.stderr
    (broken[1] / "checkpoints" / "training.npz").unlink()
    again = python_together(_TRAINING.format(die=False), broken)
    assert [each.returncode for each in again] == [0, 0], again[0].stderr
    assert all("training goes on after epoch 2 of 5" in each.stdout for each in again)
    for name in ("model/model.weights.h5", "model/network.json", "artifacts/history.csv"):
        assert len({(folder / name).read_bytes() for folder in (*whole, *broken)}) == 1, name


_RECIPE = """
leukokit: 1
name: trial
seed: 3
data: {use: smears, params: {per_class: 6}}
split: {method: holdout, test: 0.3, validation: 0.2}
classify:
  use: keras_cnn
  params:
    {backbone: MobileNetV2, alpha: 0.35, weights: none, side: 64, batch_size: 8, epochs: 2,
     strategy: multi_worker}
"""


@pytest.mark.slow
def test_the_first_process_publishes_and_the_others_do_not(tmp_path: Path) -> None:
    """The same command on each; one run directory, and the same scores on both screens."""
    recipe = tmp_path / "trial.yaml"
    recipe.write_text(_RECIPE)
    command = [
        sys.executable,
        "-m",
        "leukokit",
        "run",
        str(recipe),
        "--out",
        str(tmp_path / "runs"),
        "--json",
    ]
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    done = together(
        [[*command, "--executor", "inline", "--cache-dir", str(tmp_path / "cache")]] * 2,
        200,
        TMPDIR=str(scratch),
    )
    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[1].stderr
    first, second = (json.loads(each.stdout) for each in done)
    (path,) = (tmp_path / "runs" / "trial").iterdir()
    assert (first["path"], second["path"]) == (str(path), None)
    assert first["metrics"]["test"] == second["metrics"]["test"]
    assert "this one discards its run" in done[1].stderr
    assert {row["replicas"] for row in _history(path / "training")} == {"2"}
    assert not list(scratch.glob("leukokit-secondary-*"))
    assert (path / "model" / "network.json").is_file()
