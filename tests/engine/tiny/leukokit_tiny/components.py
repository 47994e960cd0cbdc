"""Nearest mean color, learnt in rounds with checkpoints, and heat where an image is dark."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from leukokit.api import (
    Classifier,
    Consumes,
    Examples,
    Explainer,
    Explanation,
    FeatureExtractor,
    Field,
    FittedModel,
    FloatArray,
    Labels,
    Params,
    Planes,
    RGBImage,
    Selector,
    Workspace,
)

KILL = "LEUKOKIT_TINY_KILL"
"""Environment variable: the fit kills its own process after so many checkpoints."""


def vectors(examples: Examples) -> FloatArray:
    """Mean color of each image, and its features where there are any; images are looked at one by one."""
    assert examples.images is not None
    colors = np.array([image.mean(axis=(0, 1)) for image in examples.images]).reshape(len(examples), 3)
    if examples.features is None:
        return colors
    return np.hstack([colors, examples.features.to_numpy()])


class MeanColorModel:
    """Distances to the classes' means, as probabilities."""

    def __init__(self, classes: Sequence[str], means: FloatArray) -> None:
        self.classes = tuple(classes)
        self.means = means

    def predict_proba(self, examples: Examples) -> FloatArray:
        """Nearer is likelier."""
        rows = vectors(examples)
        score = -np.linalg.norm(rows[:, None] - self.means[None], axis=2)
        power = np.exp(score - score.max(axis=1, keepdims=True))
        return power / power.sum(axis=1, keepdims=True)

    def save(self, folder: Path) -> None:
        """Write one npz file."""
        np.savez(folder / "means.npz", classes=np.array(self.classes), means=self.means)


class MeanColorParams(Params):
    """How long to learn."""

    rounds: int = Field(3, ge=1, description="Passes over the images; each adds nothing.")


class MeanColor(Classifier):
    """Learns the mean color of each class, a checkpoint a round."""

    Params = MeanColorParams
    params: MeanColorParams
    consumes = frozenset({Consumes.IMAGES})

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int,
        select: Sequence[Selector] = (),
        workspace: Workspace | None = None,
    ) -> MeanColorModel:
        """Sum up colors round by round, from where the last checkpoint stands."""
        assert train.labels is not None
        assert (train.features is None) == (Consumes.FEATURES not in self.consumes)
        classes = sorted(set(train.labels.tolist()))
        done, total = self._resume(workspace)
        if workspace is not None:
            (workspace.artifacts / "first.txt").write_text(f"{len(train)} images")
            workspace.progress.stage("rounds", self.params.rounds)
        for number in range(done, self.params.rounds):
            rows = vectors(train)
            means = np.array([rows[train.labels == name].mean(axis=0) for name in classes])
            total = means if total is None else total + means
            if workspace is not None:
                workspace.progress.advance()
                self._checkpoint(workspace, number + 1, total)
        assert total is not None
        return MeanColorModel(classes, total / self.params.rounds)

    def _resume(self, workspace: Workspace | None) -> tuple[int, FloatArray | None]:
        if workspace is None or not (workspace.checkpoints / "last.json").exists():
            return 0, None
        state = json.loads((workspace.checkpoints / "last.json").read_text())
        workspace.progress.say(f"resumed after round {state['done']}")
        return state["done"], np.array(state["total"])

    def _checkpoint(self, workspace: Workspace, done: int, total: FloatArray) -> None:
        path = workspace.checkpoints / "last.json"
        path.with_suffix(".new").write_text(json.dumps({"done": done, "total": total.tolist()}))
        path.with_suffix(".new").replace(path)
        if os.environ.get(KILL) == str(done):
            os.kill(os.getpid(), signal.SIGKILL)

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> MeanColorModel:
        """Read what ``save`` wrote."""
        with np.load(folder / "means.npz", allow_pickle=False) as arrays:
            return MeanColorModel(arrays["classes"].tolist(), arrays["means"])


class Hybrid(MeanColor):
    """Learns from images and features."""

    consumes = frozenset({Consumes.IMAGES, Consumes.FEATURES})


_started: list[int] = []  # not empty once this process has loaded its library


class SlowStart(FeatureExtractor):
    """Takes seconds on the first image of a process, as a network's library does."""

    requires = ("keras",)

    def names(self) -> tuple[str, ...]:
        """One name."""
        return ("slow_mean",)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Mean gray, late."""
        if not _started:
            time.sleep(7)
            _started.append(1)
        return {"slow_mean": float(planes.gray.mean())}


class DarknessParams(Params):
    """How to break."""

    mode: Literal["right", "transposed", "beyond"] = Field("right", description="What to do with the heat.")


class Darkness(Explainer):
    """Heat where an image is dark, for the first images of the part."""

    Params = DarknessParams
    params: DarknessParams
    explains = frozenset({Consumes.IMAGES})

    def explain(
        self, classifier: Classifier, model: FittedModel, examples: Examples, *, seed: int
    ) -> Explanation:
        """Explain four images."""
        assert examples.images is not None
        some = range(min(4, len(examples)))
        heat = {examples.ids[i]: self._heat(examples.images[i]) for i in some}
        targets = {examples.ids[i]: model.classes[0] for i in some[:1]}
        return Explanation(heat_maps=heat, targets=targets, note="dark is hot")

    def _heat(self, image: RGBImage) -> FloatArray:
        heat: FloatArray = 1 - image.mean(axis=2) / 255
        match self.params.mode:
            case "transposed":
                return heat[:-1].T
            case "beyond":
                return heat + 1
        return heat
