"""Training and prediction of networks beside bare Keras: the same network, the same arrays, one run.

``NetworkClassifier.fit`` decodes images once, draws batches, keeps a checkpoint after each epoch and tells
its progress; ``keras.Model.fit`` on an array in memory does none of that. Both train the same network with
the same optimizer in turns; the first epoch of each is left out, since it builds the graph. A ratio of 1
means that leukokit adds nothing::

    python benchmarks/network_speed.py
    python benchmarks/network_speed.py --backbone MobileNetV2 --side 96 --images 200     # a quick look
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import click
import numpy as np

from leukokit.api import Examples, Workspace
from leukokit.api.deep import NetworkModel
from leukokit.api.deep.network import build_network
from leukokit.api.deep.runtime import load_keras
from leukokit.plugins.classify.keras_cnn import KerasCnn

CLASSES = ("Benign", "Early", "Pre", "Pro")


class EpochClock:
    """Notes when each epoch ends: a fit says one line then."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def stage(self, name: str, total: int) -> None:
        """Ignore."""

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:  # noqa: ARG002 - when, not what
        """Note the time."""
        self.ends.append(perf_counter())


def ours(cnn: KerasCnn, examples: Examples) -> tuple[list[float], NetworkModel]:
    """Seconds of each epoch but the first, and the fitted model."""
    clock = EpochClock()
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / name for name in ("checkpoints", "artifacts")]
        for folder in folders:
            folder.mkdir()
        model = cnn.fit(examples, seed=1, workspace=Workspace(*folders, clock))
    return np.diff(clock.ends).tolist(), model


def bare(cnn: KerasCnn, images: np.ndarray, targets: np.ndarray) -> tuple[list[float], Any]:
    """Seconds of each epoch but the first with ``keras.Model.fit`` alone, and the network."""
    keras = load_keras()
    params = cnn.params
    network = build_network(
        cnn.backbone(),
        side=params.side,
        classes=len(CLASSES),
        pooling=params.pooling,
        dropout=params.dropout,
        seed=1,
    )
    ends: list[float] = []

    class Ends(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
            ends.append(perf_counter())

    network.compile(keras.optimizers.Adamax(params.learning_rate), "categorical_crossentropy", ["accuracy"])
    network.fit(
        images, targets, batch_size=params.batch_size, epochs=params.epochs, verbose=0, callbacks=[Ends()]
    )
    return np.diff(ends).tolist(), network


def timed(function: Any, repeats: int) -> float:
    """Median seconds of a call, after one that warms up."""
    function()
    found = []
    for _ in range(repeats):
        started = perf_counter()
        function()
        found.append(perf_counter() - started)
    return median(found)


@click.command()
@click.option("--backbone", default="EfficientNetV2B0")
@click.option("--side", default=224)
@click.option("--images", "count", default=400)
@click.option("--epochs", default=3, help="Epochs a turn; the first is not counted.")
@click.option("--turns", default=2, help="Turns of each, one after the other.")
def main(backbone: str, side: int, count: int, epochs: int, turns: int) -> None:
    """Time both and print images a second and ratios."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    labels = np.array(CLASSES)[np.arange(count) % len(CLASSES)]
    targets = np.eye(len(CLASSES), dtype=np.float32)[np.arange(count) % len(CLASSES)]
    examples = Examples(ids=[str(i) for i in range(count)], labels=labels, images=list(pixels))  # type: ignore[arg-type]
    cnn = KerasCnn.create(backbone=backbone, weights="none", side=side, epochs=epochs)
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(turns):
        seconds, network = bare(cnn, pixels, targets)
        theirs += seconds
        seconds, model = ours(cnn, examples)
        mine += seconds
    click.echo(f"{backbone}, {side} px, {count} images, batch {cnn.params.batch_size}\n")
    click.echo(f"{'':12} {'leukokit':>10} {'bare Keras':>11} {'ratio':>7}   (images/s; leukokit over bare)")
    _line("training", count / median(mine), count / median(theirs))
    floats = pixels.astype(np.float32)
    plain = timed(lambda: network.predict(floats, cnn.params.batch_size, verbose=0), 3)
    whole = timed(lambda: model.predict_proba(examples), 3)
    _line("prediction", count / whole, count / plain)
    click.echo(f"\nepochs, s: leukokit {_shown(mine)}; bare {_shown(theirs)}")


def _line(name: str, mine: float, theirs: float) -> None:
    click.echo(f"{name:12} {mine:10.1f} {theirs:11.1f} {mine / theirs:7.3f}")


def _shown(seconds: list[float]) -> str:
    return " ".join(f"{each:.2f}" for each in seconds)


if __name__ == "__main__":
    main()
