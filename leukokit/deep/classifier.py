"""Base class of the classifiers of images with a backbone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from leukokit.api.classifier import Classifier, Consumes, Examples, FittedModel, Workspace
from leukokit.api.folds import class_counts
from leukokit.api.selector import Selector
from leukokit.arrays import FloatArray
from leukokit.deep.augment import Augmentation
from leukokit.deep.backbone import Backbone, refuse_changed
from leukokit.deep.distributed.environment import cluster_of
from leukokit.deep.distributed.process_group import process_group_of, replicas_of
from leukokit.deep.history import check_tensorboard
from leukokit.deep.model import FACTS_FILE, WEIGHTS_FILE, NetworkModel
from leukokit.deep.network import build_network
from leukokit.deep.params import NetworkParams
from leukokit.deep.preview import preview_sheet
from leukokit.deep.runtime import INSTALL_HINT, distribution
from leukokit.deep.training import LabeledImages, Training
from leukokit.deep.weights_file import read_weights
from leukokit.errors import DataError, LeukokitError, UsageError

PREVIEW_FILE = "augmentation.png"
_PREVIEWED = 6


class NetworkClassifier(Classifier):
    """Base of the classifiers with a backbone: pooling, dropout, one dense layer and softmax on top.

    A subclass implements :meth:`backbone`, and names parameters that derive from :class:`NetworkParams`.
    The paper's settings (its section 5.2) are the defaults.
    """

    Params = NetworkParams
    params: NetworkParams
    consumes: ClassVar[frozenset[Consumes]] = frozenset({Consumes.IMAGES})
    requires: ClassVar[tuple[str, ...]] = ("keras",)
    install_hint: ClassVar[str] = INSTALL_HINT

    def backbone(self) -> Backbone:
        """Choose the part of the network that turns images into feature maps."""
        raise NotImplementedError

    def missing(self) -> str | None:
        """Weights of the backbone that are not on this machine."""
        return self.backbone().missing()

    def fingerprint(self) -> str:
        """Digest of the backbone's weights where they come from a file, and the processes that train."""
        replicas = replicas_of(self.params.strategy)
        # Sums over several processes are rounded differently than sums in one process.
        return f"{self._fingerprint} {replicas} replicas".strip() if replicas > 1 else self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        # Computed once: it is asked for in every key, and a file of weights may have hundreds of megabytes.
        return self.backbone().fingerprint()

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int,
        select: Sequence[Selector] = (),  # noqa: ARG002 - there are no columns to select
        workspace: Workspace | None = None,
    ) -> NetworkModel:
        """Train on the training part.

        The validation part is used for early stopping, for the learning rate, and for messages.

        Raises
        ------
        DataError
            Where there are fewer than two classes, or a required validation part is missing.
        LeukokitError
            Where weights are not available, images look divided by 255, or the loss is not finite.
        """
        params = self.params
        training_part = self._labeled_images(train)
        classes = self._classes(training_part)
        if validation is not None and not len(validation):
            validation = None
        watches = params.early_stopping is not None or params.schedule == "plateau"
        if watches and validation is None:
            raise DataError(
                "early_stopping and schedule: plateau use the validation part, and the split has none",
                where="validation part",
                hint="Give the split a validation part, or train a fixed number of epochs",
            )
        if params.tensorboard:
            check_tensorboard()
        if workspace is not None and params.augment is not None and params.augment.active:
            self._preview(training_part, params.augment, workspace, seed)
        self._report_cluster(workspace)
        group = process_group_of(params.strategy)
        # A process group exchanges gradients itself, so its networks need no distribution of Keras.
        with distribution(params.strategy) if group is None else group.named_errors():
            network = self._network(classes, seed=seed, deterministic=params.deterministic)
            Training(network, params, classes, seed=seed, workspace=workspace, group=group).run(
                training_part, self._with_known_classes(validation, classes)
            )
        return self._model(network, classes, group.size if group is not None else 1)

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> NetworkModel:  # noqa: ARG002
        """Rebuild the network and load its weights; no code is loaded from the file.

        Raises
        ------
        LeukokitError
            Where the files are missing, damaged, or of another network.
        """
        path = folder / FACTS_FILE
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            classes = tuple(facts["classes"])
            if not classes or not all(type(name) is str for name in classes):
                raise ValueError("classes are not text")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LeukokitError(
                f"this is not a network that leukokit wrote, or it is damaged ({error})",
                where=str(path),
                hint="Only load models that leukokit wrote",
            ) from error
        params = self.params
        if facts.get("side") != params.side:
            raise LeukokitError(
                f"the model takes images of {facts.get('side')} px, the classifier's side is {params.side}",
                where=str(path),
                hint="Load a model with the classifier of its own recipe",
            )
        network = self._network(classes, seed=0, deterministic=False, pretrained=False)
        read_weights(folder / WEIGHTS_FILE, network)
        return self._model(network, classes, facts.get("replicas", 1))

    def predict_represented(
        self, model: FittedModel, examples: Examples
    ) -> tuple[FloatArray, FloatArray | None]:
        """Predict, and give the input of the last layer, in one pass."""
        if not isinstance(model, NetworkModel):
            return super().predict_represented(model, examples)
        return model.predict_represented(examples)

    def estimator_of(self, model: FittedModel) -> Any:
        """Return the fitted ``keras.Model``."""
        if not isinstance(model, NetworkModel):
            raise LeukokitError(f"{type(self).__name__} did not make this model")
        return model.network

    def _network(
        self, classes: tuple[str, ...], *, seed: int, deterministic: bool, pretrained: bool = True
    ) -> Any:
        params, backbone = self.params, self.backbone()
        network = build_network(
            backbone,
            side=params.side,
            classes=len(classes),
            pooling=params.pooling,
            dropout=params.dropout,
            seed=seed,
            policy=params.precision,
            deterministic=deterministic,
            pretrained=pretrained,
        )
        if pretrained:
            refuse_changed(backbone, self._fingerprint)
        return network

    def _model(self, network: Any, classes: tuple[str, ...], replicas: int) -> NetworkModel:
        params = self.params
        return NetworkModel(network, classes, params.side, params.batch_size, params.tta, replicas)

    def _report_cluster(self, workspace: Workspace | None) -> None:
        try:
            cluster = cluster_of()
        except UsageError:
            if self.params.strategy == "multi_worker":
                raise
            return  # the variables belong to another program
        if workspace is None or cluster is None or cluster.size < 2:
            return
        if self.params.strategy == "multi_worker":
            workspace.progress.say(f"{cluster} trains together with {', '.join(cluster.others)}")
        else:
            workspace.progress.say(
                f"{cluster.source} names {cluster.size} processes, and strategy: {self.params.strategy} "
                "trains in this one alone; strategy: multi_worker trains in all"
            )

    def _labeled_images(self, examples: Examples) -> LabeledImages:
        if examples.images is None or examples.labels is None:
            raise LeukokitError(f"{type(self).__name__} needs images with labels to fit")
        return LabeledImages(examples.ids, examples.images, examples.labels)

    def _classes(self, train: LabeledImages) -> tuple[str, ...]:
        counts = class_counts(train.labels)
        if len(counts) < 2:
            raise DataError(
                f"{type(self).__name__} needs two classes or more to train on, found {len(counts)}",
                where="training part",
            )
        return tuple(counts)

    def _with_known_classes(
        self, validation: Examples | None, classes: tuple[str, ...]
    ) -> LabeledImages | None:
        """Return the validation part; raise where it has classes that are not in the training part."""
        if validation is None or validation.labels is None:
            return None
        unknown = sorted(set(validation.labels.tolist()) - set(classes))
        if unknown:
            raise DataError(
                f"class {unknown[0]!r} is in the validation part and not in the training part",
                hint="Split the samples so that every class is in the training part",
            )
        return self._labeled_images(validation)

    def _preview(self, train: LabeledImages, augment: Augmentation, workspace: Workspace, seed: int) -> None:
        """Draw a preview of the augmentation before training, to show artifacts in time."""
        rows = np.unique(np.linspace(0, len(train) - 1, _PREVIEWED).astype(int))
        sheet = preview_sheet(
            [train.images[row] for row in rows.tolist()],
            [train.ids[row] for row in rows.tolist()],
            augment,
            seed=seed,
            side=self.params.side,
        )
        path = workspace.artifacts / PREVIEW_FILE
        path.write_bytes(sheet)
        workspace.progress.say(f"examples of the augmentation are drawn in {path}")
