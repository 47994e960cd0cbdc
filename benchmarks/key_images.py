"""Who finds the one image in ten that shows the disease: ways to answer for patients, on simulated bags.

Patients have ten images of twelve features each, all noise. In an ill patient one image, the key, is shifted
in three features. A logistic regression learns the class of the patient from single images, as a recipe's
classifier does; mean, vote, top_k and noisy_or combine its probabilities. Attention learns on whole patients,
with a quarter as many patients again to end its training. 200 patients of each class test. Seed 281.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/key_images.py [--studies 5]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from time import process_time

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from leukokit.arrays import FloatArray
from leukokit.deep.attention.bags import LabeledBags
from leukokit.deep.attention.fit import fit_attention
from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.runtime import load_keras
from leukokit.evaluation.combine import Combination, Way
from leukokit.evaluation.intervals import Groups

CLASSES = ("benign", "blast")
TRAINING = (10, 30, 100)
"""Patients of each class."""
WAYS: tuple[Way, ...] = ("mean", "vote", "top_k", "noisy_or")
_IMAGES, _FEATURES, _SHIFTED, _SHIFT, _TEST = 10, 12, 3, 2.5, 200
_SEED = 281


@dataclass(frozen=True)
class Patients:
    """Features (g, 10, d), class 0 or 1 (g,) and key image (g,) of patients."""

    rows: FloatArray
    ill: NDArray[np.intp]
    key: NDArray[np.intp]

    @property
    def bags(self) -> LabeledBags:
        """As attention learns them."""
        return LabeledBags(list(self.rows), np.array(CLASSES, dtype=np.str_)[self.ill])

    @property
    def images(self) -> FloatArray:
        """All images, one row each."""
        return self.rows.reshape(-1, self.rows.shape[2])


def drawn(rng: np.random.Generator, each: int) -> Patients:
    """Draw so many patients of each class."""
    ill = np.repeat([0, 1], each)
    rows = rng.normal(size=(len(ill), _IMAGES, _FEATURES))
    key = rng.integers(_IMAGES, size=len(ill))
    rows[np.arange(len(ill)), key, :_SHIFTED] += _SHIFT * ill[:, None]
    return Patients(rows, ill, key)


def study(number: int, each: int) -> dict[str, tuple[float, float, float]]:
    """Accuracy, AUC and share of the ill whose key comes first, by way; and the seconds of attention."""
    rng = np.random.default_rng([_SEED, each, number])
    train, validation, test = drawn(rng, each), drawn(rng, -(-each // 4)), drawn(rng, _TEST)
    classifier = LogisticRegression().fit(train.images, np.repeat(train.ill, _IMAGES))
    proba = np.asarray(classifier.predict_proba(test.images))
    groups = Groups(np.repeat(np.arange(len(test.ill)), _IMAGES), len(test.ill))
    ill = test.ill == 1
    first = proba[:, 1].reshape(-1, _IMAGES).argmax(axis=1)
    found = {}
    for way in WAYS:
        # One image in ten is the key: top_k looks at the one that shows the class best.
        answers = Combination(way, k=1, negative=(0,)).apply(proba, groups)
        found[way] = scored(answers, first, test, ill)
    began = process_time()
    pooling = fit_attention(train.bags, validation.bags, CLASSES, AttentionParams(), seed=_SEED + number)
    seconds = process_time() - began
    both = [pooling.answer(rows) for rows in test.rows]
    answers = np.array([answer for answer, _ in both])
    found["attention"] = scored(answers, np.array([weights.argmax() for _, weights in both]), test, ill)
    return found | {"seconds": (seconds, 0.0, 0.0)}


def scored(
    answers: FloatArray, first: NDArray[np.intp], test: Patients, ill: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Give accuracy, AUC, and the share of ill patients whose key is the first image."""
    right = float((answers.argmax(axis=1) == test.ill).mean())
    return right, float(roc_auc_score(ill, answers[:, 1])), float((first == test.key)[ill].mean())


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=5)
    studies = parser.parse_args().studies
    load_keras()
    print(f"mean of {studies} studies (standard deviation)\n")
    print("| patients a class | way | accuracy | AUC | key image first |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for each in TRAINING:
        table: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for number in range(studies):
            for way, values in study(number, each).items():
                table[way].append(values)
        seconds = np.mean(table.pop("seconds"), axis=0)[0]
        for way, rows in table.items():
            mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
            cells = " | ".join(f"{a:.3f} ({b:.3f})" for a, b in zip(mean, spread, strict=True))
            print(f"| {each} | {way} | {cells} |", flush=True)
        print(f"| {each} | seconds to train attention: {seconds:.1f} | | | |", flush=True)


if __name__ == "__main__":
    main()
