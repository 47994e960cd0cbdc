"""Input and output of a prediction: images with digest and scale, and the table of predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import Dataset, FloatArray, Sample
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.io.tables import shown_path
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.scale.find import stated_scales
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.scale.stage import own_scales
from leukokit.errors import UsageError
from leukokit.imageio.urls import is_url

REJECTED = "rejected"
"""``status`` of an image that could not be used."""


class Files(Dataset):
    """A data set of images that all have files: it renders none."""


def input_items(
    images: Sequence[Sample | str | Path], dataset: Dataset | None, executor: Executor
) -> list[Item]:
    """Give each image its digest.

    Raises
    ------
    UsageError
        Where two images have one id, or one has no file and no data set renders it.
    """
    samples = [image if isinstance(image, Sample) else _sample(image) for image in images]
    twice = [name for name, count in Counter(sample.id for sample in samples).items() if count > 1]
    if twice:
        raise UsageError(f"{twice[0]!r} is given twice", hint="Give each image once")
    rendered = next((sample.id for sample in samples if sample.rendered), None)
    if rendered is not None and dataset is None:
        raise UsageError(
            f"sample {rendered!r} has no file", hint="Give the data set that renders it as 'dataset'"
        )
    identity = "" if dataset is None else _identity(dataset)
    keys = executor.content_keys(dataset or Files(), identity, samples)
    return [Item(i, sample, key) for i, (sample, key) in enumerate(zip(samples, keys, strict=True))]


def _sample(image: str | Path) -> Sample:
    text = str(image)
    return Sample(text, url=text) if is_url(text) else Sample(text, path=Path(image))


def _identity(dataset: Dataset) -> str:
    return f"{type(dataset).__qualname__}:{dataset.revision}:{dataset.params.model_dump_json()}"


def with_scales(
    rule: ScaleRule,
    reading: ReadOptions,
    items: Sequence[Item],
    dataset: Dataset,
    executor: Executor,
    store: Store | None,
    observer: Observer,
) -> list[Item]:
    """Give each image its scale, by the rule that gave the images of the training part theirs."""
    stated, notes = stated_scales(
        rule.setting, items, frame=reading.frame, store=store, threads=executor.count
    )
    if notes:
        first = next(iter(notes))
        observer.warn(
            f"the scale of {len(notes)} of {len(items)} images is measured on their red cells, as for "
            f"{first}: {notes[first]}"
        )
    measured = [item for item in items if item.sample.id not in stated]
    if not measured:
        return rule.given_to(items, own={}, stated=stated)
    own = own_scales(dataset, measured, reading, store=store, executor=executor, observer=observer)
    return rule.given_to(items, own=own.scales, stated=stated)


def prediction_table(
    items: Sequence[Item],
    images: ImageTable,
    row_of: Mapping[str, int],
    proba: FloatArray,
    classes: Sequence[str],
    operating_point: FittedOperatingPoint | None,
    refer: FittedReferral | None,
) -> pd.DataFrame:
    """Lay out all images in the given order; ``row_of`` says where the probabilities of an id are."""
    rejected = {item.sample.id: rejection for item, rejection in images.rejected}
    ids = [item.sample.id for item in items]
    rows = np.array([row_of.get(name, -1) for name in ids], dtype=np.intp)
    used = rows >= 0
    rejections = [rejected.get(name) for name in ids]
    status = [
        REJECTED if name in rejected else images.status[name].value if name in images.status else "ok"
        for name in ids
    ]
    columns: dict[str, Sequence[str] | NDArray[Any]] = {
        "id": ids,
        "path": [shown_path(item.sample, "") for item in items],
        "status": status,
        "stage": ["" if rejection is None else rejection.stage for rejection in rejections],
        "reason": ["" if rejection is None else rejection.reason for rejection in rejections],
        "detail": ["" if rejection is None else rejection.detail for rejection in rejections],
    }
    columns |= decision_columns(used, proba[rows[used]], classes, operating_point, refer)
    return pd.DataFrame(columns)


def decision_columns(
    used: NDArray[np.bool_],
    proba: FloatArray,
    classes: Sequence[str],
    operating_point: FittedOperatingPoint | None,
    refer: FittedReferral | None,
) -> dict[str, NDArray[Any]]:
    """Columns of the class, the probabilities and the decisions.

    Parameters
    ----------
    used : bool array (n,)
        Which images could be used; the others get None, and NaN for probabilities.
    proba : float64 array (m, k)
        Of the m images that could be used, in their order.
    classes : sequence of str (k,)
    """
    whole = np.full((len(used), len(classes)), np.nan)
    whole[used] = proba
    columns: dict[str, NDArray[Any]] = {
        "predicted": _for_all(used, np.array(classes, dtype=object)[proba.argmax(axis=1)])
    }
    columns |= {f"p_{name}": whole[:, number] for number, name in enumerate(classes)}
    if operating_point is not None:
        columns["positive"] = _for_all(used, operating_point.positive(proba, classes))
    if refer is not None:
        columns["referred"] = _for_all(used, refer.refers(proba))
    return columns


def _for_all(used: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Values of the images that were used; None for the others."""
    column = np.full(len(used), None, dtype=object)
    column[used] = values
    return column
