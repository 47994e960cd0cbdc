"""The recipe ``svm_segmented`` as a plain script: leukokit's methods, joblib and scikit-learn, no engine.

What such a script does not do, the engine does besides: check what each method returns, survive an image that
crashes or hangs, look for leaks, keep results. Prints JSON with seconds; writes the test part's predictions.

    python benchmarks/peers/handwritten.py --root shared/data/all-pbs --predictions out.csv
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from leukokit.api import Part, Planes, Sample, read_image
from leukokit.api.folds import class_counts, stratified_folds
from leukokit.plugins.datasets.all_pbs import AllPbs
from leukokit.plugins.features.color_statistics import ColorStatistics
from leukokit.plugins.features.contours import Contours
from leukokit.plugins.features.hog import Hog
from leukokit.plugins.features.morphology import Morphology
from leukokit.plugins.preprocess.median import Median
from leukokit.plugins.preprocess.reinhard import Reinhard
from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed

SEED = 281
BATCH = 32
SPLIT = "paper_801010"


def main() -> None:
    """Run the script and time its two halves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder with the four class folders")
    parser.add_argument("--predictions", type=Path, required=True, help="CSV to write")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    dataset = AllPbs.create(root=arguments.root, split=SPLIT)
    samples = dataset.samples()
    parts = dataset.splits()[SPLIT]
    samples = [sample for sample in samples if sample.id in parts]

    started = time.perf_counter()
    table = features(samples, arguments.processes)
    with_images = time.perf_counter()
    probabilities = classify(table, samples, [parts[sample.id] for sample in samples])
    done = time.perf_counter()

    probabilities.to_csv(arguments.predictions)
    print(
        json.dumps({"images_s": with_images - started, "model_s": done - with_images, "images": len(samples)})
    )


def features(samples: Sequence[Sample], processes: int) -> pd.DataFrame:
    """Table of all features, a row an image."""
    batches = [samples[i : i + BATCH] for i in range(0, len(samples), BATCH)]
    rows = Parallel(n_jobs=processes, batch_size=1)(
        delayed(measure)([sample.path for sample in batch]) for batch in batches
    )
    return pd.DataFrame(
        np.vstack([row for batch in rows for row in batch]),
        index=[sample.id for sample in samples],
        columns=[name for extractor in extractors() for name in extractor.names()],
    )


def extractors() -> list[Any]:
    """Build the recipe's feature extractors."""
    return [
        Contours.create(within="cell", unit="px"),
        Hog.create(),
        ColorStatistics.create(regions=["nucleus", "cell"]),
        Morphology.create(unit="px"),
    ]


def measure(paths: Sequence[Path]) -> list[NDArray[np.float64]]:
    """Prepare, segment and measure some images."""
    cv2.setNumThreads(1)
    normalize, smooth = Reinhard.create(), Median.create(size=3)
    segmenter, measured = KmeansWatershed.create(), extractors()
    rows = []
    with threadpool_limits(1):
        for path in paths:
            image = smooth.apply(normalize.apply(read_image(path)))
            labels = segmenter.segment(image)
            planes = Planes(image)
            values = [value for extractor in measured for value in extractor.extract(planes, labels).values()]
            rows.append(np.array(values, dtype=np.float64))
    return rows


def classify(table: pd.DataFrame, samples: Sequence[Sample], parts: Sequence[Part]) -> pd.DataFrame:
    """Fit on the training part; probabilities of validation and test."""
    # Loaded where the engine loads it, so that the clocks of both run while it is.
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from leukokit.api.columns import DistinctColumns
    from leukokit.plugins.select.estimators import SelectByInformation

    labels = np.array([sample.label for sample in samples])
    groups = np.array([sample.group or sample.id for sample in samples])
    part = np.array([member.value for member in parts])
    train = part == Part.TRAIN.value
    fewest = min(class_counts(labels[train], groups[train]).values())
    folds = stratified_folds(labels[train], groups[train], n_splits=min(5, fewest), seed=SEED)
    machine = SVC(kernel="rbf", C=96, gamma="scale", random_state=SEED)
    pipeline = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        DistinctColumns(),
        StandardScaler(),
        SelectByInformation(k=40, random_state=SEED),
        CalibratedClassifierCV(machine, method="sigmoid", cv=list(folds), ensemble=False),
    )
    with threadpool_limits(1):
        pipeline.fit(table[train], labels[train])
        frames = [
            pd.DataFrame(
                pipeline.predict_proba(table[part == member.value]),
                index=table.index[part == member.value],
                columns=pipeline.classes_,
            ).assign(part=member.value)
            for member in (Part.VALIDATION, Part.TEST)
        ]
    return pd.concat(frames)


if __name__ == "__main__":
    main()
