"""cp-measure, CellProfiler's measurements: size and shape, intensity, texture, radial distribution."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from agreement import aggregated, of_columns
from contest import Case, Contest, Material, Peer, Smear, Task, Values, nothing_to_compare
from mahotas_peer import LEVELS, haralick_agreement, thirteen
from numpy.typing import NDArray

SHAPES = {
    "area": "Area",
    "diameter": "EquivalentDiameter",
    "eccentricity": "Eccentricity",
    "solidity": "Solidity",
}
HARALICK = (
    *("AngularSecondMoment", "Contrast", "Correlation", "Variance", "InverseDifferenceMoment", "SumAverage"),
    *(
        "SumVariance",
        "SumEntropy",
        "Entropy",
        "DifferenceVariance",
        "DifferenceEntropy",
        "InfoMeas1",
        "InfoMeas2",
    ),
)


def measurements(accelerator: str | None = None) -> Mapping[str, Callable[..., Any]]:
    """Their functions by name."""
    importlib.import_module("cp_measure").set_accelerator(accelerator)
    functions: Mapping[str, Callable[..., Any]] = importlib.import_module(
        "cp_measure.bulk"
    ).get_core_measurements()
    return functions


def numbered(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Ids without gaps, as cp-measure needs them."""
    present = np.unique(labels)
    return np.searchsorted(present, labels).astype(np.int32)


def sizeshape(material: Material) -> Task:  # noqa: ARG001
    """Of nuclei, then of cells."""
    measure = measurements()["sizeshape"]

    def run(prepared: tuple[NDArray[np.float64], Mapping[str, NDArray[np.int32]]]) -> dict[str, Any]:
        plane, parts = prepared
        return {part: measure(labels, plane) for part, labels in parts.items()}

    def values(result: dict[str, Any]) -> Values:
        columns: dict[str, NDArray[np.float64]] = {}
        for part, measured in result.items():
            for name, theirs in SHAPES.items():
                columns |= aggregated(f"{part}_{name}", measured[theirs])
        return columns

    def prepare(smear: Smear) -> Any:
        return smear.gray / 255, {"nucleus": numbered(smear.nucleus), "cell": numbered(smear.cell)}

    return Task(run, values, prepare)


def our_morphology(material: Material) -> Task:  # noqa: ARG001
    """Size and shape of nuclei and cells, with N/C ratios."""
    from ours import all_cells, extractor_task

    from leukokit.plugins.features.morphology import Morphology

    def rename(name: str) -> str:
        return name.removeprefix("morphology_").replace("_px2_", "_").replace("_px_", "_")

    return extractor_task(Morphology.create(unit="px"), rename, all_cells)


def sizeshape_agreement(cases: Sequence[Case]) -> str:
    """Mean, standard deviation and largest of nuclei and of cells."""
    return of_columns(
        cases,
        {
            name: [f"{part}_{name}_{how}" for part in ("nucleus", "cell") for how in ("mean", "std", "max")]
            for name in SHAPES
        },
    )


def intensity(accelerator: str | None) -> Callable[[Material], Task]:
    """Of one nucleus, in red, green and blue."""

    def make(material: Material) -> Task:  # noqa: ARG001
        measure = measurements(accelerator)["intensity"]

        def run(prepared: tuple[NDArray[np.int32], list[NDArray[np.float64]]]) -> list[Any]:
            labels, planes = prepared
            return [measure(labels, plane) for plane in planes]

        def values(result: list[Any]) -> Values:
            return {
                f"{channel}_{ours}": 255 * measured[f"Intensity_{theirs}Intensity"][0]
                for channel, measured in zip("rgb", result, strict=True)
                for ours, theirs in (("mean", "Mean"), ("std", "Std"))
            }

        def prepare(smear: Smear) -> Any:
            return smear.largest, [smear.image[:, :, channel] / 255 for channel in range(3)]

        return Task(run, values, prepare)

    return make


def our_colors(material: Material) -> Task:  # noqa: ARG001
    """Mean, standard deviation and skewness of red, green and blue."""
    from ours import extractor_task, one_nucleus, without

    from leukokit.plugins.features.color_statistics import ColorStatistics

    extractor = ColorStatistics.create(regions=["nucleus"], spaces=["rgb"])
    return extractor_task(extractor, without("color_nucleus_rgb_"), one_nucleus)


def intensity_agreement(cases: Sequence[Case]) -> str:
    """Mean and standard deviation of three channels."""
    return of_columns(cases, {what: [f"{channel}_{what}" for channel in "rgb"] for what in ("mean", "std")})


def texture(accelerator: str | None) -> Callable[[Material], Task]:
    """Haralick's features of one nucleus at distance 1."""

    def make(material: Material) -> Task:  # noqa: ARG001
        measure = measurements(accelerator)["texture"]
        # They cut 0..255 into levels by cutting decimals off, and leave level 0 for what lies around.
        planes = np.ceil((np.arange(LEVELS) + 1) * 255 / LEVELS).astype(np.uint8)

        def run(prepared: tuple[NDArray[np.int32], NDArray[np.uint8]]) -> Any:
            return measure(*prepared, scale=1, gray_levels=LEVELS + 1)

        def values(result: Any) -> Values:
            table = [
                [result[f"{name}_1_{angle:02d}_{LEVELS + 1}"][0] for name in HARALICK] for angle in range(4)
            ]
            return thirteen(np.array(table))

        return Task(run, values, lambda smear: (smear.largest, planes[smear.gray // (256 // LEVELS)]))

    return make


def our_texture(material: Material) -> Task:
    """Measure the same as against mahotas."""
    from mahotas_peer import our_haralick_of_nucleus

    return our_haralick_of_nucleus(material)


def of_nuclei(name: str) -> Callable[[Material], Task]:
    """One of their other measures, of all nuclei."""

    def make(material: Material) -> Task:  # noqa: ARG001
        measure = measurements()[name]

        def values(result: Any) -> Values:
            return {"columns": np.array(len(result))}

        return Task(
            lambda prepared: measure(*prepared),
            values,
            lambda smear: (numbered(smear.nucleus), smear.gray / 255),
        )

    return make


PEER = Peer(
    "cp-measure",
    "measures",
    [
        Contest("size and shape of nuclei and cells", sizeshape, our_morphology, sizeshape_agreement),
        Contest("intensity of a nucleus, 3 channels", intensity(None), our_colors, intensity_agreement),
        Contest("the same, their numba backend", intensity("numba"), our_colors, intensity_agreement),
        Contest("texture of a nucleus", texture(None), our_texture, haralick_agreement),
        Contest("the same, their numba backend", texture("numba"), our_texture, haralick_agreement),
        Contest("radial distribution of nuclei", of_nuclei("radial_distribution"), None, nothing_to_compare),
        Contest("Zernike moments of nuclei", of_nuclei("zernike"), None, nothing_to_compare),
    ],
)
