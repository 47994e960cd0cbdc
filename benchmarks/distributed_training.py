"""A network trained by one process and by two together, on the same real images with the same batches.

Measured: loss and accuracy of each epoch on both parts, and the largest relative difference between the two;
seconds of each epoch. Every process has one core of its own, so two processes stand for two machines of one
core each, joined by loopback; with ``--cores 0`` all share the machine's cores, and no gain is to be
expected. The first epoch builds the graph; the median of the others is told.

Floats are added in another order by two processes than by one, and training makes such differences grow, most
of all with optimizers that divide a gradient by its own size. So a control stands beside them: one process
whose initial weights were changed by one part in ten million. Two processes should be about as near to one as
the control is::

    python benchmarks/distributed_training.py     # the network and phases of recipes/cnn_small.yaml, smaller
    python benchmarks/distributed_training.py --optimizer adamax --learning-rate 5e-4
    python benchmarks/distributed_training.py --network mobilenet --images 200 --json
"""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import click
import numpy as np

SEED = 281
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "lite0": ("efficientnet_lite/cnn", {"variant": "lite0", "pooling": "avg"}),
    "mobilenet": ("keras_cnn", {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "none"}),
}
LEARNS_FROM = {"lite0": "block3a", "mobilenet": "block_6"}
COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy")


class EpochTimes:
    """Listens to a fit: when its last phase begins, and when each epoch of it is told."""

    def __init__(self) -> None:
        self.phase = ""
        self.times: list[float] = []

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002 - how much is to come plays no part
        """Note when a phase begins."""
        self.phase, self.times = name, [perf_counter()]

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Note when an epoch is over."""
        if text.startswith(f"{self.phase} "):
            self.times.append(perf_counter())


def images_of(count: int) -> tuple[Any, Any]:
    """Images of all classes in turn from all-pbs: the first of each class to learn, the next to validate."""
    import leukokit
    from leukokit.api import Examples
    from leukokit.imageio.images import read_image

    dataset: Any = leukokit.component("dataset", "all_pbs")
    if dataset.missing():
        raise click.ClickException(dataset.missing())
    samples = list(dataset.samples())
    classes = sorted({sample.label for sample in samples})
    apart = {name: iter([sample for sample in samples if sample.label == name]) for name in classes}
    parts = []
    for size in (count, count // 4):
        chosen = [next(apart[classes[i % len(classes)]]) for i in range(size)]
        parts.append(
            Examples(
                ids=[sample.id for sample in chosen],
                labels=np.array([sample.label for sample in chosen]),
                images=[read_image(sample.path) for sample in chosen],
            )
        )
    return parts[0], parts[1]


def nudge_initial_weights() -> None:
    """Change every initial weight of this process' networks by about one part in ten million."""
    classifier: Any = import_module("leukokit.deep.classifier")
    build = classifier.build_network

    def nudged(*args: Any, **more: Any) -> Any:
        network = build(*args, **more)
        draws = np.random.default_rng(SEED)
        for variable in network.trainable_variables:
            value = np.asarray(variable)
            variable.assign(value * (1 + 1e-7 * draws.standard_normal(value.shape)))
        return network

    classifier.build_network = nudged


def fit(folder: Path, settings: dict[str, Any]) -> None:
    """Train as ``TF_CONFIG`` says, and leave the history and the times in a folder."""
    import leukokit
    from leukokit.api import Workspace

    if settings["core"] is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {settings["core"]})
    if settings["nudged"]:
        nudge_initial_weights()
    train, validation = images_of(settings["images"])
    name, params = NETWORKS[settings["network"]]
    classifier: Any = leukokit.component(
        "classifier", name, **params, **settings["params"], strategy="multi_worker"
    )
    for inner in ("checkpoints", "artifacts"):
        (folder / inner).mkdir()
    clock = EpochTimes()
    workspace = Workspace(folder / "checkpoints", folder / "artifacts", clock)
    classifier.fit(train, validation, seed=SEED, workspace=workspace)
    (folder / "times.json").write_text(json.dumps(np.diff(clock.times).tolist()))


@contextmanager
def addresses(count: int) -> Iterator[list[str]]:
    """Addresses of this machine that nobody listens at."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        places = [f"127.0.0.1:{server.getsockname()[1]}" for server in sockets]
    yield places


def trained(
    count: int, settings: dict[str, Any], cores: list[int] | None, *, nudged: bool = False
) -> dict[str, Any]:
    """Train in so many processes; what the first one left comes back."""
    with tempfile.TemporaryDirectory() as scratch, addresses(count) as places:
        started = []
        for rank in range(count):
            folder = Path(scratch, str(rank))
            folder.mkdir()
            core = cores[rank % len(cores)] if cores else None
            own = {**settings, "core": core, "nudged": nudged}
            task = {"cluster": {"worker": places}, "task": {"type": "worker", "index": rank}}
            environment = {**os.environ, "TF_CONFIG": json.dumps(task) if count > 1 else ""}
            command = [sys.executable, __file__, "--fit", str(folder), json.dumps(own)]
            started.append(subprocess.Popen(command, env=environment))
        codes = [process.wait() for process in started]
        if any(codes):
            raise click.ClickException("a training failed; its error is above")
        folder = Path(scratch, "0")
        with (folder / "artifacts" / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        seconds = json.loads((folder / "times.json").read_text())
    return {
        **{column: [float(row[column]) for row in rows] for column in COLUMNS},
        "seconds": seconds,
        "seconds_per_epoch": median(seconds[1:]),
    }


def gaps(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Give the largest relative difference of each column over the epochs."""
    return {
        column: max(abs(b - a) / max(abs(a), 1e-12) for a, b in zip(one[column], other[column], strict=True))
        for column in COLUMNS
    }


@click.command()
@click.option("--network", type=click.Choice(list(NETWORKS)), default="lite0", show_default=True)
@click.option("--images", default=402, show_default=True, help="To learn from; a quarter more to validate.")
@click.option("--side", default=96, show_default=True, help="Height and width, in px.")
@click.option("--batch-size", default=25, show_default=True, help="Of all processes together.")
@click.option("--epochs", default=3, show_default=True, help="The first is not timed.")
@click.option("--learning-rate", default=5e-5, show_default=True)
@click.option("--optimizer", type=click.Choice(["sgd", "adamax", "adam"]), default="sgd", show_default=True)
@click.option(
    "--train", "learns", type=click.Choice(["gradual", "all", "head"]), default="gradual", show_default=True
)
@click.option("--cores", default=1, show_default=True, help="1: one a process; 0: all of the machine.")
@click.option("--json", "as_json", is_flag=True, help="Print what was measured as JSON.")
def main(
    network: str,
    images: int,
    side: int,
    batch_size: int,
    epochs: int,
    learning_rate: float,
    optimizer: str,
    learns: str,
    cores: int,
    as_json: bool,
) -> None:
    """Train with one process, then with two, and compare."""
    if epochs < 2:
        raise click.BadParameter("the first epoch is not timed; give 2 or more", param_hint="--epochs")
    params = {
        "side": side,
        "batch_size": batch_size,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "train": learns,
        "fine_tune_from": LEARNS_FROM[network] if learns == "gradual" else None,
        "head_epochs": 2,
        "augment": {"stain_jitter": 0.05},
    }
    settings = {"network": network, "images": images, "params": params}
    places = sorted(os.sched_getaffinity(0)) if cores and hasattr(os, "sched_getaffinity") else None
    one, two = (trained(count, settings, places) for count in (1, 2))
    control = trained(1, settings, places, nudged=True)
    histories = {
        **settings,
        "cores": os.cpu_count(),
        "one_process": one,
        "two_processes": two,
        "control": control,
        "largest_relative_difference": gaps(one, two),
        "of_the_control": gaps(one, control),
        "speedup": one["seconds_per_epoch"] / two["seconds_per_epoch"],
    }
    if as_json:
        click.echo(json.dumps(histories, indent=2))
        return
    click.echo(
        f"{network}, {images} images of {side} px, batch {batch_size} of all processes, {optimizer}, "
        f"train: {learns}\n"
    )
    click.echo(f"{'':5} {'loss of':>36}   {'validation loss of':>36}")
    heads = "".join(f" {item:>11}" for item in ("1 process", "2", "control"))
    click.echo(f"epoch{heads}  {heads}")
    for epoch in range(len(one["loss"])):
        cells = [
            "".join(f" {item[column][epoch]:11.7f}" for item in (one, two, control))
            for column in ("loss", "validation_loss")
        ]
        click.echo(f"{epoch + 1:5}{cells[0]}  {cells[1]}")
    for name, other in (("two processes", two), ("control", control)):
        worst = ", ".join(f"{column} {gap:.1e}" for column, gap in gaps(one, other).items())
        click.echo(f"largest relative difference, {name}: {worst}")
    click.echo(
        f"seconds an epoch: {one['seconds_per_epoch']:.2f} with one process, "
        f"{two['seconds_per_epoch']:.2f} with two: {histories['speedup']:.2f} times as fast"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        fit(Path(sys.argv[2]), json.loads(sys.argv[3]))
    else:
        main()
