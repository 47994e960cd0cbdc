"""torchstain, numpy backend: stain normalization by Reinhard and by Macenko."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from agreement import of_pictures
from contest import Case, Contest, Material, Peer, Task, Values
from numpy.typing import NDArray


def _picture(result: Any) -> Values:
    return {"picture": result}


def reinhard(material: Material) -> Task:
    """Their transfer, towards the same template."""
    normalizer = importlib.import_module("torchstain").normalizers.ReinhardNormalizer(backend="numpy")
    normalizer.fit(material.template)

    def values(result: NDArray[np.uint8]) -> Values:
        return {"picture": result, "means": normalizer.target_means, "stds": normalizer.target_stds}

    return Task(normalizer.normalize, values, lambda smear: smear.image)


def our_reinhard(material: Material) -> Task:  # noqa: ARG001 - the paper's template is built in
    """Ours, in OpenCV's 8-bit Lab."""
    from leukokit.plugins.preprocess.reinhard import Reinhard

    return Task(Reinhard.create().apply, _picture, lambda smear: smear.image)


def reinhard_agreement(cases: Sequence[Case]) -> str:
    """Differences, and what is left of them where ours works in floating point and cuts decimals off, too."""
    exact = [Case(case.smear, case.theirs, {"picture": _in_floating_point(case)}) for case in cases]
    return (
        f"{of_pictures(cases)}: ours works in 8-bit Lab, as the paper's authors did, so L above 100 is cut "
        f"and values are rounded on the way. The same formula in floating-point Lab: {of_pictures(exact)}"
    )


def _in_floating_point(case: Case) -> NDArray[np.uint8]:
    import cv2

    lab = cv2.cvtColor((case.smear.image / 255).astype(np.float32), cv2.COLOR_RGB2LAB)
    standardized = (lab - lab.mean(axis=(0, 1))) / lab.std(axis=(0, 1))
    shown = cv2.cvtColor(
        (standardized * case.theirs["stds"] + case.theirs["means"]).astype(np.float32), cv2.COLOR_LAB2RGB
    )
    return np.asarray(np.clip(shown * 255, 0, 255), dtype=np.uint8)


def macenko(material: Material) -> Task:  # noqa: ARG001 - the published stains are the template of both
    """Theirs with its published reference; images of single stains, which ours does not make, left out."""
    normalizer = importlib.import_module("torchstain").normalizers.MacenkoNormalizer(backend="numpy")
    return Task(
        lambda image: normalizer.normalize(image, stains=False)[0], _picture, lambda smear: smear.image
    )


def our_macenko(material: Material) -> Task:  # noqa: ARG001
    """Ours, of the plugin leukokit-stain."""
    kind = importlib.import_module("leukokit_stain.macenko").Macenko
    return Task(kind.create().apply, _picture, lambda smear: smear.image)


def macenko_agreement(cases: Sequence[Case]) -> str:
    """Differences where ours worked, and what became of the images that ours returned as they came."""
    kept = [case for case in cases if np.array_equal(case.ours["picture"], case.smear.image)]
    worked = [case for case in cases if not any(case is other for other in kept)]
    text = (
        f"{len(worked)} of {len(cases)} images: {of_pictures(worked)} (theirs cuts decimals off, ours rounds)"
    )
    if kept:
        text += (
            f". {len(kept)} images have fewer than 100 stained pixels: ours returns them as they came, "
            f"theirs divides by next to nothing: {of_pictures(kept)}"
        )
    return text


PEER = Peer(
    "torchstain",
    "torchstain",
    [
        Contest("Reinhard", reinhard, our_reinhard, reinhard_agreement),
        Contest("Macenko", macenko, our_macenko, macenko_agreement),
    ],
)
