"""``pictures/explained/``: the images below heat maps, so that their sheets can be drawn without the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from PIL import Image

from leukokit.api import FloatArray, RGBImage
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.run_directory import RunDirectory
from leukokit.ids import written_id
from leukokit.record.explanations import ExplainedPictures
from leukokit.record.files import EXPLAINED
from leukokit.report.heat_sheet import MAX_ROWS
from leukokit.report.segmented_pictures import png_bytes

FOLDER = "pictures/explained"
LONGEST = 525
"""Px of a picture's longer side: twice the width of a panel. Larger images are reduced."""

T = TypeVar("T")


def rows_of_sheets(table: pd.DataFrame) -> dict[str, tuple[list[int], int]]:
    """Rows of ``heat.csv`` that each sheet shows, spread evenly, and how many there are of its true class.

    Returns
    -------
    dict of class to (rows, count)
        Classes in order.
    """
    sheets = {}
    for label in sorted(set(table["true"])):
        rows = np.flatnonzero(table["true"] == label).tolist()
        sheets[label] = (spread(rows, MAX_ROWS), len(rows))
    return sheets


def keep_explained(fitted: FittedFold, directory: RunDirectory) -> None:
    """Write the images that sheets of heat show, each once, and ``index.json``.

    Only images that are drawn are read. Nothing is written where no explainer gave heat maps.
    """
    files: dict[str, str] = {}
    places = {part: _places(examples.ids) for part, examples in fitted.best.examples.items()}
    heats = [explained.heat for explained in fitted.explanations.values() if explained.heat is not None]
    for heat in heats:
        images = fitted.best.examples[heat.part].images
        assert images is not None
        for rows, _ in rows_of_sheets(heat.table).values():
            for name in heat.table["id"].iloc[rows]:
                if written_id(name) not in files:
                    file = f"{len(files):06d}.png"
                    picture = _reduced(np.asarray(images[places[heat.part][name]]))
                    directory.write(f"{FOLDER}/{file}", png_bytes(picture))
                    files[written_id(name)] = file
    if heats:
        directory.write(EXPLAINED.name, ExplainedPictures(files).to_bytes())


def heat_over(picture: RGBImage, heat: FloatArray) -> FloatArray:
    """Bring heat to the pixels of a reduced picture."""
    height, width = picture.shape[:2]
    if heat.shape == (height, width):
        return heat
    small = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    return np.clip(np.asarray(small, dtype=np.float64), 0.0, 1.0)


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most ``count`` items, evenly over the sequence."""
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def _places(ids: Iterable[str]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(ids)}


def _reduced(image: RGBImage) -> RGBImage:
    share = LONGEST / max(image.shape[:2])
    if share >= 1:
        return image
    height, width = (max(1, round(side * share)) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))
