"""What training and predicting with leukokit cost beside bare Keras, in turns, and where the rest goes.

Measured: seconds of each epoch, of the clock and of the processor, of ``NetworkClassifier.fit`` and of
``keras.Model.fit``. Both train the network that ``build_network`` makes with the same seed, up to its scores
before softmax, with the same loss, metric and optimizer on the same pixels. They take turns (A B A B); each
turn starts with a fresh network, and its first epoch is left out, since it builds the graph. The same for
``NetworkModel.predict_proba`` and ``keras.Model.predict``, after one call of each that is not counted. A
ratio is leukokit's throughput over the bare one's, of the two that stand side by side; 1 means that leukokit
adds nothing. Processor time tells more than the clock on a machine that has other work; the bare array is
float32 with ``--dtype float32``.

"Outside of fit" is the share of leukokit's epochs that passes outside of ``keras.Model.fit``: order of the
batches, history, progress and a checkpoint after each epoch. Reading the images comes once, before the first
epoch, and is told apart::

    python benchmarks/network_overhead.py
    python benchmarks/network_overhead.py --network MobileNetV2 --images 200      # a quick look
    python benchmarks/network_overhead.py --network MobileNetV2 --profile 25      # and where the time goes
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Examples, Workspace
from leukokit.api.deep import NetworkModel
from leukokit.deep.model import LOGITS
from leukokit.deep.network import build_network
from leukokit.deep.runtime import load_keras
from leukokit.plugins.classify.keras_cnn import KerasCnn

CLASSES = ("Benign", "Early", "Pre", "Pro")
NETWORKS: dict[str, dict[str, Any]] = {
    "EfficientNetV2B0": {"side": 224},
    "MobileNetV2": {"side": 96, "alpha": 0.35},
}
SEED = 281


@dataclass(frozen=True)
class Moment:
    """A time of the clock, and of this process on all its processors."""

    clock: float
    processor: float

    @classmethod
    def now(cls) -> Moment:
        """Take the time."""
        return cls(perf_counter(), process_time())

    def __sub__(self, earlier: Moment) -> Moment:
        return Moment(self.clock - earlier.clock, self.processor - earlier.processor)


class StageTimes:
    """Listens to a fit: notes when images are read and when each epoch is told."""

    def __init__(self) -> None:
        self.stages: dict[str, Moment] = {}
        self.epochs: list[Moment] = []

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002 - how much is to come plays no part
        """Note when a stage begins."""
        self.stages[name] = Moment.now()

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:  # noqa: ARG002 - when, not what
        """Note when an epoch is over."""
        self.epochs.append(Moment.now())


@dataclass(frozen=True)
class Turn:
    """One training: what each epoch but the first took, what of it lay outside of fit, and reading."""

    epochs: list[Moment]
    outside: float  # a share
    reading: float
    result: Any


@contextmanager
def fits_timed(model_type: Any) -> Iterator[list[float]]:
    """Seconds of each call of ``keras.Model.fit`` in this block; the method is put back afterwards."""
    seconds: list[float] = []
    fit = model_type.fit

    def timed(*args: Any, **more: Any) -> Any:
        started = perf_counter()
        done = fit(*args, **more)
        seconds.append(perf_counter() - started)
        return done

    model_type.fit = timed
    try:
        yield seconds
    finally:
        model_type.fit = fit


def ours(cnn: KerasCnn, examples: Examples, profile: cProfile.Profile | None) -> Turn:
    """Train with leukokit, into folders as a run gives them."""
    clock = StageTimes()
    with tempfile.TemporaryDirectory() as scratch, fits_timed(load_keras().Model) as fits:
        folders = [Path(scratch) / name for name in ("checkpoints", "artifacts")]
        for folder in folders:
            folder.mkdir()
        with profile or nullcontext():
            model = cnn.fit(examples, seed=SEED, workspace=Workspace(*folders, clock))
    epochs = [later - earlier for earlier, later in pairwise(clock.epochs)]
    outside = 1 - sum(fits[1:]) / sum(epoch.clock for epoch in epochs)
    reading = clock.stages["training"] - clock.stages["reading images"]
    return Turn(epochs, outside, reading.clock, model)


def bare(cnn: KerasCnn, images: NDArray[Any], targets: NDArray[np.float32]) -> Turn:
    """Train with ``keras.Model.fit`` alone, as its documentation shows it."""
    keras = load_keras()
    params = cnn.params
    network = build_network(
        cnn.backbone(),
        side=params.side,
        classes=len(CLASSES),
        pooling=params.pooling,
        dropout=params.dropout,
        seed=SEED,
    )
    model = keras.Model(network.input, network.get_layer(LOGITS).output)
    ends: list[Moment] = []

    class Ends(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
            ends.append(Moment.now())

    model.compile(
        keras.optimizers.Adamax(params.learning_rate),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.fit(
        images, targets, batch_size=params.batch_size, epochs=params.epochs, verbose=0, callbacks=[Ends()]
    )
    return Turn([later - earlier for earlier, later in pairwise(ends)], 0.0, 0.0, network)


def took(function: Callable[[], object]) -> Moment:
    """Time of one call."""
    started = Moment.now()
    function()
    return Moment.now() - started


def print_rates(name: str, images: int, pairs: list[tuple[list[Moment], list[Moment]]]) -> None:
    """Print images a second by the clock, and ratios by clock and processor; a pair is one turn of each."""
    for what in ("clock", "processor"):
        mine = [[getattr(epoch, what) for epoch in turn] for turn, _ in pairs]
        theirs = [[getattr(epoch, what) for epoch in turn] for _, turn in pairs]
        ratios = [median(b) / median(a) for a, b in zip(mine, theirs, strict=True)]
        flat_mine, flat_theirs = list(chain(*mine)), list(chain(*theirs))
        click.echo(
            f"{name:10} {what:10} {images / median(flat_mine):9.1f} {images / median(flat_theirs):11.1f} "
            f"{median(ratios):8.3f}   {min(ratios):.3f} to {max(ratios):.3f}"
        )


@click.command()
@click.option("--network", type=click.Choice(list(NETWORKS)), default="EfficientNetV2B0")
@click.option("--images", "count", default=200, help="A multiple of the batch size spares a second graph.")
@click.option("--epochs", default=3, help="Epochs a turn; the first is not counted.")
@click.option("--repeats", default=3, help="Turns of each.")
@click.option("--batch-size", default=25)
@click.option("--dtype", type=click.Choice(["uint8", "float32"]), default="uint8", help="Of the bare array.")
@click.option("--profile", "lines", default=0, help="Lines of a profile of one more turn; 0 for none.")
def main(
    network: str, count: int, epochs: int, repeats: int, batch_size: int, dtype: str, lines: int
) -> None:
    """Train and predict in turns, and print what was measured."""
    if epochs < 2:
        raise click.BadParameter("the first epoch is not counted; give 2 or more", param_hint="--epochs")
    keras = load_keras()
    cnn = KerasCnn.create(
        backbone=network, weights="none", epochs=epochs, batch_size=batch_size, **NETWORKS[network]
    )
    side = cnn.params.side
    pixels = np.random.default_rng(SEED).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    codes = np.arange(count) % len(CLASSES)
    targets = np.eye(len(CLASSES), dtype=np.float32)[codes]
    array = pixels.astype(dtype)
    examples = Examples(
        ids=[f"image-{i}" for i in range(count)],
        labels=np.array(CLASSES)[codes],
        images=list(pixels),  # type: ignore[arg-type] - a list is read as any sequence
    )
    turns: list[tuple[Turn, Turn]] = []
    answers: list[tuple[list[Moment], list[Moment]]] = []
    for number in range(repeats):
        keras.backend.clear_session()
        gc.collect()
        mine = ours(cnn, examples, None)
        theirs = bare(cnn, array, targets)
        turns.append((mine, theirs))
        model: NetworkModel = mine.result
        sides = [
            lambda: model.predict_proba(examples),  # noqa: B023 - called in this turn
            lambda: model.network.predict(array, batch_size, verbose=0),  # noqa: B023
        ]
        for call in sides:
            call()
        times = [[took(call) for call in sides] for _ in range(3)]
        answers.append(([a for a, _ in times], [b for _, b in times]))
        click.echo(f"turn {number + 1} of {repeats} is done", err=True)

    click.echo(
        f"\n{network}, {side} px, {count} images ({dtype}), batch {batch_size}, {repeats} turns of "
        f"{epochs - 1} counted epochs, {keras.backend.backend()}\n"
    )
    click.echo(
        f"{'images/s':10} {'time of':10} {'leukokit':>9} {'bare Keras':>11} {'ratio':>8}   spread of turns"
    )
    print_rates("training", count, [(a.epochs, b.epochs) for a, b in turns])
    print_rates("prediction", count, answers)
    outside = [mine.outside for mine, _ in turns]
    reading = [mine.reading for mine, _ in turns]
    seconds = [mine.outside * median(epoch.clock for epoch in mine.epochs) for mine, _ in turns]
    click.echo(
        f"\noutside of fit: {median(seconds):.3f} s an epoch, {median(outside):.2%} of its time "
        f"({min(outside):.2%} to {max(outside):.2%}); reading the images once: {median(reading):.2f} s"
    )
    if lines:
        profile = cProfile.Profile()
        ours(cnn, examples, profile)
        pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(lines)


if __name__ == "__main__":
    main()
