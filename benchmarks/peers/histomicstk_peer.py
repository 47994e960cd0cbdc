"""HistomicsTK: Reinhard normalization and detection of nuclei."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import histomicstk_features
import numpy as np
from agreement import of_pictures
from contest import Case, Contest, Material, Peer, Smear, Task, Values
from numpy.typing import NDArray

EXAMPLE_THRESHOLD = 60
"""Of the stain, in HistomicsTK's own example of nuclei; the rest is as there, too, but for sizes."""


@dataclass(frozen=True)
class Sizes:
    """How large nuclei are: least and largest radius, search radius of maxima (px), least area (px2)."""

    least: float
    largest: float
    search: float
    area: int


IN_SMEARS = Sizes(5, 13, 7, 50)
IN_CROPS = Sizes(15, 30, 20, 300)
"""5th to 95th percentile of the radius of nuclei of each kind of image."""


def reinhard(material: Material) -> Task:
    """Their transfer, towards the same template."""
    normalize = _reinhard(material)
    return Task(normalize, lambda result: {"picture": result}, lambda smear: smear.image)


def _reinhard(material: Material) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    color = importlib.import_module("histomicstk.preprocessing.color_normalization")
    mean, std = importlib.import_module("histomicstk.preprocessing.color_conversion").lab_mean_std(
        material.template
    )
    return lambda image: color.reinhard(image, mean, std)


def our_reinhard(material: Material) -> Task:
    """Normalize the same way as against torchstain."""
    from torchstain_peer import our_reinhard as task

    return task(material)


def reinhard_agreement(cases: Sequence[Case]) -> str:
    """Differences, which are of method."""
    return (
        f"{of_pictures(cases)}: another color space. Theirs is Ruderman's l-alpha-beta of logarithms, as in "
        "Reinhard's paper; ours OpenCV's CIE Lab, as the notebooks of the paper's authors"
    )


def nuclei(threshold: int | None) -> Callable[[Material], Task]:
    """Normalize, part the stains, threshold, multi-scale LoG and clustering of maxima (Al-Kofahi 2010)."""

    def make(material: Material) -> Task:
        htk = importlib.import_module("histomicstk")
        thresholds = importlib.import_module("skimage.filters").threshold_multiotsu
        normalize = _reinhard(material)
        stains = htk.preprocessing.color_deconvolution.stain_color_map
        matrix = np.array([stains[name] for name in ("hematoxylin", "eosin", "null")]).T

        def run(prepared: tuple[NDArray[np.uint8], Sizes]) -> NDArray[Any]:
            image, sizes = prepared
            parted = htk.preprocessing.color_deconvolution.color_deconvolution(normalize(image), matrix)
            stain = parted.Stains[:, :, 0]
            mask = stain < (thresholds(stain)[0] if threshold is None else threshold)
            labels: NDArray[Any] = htk.segmentation.nuclear.detect_nuclei_kofahi(
                stain.astype(float), mask, sizes.least, sizes.largest, sizes.area, sizes.search
            )
            return labels

        def prepare(smear: Smear) -> tuple[NDArray[np.uint8], Sizes]:
            return smear.image, IN_SMEARS if smear.expert is None else IN_CROPS

        return Task(run, _labels, prepare)

    return make


def _labels(result: Any) -> Values:
    return {"nucleus": np.asarray(result).astype(np.int32)}


def our_segmenter(module: str, name: str, **params: Any) -> Callable[[Material], Task]:
    """One of our segmenters after the same normalization; cells at the border count on both sides."""

    def make(material: Material) -> Task:  # noqa: ARG001
        from leukokit.plugins.preprocess.reinhard import Reinhard

        segmenter = getattr(importlib.import_module(f"leukokit.plugins.segment.{module}"), name).create(
            **params
        )
        normalize = Reinhard.create().apply

        def run(image: NDArray[np.uint8]) -> NDArray[np.int32]:
            labels: NDArray[np.int32] = segmenter.segment(normalize(image)).nucleus
            return labels

        return Task(run, _labels, lambda smear: smear.image)

    return make


def nuclei_agreement(cases: Sequence[Case]) -> str:
    """IoU of both, and Dice of each with the expert."""
    smears = [case for case in cases if case.smear.expert is None]
    outlined = [case for case in cases if case.smear.expert is not None]
    both = statistics.mean(_overlap(case.theirs["nucleus"], case.ours["nucleus"])[0] for case in smears)
    counts = statistics.mean(
        _count(case.theirs["nucleus"]) == _count(case.ours["nucleus"]) for case in smears
    )
    text = f"mean IoU of the two {both:.2f} on {len(smears)} smears, same number of nuclei in {counts:.0%}"
    if outlined:
        dice = {
            side: statistics.mean(
                _overlap(getattr(case, side)["nucleus"], case.smear.expert)[1] for case in outlined
            )
            for side in ("theirs", "ours")
        }
        text += (
            f"; mean Dice with the expert's nucleus on {len(outlined)} images of wbc-masks: "
            f"theirs {dice['theirs']:.3f}, ours {dice['ours']:.3f}"
        )
    return text


def _overlap(one: NDArray[Any], other: NDArray[Any] | None) -> tuple[float, float]:
    """IoU and Dice; 1 where both are empty."""
    assert other is not None
    common = np.count_nonzero((one > 0) & (other > 0))
    union = np.count_nonzero((one > 0) | (other > 0))
    return (common / union, 2 * common / (union + common)) if union else (1.0, 1.0)


def _count(labels: NDArray[np.int32]) -> int:
    return len(np.unique(labels[labels > 0]))


PEER = Peer(
    "histomicstk",
    "histomicstk",
    [
        Contest("Reinhard", reinhard, our_reinhard, reinhard_agreement),
        Contest(
            "nuclei (threshold 60, as in their example) and kmeans_watershed",
            nuclei(EXAMPLE_THRESHOLD),
            our_segmenter("kmeans_watershed", "KmeansWatershed", clear_border=False),
            nuclei_agreement,
            outlined=True,
        ),
        Contest(
            "nuclei (lower of two thresholds by Otsu) and multi_otsu",
            nuclei(None),
            our_segmenter("multi_otsu", "MultiOtsu", border="keep"),
            nuclei_agreement,
            outlined=True,
        ),
        *histomicstk_features.CONTESTS,
    ],
)
