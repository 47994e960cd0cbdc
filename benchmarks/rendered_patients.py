"""Answers by patient on rendered patients: how often 95 % intervals of their accuracy hold the true value.

A pool of patients is rendered and measured once (``smears``, Benign and Pre, small images). A study draws
patients of the pool: 15 of each class train a logistic regression, others of them test it. Its true accuracy
by patient is that on all patients of the pool that it was not trained on. Studies share the pool, so they are
not quite independent. The share of studies has its own 95 % interval (Clopper and Pearson). Seed 281.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/rendered_patients.py [--patients 600]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import leukokit
from leukokit.evaluation.combine import Combination, Way
from leukokit.evaluation.intervals import Groups, clopper_pearson
from leukokit.evaluation.metrics import scores

RECIPE = """
leukokit: 1
name: rendered_patients
data:
  use: smears
  params:
    {{classes: [Benign, Pre], size: 64, per_class: {images}, patients: {patients}, seed: 281, red_cells: 60}}
features: [lbp]
"""
IMAGES = 4
"""Of each patient."""
TRAINING = 15
TESTED = (6, 12, 30)
"""Patients of each class."""
WAYS: tuple[Way, ...] = ("mean", "vote", "top_k", "noisy_or")
_SEED = 281
_COLUMNS = ["id", "label", "group", "part", "status"]


class Pool:
    """Measured patients: features of each image, class and patient."""

    def __init__(self, table: pd.DataFrame) -> None:
        names, self.patient = np.unique(table["group"].to_numpy(dtype=str), return_inverse=True)
        self.features = table.drop(columns=[name for name in _COLUMNS if name in table]).to_numpy()
        self.label = table["label"].to_numpy(dtype=str)
        first = np.unique(self.patient, return_index=True)[1]
        self.classes = tuple(np.unique(self.label).tolist())
        self.ill = (self.label[first] == self.classes[1]).astype(int)
        self.count = len(names)


def pool_of(patients: int) -> Pool:
    """Render and measure patients."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.yaml"
        recipe.write_text(RECIPE.format(images=patients * IMAGES // 2, patients=patients))
        run = leukokit.run(recipe, run_dir=Path(folder) / "run", report=False)
        return Pool(pd.read_parquet(run.path / "features.parquet"))


def study(
    pool: Pool, number: int
) -> tuple[dict[Way, float], dict[tuple[Way, int], tuple[float, float, float]]]:
    """Give the true accuracy of each way, and accuracy with interval of each number of tested patients."""
    rng = np.random.default_rng([_SEED, number])
    orders = [rng.permutation(np.flatnonzero(pool.ill == code)) for code in (0, 1)]
    train = np.concatenate([order[:TRAINING] for order in orders])
    chosen = np.isin(pool.patient, train)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(pool.features[chosen], pool.label[chosen])
    proba = np.asarray(model.predict_proba(pool.features))
    rest = np.setdiff1d(np.arange(pool.count), train)
    true, tested = {}, {}
    for way in WAYS:
        answers = Combination(way, k=2, negative=(0,)).apply(proba, Groups(pool.patient, pool.count))
        right = answers.argmax(axis=1) == pool.ill
        true[way] = float(right[rest].mean())
        for each in TESTED:
            patients = np.concatenate([order[TRAINING : TRAINING + each] for order in orders])
            names = [pool.classes[code] for code in pool.ill[patients]]
            found = scores(names, answers[patients], pool.classes)
            bounds = found.bounds.accuracy
            tested[way, each] = float(right[patients].mean()), bounds.low, bounds.high
    return true, tested


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=600)
    parser.add_argument("--studies", type=int, default=400)
    given = parser.parse_args()
    started = perf_counter()
    pool = pool_of(given.patients)
    print(f"{pool.count} patients with {len(pool.label)} images: {perf_counter() - started:.0f} s")
    done = [study(pool, number) for number in range(given.studies)]
    print(f"{given.studies} studies: {perf_counter() - started:.0f} s\n")
    print("| combined by | true accuracy (spread) | patients a class | coverage [95 %] | mean width |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        values = [true[way] for true, _ in done]
        for each in TESTED:
            rows = [(true[way], *tested[way, each]) for true, tested in done]
            held = sum(low <= value <= high for value, _, low, high in rows)
            low, high = clopper_pearson(held, len(rows))
            width = np.mean([top - bottom for _, _, bottom, top in rows])
            print(
                f"| {way} | {np.mean(values):.3f} ({np.std(values):.3f}) | {each} | "
                f"{held / len(rows):.3f} [{low:.3f}, {high:.3f}] | {width:.2f} |"
            )


if __name__ == "__main__":
    main()
