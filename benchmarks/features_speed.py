"""Time the feature extractors beside the obvious implementation of each.

Prints, for every family, the processor time an image takes here and written plainly with scikit-image, scipy
and numpy, on real smears and on one thread; values are compared before anything is timed.

    LEUKOKIT_DATA=... python benchmarks/features_speed.py [--images 100] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy import stats
from scipy.linalg import logm
from scipy.ndimage import gaussian_filter, sobel
from scipy.stats import kurtosis, skew
from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern
from skimage.measure import regionprops
from threadpoolctl import threadpool_limits

from leukokit.api import FeatureExtractor, Labels, Planes, RGBImage, read_image
from leukokit.plugins.features.circles import Circles
from leukokit.plugins.features.color_statistics import ColorStatistics
from leukokit.plugins.features.contours import Contours
from leukokit.plugins.features.haralick import Haralick
from leukokit.plugins.features.hog import Hog
from leukokit.plugins.features.intensity import Intensity
from leukokit.plugins.features.lbp import Lbp
from leukokit.plugins.features.morphology import Morphology
from leukokit.plugins.features.region_covariance import RegionCovariance

Obvious = Callable[[RGBImage, Labels], list[float]]


def gray_of(image: RGBImage) -> np.ndarray:
    """Gray plane, as every family uses it."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def contours(image: RGBImage, _labels: Labels) -> list[float]:
    """Canny, findContours, contourArea."""
    outlines, _ = cv2.findContours(
        cv2.Canny(gray_of(image), 100, 200), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    areas = [cv2.contourArea(contour) for contour in outlines]
    return [len(areas), np.sum(areas), np.mean(areas), np.std(areas)] if areas else [0, 0, math.nan, math.nan]


def circles(image: RGBImage, _labels: Labels) -> list[float]:
    """HoughCircles on the smoothed gray plane."""
    smooth = cv2.GaussianBlur(gray_of(image), (0, 0), 1.5)
    detected = cv2.HoughCircles(
        smooth, cv2.HOUGH_GRADIENT, 1, 15, param1=100, param2=20, minRadius=6, maxRadius=25
    )
    if detected is None:
        return [0, *[math.nan] * 4]
    x, y, radius = detected[0].astype(float).T
    spread = math.sqrt((x.var() + y.var()) / 2)
    return [len(radius), radius.mean(), radius.std(), (math.pi * radius**2).mean(), spread]


def hog_of_contours(image: RGBImage, _labels: Labels) -> list[float]:
    """One filled mask a contour, and skimage.feature.hog."""
    gray = gray_of(image).astype(float)
    down, right = np.zeros_like(gray), np.zeros_like(gray)
    down[1:-1], right[:, 1:-1] = gray[2:] - gray[:-2], gray[:, 2:] - gray[:, :-2]
    magnitude = np.hypot(down, right)
    outlines, _ = cv2.findContours(
        cv2.Canny(gray_of(image), 100, 200), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    rows = []
    for contour in outlines:
        mask = cv2.drawContours(np.zeros(gray.shape, np.uint8), [contour], -1, 1, cv2.FILLED) > 0
        values = magnitude[mask]
        rows.append([values.max(), values.mean(), values.std(), (values > 0).mean()])
    table = np.array(rows)
    of_contours = np.stack([table.mean(axis=0), table.std(axis=0), table.max(axis=0)], axis=1).ravel()
    side = gray.shape[0] // 3
    return [*of_contours, *hog(gray_of(image), pixels_per_cell=(side, side), cells_per_block=(2, 2))]


def color_statistics(image: RGBImage, labels: Labels) -> list[float]:
    """Pixels of each region, then numpy and scipy."""
    planes = [image, *(cv2.cvtColor(image, code) for code in (cv2.COLOR_RGB2HSV, cv2.COLOR_RGB2LAB))]
    planes.append(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
    values: list[float] = []
    for mask in (np.ones(image.shape[:2], bool), labels.nucleus > 0, labels.cell > 0):
        for plane in planes:
            for channel in range(3):
                pixels = plane[mask][:, channel].astype(float)
                values += [pixels.mean(), pixels.std(), stats.skew(pixels)]
    return values


def intensity(image: RGBImage, _labels: Labels) -> list[float]:
    """Means and standard deviations of numpy."""
    gray = gray_of(image)
    channels = [image[:, :, channel] for channel in range(3)]
    return [gray.mean(), gray.std(), *(f(c) for c in channels for f in (np.mean, np.std))]


def morphology(_image: RGBImage, labels: Labels) -> list[float]:
    """Use regionprops on nuclei and on cells."""
    columns = []
    counts = []
    for label_image in (labels.nucleus, labels.cell):
        regions = regionprops(label_image)
        counts.append(len(regions))
        columns.append([r.area for r in regions])
        columns.append([r.equivalent_diameter_area for r in regions])
        columns.append([r.perimeter_crofton for r in regions])
        columns.append([r.eccentricity for r in regions])
        columns.append([r.solidity for r in regions])
        columns.append([4 * math.pi * r.area / r.perimeter_crofton**2 for r in regions])
    nuclei = {r.label: r.area for r in regionprops(labels.nucleus)}
    ratios = np.array([nuclei.get(r.label, 0) / r.area for r in regionprops(labels.cell)])
    columns += [ratios, np.sqrt(ratios)]
    return [*counts, *(f(column) for column in columns for f in (np.mean, np.std, np.max))]


def lbp(image: RGBImage, _labels: Labels) -> list[float]:
    """Run local_binary_pattern a channel and scale at a time."""
    lab, hsv = cv2.cvtColor(image, cv2.COLOR_RGB2LAB), cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    values: list[float] = []
    for channel in (lab[:, :, 0], lab[:, :, 1], lab[:, :, 2], hsv[:, :, 1], image[:, :, 1]):
        for points, radius in ((8, 1), (16, 2), (24, 3)):
            codes = local_binary_pattern(channel, points, radius, method="uniform")
            inner = codes[radius:-radius, radius:-radius].astype(int).ravel()
            values += (np.bincount(inner, minlength=points + 2) / inner.size).tolist()
    return values


def haralick(image: RGBImage, _labels: Labels) -> list[float]:
    """Use graycomatrix and graycoprops a channel at a time."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    values: list[float] = []
    for channel in range(3):
        leveled = lab[:, :, channel] // 8
        straight = graycomatrix(leveled, [1], [0, math.pi / 2], 32, symmetric=True, normed=True)
        diagonals = [math.pi / 4, 3 * math.pi / 4]
        diagonal = graycomatrix(leveled, [math.sqrt(2)], diagonals, 32, symmetric=True, normed=True)
        matrices = np.concatenate([straight, diagonal], axis=3)
        for name in (
            "contrast",
            "dissimilarity",
            "homogeneity",
            "ASM",
            "energy",
            "correlation",
            "entropy",
            "variance",
        ):
            over = graycoprops(matrices, name)[0]
            values += [over.mean(), np.ptp(over)]
    return values


def region_covariance(image: RGBImage, _labels: Labels) -> list[float]:
    """Filter a channel at a time; numpy's covariance, scipy's matrix logarithm and moments."""
    channels = [channel.astype(np.float64) for channel in cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))]
    before, maps = channels, list(channels)
    for sigma in (1.0, 2.0, 4.0, 8.0):
        blurred = [gaussian_filter(channel, sigma, mode="mirror") for channel in channels]
        maps += [
            np.hypot(sobel(plane, 0, mode="mirror"), sobel(plane, 1, mode="mirror")) * sigma / 8
            for plane in blurred
        ]
        maps += [one - other for one, other in zip(before, blurred, strict=True)]
        before = blurred
    rows = np.stack([plane.ravel() for plane in maps])
    logarithm = np.real(logm(np.cov(rows, ddof=0) + 0.05 * np.eye(len(rows))))
    logarithm[~np.eye(len(rows), dtype=bool)] *= math.sqrt(2)
    moments = [rows.mean(axis=1), skew(rows, axis=1), np.log(kurtosis(rows, axis=1, fisher=False))]
    return [*logarithm[np.triu_indices(len(rows))], *np.concatenate(moments)]


@dataclass(frozen=True)
class Family:
    """An extractor, its obvious twin, and how near the two must be."""

    name: str
    extractor: FeatureExtractor
    obvious: Obvious
    tolerance: float = 1e-6


FAMILIES = (
    Family("contours", Contours.create(unit="px"), contours),
    Family("circles", Circles.create(unit="px"), circles),
    Family("hog", Hog.create(global_descriptor=True), hog_of_contours, 1e-5),  # scikit-image sums in float32
    Family("color_statistics", ColorStatistics(), color_statistics),
    Family("intensity", Intensity(), intensity),
    Family("morphology", Morphology.create(unit="px"), morphology, 1e-5),
    Family("lbp", Lbp(), lbp, 2e-3),  # shares; scikit-image decides ties by round-off
    Family("haralick", Haralick(), haralick),
    Family("region_covariance", RegionCovariance(), region_covariance, 1e-2),  # blur in whole numbers
)


def smears(root: Path, count: int) -> Iterator[tuple[RGBImage, Labels]]:
    """Real smears and stand-in labels: saturated objects, and each less its rim as nucleus."""
    paths = [p for folder in sorted((root / "all-pbs").iterdir()) for p in sorted(folder.iterdir())]
    for path in paths[:: max(1, len(paths) // count)][:count]:
        image = read_image(path)
        saturation = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[:, :, 1], 5)
        _, mask = cv2.threshold(saturation, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
        _, cell = cv2.connectedComponents(mask, ltype=cv2.CV_32S)
        nucleus = np.where(cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0, cell, 0).astype(np.int32)
        yield image, Labels({"nucleus": nucleus, "cell": cell})


def timed(call: Callable[[], object]) -> float:
    """Processor seconds of a call, which a busy machine changes less than seconds of the clock."""
    start = time.thread_time()
    call()
    return time.thread_time() - start


def main() -> int:
    """Compare, then time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    threadpool_limits(1)
    root = Path(os.environ.get("LEUKOKIT_DATA", "../shared/data"))
    images = list(smears(root, arguments.images))
    cells = np.mean([labels.count for _, labels in images])
    print(f"{len(images)} smears, {cells:.1f} cells each, one thread", file=sys.stderr)
    results = {}
    for family in FAMILIES:
        ours, obvious = [], []
        for image, labels in images:
            features = list(family.extractor.extract(Planes(image), labels).values())
            plain = family.obvious(image, labels)
            np.testing.assert_allclose(
                features, plain, rtol=family.tolerance, atol=family.tolerance, err_msg=family.name
            )
            # In turn, so that a busy machine slows both; each pays for the color planes it needs.
            ours.append(timed(lambda: family.extractor.extract(Planes(image), labels)))  # noqa: B023
            obvious.append(timed(lambda: family.obvious(image, labels)))  # noqa: B023
        results[family.name] = {
            "columns": len(family.extractor.names()),
            "ms": float(np.median(ours) * 1e3),
            "obvious_ms": float(np.median(obvious) * 1e3),
        }
    together = []
    for image, labels in images:
        planes = Planes(image)
        together.append(timed(lambda: [f.extractor.extract(planes, labels) for f in FAMILIES]))  # noqa: B023
    results["together, planes shared"] = {
        "columns": sum(len(f.extractor.names()) for f in FAMILIES),
        "ms": float(np.median(together) * 1e3),
        "obvious_ms": sum(row["obvious_ms"] for row in results.values()),
    }
    if arguments.json:
        print(json.dumps(results, indent=2))
        return 0
    print(f"{'family':<26}{'columns':>8}{'ms':>9}{'obvious ms':>12}{'times':>8}")
    for name, row in results.items():
        times = row["obvious_ms"] / row["ms"]
        print(f"{name:<26}{row['columns']:>8}{row['ms']:>9.2f}{row['obvious_ms']:>12.2f}{times:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
