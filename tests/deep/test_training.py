"""Training: phases, options, a kill, and what is refused."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leukokit.api import DataError, Examples, LeukokitError, Workspace
from leukokit.plugins.classify.keras_cnn import KerasCnn
from leukokit.testing.networks import TinyCnn

SmallCnn = Callable[..., TinyCnn]

# One training in a process of its own; told to, it kills itself in the second of three batches of epoch 3.
_TRAINING = """
import os, signal, sys
from pathlib import Path
from leukokit.api import Workspace
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples

class Listener:
    steps, stages, said = 0, [], []
    def stage(self, name, total):
        self.stages.append(name)
        self.steps = 0
    def advance(self, count=1):
        self.steps += count
        if {die} and self.stages[-1] == "training" and self.steps == 3 + 3 + 2:
            os.kill(os.getpid(), signal.SIGKILL)
    def say(self, text):
        self.said.append(text)

folder = Path(sys.argv[1])
for name in ("checkpoints", "artifacts", "model"):
    (folder / name).mkdir(exist_ok=True)
cnn = TinyCnn.create(
    side=64, epochs=5, batch_size=8, learning_rate=0.003,
    augment={{"stain_jitter": 0.05}}, early_stopping=4, schedule="cosine",
)
listener = Listener()
model = cnn.fit(
    examples(0, n=24, images=True, image_size=64),
    examples(2, n=12, images=True, image_size=64),
    seed=9,
    workspace=Workspace(folder / "checkpoints", folder / "artifacts", listener),
)
model.save(folder / "model")
print([line for line in listener.said if "goes on" in line])
"""


def _history(workspace: Workspace) -> list[dict[str, str]]:
    with (workspace.artifacts / "history.csv").open() as file:
        return list(csv.DictReader(file))


def _run(folder: Path, *, die: bool = False) -> subprocess.CompletedProcess[str]:
    return _python(_TRAINING.format(die=die), folder)


def _python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_a_training_that_is_killed_ends_with_the_weights_of_one_that_is_not(tmp_path: Path) -> None:
    """SIGKILL in epoch 3 of 5; the second start goes on after epoch 2 and ends with the same bytes."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    assert _run(whole).returncode == 0
    assert _run(broken, die=True).returncode == -signal.SIGKILL
    again = _run(broken)
    assert again.returncode == 0, again.stderr
    assert "training goes on after epoch 2 of 5" in again.stdout
    for name in ("model/model.weights.h5", "model/network.json", "artifacts/history.csv"):
        assert (whole / name).read_bytes() == (broken / name).read_bytes(), name


@pytest.mark.parametrize(
    "params",
    [
        {"train": "head"},
        {"train": "gradual", "fine_tune_from": "block2", "head_epochs": 1},
        {"train": "gradual", "fine_tune_from": "block2", "head_epochs": 1, "augment": {"views": 2}},
        {"precision": "mixed_float16", "optimizer": "sgd", "class_weight": "balanced"},
        {"accumulate": 2, "label_smoothing": 0.1, "optimizer": "adamw", "weight_decay": 0.01},
    ],
    ids=str,
)
def test_every_way_of_training_gives_finite_probabilities(
    small_cnn: SmallCnn, params: dict[str, Any], train: Examples, validation: Examples, workspace: Workspace
) -> None:
    """Rows sum to one and the history has one row an epoch."""
    model = small_cnn(epochs=2, batch_size=8, **params).fit(train, validation, seed=1, workspace=workspace)
    proba = model.predict_proba(validation)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-9)
    rows = _history(workspace)
    name = "head" if params.get("train") == "head" else "training"
    gradual = params.get("train") == "gradual"
    expected = ["head", "fine-tuning", "fine-tuning"] if gradual else [name, name]
    assert [row["phase"] for row in rows] == expected


def test_frozen_layers_give_the_same_weights_whether_they_are_kept_or_computed_anew(
    small_cnn: SmallCnn, train: Examples, validation: Examples
) -> None:
    """Keeping the outputs of frozen layers is a matter of speed alone."""
    params: dict[str, Any] = {
        "train": "gradual",
        "fine_tune_from": "block2",
        "epochs": 2,
        "head_epochs": 2,
        "batch_size": 8,
        "augment": {"views": 2},
    }
    kept = small_cnn(**params).fit(train, validation, seed=1)
    anew = small_cnn(**params, cache_frozen=False).fit(train, validation, seed=1)
    for a, b in zip(kept.network.weights, anew.network.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5)


def test_only_what_is_asked_for_learns(small_cnn: SmallCnn, train: Examples) -> None:
    """Frozen layers and all batch normalization keep their values to the bit."""
    first = small_cnn(train="head", epochs=1, max_steps=1, learning_rate=1e-9).fit(train, seed=1)
    tuned = small_cnn(train="gradual", fine_tune_from="block2", head_epochs=1, epochs=2).fit(train, seed=1)
    moved = set()
    for a, b in zip(first.network.layers, tuned.network.layers, strict=True):
        pairs = zip(a.get_weights(), b.get_weights(), strict=True)
        if any(not np.array_equal(x, y) for x, y in pairs):
            moved.add(b.name)
    assert "block2_conv" in moved
    assert "logits" in moved
    assert not [name for name in moved if name.endswith("_bn") or name.startswith("block1")]


def test_early_stopping_puts_the_best_weights_back(
    small_cnn: SmallCnn, train: Examples, validation: Examples, workspace: Workspace
) -> None:
    """With a rate that makes things worse, what remains is the network of the best epoch."""
    cnn = small_cnn(train="head", epochs=30, early_stopping=2, learning_rate=3.0, optimizer="sgd")
    model = cnn.fit(train, validation, seed=1, workspace=workspace)
    losses = [float(row["validation_loss"]) for row in _history(workspace)]
    assert validation.labels is not None
    proba = model.predict_proba(validation)
    given = proba[np.arange(len(proba)), [model.classes.index(name) for name in validation.labels]]
    assert len(losses) < 30
    assert min(losses) < losses[-1]
    assert -np.log(given).mean() == pytest.approx(min(losses), rel=1e-4)


def test_a_plateau_halves_the_rate(
    small_cnn: SmallCnn, train: Examples, validation: Examples, workspace: Workspace
) -> None:
    """After two epochs without a lower validation loss the next has half the rate, and so on."""
    cnn = small_cnn(train="head", epochs=12, schedule="plateau", learning_rate=3.0, optimizer="sgd")
    cnn.fit(train, validation, seed=1, workspace=workspace)
    rows = _history(workspace)
    best, waited, rate = float("inf"), 0, 3.0
    for row in rows:
        assert float(row["learning_rate"]) == pytest.approx(rate)
        loss = float(row["validation_loss"])
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited and waited % 2 == 0:
            rate /= 2
    assert rate < 3.0


def test_a_cosine_leads_the_rate_down(small_cnn: SmallCnn, train: Examples, workspace: Workspace) -> None:
    """Each epoch begins with a lower rate, along half a cosine over the whole phase."""
    cnn = small_cnn(epochs=4, batch_size=8, schedule="cosine", learning_rate=0.01)
    cnn.fit(train, seed=1, workspace=workspace)
    rates = [float(row["learning_rate"]) for row in _history(workspace)]
    expected = [0.01 * (1 + np.cos(np.pi * done / 4)) / 2 for done in range(4)]
    assert rates == pytest.approx(expected, rel=1e-4)


def test_balanced_weights_change_what_is_learnt(small_cnn: SmallCnn, train: Examples) -> None:
    """Where classes are as large as each other they change nothing; where one is rare they do."""
    assert train.images is not None
    assert train.labels is not None
    rows = [row for row, name in enumerate(train.labels) if name != "late" or row < 9]
    rare = Examples(
        ids=[train.ids[row] for row in rows],
        labels=train.labels[rows],
        images=[train.images[row] for row in rows],  # type: ignore[arg-type]
    )
    for part, same in ((train, True), (rare, False)):
        kernels = [
            small_cnn(train="head", epochs=2, class_weight=weighting)
            .fit(part, seed=1)
            .network.get_layer("logits")
            .get_weights()[0]
            for weighting in ("none", "balanced")
        ]
        assert np.allclose(*kernels, atol=1e-7) is same


def test_max_steps_ends_a_trial(small_cnn: SmallCnn, train: Examples, workspace: Workspace) -> None:
    """Two batches, one epoch, whatever the number of epochs."""
    small_cnn(epochs=50, batch_size=8, max_steps=2).fit(train, seed=1, workspace=workspace)
    assert len(_history(workspace)) == 1


def test_tensorboard_logs_are_written(small_cnn: SmallCnn, train: Examples, workspace: Workspace) -> None:
    """An events file lies in the run's training folder."""
    small_cnn(epochs=1, tensorboard=True).fit(train, seed=1, workspace=workspace)
    assert list((workspace.artifacts / "tensorboard").glob("events*"))


def test_the_preview_is_there_before_training(
    small_cnn: SmallCnn, train: Examples, workspace: Workspace
) -> None:
    """What augmentation does is drawn, and said, before the first epoch."""
    small_cnn(epochs=1, augment={"stain_jitter": 0.1}).fit(train, seed=1, workspace=workspace)
    assert (workspace.artifacts / "augmentation.png").read_bytes().startswith(b"\x89PNG")
    assert "augmentation.png" in workspace.progress.said[0]  # type: ignore[attr-defined]


def test_a_loss_that_is_no_number_ends_the_fit(small_cnn: SmallCnn, train: Examples) -> None:
    """The fit ends with advice, not with a network of NaN."""
    # A decay of more than all of a weight turns its sign and lets it grow at each step.
    cnn = small_cnn(epochs=40, batch_size=8, optimizer="sgd", learning_rate=10.0, weight_decay=1.0)
    with pytest.raises(LeukokitError, match=r"the loss became (nan|inf).*Lower learning_rate"):
        cnn.fit(train, seed=1)


def test_watching_without_a_validation_part_is_an_error(small_cnn: SmallCnn, train: Examples) -> None:
    """Early stopping needs something to watch."""
    with pytest.raises(DataError, match="the split has none"):
        small_cnn(early_stopping=2).fit(train, seed=1)


def test_images_divided_by_255_are_caught(small_cnn: SmallCnn, train: Examples, validation: Examples) -> None:
    """Networks scale inside; an image of zeros and ones is an error in training and in prediction."""
    assert train.images is not None

    class Divided:
        def __len__(self) -> int:
            return len(train)

        def __getitem__(self, index: int) -> Any:
            return (train.images[index] / 255).astype(np.uint8)  # type: ignore[index]

        def __iter__(self) -> Any:
            return (self[index] for index in range(len(self)))

    dark = replace(train, images=Divided())
    with pytest.raises(LeukokitError, match="look divided by 255"):
        small_cnn(epochs=1).fit(dark, seed=1)
    model = small_cnn(epochs=1, max_steps=1).fit(train, seed=1)
    with pytest.raises(LeukokitError, match="look divided by 255"):
        model.predict_proba(dark)


def test_images_of_floats_are_refused(small_cnn: SmallCnn, train: Examples) -> None:
    """An image of floats is named, with what to do."""
    model = small_cnn(epochs=1, max_steps=1).fit(train, seed=1)
    floats = Examples(ids=["a"], images=[np.zeros((64, 64, 3)) + 0.5])  # type: ignore[arg-type]
    with pytest.raises(LeukokitError, match="expected uint8"):
        model.predict_proba(floats)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"train": "gradual"}, "train: gradual needs fine_tune_from"),
        ({"fine_tune_from": "block2"}, "fine_tune_from is used with train: gradual only"),
        ({"backbone": "EfficientNetV2XL"}, "did you mean 'EfficientNetV2L'"),
        ({"backbone": "ResNet50", "alpha": 0.5}, "alpha is a parameter of MobileNet and MobileNetV2"),
        ({"weights": "nowhere.weights.h5"}, "there is no file nowhere.weights.h5"),
        ({"weights": "imagnet"}, "neither 'imagenet', 'none' nor"),
        ({"augment": {"flip": True}}, "augment.flip"),
    ],
    ids=str,
)
def test_parameters_are_refused_where_they_are_written(params: dict[str, Any], message: str) -> None:
    """Mistakes are found before anything is built."""
    with pytest.raises(ValueError, match=message):
        KerasCnn.create(**params)


@pytest.mark.slow  # a second backend takes half a minute to start
def test_it_trains_on_the_jax_backend_too(tmp_path: Path) -> None:
    """With KERAS_BACKEND=jax and no TensorFlow, a network trains, is saved, loaded and explained."""
    code = _NO_TENSORFLOW + _TRAINING.format(die=False) + _LOADING
    done = _python(code, tmp_path, KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    assert "backend jax, same True" in done.stdout
    assert "heat 3 True" in done.stdout


_NARROW = """
import resource, sys
from leukokit.errors import LeukokitError
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
train = examples(0, n=12, images=True, image_size=64)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    TinyCnn.create(side=64, epochs=1).fit(train, seed=1)
except LeukokitError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_not_a_crash(tmp_path: Path) -> None:
    """Where the decoded images find no place, the process says so; writing on would kill it."""
    done = _python(_NARROW, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "are not available: File too large" in done.stdout
    assert "TMPDIR" in done.stdout


_NO_TENSORFLOW = """
import sys
class NoTensorFlow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoTensorFlow())
"""

_LOADING = """
import keras, numpy as np
again, few = cnn.load(folder / "model"), examples(1, n=6, images=True, image_size=64)
same = np.allclose(again.predict_proba(few), model.predict_proba(few), atol=1e-6)
print(f"backend {keras.backend.backend()}, same {same}")
from leukokit.plugins.explain.grad_cam import GradCam
heat = GradCam.create(per_class=1).explain(cnn, again, few, seed=1).heat_maps
print("heat", len(heat), all(np.isfinite(each).all() for each in heat.values()))
"""


_DISTRIBUTED = """
import sys
import numpy as np
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
train, test = (examples(seed, n=24, images=True, image_size=64) for seed in (0, 1))
made = [
    TinyCnn.create(side=64, epochs=2, batch_size=8, learning_rate=0.01, strategy=each).fit(train, seed=1)
    for each in ("none", sys.argv[2])
]
plain, spread = (model.predict_proba(test) for model in made)
print("gap", float(np.abs(plain - spread).max()))
"""


@pytest.mark.parametrize("strategy", ["mirrored", pytest.param("multi_worker", marks=pytest.mark.slow)])
def test_a_strategy_of_one_device_learns_what_no_strategy_does(strategy: str, tmp_path: Path) -> None:
    """tf.distribute with one replica and the same batches comes to the same network."""
    done = subprocess.run(
        [sys.executable, "-c", _DISTRIBUTED, str(tmp_path), strategy], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("gap")[1]) < 1e-4
