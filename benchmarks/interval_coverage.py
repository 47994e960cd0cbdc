"""How often 95 % intervals hold the truth: simulated studies, with and without groups.

``python benchmarks/interval_coverage.py [DRAWS] [--heavy]`` prints a table in Markdown; with ``--few`` one
for 1, 2, 3, 6 and 20 groups a class.

Four classes of equal size. Each image has a value a class, from a normal distribution (``--heavy``: Student's
t with 4 degrees of freedom), higher for its true class; their softmax is a little too sure of itself. In
groups, as views of one slide, half of the variance is common to the images of a group, and groups have 1 to 8
images. What is true is taken from 400,000 images. Beside each number stands what the percentile bootstrap
over groups would reach.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leukokit.evaluation.auc import mean_auc, one_vs_one_tasks, one_vs_rest_task
from leukokit.evaluation.calibration import reliability
from leukokit.evaluation.intervals import Bounds, Groups, proportion, resample
from leukokit.evaluation.metrics import Scored, auc_ovo
from leukokit.evaluation.score_intervals import IntervalEstimator, headline_intervals

CLASSES = 4
TRUTH = 400_000
TOO_SURE = 1.3  # factor on the logits that would be right for normal noise
BOOTSTRAP = 1000
Noise = Callable[[tuple[int, int]], np.ndarray]


@dataclass(frozen=True)
class Study:
    """One drawn test part."""

    true: np.ndarray
    proba: np.ndarray
    groups: Groups

    @property
    def right(self) -> np.ndarray:
        """Which images are classified rightly."""
        return self.proba.argmax(axis=1) == self.true

    @property
    def estimator(self) -> IntervalEstimator:
        """The study as the library takes it."""
        return IntervalEstimator(self.true, self.proba.argmax(axis=1), CLASSES, self.groups)


def noise(rng: np.random.Generator, heavy: bool) -> Noise:
    if heavy:
        return lambda shape: rng.standard_t(4, size=shape) / np.sqrt(2)
    return lambda shape: rng.normal(size=shape)


def draw(rng: np.random.Generator, n: int, shift: float, *, grouped: bool, heavy: bool) -> Study:
    true, codes = [], []
    for number in range(CLASSES):
        left = n // CLASSES
        while left:
            size = min(left, int(rng.integers(1, 9))) if grouped else 1
            codes += [codes[-1] + 1 if codes else 0] * size
            true += [number] * size
            left -= size
    truth, groups = np.array(true), _groups(np.array(codes), np.array(true))
    values = noise(rng, heavy)
    common = 0.5 if grouped else 0.0
    logits = np.sqrt(common) * values((groups.count, CLASSES))[groups.codes]
    logits += np.sqrt(1 - common) * values((n, CLASSES))
    logits[np.arange(n), truth] += shift
    logits *= TOO_SURE * shift
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Study(truth, proba / proba.sum(axis=1, keepdims=True), groups)


def _groups(codes: np.ndarray, true: np.ndarray) -> Groups:
    return Groups.of(np.char.zfill(codes.astype(str), 9), len(codes), true.astype(str))


def shift_for(accuracy: float, *, grouped: bool, heavy: bool) -> float:
    """How much higher the true class has to be for an accuracy, by bisection on one large draw."""
    rng = np.random.default_rng(0)
    common = 0.5 if grouped else 0.0
    first, second = noise(rng, heavy)((TRUTH, CLASSES)), noise(rng, heavy)((TRUTH, CLASSES))
    values = np.sqrt(common) * first + np.sqrt(1 - common) * second
    margin = np.sort(values[:, 1:].max(axis=1) - values[:, 0])
    return float(margin[int(accuracy * TRUTH)])


def sizes(study: Study) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of each number."""
    ill = study.true > 0
    called = study.proba.argmax(axis=1) != 0
    single = one_vs_rest_task(ill, 1 - study.proba[:, 0])
    assert single is not None
    estimator = study.estimator
    facts = {
        "accuracy": (float(study.right.mean()), estimator.accuracy()),
        "macro F1": (_macro_f1(study.true, study.proba.argmax(axis=1)), estimator.macro_f1()),
        "sensitivity": (float(called[ill].mean()), proportion(called[ill], study.groups.subset(ill))),
        "recall of a class": (float(study.right[study.true == 1].mean()), estimator.recall(1)),
        "AUC one-vs-one": mean_auc(one_vs_one_tasks(study.true, study.proba), study.groups),
        "AUC ill-healthy": mean_auc([single], study.groups),
    }
    return {name: (value, bounds.low, bounds.high) for name, (value, bounds) in facts.items()}


def calibration_error(study: Study) -> tuple[float, float, float]:
    drawn = resample(study.groups, seed=0, draws=BOOTSTRAP)
    estimate = reliability(study.true, study.proba, study.groups, drawn)
    return estimate.ece, estimate.ece_low, estimate.ece_high


def percentile(study: Study, seed: int) -> dict[str, tuple[float, float]]:
    """Resample groups and take percentiles, as is usual."""
    codes = study.true * CLASSES + study.proba.argmax(axis=1)
    counts = np.zeros((study.groups.count, CLASSES**2))
    np.add.at(counts, (study.groups.codes, codes), 1)
    drawn = resample(study.groups, seed=seed, draws=BOOTSTRAP)
    again = (drawn @ counts).reshape(-1, CLASSES, CLASSES)
    hits, support, chosen = np.diagonal(again, axis1=1, axis2=2), again.sum(axis=2), again.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "accuracy": hits.sum(axis=1) / support.sum(axis=1),
            "macro F1": np.nanmean(2 * hits / (support + chosen), axis=1),
            "sensitivity": again[:, 1:, 1:].sum(axis=(1, 2)) / support[:, 1:].sum(axis=1),
            "recall of a class": hits[:, 1] / support[:, 1],
        }
    return {name: tuple(np.nanquantile(draws, [0.025, 0.975])) for name, draws in values.items()}  # type: ignore[misc]


def _macro_f1(true: np.ndarray, predicted: np.ndarray) -> float:
    by_class = [
        2 * np.sum((true == c) & (predicted == c)) / (np.sum(true == c) + np.sum(predicted == c))
        for c in range(CLASSES)
    ]
    return float(np.mean(by_class))


def scenario(n: int, accuracy: float, *, grouped: bool, heavy: bool, draws: int) -> list[str]:
    """Rows of the table for one kind of study."""
    shift = shift_for(accuracy, grouped=grouped, heavy=heavy)
    large = draw(np.random.default_rng(1), TRUTH, shift, grouped=grouped, heavy=heavy)
    alone = Study(large.true, large.proba, Groups.of(None, TRUTH))
    truth = {name: value for name, (value, _, _) in sizes(alone).items()}
    alone_error = reliability(alone.true, alone.proba, alone.groups, np.ones((1, TRUTH)))
    truth["calibration error"] = alone_error.ece
    rng = np.random.default_rng([2, n, int(1000 * accuracy), grouped])
    held: dict[str, list[bool]] = {name: [] for name in truth}
    width: dict[str, list[float]] = {name: [] for name in truth}
    usual: dict[str, list[bool]] = {}
    for number in range(draws):
        study = draw(rng, n, shift, grouped=grouped, heavy=heavy)
        for name, (_, low, high) in (sizes(study) | {"calibration error": calibration_error(study)}).items():
            held[name].append(low <= truth[name] <= high)
            width[name].append(high - low)
        for name, (low, high) in percentile(study, number).items():
            usual.setdefault(name, []).append(low <= truth[name] <= high)
    kind = "groups of 1-8" if grouped else "independent"
    return [
        f"| {kind} | {n} | {name} | {truth[name]:.4f} | {100 * np.mean(held[name]):.1f} | "
        + (f"{100 * np.mean(usual[name]):.1f}" if name in usual else "-")
        + f" | {np.mean(width[name]):.4f} |"
        for name in truth
    ]


def few_groups(of_class: int, truth: dict[str, float], draws: int) -> str:
    """Row of the table of few groups: how often intervals hold the truth of classes of unequal difficulty."""
    rng = np.random.default_rng([3, of_class])
    held: dict[str, list[bool]] = {name: [] for name in truth}
    width: dict[str, list[float]] = {name: [] for name in truth}
    for _ in range(draws):
        for name, (_, bounds) in few_sizes(few_study(rng, of_class)).items():
            if bounds is not None and not bounds.unknown:
                held[name].append(bounds.low <= truth[name] <= bounds.high)
                width[name].append(bounds.high - bounds.low)
    shown = [
        f"{100 * np.mean(held[name]):.1f} ({np.mean(width[name]):.2f})" if held[name] else "none"
        for name in truth
    ]
    return f"| {of_class} | {' | '.join(shown)} |"


def few_truth() -> dict[str, float]:
    """Scores of very many groups."""
    large = few_study(np.random.default_rng(3), TRUTH // (CLASSES * 12))
    alone = Study(large.true, large.proba, Groups.of(None, len(large.true)))
    return {name: value for name, (value, _) in few_sizes(alone).items()}


def few_study(rng: np.random.Generator, of_class: int) -> Study:
    """Draw so many groups of each class, with 4 to 20 images each; one class is harder than the others."""
    sizes = rng.integers(4, 21, CLASSES * of_class)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    true = (np.arange(len(sizes)) // of_class)[codes]
    logits = np.sqrt(0.5) * rng.normal(size=(len(sizes), CLASSES))[codes]
    logits += np.sqrt(0.5) * rng.normal(size=(len(codes), CLASSES))
    logits[np.arange(len(codes)), true] += np.array([2.6, 2.2, 2.2, 1.2])[true]
    proba = np.exp(2 * (logits - logits.max(axis=1, keepdims=True)))
    return Study(
        true,
        proba / proba.sum(axis=1, keepdims=True),
        _groups(codes, true),
    )


def few_sizes(study: Study) -> dict[str, tuple[float, Bounds | None]]:
    """Estimate and interval of each headline score."""
    predicted = study.proba.argmax(axis=1)
    scored = Scored(study.true, predicted, study.proba, tuple("abcd"))
    bounds = headline_intervals(study.estimator, study.proba)
    recalls = [float(np.mean(predicted[study.true == c] == c)) for c in range(CLASSES)]
    return {
        "accuracy": (float(study.right.mean()), bounds.accuracy),
        "macro F1": (_macro_f1(study.true, predicted), bounds.macro_f1),
        "macro recall": (float(np.mean(recalls)), bounds.macro_recall),
        "AUC": (auc_ovo(scored) or 0.0, bounds.auc_ovo),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draws", nargs="?", type=int, default=2000)
    parser.add_argument("--heavy", action="store_true", help="noise with heavy tails")
    parser.add_argument("--few", action="store_true", help="1, 2, 3, 6 and 20 groups a class")
    arguments = parser.parse_args()
    if arguments.few:
        print("| groups a class | accuracy | macro F1 | macro recall | AUC |")
        print("| ---: | --- | --- | --- | --- |")
        truth = few_truth()
        for of_class in (1, 2, 3, 6, 20):
            print(few_groups(of_class, truth, arguments.draws), flush=True)
        return
    print("| samples | n | number | truth | coverage % | percentile bootstrap % | mean width |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for grouped in (False, True):
        for n in (200, 400):
            for accuracy in (0.85, 0.95, 0.98):
                rows = scenario(n, accuracy, grouped=grouped, heavy=arguments.heavy, draws=arguments.draws)
                print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
