"""The scale of every image as the run directory tells it, and its summary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from leukokit.api import RED_CELL_UM, UNKNOWN_SCALE, Scale, ScaleSource
from leukokit.engine.images.plan import Item
from leukokit.recipe.scale import ScaleSetting
from leukokit.record.metrics import ScaleSummary

COLUMNS = ("id", "red_cell_px", "um_per_px", "confidence", "source", "measured_px", "measured_confidence")
_ROBUST = 1.4826  # median absolute deviation to standard deviation


def scale_table(items: Sequence[Item], own: Mapping[str, Scale]) -> pd.DataFrame:
    """Put the scale that each image was worked on at beside what its own red cells say.

    Parameters
    ----------
    items : sequence of Item
        Images with their scale.
    own : mapping of sample id to Scale

    Returns
    -------
    DataFrame
        ``id``; ``red_cell_px``, ``um_per_px`` (missing where the scale is guessed or unknown), ``confidence``
        and ``source`` of the scale used; ``measured_px`` and ``measured_confidence`` of the image's own red
        cells, missing where it shows none.
    """
    rows = []
    for item in items:
        used, measured = item.scale or UNKNOWN_SCALE, own[item.sample.id]
        seen = measured.source is ScaleSource.RED_CELLS
        rows.append(
            (
                item.sample.id,
                round(used.red_cell_px, 3),
                round(used.um_per_px, 6),
                used.confidence,
                used.source.value,
                measured.red_cell_px if seen else math.nan,
                measured.confidence if seen else math.nan,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def scale_summary(table: pd.DataFrame, setting: ScaleSetting) -> ScaleSummary:
    """Sum up the scale of all images, for ``metrics.json``; takes a table of :func:`scale_table`."""
    guessed = table["source"] == ScaleSource.NUCLEUS.value
    unknown = table["source"] == ScaleSource.UNKNOWN.value
    px = table.loc[~guessed & ~unknown, "red_cell_px"].to_numpy(dtype=np.float64)
    center = float(np.median(px)) if len(px) else math.nan
    spread = _ROBUST * float(np.median(np.abs(np.log(px / center)))) if len(px) else math.nan

    def share(hits: pd.Series[bool]) -> float:
        return round(float(hits.mean()), 4) if len(hits) else 0.0

    return ScaleSummary(
        how=str(setting),
        images=len(table),
        red_cell_px=None if math.isnan(center) else round(center, 3),
        um_per_px=None if math.isnan(center) else round(RED_CELL_UM / center, 6),
        spread=None if math.isnan(spread) else round(spread, 4),
        known=share(~guessed & ~unknown),
        guessed=share(guessed),
        unknown=share(unknown),
    )


def scale_words(summary: ScaleSummary) -> str:
    """Say the summary in one line."""
    known, guessed, unknown = summary.known or 0.0, summary.guessed or 0.0, summary.unknown or 0.0
    if summary.red_cell_px is None:
        words = "scale: no image shows how large a red cell is"
    else:
        words = (
            f"scale: a red cell is {summary.red_cell_px:.3g} px wide ({summary.um_per_px:.2g} um a "
            f"pixel) in {_percent(known)} of images"
        )
    if guessed:
        words += f"; guessed from nuclei in {_percent(guessed)}"
    return words + (f"; unknown in {_percent(unknown)}" if unknown else "")


def _percent(share: float) -> str:
    """Share in whole percent; only what is all is called 100."""
    whole = round(100 * share)
    return f"{min(max(whole, 1), 99) if 0 < share < 1 else whole} %"
