"""How well images of other labs are told from the training data, and how often the run's own images are.

    python benchmarks/unlike.py RUN [RUN ...] --data FOLDER [--also NAME=FOLDER] [--workers 2] [--limit 200]

Each RUN is a finished run with a fitted model and ``unlike`` in its recipe, whose images are still where they
were; FOLDER holds the data sets ``bccd``, ``pbc-boxes`` and ``wbc-masks`` (the folder that LEUKOKIT_DATA
names). For each run and each foreign set it prints the area under the ROC curve of the distances (test part
of the run against the foreign set) in features, stain and scale, and of the largest of them over its limit,
which decides; the share of the foreign images that are called unlike; and the false alarms on the run's own
test part. The rendered smears of the data set ``smears`` are a further foreign set.

Beside the distance that is used (mean distance to the nearest training images) it prints that of Mahalanobis
with the covariance of Ledoit and Wolf, pooled over classes and around the nearest class mean, in the same
space of features. Which distance is used was
chosen with these numbers in view; limits are chosen on the validation part of each run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from leukokit.api import EXTENSIONS, Dataset, Examples, FloatArray, Sample
from leukokit.catalog import discover
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.engine.prediction import predictor as stream
from leukokit.engine.unlike.limits import DISTANCES, FEATURES
from leukokit.evaluation.likeness import Reference

FOREIGN = ("bccd", "pbc-boxes", "wbc-masks")
_SMEARS = 50  # of each class


@dataclass(frozen=True)
class Measured:
    """Distances of the images of one set, and what the model sees of them."""

    distances: Mapping[str, FloatArray]
    represented: FloatArray

    @property
    def decisive(self) -> FloatArray:
        """Largest distance over its limit."""
        table = np.array([self.distances[name] for name in self.distances])
        return np.where(np.isnan(table), 0.0, table).max(axis=0)


class _Seen:
    """Keeps what the model sees of images while they are predicted."""

    def __init__(self, pipeline: FittedPipeline) -> None:
        self.pipeline, self.rows = pipeline, []

    def __getattr__(self, name: str) -> object:
        return getattr(self.pipeline, name)

    def predicted(self, examples: Examples) -> tuple[FloatArray, FloatArray]:
        """Predict as the pipeline does."""
        proba, represented = self.pipeline.predicted(examples)
        self.rows.append(represented)
        return proba, represented


def measured(
    pipeline: FittedPipeline,
    samples: Sequence[Sample],
    dataset: Dataset | None,
    workers: int,
    cache: Path | None,
) -> Measured:
    """Predict one set."""
    seen = _Seen(pipeline)

    class Watched(stream.Predictor):
        members = (seen,)
        classes = pipeline.classes
        operating_point, refer = pipeline.operating_point, pipeline.refer

    pieces = list(
        Watched().stream(
            samples,
            executor=ProcessExecutor(workers),
            dataset=dataset,
            store=None if cache is None else Store(cache),
        )
    )
    names = [name for name in DISTANCES if name in pieces[0].distances]
    distances = {name: np.concatenate([piece.distances[name] for piece in pieces]) for name in names}
    return Measured(distances, np.concatenate(seen.rows))


def images_in(folder: Path, limit: int) -> list[Sample]:
    """Images of a data set, evenly thinned to a number."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    rows = np.unique(np.linspace(0, len(files) - 1, min(limit, len(files))).astype(int))
    return [Sample(str(files[row]), path=files[row]) for row in rows.tolist()]


def own_test(run: FinishedRun) -> list[Sample]:
    """Images of the run's own test part."""
    assert run.predictions is not None
    rows = run.predictions[run.predictions["part"] == "test"]
    return [Sample(name, path=Path(path)) for name, path in zip(rows["id"], rows["path"], strict=True)]


def mahalanobis(reference: Reference, labels: Sequence[str] | None, rows: FloatArray) -> FloatArray:
    """Distance from the nearest class mean, or from the mean of all where there are no labels."""
    points = reference.points.astype(np.float64)
    names = np.array(labels if labels is not None else ["all"] * len(points))
    means = {name: points[names == name].mean(axis=0) for name in sorted(set(names.tolist()))}
    centered = points - np.array([means[name] for name in names.tolist()])
    precision = LedoitWolf(assume_centered=True).fit(centered).precision_
    scaled = np.where(np.isfinite(rows), rows, reference.fill) / reference.spread
    found = [np.einsum("ij,jk,ik->i", scaled - mean, precision, scaled - mean) for mean in means.values()]
    return np.sqrt(np.maximum(0.0, np.min(found, axis=0)))


def area(own: FloatArray, foreign: FloatArray) -> float:
    """Area under the ROC curve; images of unknown distance count as near."""
    values = np.concatenate([own, foreign])
    values = np.where(np.isnan(values), 0.0, values)
    return float(roc_auc_score(np.repeat([0, 1], [len(own), len(foreign)]), values))


def rows_of(
    run_path: Path, folders: Mapping[str, Path], workers: int, limit: int, cache: Path | None
) -> list[dict[str, object]]:
    """One row a foreign set."""
    run, pipeline = FinishedRun.read(run_path), load_pipeline(run_path, discover())
    if not isinstance(pipeline, FittedPipeline) or pipeline.unlike is None:
        sys.exit(f"{run_path} has no single pipeline that knows its training data")
    assert run.split is not None
    train = run.split[run.split["part"] == "train"]
    rejected = set() if run.rejected is None else set(run.rejected["id"])
    labels = [label for name, label in zip(train["id"], train["label"], strict=True) if name not in rejected]
    reference = pipeline.unlike.references.spaces[FEATURES]
    own = measured(pipeline, own_test(run), None, workers, cache)
    sets = {name: (images_in(folder, limit), None) for name, folder in folders.items()}
    smears = discover().get("dataset", "smears").load().create(per_class=_SMEARS)
    sets["smears"] = (list(smears.samples()), smears)
    rows = []
    for name, (samples, dataset) in sets.items():
        foreign = measured(pipeline, samples, dataset, workers, cache)
        row: dict[str, object] = {"recipe": run.name, "foreign": name, "images": len(foreign.decisive)}
        for space in own.distances:
            row[space] = area(own.distances[space], foreign.distances[space])
        row["decisive"] = area(own.decisive, foreign.decisive)
        if len(labels) == len(reference.points):
            for title, given in (("mahalanobis pooled", None), ("mahalanobis class", labels)):
                row[title] = area(
                    mahalanobis(reference, given, own.represented),
                    mahalanobis(reference, given, foreign.represented),
                )
        row["called unlike"] = float((foreign.decisive > 1).mean())
        row["false alarms"] = float((own.decisive > 1).mean())
        rows.append(row)
        print(row, flush=True)
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, default=200, help="images of each foreign set")
    parser.add_argument("--cache", type=Path, help="folder that keeps the results of image steps")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=FOLDER", help="another foreign set"
    )
    given = parser.parse_args()
    folders = {name: given.data / name / "images" for name in FOREIGN}
    folders |= {name: Path(folder) for name, _, folder in (each.partition("=") for each in given.also)}
    rows = [
        row for run in given.runs for row in rows_of(run, folders, given.workers, given.limit, given.cache)
    ]
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
