"""A small feature table with informative and noise columns, and a minimal classifier, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from leukokit.api import Examples, RGBImage, TabularClassifier
from leukokit.testing.images import disks

CLASSES = ("early", "late", "none")
SIGNAL = "signal_0"
NOISE = "noise_0"


def examples(
    seed: int = 0, *, n: int = 90, images: bool = False, image_size: int = 96, missing: bool = True
) -> Examples:
    """Draw labeled samples of three classes, as ``Examples``.

    Columns ``signal_0`` ... ``signal_2`` differ between the classes, ``noise_0`` ... ``noise_4`` do not;
    groups are pairs of one class.

    Parameters
    ----------
    seed : int
        Random seed; the classes have the same distribution for every seed.
    n : int
        Number of samples; classes alternate.
    images : bool
        Whether to add images with a side of ``image_size`` px, whose number of cells depends on the class.
    missing : bool
        Whether some values are missing, like features of images without cells.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    number = np.arange(n) % len(CLASSES)
    columns = {f"signal_{i}": 100 + 40 * (number == i) + rng.normal(0, 8, n) for i in range(3)}
    columns |= {f"noise_{i}": rng.normal(0, 10.0**i, n) for i in range(5)}
    ids = [f"sample-{seed}-{row:03d}" for row in range(n)]
    table = pd.DataFrame(columns, index=pd.Index(ids, name="id"))
    if missing:
        table.loc[rng.random(n) < 0.1, ["signal_2", "noise_1"]] = np.nan
    pictures = _Pictures(number, seed, image_size) if images else None
    return Examples(
        ids=ids,
        labels=np.array(CLASSES)[number],
        groups=np.array([f"group-{row // 6}-{row % 3}" for row in range(n)]),
        features=table,
        images=pictures,
    )


class NaiveBayes(TabularClassifier):
    """Gaussian naive Bayes, a minimal model for tests of selectors and explainers."""

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - nothing is drawn
        """Build the classifier."""
        from sklearn.naive_bayes import GaussianNB

        return GaussianNB()


class _Pictures:
    """Images that are drawn on access."""

    def __init__(self, number: Any, seed: int, size: int) -> None:
        self.number, self.seed, self.size = number, seed, size
        self.drawn: dict[int, RGBImage] = {}

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, index: int) -> RGBImage:
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self.drawn:
            cells = int(self.number[index]) * 2
            self.drawn[index] = disks(1000 * self.seed + index, size=self.size, cells=cells)[0]
        return self.drawn[index]

    def __iter__(self) -> Any:
        return (self[index] for index in range(len(self)))
