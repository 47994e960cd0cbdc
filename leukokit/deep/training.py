"""Training of a network in phases; an interrupted training continues after its last epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Images, Workspace
from leukokit.deep import checkpoint
from leukokit.deep.batches import epoch_batches
from leukokit.deep.checkpoint import TrainingState
from leukokit.deep.distributed.process_group import ProcessGroup
from leukokit.deep.distributed.step import DistributedSteps, synchronize
from leukokit.deep.frozen import FrozenLayers, TrainingRows
from leukokit.deep.history import write_history, write_scalars
from leukokit.deep.network import POOL, first_layer, freeze_before
from leukokit.deep.params import NetworkParams
from leukokit.deep.pixels import RowSource, decode_to_file, row_blocks
from leukokit.deep.runtime import load_keras
from leukokit.errors import LeukokitError
from leukokit.process.scratch import scratch_folder

_PLATEAU_EPOCHS = 2
_PLATEAU_FACTOR = 0.5


@dataclass(frozen=True)
class Phase:
    """A phase of training with one set of trained layers.

    Attributes
    ----------
    first : str or None
        First trained layer; None where the whole network is trained, including batch normalization.
    """

    name: str
    first: str | None
    epochs: int
    rate: float


def phases_of(params: NetworkParams, network: Any) -> list[Phase]:
    """Phases of the training, from the parameters."""
    if params.train == "all":
        return [Phase("training", None, params.epochs, params.learning_rate)]
    if params.fine_tune_from is None:  # given with train: gradual only, and required there
        return [Phase("head", POOL, params.epochs, params.learning_rate)]
    block = first_layer(network, params.fine_tune_from).name
    return [
        Phase("head", POOL, params.head_epochs, params.head_learning_rate),
        Phase("fine-tuning", block, params.epochs, params.learning_rate),
    ]


@dataclass(frozen=True)
class LabeledImages:
    """Images with their classes, for training and validation.

    Attributes
    ----------
    ids : sequence of str
    images : Images
        n images, uint8 H x W x 3.
    labels : str array (n,)
    """

    ids: Sequence[str]
    images: Images
    labels: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)


class Training:
    """One training of one network.

    Parameters
    ----------
    network : keras.Model
        As :func:`leukokit.deep.network.build_network` gives it; trained in place.
    params : NetworkParams
    classes : tuple of str
        In the order of the network's outputs.
    seed : int
        Order of batches and augmentation derive from it.
    workspace : Workspace or None
    group : ProcessGroup or None
        The processes that train together; None where this one trains alone.
    """

    def __init__(
        self,
        network: Any,
        params: NetworkParams,
        classes: tuple[str, ...],
        *,
        seed: int,
        workspace: Workspace | None,
        group: ProcessGroup | None = None,
    ) -> None:
        self.keras = load_keras()
        self.network = network
        self.params = params
        self.classes = classes
        self.seed = seed
        self.workspace = workspace
        self.group = group
        self.progress = workspace.progress if workspace is not None else None
        self.state = TrainingState()
        self.best: list[NDArray[Any]] = []
        self.logged = 0

    def run(self, train: LabeledImages, validation: LabeledImages | None) -> None:
        """Train on the training part; compute the loss of the validation part after each epoch."""
        phases = phases_of(
            self.params, self.network
        )  # a misspelled block is reported before anything is read
        with ExitStack() as stack:
            folder = stack.enter_context(scratch_folder("leukokit-fit-"))
            learn = self._part(train, folder / "train.npy", learning=True)
            watch = self._part(validation, folder / "validation.npy") if validation is not None else None
            kept = checkpoint.load(self.workspace.checkpoints) if self.workspace is not None else None
            if self.group is not None:
                self.group.agree(self._shared_facts(learn, watch))
                synchronize(self.network)
                kept = self.group.latest(kept)
            frozen = FrozenLayers(
                self.network, self.params, [phase.first for phase in phases], folder, self.progress
            )
            for number, phase in enumerate(phases):
                if kept is not None and kept[0].phase > number:
                    continue
                self._phase(number, phase, frozen, learn, watch, kept)
                kept = None
                if self._steps_used_up():
                    break

    def _part(self, examples: LabeledImages, path: Path, *, learning: bool = False) -> TrainingRows:
        array = decode_to_file(examples.images, self.params.side, path, self.progress)
        codes = np.array([self.classes.index(str(name)) for name in examples.labels], dtype=np.intp)
        targets = np.eye(len(self.classes), dtype=np.float32)[codes]
        augment = self.params.augment if learning else None
        weights = None
        if learning and self.params.class_weight == "balanced":
            counts = targets.sum(axis=0)
            weights = (len(codes) / (len(counts) * counts[codes])).astype(np.float32)
        return TrainingRows(
            RowSource(array, list(examples.ids), seed=self.seed, augment=augment), targets, weights
        )

    def _shared_facts(self, learn: TrainingRows, watch: TrainingRows | None) -> list[Any]:
        """Facts that must be the same in all processes that train together."""
        parts = [(rows.source.ids, rows.targets.tolist()) for rows in (learn, watch) if rows is not None]
        facts = [self.keras.version(), self.params.model_dump(mode="json"), self.classes, self.seed]
        return [*facts, self.network.count_params(), parts]

    def _phase(
        self,
        number: int,
        phase: Phase,
        frozen: FrozenLayers,
        learn: TrainingRows,
        watch: TrainingRows | None,
        kept: tuple[TrainingState, checkpoint.Arrays] | None,
    ) -> None:
        self._set_trainable(phase)
        if kept is None:
            self.state.phase, self.state.epoch = number, 0
            self.state.best, self.state.waited = None, 0
            self.best = []
        else:
            # The weights are restored before the frozen layers compute anything.
            _assign(self._variables(), kept[1]["network"])
        model, learn, watch = frozen.split_network(phase.first, learn, watch)
        total = phase.epochs * self._epoch_steps(learn)
        self._compile(model, phase, total)
        if kept is not None:
            _assign(model.optimizer.variables, kept[1]["optimizer"])
            self.state, self.best = kept[0], kept[1].get("best", [])
            if self.progress is not None:
                self.progress.say(f"{phase.name} goes on after epoch {self.state.epoch} of {phase.epochs}")
        if self.group is not None:
            self._broadcast_weights(self.group, model)
            self.steps = DistributedSteps(
                model,
                self.group,
                label_smoothing=self.params.label_smoothing,
                dtype=learn.source.array.dtype,
            )
        if self.progress is not None:
            self.progress.stage(phase.name, total)
            self.progress.advance(self.state.epoch * self._epoch_steps(learn))
        while self.state.epoch < phase.epochs and not self._steps_used_up() and not self._waited_enough():
            self._epoch(model, phase, learn, watch)
            if self.workspace is not None:
                self._save(model, self.workspace)
        if self.best:
            _assign(self._variables(), self.best)

    def _epoch(self, model: Any, phase: Phase, learn: TrainingRows, watch: TrainingRows | None) -> None:
        state = self.state
        left = None if self.params.max_steps is None else self.params.max_steps - state.steps
        batches = epoch_batches(
            learn.source,
            learn.targets,
            learn.weights,
            batch_size=self.params.batch_size,
            seed=self.seed,
            epoch=len(state.history),
            steps=left,
            part=self.group.part if self.group is not None else None,
        )
        rate = float(self.keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        means = self._train_epoch(model, batches, len(learn.targets))
        loss = means["loss"]
        if not math.isfinite(loss):
            raise LeukokitError(
                f"the loss became {loss} in epoch {state.epoch + 1} of {phase.name}",
                hint="Lower learning_rate, or use precision: float32",
            )
        row: dict[str, Any] = {
            "phase": phase.name,
            "epoch": state.epoch + 1,
            "learning_rate": rate,
            "loss": loss,
            "accuracy": means["accuracy"],
        }
        if self.group is not None:
            self._broadcast_weights(self.group, model)
            row["replicas"] = self.group.size
        state.epoch, state.steps = state.epoch + 1, state.steps + len(batches)
        if watch is not None:
            row |= self._validate(model, watch)
            self._use_validation_loss(model, row["validation_loss"])
        state.history.append(row)
        if self.progress is not None:
            self.progress.say(_epoch_summary(row, phase))

    def _train_epoch(self, model: Any, batches: Any, rows: int) -> dict[str, float]:
        """Train one epoch; return mean loss and accuracy."""
        advance = self.progress.advance if self.progress is not None else None
        if self.group is not None:
            size = self.params.batch_size
            sizes = [min(size, rows - start) for start in range(0, rows, size)][: len(batches)]
            return self.steps.epoch(batches, sizes, advance)
        calls = [_advancing(self.keras, advance)] if advance is not None else []
        history = model.fit(batches, epochs=1, shuffle=False, verbose=0, callbacks=calls).history
        return {name: float(history[name][-1]) for name in ("loss", "accuracy")}

    def _broadcast_weights(self, group: ProcessGroup, model: Any) -> None:
        """Give every process the weights of the first, since other processors round differently."""
        variables = [*self._variables(), *model.optimizer.variables]
        _assign(variables, group.broadcast(0, _values(variables)))

    def _validate(self, model: Any, watch: TrainingRows) -> dict[str, float]:
        rows = np.arange(len(watch.targets))
        if self.group is not None:
            rows = rows[self.group.part(len(rows))]
        logits = np.vstack(
            [
                model.predict(watch.source.rows(rows[block], 0), self.params.batch_size, verbose=0)
                for block in row_blocks(len(rows))
            ]
        ).astype(np.float64)
        targets = watch.targets[rows]
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_proba = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        costs = -(targets * log_proba).sum(axis=1)
        right = logits.argmax(axis=1) == targets.argmax(axis=1)
        loss, accuracy = costs.mean(), right.mean()
        if self.group is not None:
            loss, accuracy = self.group.mean(np.column_stack([costs, right]), len(watch.targets))
        return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}

    def _use_validation_loss(self, model: Any, loss: float) -> None:
        state = self.state
        if state.best is None or loss < state.best:
            state.best, state.waited = loss, 0
            if self.params.early_stopping is not None:
                self.best = _values(self._variables())
            return
        state.waited += 1
        if self.params.schedule == "plateau" and state.waited % _PLATEAU_EPOCHS == 0:
            rate = model.optimizer.learning_rate
            rate.assign(rate * _PLATEAU_FACTOR)

    def _waited_enough(self) -> bool:
        patience = self.params.early_stopping
        return patience is not None and self.state.waited >= patience

    def _steps_used_up(self) -> bool:
        return self.params.max_steps is not None and self.state.steps >= self.params.max_steps

    def _epoch_steps(self, learn: TrainingRows) -> int:
        return -(-len(learn.targets) // self.params.batch_size)

    def _set_trainable(self, phase: Phase) -> None:
        if phase.first is None:
            for layer in self.network.layers:
                layer.trainable = True
        else:
            freeze_before(self.network, self.network.get_layer(phase.first))

    def _compile(self, model: Any, phase: Phase, steps: int) -> None:
        params, optimizers = self.params, self.keras.optimizers
        rate: Any = phase.rate
        if params.schedule == "cosine":
            updates = max(1, steps // params.accumulate)
            rate = optimizers.schedules.CosineDecay(phase.rate, updates)
        make = {
            "adamax": optimizers.Adamax,
            "adam": optimizers.Adam,
            "adamw": optimizers.AdamW,
            "sgd": lambda *args, **more: optimizers.SGD(*args, momentum=0.9, **more),
        }[params.optimizer]
        more: dict[str, Any] = {"weight_decay": params.weight_decay} if params.weight_decay else {}
        if params.accumulate > 1:
            more["gradient_accumulation_steps"] = params.accumulate
        optimizer = make(rate, **more)
        if params.precision == "mixed_float16":
            optimizer = optimizers.LossScaleOptimizer(optimizer)
        loss = self.keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=params.label_smoothing
        )
        model.compile(
            optimizer, loss, metrics=[self.keras.metrics.CategoricalAccuracy("accuracy")], jit_compile=False
        )
        optimizer.build(model.trainable_variables)

    def _variables(self) -> list[Any]:
        """Weights and the states of random generators; metrics are no part of a network."""
        metrics = {id(variable) for variable in self.network.metrics_variables}
        return [variable for variable in self.network.variables if id(variable) not in metrics]

    def _save(self, model: Any, workspace: Workspace) -> None:
        arrays = {
            "network": _values(self._variables()),
            "optimizer": _values(model.optimizer.variables),
            "best": self.best,
        }
        checkpoint.save(workspace.checkpoints, self.state, arrays)
        write_history(workspace.artifacts, self.state.history)
        if self.params.tensorboard:
            self.logged = write_scalars(workspace.artifacts, self.state.history, after=self.logged)


def _values(variables: list[Any]) -> list[NDArray[Any]]:
    # A copy: the backend's array may share memory with a variable that changes later.
    to_numpy = load_keras().ops.convert_to_numpy
    return [np.array(to_numpy(variable)) for variable in variables]


def _assign(variables: list[Any], values: list[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _advancing(keras: Any, advance: Callable[[], None]) -> Any:
    class Advance(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
            advance()

    return Advance()


def _epoch_summary(row: dict[str, Any], phase: Phase) -> str:
    text = (
        f"{phase.name} {row['epoch']}/{phase.epochs}: loss {row['loss']:.4f}, accuracy {row['accuracy']:.3f}"
    )
    if "validation_loss" in row:
        text += f"; validation {row['validation_loss']:.4f}, {row['validation_accuracy']:.3f}"
    return text
