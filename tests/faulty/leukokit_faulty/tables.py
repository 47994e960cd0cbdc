"""A data set, a classifier and an explainer that work, but for one misdeed that the recipe names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from leukokit.api import (
    Classifier,
    Dataset,
    Examples,
    Explainer,
    Explanation,
    Field,
    FittedModel,
    FloatArray,
    Params,
    Sample,
    Selector,
    Workspace,
)
from leukokit_faulty.misdeeds import do

Misdeed = Literal[
    "none",
    "raise",
    "sys_exit",
    "base_exception",
    "keyboard_interrupt",
    "os_exit",
    "segfault",
    "disturb",
    "endless",
]


class FaultyPicturesParams(Params):
    """Where the pictures are, and what goes wrong."""

    root: Path = Field(Path("pictures"), description="A folder for each class.")
    misdeed: Misdeed = Field("none", description="Done when asked for samples.")
    wrong: Literal["none", "label", "path", "twice", "group"] = Field(
        "none", description="What of a sample is wrong."
    )


class FaultyPictures(Dataset):
    """A folder for each class."""

    Params = FaultyPicturesParams
    params: FaultyPicturesParams

    def samples(self) -> Sequence[Sample]:
        """All pictures."""
        do(self.params.misdeed)
        paths = sorted(self.params.root.glob("*/*.png"))
        good = [Sample(f"{path.parent.name}/{path.name}", path, path.parent.name) for path in paths]
        wrong: Any = {
            "label": Sample("few/x", paths[0], 1),  # type: ignore[arg-type]
            "path": Sample("few/x", str(paths[0]), "few"),  # type: ignore[arg-type]
            "group": Sample("few/x", paths[0], "few", 7),  # type: ignore[arg-type]
            "twice": good[0],
        }
        return good if self.params.wrong == "none" else [*good, wrong[self.params.wrong]]


@dataclass(frozen=True)
class MeansModel:
    """Means of each class."""

    params: FaultyMeansParams
    classes: tuple[str, ...]
    means: FloatArray

    def predict_proba(self, examples: Examples) -> FloatArray:
        """Compare with each mean."""
        self.params.at("predict")
        assert examples.features is not None
        table = examples.features.to_numpy()
        apart = np.linalg.norm(np.nan_to_num(table)[:, None] - self.means, axis=2)
        close = 1 / (1 + apart)
        proba: Any = close / close.sum(axis=1, keepdims=True)
        match self.params.proba:
            case "nan":
                proba[0, 0] = np.nan
            case "negative":
                proba[0] = (-0.25, 1.25)
            case "sum":
                proba = proba * 1.01
            case "float32":
                proba = proba.astype(np.float32)
            case "shape":
                proba = proba[:, :1]
            case "list":
                proba = proba.tolist()
            case "write":
                examples.features.iloc[0, 0] = -1.0
        return proba  # type: ignore[no-any-return]

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        self.params.at("save")
        wrong = self.means[::-1] if self.params.proba == "other" else self.means
        (folder / "means.json").write_text(json.dumps([list(self.classes), wrong.tolist()]))


class FaultyMeansParams(Params):
    """What goes wrong, and where."""

    misdeed: Misdeed = Field("none", description="What is done.")
    place: Literal["fit", "predict", "save", "load"] = Field("fit", description="Where.")
    proba: Literal["right", "nan", "negative", "sum", "float32", "shape", "list", "write", "other"] = Field(
        "right", description="What is wrong with the probabilities."
    )

    def at(self, place: str) -> None:
        """Do the misdeed if this is its place."""
        if place == self.place:
            do(self.misdeed)


class FaultyMeans(Classifier):
    """Nearest mean."""

    Params = FaultyMeansParams
    params: FaultyMeansParams

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int,
        select: Sequence[Selector] = (),
        workspace: Workspace | None = None,
    ) -> FittedModel:
        """Take the means."""
        self.params.at("fit")
        assert train.features is not None
        assert train.labels is not None
        table, classes = np.nan_to_num(train.features.to_numpy()), tuple(sorted(set(train.labels.tolist())))
        return MeansModel(
            self.params, classes, np.array([table[train.labels == c].mean(axis=0) for c in classes])
        )

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> FittedModel:
        """Read the JSON file."""
        self.params.at("load")
        classes, means = json.loads((folder / "means.json").read_text())
        return MeansModel(self.params, tuple(classes), np.array(means))


class FaultySpreadParams(Params):
    """What goes wrong."""

    misdeed: Misdeed = Field("none", description="Done when asked to explain.")


class FaultySpread(Explainer):
    """Standard deviation of each column."""

    Params = FaultySpreadParams
    params: FaultySpreadParams

    def explain(
        self, classifier: Classifier, model: FittedModel, examples: Examples, *, seed: int
    ) -> Explanation:
        """One row a column."""
        do(self.params.misdeed)
        assert examples.features is not None
        spread = examples.features.std()
        return Explanation(table=pd.DataFrame({"feature": spread.index, "importance": spread.to_numpy()}))
