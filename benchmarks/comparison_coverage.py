"""How often the intervals of ``leukokit compare`` hold the true difference, and how often its tests cry wolf.

Two made-up classifiers of four classes, images in groups that share what makes them hard. The true difference
comes from very many images. Prints a table a setting; 93-97 % is what a 95 % interval should reach::

    python benchmarks/comparison_coverage.py --studies 1000
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.compare.statistics.auc_influence import one_vs_rest
from leukokit.compare.statistics.delong import delong
from leukokit.compare.statistics.mcnemar import mcnemar_exact, mcnemar_over_groups
from leukokit.compare.statistics.paired import auc_difference, paired_differences
from leukokit.evaluation.metrics import Scored

CLASSES = ("Benign", "Early", "Pre", "Pro")
SCORES = ("accuracy", "macro_f1", "auc_ovo", "auc_ovr")
CLASS = "auc of a class"
IMAGES = 400_000
"""Number of images that the true difference comes from; its own error is then a thirtieth of a study's."""


@dataclass(frozen=True)
class Setting:
    """One kind of study.

    Attributes
    ----------
    groups, largest : int
        Number of groups; their sizes are drawn from 1..largest.
    shared : float
        Standard deviation of what images of a group have in common, in logits; own noise has 1.
    first, second : float
        How well the two classifiers see: logit of the true class over the others.
    own : float
        Standard deviation of what each classifier adds of its own; small where the two are nearly the same.
    """

    name: str
    groups: int
    largest: int
    shared: float
    first: float
    second: float
    own: float = 1.0


SETTINGS = (
    Setting("images alone, equal", 300, 1, 0.0, 2.5, 2.5),
    Setting("images alone, one better", 300, 1, 0.0, 2.2, 2.8),
    Setting("100 groups of 1-5, equal", 100, 5, 1.0, 2.5, 2.5),
    Setting("100 groups of 1-5, one better", 100, 5, 1.0, 2.2, 2.8),
    Setting("40 groups of 1-12, one better", 40, 12, 1.0, 2.2, 2.8),
    Setting("100 groups of 1-5, both near 97 %", 100, 5, 1.0, 4.4, 4.8),
    Setting("341 groups of 1-2, both near 97 %", 341, 2, 0.5, 3.8, 3.4),
    Setting("100 groups of 1-5, nearly the same", 100, 5, 1.0, 2.5, 2.5, 0.3),
    Setting("100 groups of 1-5, the same but better", 100, 5, 1.0, 2.3, 2.7, 0.3),
)


def study(setting: Setting, rng: np.random.Generator) -> tuple[Scored, Scored, NDArray[np.intp]]:
    """Draw one study: both classifiers on the same images, and the group of each image."""
    k = len(CLASSES)
    sizes = rng.integers(1, setting.largest + 1, setting.groups)
    codes = np.repeat(np.arange(setting.groups), sizes)
    true = np.arange(setting.groups)[codes] % k  # views of one smear have one class
    both = rng.normal(size=(len(codes), k)) + setting.shared * rng.normal(size=(setting.groups, k))[codes]
    drawn = []
    for strength in (setting.first, setting.second):
        # Each classifier also has its own trouble with a group: that is what ties the differences together.
        own = setting.shared * rng.normal(size=(setting.groups, k))[codes] + rng.normal(size=(len(codes), k))
        logits = 0.7 * (both + setting.own * own)
        logits[np.arange(len(codes)), true] += strength
        proba = np.exp(logits - logits.max(axis=1, keepdims=True))
        proba /= proba.sum(axis=1, keepdims=True)
        drawn.append(Scored(true, proba.argmax(axis=1), proba, CLASSES))
    return drawn[0], drawn[1], codes


def truth(setting: Setting, seed: int) -> dict[str, float]:
    """Differences that very many images give; none between classifiers drawn alike."""
    if setting.first == setting.second:
        return dict.fromkeys((*SCORES, CLASS), 0.0)
    first, second, codes = study(
        replace(setting, groups=IMAGES * 2 // (setting.largest + 1)), np.random.default_rng([seed, 1])
    )
    differences = paired_differences(first, second, codes, draws=2)
    values = {name: differences[name].difference for name in SCORES}
    positive = first.true == 0
    values[CLASS] = delong(positive, first.proba[:, 0], second.proba[:, 0]).difference
    return {name: value for name, value in values.items() if value is not None}


def coverage(setting: Setting, *, studies: int, draws: int, seed: int) -> dict[str, float]:
    """Share of studies whose interval holds the truth, and whose test finds p below 0.05."""
    true = truth(setting, seed)
    held = dict.fromkeys(true, 0)
    rejections = dict.fromkeys(("McNemar", "McNemar over groups", "DeLong", "DeLong over groups"), 0)
    for number in range(studies):
        first, second, codes = study(setting, np.random.default_rng([seed, 2, number]))
        differences = paired_differences(first, second, codes, draws=draws, seed=number)
        areas = (one_vs_rest(first, 0, codes), one_vs_rest(second, 0, codes))
        differences[CLASS] = auc_difference(*areas)
        for name in true:
            low, high = differences[name].low, differences[name].high
            held[name] += low is not None and high is not None and low <= true[name] <= high
        scores = (first.true == 0, first.proba[:, 0], second.proba[:, 0])
        grouped, alone = delong(*scores, groups=codes), delong(*scores)
        right = [run.predicted == run.true for run in (first, second)]
        gains = np.bincount(codes, weights=right[1].astype(float) - right[0]).astype(int)
        rejections["McNemar"] += (
            mcnemar_exact(int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0]))) < 0.05
        )
        rejections["McNemar over groups"] += mcnemar_over_groups(gains) < 0.05
        rejections["DeLong"] += (alone.p or 0.0) < 0.05
        rejections["DeLong over groups"] += (grouped.p or 0.0) < 0.05
    return {name: count / studies for name, count in {**held, **rejections}.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000, help="resamples of each study")
    parser.add_argument("--seed", type=int, default=281)
    parser.add_argument("--only", help="settings whose name holds this")
    arguments = parser.parse_args()
    for setting in SETTINGS:
        if arguments.only and arguments.only not in setting.name:
            continue
        rates = coverage(setting, studies=arguments.studies, draws=arguments.draws, seed=arguments.seed)
        print(f"{setting.name} ({arguments.studies} studies)")
        for name, share in rates.items():
            kind = "p < 0.05" if name.startswith(("McNemar", "DeLong")) else "holds the truth"
            print(f"  {name:<22} {kind:<16} {100 * share:5.1f} %", flush=True)


if __name__ == "__main__":
    main()
