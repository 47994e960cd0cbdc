"""Synthetic smears as folders of files, or as pairs of image and truth from several labs and scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RED_CELL_UM, Labels, RGBImage, Sample

_TARGET = "leukokit.plugins.datasets.smears:Smears"
"""The built-in data set, as a string, since the kit must not import plugins."""


_LABS = ("all_pbs", "bccd", "pbc", "wbc_masks", "pink")
_PER_SCALE = 24
"""Pairs per lab and scale: rendering the set of red cells takes as long as about twenty images."""


@dataclass(frozen=True, slots=True)
class SmearPair:
    """A rendered image with its truth, scale and lab.

    Attributes
    ----------
    image : uint8 array, size x size x 3
        Red, green, blue.
    truth : Labels
        ``nucleus``, ``cell``, ``red_cell`` and ``platelet``, int32 size x size.
    red_cell_px : float
        Mean diameter of the patient's red cells, in px.
    lab : str
        Lab whose stain and camera are imitated.
    """

    image: RGBImage
    truth: Labels
    red_cell_px: float
    lab: str


def smear_pairs(
    count: int,
    *,
    size: int = 224,
    red_cell_px: tuple[float, float] = (12.0, 60.0),
    labs: Sequence[str] = _LABS,
    seed: int = 281,
    **params: Any,
) -> Iterator[SmearPair]:
    """Render images with truth, from several labs and scales, to train and test segmenters.

    ::

        for pair in smear_pairs(2000, size=128, seed=1):
            ...  # pair.image, pair.truth.nucleus, pair.truth.cell, pair.red_cell_px

    Each block of 24 pairs has one lab and scale, and its own stains, classes, share of other white cells and
    JPEG quality. Shuffle the pairs before training.

    Parameters
    ----------
    count : int
        Number of pairs.
    size : int
        Side of the images, in px, 64 or more.
    red_cell_px : tuple of 2 floats
        Range of the diameter of a red cell of 7.5 um, in px, uniform on a log scale; limited to 0.25 to 4
        times the magnification of the lab.
    labs : sequence of str
        Labs to draw from.
    seed : int
        Random seed.
    **params
        Other parameters of the data set ``smears``, for all pairs.

    Yields
    ------
    SmearPair

    Raises
    ------
    ValueError
        Where a parameter is out of range.
    """
    low, high = red_cell_px
    if not 0 < low <= high:
        raise ValueError(f"red_cell_px must be two diameters in px, the smaller first, got {low}, {high}")
    rng = np.random.default_rng(seed)
    left = count
    while left > 0:
        lab = labs[int(rng.integers(len(labs)))]
        diameter = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        drawn = {
            "per_class": _PER_SCALE // 4,
            "labs": (lab,),
            "size": size,
            "seed": int(rng.integers(2**32)),
            "bystanders": float(rng.choice([0.06, 0.5, 1.0])),
            "stain_by_patient": 1.4,
            "jpeg_quality": int(rng.choice([0, 70, 85, 95])),
        }
        own = _smears(**{**drawn, **params})
        native = RED_CELL_UM / own.pixel_size_um(own.samples()[0])
        magnification = float(np.clip(diameter / native, 0.25, 4.0))
        dataset = _smears(**{**drawn, "magnification": magnification, **params})
        for sample in dataset.samples()[:left]:
            scale = dataset.red_cell_px(sample)
            yield SmearPair(dataset.render(sample), dataset.truth(sample), scale, lab)
        left -= len(dataset.samples())


def write_smears(
    folder: Path | str,
    *,
    per_class: int = 5,
    size: int = 224,
    seed: int = 281,
    image_format: Literal["jpg", "png"] = "jpg",
    quality: int = 95,
    masks: Path | str | None = None,
    **params: Any,
) -> list[Path]:
    """Write synthetic smears as files, one folder a class.

    ::

        from leukokit.testing.synthetic import write_smears

        paths = write_smears(tmp_path / "smears", per_class=3, classes=("Benign", "Pro"))

    Parameters
    ----------
    folder : path
        Folder for ``Benign/smear-0001.jpg`` and so on; created if needed, existing files are replaced.
    per_class : int
        Images of each class, 3 or more.
    size : int
        Side of the images, in px, 64 or more.
    seed : int
        Seed of everything drawn.
    image_format : "jpg" or "png"
        PNG files hold exactly the rendered pixels.
    quality : int
        JPEG quality, 1..100.
    masks : path, optional
        Folder that gets ``Benign/smear-0001.png``: 8-bit, 0 background, 1 cytoplasm, 2 nucleus. Not inside
        ``folder``, where its images would count as another class.
    **params
        Any other parameter of the data set ``smears``.

    Returns
    -------
    list of Path
        The image files, in the order of the data set.

    Raises
    ------
    ValueError
        Where a parameter is out of range, or ``masks`` lies inside ``folder``.
    """
    folder, mask_folder = Path(folder), None if masks is None else Path(masks)
    if image_format not in ("jpg", "png"):
        raise ValueError(f"image_format must be jpg or png, got {image_format!r}")
    if not 1 <= quality <= 100:
        raise ValueError(f"quality must lie in 1..100, got {quality}")
    if mask_folder is not None and mask_folder.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"masks ({mask_folder}) must not lie inside {folder}: they would count as a class")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if image_format == "jpg" else []
    dataset = _smears(per_class=per_class, size=size, seed=seed, **params)
    paths = []
    for sample in dataset.samples():
        path = folder / f"{sample.id}.{image_format}"
        _write(path, dataset.render(sample)[:, :, ::-1], options)
        paths.append(path)
        if mask_folder is not None:
            _write(mask_folder / f"{sample.id}.png", _levels(dataset.truth(sample)), [])
    return paths


class _Rendered(Protocol):
    """Interface of the data set ``smears`` that is used here."""

    def samples(self) -> Sequence[Sample]: ...
    def render(self, sample: Sample) -> RGBImage: ...
    def truth(self, sample: Sample) -> Labels: ...
    def red_cell_px(self, sample: Sample) -> float: ...
    def pixel_size_um(self, sample: Sample) -> float: ...


def _smears(**params: Any) -> _Rendered:
    module, _, name = _TARGET.partition(":")
    dataset: _Rendered = getattr(import_module(module), name).create(**params)
    return dataset


def _levels(truth: Labels) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = (truth.cell > 0).astype(np.uint8) + (truth.nucleus > 0)
    return levels


def _write(path: Path, pixels: NDArray[np.uint8], options: list[int]) -> None:
    # Not cv2.imwrite: it reports a full disk or a bad file name only by its return value.
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, pixels, options)
    if not done:
        raise OSError(f"{path}: OpenCV could not encode the image")
    path.write_bytes(data.tobytes())
