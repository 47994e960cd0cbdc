"""How often the 95 % intervals of answers by patient hold the true value.

Studies are simulated on probabilities that are drawn directly, without any image: a patient has a logit of
its own (class and patient), each of its images one around it. The true value of a score is that of 200,000
patients. Two classes, 4 to 16 images a patient, seed 281.

    python benchmarks/patient_coverage.py [--studies 1000]

Beside it: the accuracy by image, with intervals that know patients, and with those that take every image for
independent.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.combine import Combination, Way
from leukokit.evaluation.intervals import Bounds, Groups
from leukokit.evaluation.metrics import BoundedScores, scores

CLASSES = ("Benign", "Malignant")
SIZES = (6, 12, 30)
"""Patients of each class."""
WAYS: tuple[Way, ...] = ("mean", "vote", "top_k", "noisy_or")
SCORES = ("accuracy", "macro_f1", "auc_ovr", "sensitivity", "specificity")
_CLASS, _PATIENT, _IMAGE = 0.7, 0.9, 1.2
"""Half the distance of the classes, and standard deviations of patients and of their images, in logits."""
_MANY = 100_000
_SEED = 281


@dataclass(frozen=True)
class Study:
    """Images of patients: class of each patient, patient of each image, probabilities of each image."""

    patients: NDArray[np.intp]
    groups: Groups
    proba: FloatArray


def drawn(rng: np.random.Generator, each: int) -> Study:
    """Draw so many patients of each class, with their images."""
    patients = np.repeat([0, 1], each)
    level = (2 * patients - 1) * _CLASS + rng.normal(0, _PATIENT, len(patients))
    of = np.repeat(np.arange(len(patients)), rng.integers(4, 17, len(patients)))
    ill = 1 / (1 + np.exp(-(level[of] + rng.normal(0, _IMAGE, len(of)))))
    return Study(patients, Groups(of, len(patients)), np.column_stack([1 - ill, ill]))


def by_patient(study: Study, way: Way) -> BoundedScores:
    """Score the answers of one way; patients are independent."""
    proba = Combination(way, negative=(0,)).apply(study.proba, study.groups)
    return scores([CLASSES[code] for code in study.patients], proba, CLASSES)


def by_image(study: Study, *, independent: bool) -> BoundedScores:
    """Score the images."""
    of = study.groups.codes
    true = [CLASSES[code] for code in study.patients[of]]
    names = None if independent else [str(code) for code in of]
    return scores(true, study.proba, CLASSES, groups=names)


def values(scored: BoundedScores) -> dict[str, tuple[float | None, Bounds | None]]:
    """Give each score with its interval."""
    points, bounds = scored.points, scored.bounds
    ill, healthy = CLASSES[1], CLASSES[0]
    return {
        "accuracy": (points.accuracy, bounds.accuracy),
        "macro_f1": (points.macro_f1, bounds.macro_f1),
        "auc_ovr": (points.auc_ovr, bounds.auc_ovr),
        "sensitivity": (points.per_class[ill].recall, scored.class_bounds[ill].recall),
        "specificity": (points.per_class[healthy].recall, scored.class_bounds[healthy].recall),
    }


def truth(way: Way) -> dict[str, float]:
    """Take the scores of very many patients for the true ones."""
    study = drawn(np.random.default_rng(_SEED), _MANY)
    proba = Combination(way, negative=(0,)).apply(study.proba, study.groups)
    right = proba.argmax(axis=1) == study.patients
    ill = study.patients == 1
    order = np.argsort(proba[:, 1], kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    found = {
        "accuracy": right.mean(),
        "auc_ovr": (rank[ill].sum() - _MANY * (_MANY + 1) / 2) / _MANY**2,
        "sensitivity": right[ill].mean(),
        "specificity": right[~ill].mean(),
    }
    hits, called = right[ill].sum(), (proba.argmax(axis=1) == 1).sum()
    rest, other = right[~ill].sum(), len(ill) - called
    found["macro_f1"] = (2 * hits / (_MANY + called) + 2 * rest / (_MANY + other)) / 2
    return {name: float(value) for name, value in found.items()}


def image_truth() -> float:
    """Accuracy by image of very many patients, each image counting alike."""
    study = drawn(np.random.default_rng(_SEED), _MANY)
    return float((study.proba.argmax(axis=1) == study.patients[study.groups.codes]).mean())


def coverage(way: Way, each: int, studies: int, true: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Share of studies whose interval holds the true value, and mean width of the interval."""
    held: dict[str, list[bool]] = defaultdict(list)
    width: dict[str, list[float]] = defaultdict(list)
    for number in range(studies):
        study = drawn(np.random.default_rng([_SEED, each, number]), each)
        for name, (_, bounds) in values(by_patient(study, way)).items():
            if bounds is not None:
                held[name].append(bounds.low <= true[name] <= bounds.high)
                width[name].append(bounds.high - bounds.low)
    return {name: (float(np.mean(held[name])), float(np.mean(width[name]))) for name in held}


def image_coverage(each: int, studies: int, true: float, *, independent: bool) -> tuple[float, float]:
    """Give coverage and mean width of the accuracy by image."""
    held, width = [], []
    for number in range(studies):
        study = drawn(np.random.default_rng([_SEED, each, number]), each)
        bounds = by_image(study, independent=independent).bounds.accuracy
        held.append(bounds.low <= true <= bounds.high)
        width.append(bounds.high - bounds.low)
    return float(np.mean(held)), float(np.mean(width))


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    print(f"coverage of 95 % intervals (mean width), {studies} studies\n")
    print("| unit | combined by | patients a class | " + " | ".join(SCORES) + " |")
    print("| --- | --- | ---: |" + " ---: |" * len(SCORES))
    for way in WAYS:
        true = truth(way)
        print(
            f"| patient | {way} (true value) | | " + " | ".join(f"{true[name]:.3f}" for name in SCORES) + " |"
        )
        for each in SIZES:
            found = coverage(way, each, studies, true)
            cells = " | ".join(f"{found[name][0]:.3f} ({found[name][1]:.2f})" for name in SCORES)
            print(f"| patient | {way} | {each} | {cells} |", flush=True)
    known = image_truth()
    for independent in (False, True):
        what = "independent images" if independent else "images of patients"
        for each in SIZES:
            held, width = image_coverage(each, studies, known, independent=independent)
            print(f"| image | {what} | {each} | {held:.3f} ({width:.2f}) |  |  |  |  |", flush=True)


if __name__ == "__main__":
    main()
