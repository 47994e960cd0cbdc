"""mahotas: Haralick's features, local binary patterns and Zernike moments."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from agreement import of_columns
from contest import Case, Contest, Material, Peer, Smear, Task, Values, nothing_to_compare
from numpy.typing import NDArray

LEVELS = 32
# Place of each of our properties among Haralick's thirteen, and what theirs is multiplied by.
PLACES = {
    "asm": (0, 1.0),
    "contrast": (1, 1.0),
    "correlation": (2, 1.0),
    "variance": (3, 1.0),
    "homogeneity": (4, 1.0),
    "entropy": (8, math.log(2)),  # bits to nats
}
COLUMNS = {name: [f"{name}_mean", f"{name}_range"] for name in PLACES}


def thirteen(result: NDArray[np.float64]) -> Values:
    """Those of mahotas' properties that leukokit has, mean and range over directions (4 x 13)."""
    means, ranges = result.mean(axis=0), np.ptp(result, axis=0)
    columns = {f"{name}_mean": means[place] * factor for name, (place, factor) in PLACES.items()}
    return columns | {f"{name}_range": ranges[place] * factor for name, (place, factor) in PLACES.items()}


def haralick(material: Material) -> Task:  # noqa: ARG001
    """Of the whole gray plane, cut into levels as ours."""
    features = importlib.import_module("mahotas.features")
    return Task(features.haralick, thirteen, lambda smear: smear.gray // (256 // LEVELS))


def our_haralick(material: Material) -> Task:  # noqa: ARG001
    """Eight properties of the gray plane."""
    from ours import all_cells, extractor_task, without

    from leukokit.plugins.features.haralick import Haralick

    return extractor_task(Haralick.create(channels=["gray"]), without("haralick_image_gray_d1_"), all_cells)


def haralick_of_nucleus(material: Material) -> Task:  # noqa: ARG001
    """Of one nucleus, cut out; level 0 is left for what lies around it, which mahotas ignores."""
    features = importlib.import_module("mahotas.features")

    def prepare(smear: Smear) -> NDArray[np.uint8]:
        rows, columns = np.nonzero(smear.largest)
        plane = (smear.gray // (256 // LEVELS) + 1) * (smear.largest > 0)
        cut = plane[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        return np.ascontiguousarray(cut, dtype=np.uint8)

    return Task(lambda plane: features.haralick(plane, ignore_zeros=True), thirteen, prepare)


def our_haralick_of_nucleus(material: Material) -> Task:  # noqa: ARG001
    """Of the region of one nucleus in the whole image."""
    from ours import extractor_task, one_nucleus, without

    from leukokit.plugins.features.haralick import Haralick

    extractor = Haralick.create(regions=["nucleus"], channels=["gray"])
    return extractor_task(extractor, without("haralick_nucleus_gray_d1_"), one_nucleus)


def haralick_agreement(cases: Sequence[Case]) -> str:
    """Columns that mean the same."""
    return f"{of_columns(cases, COLUMNS)}; theirs measures 13 properties, ours 8"


def lbp(points: int, radius: int) -> Callable[[Material], Task]:
    """Histogram of rotation-invariant patterns.

    mahotas sets a bit where a neighbor is brighter, leukokit where it is at least as bright. On the negative
    of the image mahotas' bits are the complement of leukokit's, ties included.
    """

    def make(material: Material) -> Task:  # noqa: ARG001
        module = importlib.import_module("mahotas.features.lbp")
        ones = uniform_codes_of(points)
        edge = slice(radius + 1, -radius - 1)

        def run(plane: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Any]:
            return plane, module.lbp(plane, radius, points)

        def values(result: tuple[NDArray[np.uint8], Any]) -> Values:
            codes = module.lbp_transform(result[0], radius, points)[edge, edge]
            histogram = np.bincount(ones[codes].ravel(), minlength=points + 2)
            return {"histogram": histogram / histogram.sum()}

        return Task(run, values, lambda smear: 255 - smear.gray)

    return make


def uniform_codes_of(points: int) -> NDArray[np.int64]:
    """Give leukokit's code for each of mahotas' (the complement of each pattern, where that is one arc)."""
    patterns = np.arange(2**points)
    turned = (patterns >> 1) | ((patterns & 1) << (points - 1))
    changes = sum(((patterns ^ turned) >> bit) & 1 for bit in range(points))
    ones = sum((patterns >> bit) & 1 for bit in range(points))
    return np.where(changes <= 2, points - ones, points + 1)


def our_lbp(points: int, radius: int) -> Callable[[Material], Task]:
    """Histogram of uniform patterns of the gray plane."""

    def make(material: Material) -> Task:  # noqa: ARG001
        from ours import all_cells, extractor_task

        from leukokit.plugins.features.lbp import Lbp

        extractor = Lbp.create(channels=["gray"], scales=[{"points": points, "radius": radius}])
        task = extractor_task(extractor, str, all_cells)
        return Task(task.run, lambda result: {"histogram": np.array(list(result.values()))}, task.prepare)

    return make


def lbp_agreement(points: int, radius: int) -> Callable[[Sequence[Case]], str]:
    """Histograms of uniform patterns, and of patterns a pixel off, which is where mahotas takes them."""

    def agreement(cases: Sequence[Case]) -> str:
        moved = [_moved(case.theirs["histogram"], case.ours["histogram"]) for case in cases]
        off = [
            _moved(case.theirs["histogram"], _a_pixel_off(case.smear.gray, points, radius)) for case in cases
        ]
        return (
            "brought to uniform patterns, away from the border, the histograms differ by "
            f"{np.mean(moved):.1%} of the pixels: mahotas.interpolate.shift moves images a pixel too far "
            "and does not interpolate, so its circle lies around another pixel. Codes of that circle, taken "
            f"with numpy, differ from theirs by {np.mean(off):.1%}"
        )

    return agreement


def _moved(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.abs(one - other).sum() / 2)


def _a_pixel_off(gray: NDArray[np.uint8], points: int, radius: int) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    edge = radius + 1  # the circle reaches a pixel farther
    height, width = gray.shape
    pattern = np.zeros((height - 2 * edge, width - 2 * edge), np.int64)
    for bit, angle in enumerate(angles):
        down, right = (int(np.floor(np.round(-radius * turn(angle), 12))) + 1 for turn in (np.sin, np.cos))
        neighbor = gray[edge + down : height - edge + down, edge + right : width - edge + right]
        pattern |= (neighbor < gray[edge:-edge, edge:-edge]).astype(np.int64) << bit
    histogram = np.bincount(uniform_codes_of(points)[pattern].ravel(), minlength=points + 2)
    return np.asarray(histogram / histogram.sum(), dtype=np.float64)


def zernike(material: Material) -> Task:  # noqa: ARG001
    """Moments of each nucleus up to degree 8."""
    features = importlib.import_module("mahotas.features")

    def prepare(smear: Smear) -> list[NDArray[np.bool_]]:
        return [smear.nucleus == number for number in np.unique(smear.nucleus)[1:]]

    def run(nuclei: list[NDArray[np.bool_]]) -> list[Any]:
        return [features.zernike_moments(nucleus, math.sqrt(nucleus.sum() / math.pi)) for nucleus in nuclei]

    return Task(run, lambda result: {"moments": np.array(result)}, prepare)


PEER = Peer(
    "mahotas",
    "measures",
    [
        Contest("Haralick, image", haralick, our_haralick, haralick_agreement),
        Contest("Haralick, one nucleus", haralick_of_nucleus, our_haralick_of_nucleus, haralick_agreement),
        Contest("LBP, 8 points, radius 1", lbp(8, 1), our_lbp(8, 1), lbp_agreement(8, 1)),
        Contest("LBP, 16 points, radius 2", lbp(16, 2), our_lbp(16, 2), lbp_agreement(16, 2)),
        Contest("Zernike moments of nuclei", zernike, None, nothing_to_compare),
    ],
)
