"""HistomicsTK's features of nuclei: shape, intensity, texture, Fourier descriptors."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from agreement import aggregated, of_columns
from contest import Case, Contest, Material, Smear, Task, Values, nothing_to_compare
from numpy.typing import NDArray

LEVELS = 32
SHAPES = {
    "area": "Size.Area",
    "diameter": "Shape.EquivalentDiameter",
    "eccentricity": "Shape.Eccentricity",
    "solidity": "Shape.Solidity",
}
MOMENTS = {"mean": "Mean", "std": "Std", "skewness": "Skewness"}
# Theirs, ours, and what theirs is multiplied by; entropy is in bits, of p + 1e-5.
TEXTURE = {
    "asm": ("ASM", 1.0),
    "contrast": ("Contrast", 1.0),
    "correlation": ("Correlation", 1.0),
    "variance": ("SumOfSquares", 1.0),
    "homogeneity": ("IDM", 1.0),
    "entropy": ("Entropy", math.log(2)),
}


def _features() -> Any:
    importlib.import_module("histomicstk")  # it has to be imported whole, in its own order
    return importlib.import_module("histomicstk.features")


def morphometry(material: Material) -> Task:  # noqa: ARG001
    """Of nuclei, then of cells."""
    measure = _features().compute_morphometry_features

    def values(result: Any) -> Values:
        columns: dict[str, NDArray[np.float64]] = {}
        for part, table in zip(("nucleus", "cell"), result, strict=True):
            for name, theirs in SHAPES.items():
                columns |= aggregated(f"{part}_{name}", table[theirs])
        return columns

    return Task(lambda smear: [measure(smear.nucleus), measure(smear.cell)], values)


def our_morphology(material: Material) -> Task:
    """Measure the same as against cp-measure."""
    from cp_measure_peer import our_morphology as task

    return task(material)


def morphometry_agreement(cases: Sequence[Case]) -> str:
    """Columns of nuclei and cells together, each measure with its three aggregates."""
    from cp_measure_peer import sizeshape_agreement

    return sizeshape_agreement(cases)


def intensity(material: Material) -> Task:  # noqa: ARG001
    """Of one nucleus, in red, green and blue."""
    measure = _features().compute_intensity_features

    def values(result: Any) -> Values:
        return {
            f"{channel}_{ours}": table[f"Intensity.{theirs}"].to_numpy()[0]
            for channel, table in zip("rgb", result, strict=True)
            for ours, theirs in MOMENTS.items()
        }

    def prepare(smear: Smear) -> Any:
        return smear.largest, [smear.image[:, :, channel].astype(float) for channel in range(3)]

    return Task(lambda prepared: [measure(prepared[0], plane) for plane in prepared[1]], values, prepare)


def our_colors(material: Material) -> Task:
    """Measure the same as against cp-measure."""
    from cp_measure_peer import our_colors as task

    return task(material)


def intensity_agreement(cases: Sequence[Case]) -> str:
    """Three moments of three channels."""
    return of_columns(cases, {what: [f"{channel}_{what}" for channel in "rgb"] for what in MOMENTS})


def _box(smear: Smear) -> tuple[slice, slice]:
    """Give what theirs looks at: the box around the nucleus, and a row and a column more."""
    rows, columns = np.nonzero(smear.largest)
    return slice(rows.min(), rows.max() + 2), slice(columns.min(), columns.max() + 2)


def haralick(material: Material) -> Task:  # noqa: ARG001
    """Of the box around one nucleus."""
    measure = _features().compute_haralick_features
    # They round v * 31 / 255 to a level; these values come out as our levels.
    planes = np.rint(np.arange(LEVELS) * 255 / (LEVELS - 1)).astype(np.uint8)

    def run(prepared: tuple[NDArray[np.int32], NDArray[np.uint8]]) -> Any:
        return measure(*prepared, num_levels=LEVELS)

    def values(result: Any) -> Values:
        return {
            f"{ours}_{how}": factor * result[f"Haralick.{theirs}.{how.title()}"].to_numpy()[0]
            for ours, (theirs, factor) in TEXTURE.items()
            for how in ("mean", "range")
        }

    return Task(run, values, lambda smear: (smear.largest, planes[smear.gray // (256 // LEVELS)]))


def our_haralick(material: Material) -> Task:  # noqa: ARG001
    """Of the same box, as an image of its own."""
    from ours import all_cells, extractor_task, without

    from leukokit.plugins.features.haralick import Haralick

    return extractor_task(
        Haralick.create(channels=["gray"]),
        without("haralick_image_gray_d1_"),
        all_cells,
        lambda smear: np.repeat(smear.gray[_box(smear)][:, :, None], 3, axis=2),
    )


def haralick_agreement(cases: Sequence[Case]) -> str:
    """Columns that mean the same."""
    columns = {name: [f"{name}_mean", f"{name}_range"] for name in TEXTURE}
    return (
        f"{of_columns(cases, columns)} (theirs takes the logarithm of p + 1e-5). Both on the box around a "
        "nucleus: theirs does not look at the nucleus itself. Theirs measures 13 properties, ours 8"
    )


def fourier(material: Material) -> Task:  # noqa: ARG001
    """Fourier descriptors of nuclei."""
    measure = _features().compute_fsd_features
    return Task(lambda smear: measure(smear.nucleus), lambda table: {"table": table.to_numpy()})


def everything(material: Material) -> Task:  # noqa: ARG001
    """All families of nuclei at once, gray plane as stain."""
    measure = _features().compute_nuclei_features
    return Task(
        lambda smear: measure(smear.nucleus, smear.gray),
        lambda table: {"columns": np.array(table.shape[1])},
    )


CONTESTS = [
    Contest("shape of nuclei and cells", morphometry, our_morphology, morphometry_agreement),
    Contest("intensity of a nucleus, 3 channels", intensity, our_colors, intensity_agreement),
    Contest("Haralick, box around a nucleus", haralick, our_haralick, haralick_agreement),
    Contest("Fourier descriptors of nuclei", fourier, None, nothing_to_compare),
    Contest("compute_nuclei_features, whole", everything, None, nothing_to_compare),
]
