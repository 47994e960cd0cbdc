"""Folders of rendered smears, for tests that need image files."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Dataset, Labels

_TARGET = "leukokit.plugins.datasets.smears:Smears"
"""The built-in data set, as a string: the kit sits beneath the plugins and imports none of them."""


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
        Gets ``Benign/smear-0001.jpg`` and so on; made where absent, files of the same name are replaced.
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
        truth = None if mask_folder is None else dataset.truth(sample)
        if mask_folder is not None and truth is not None:
            _write(mask_folder / f"{sample.id}.png", _levels(truth), [])
    return paths


def _smears(**params: Any) -> Dataset:
    module, _, name = _TARGET.partition(":")
    dataset: Dataset = getattr(import_module(module), name).create(**params)
    return dataset


def _levels(truth: Labels) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = (truth.cell > 0).astype(np.uint8) + (truth.nucleus > 0)
    return levels


def _write(path: Path, pixels: NDArray[np.uint8], options: list[int]) -> None:
    # Not cv2.imwrite: it reports a full disk or an odd file name by nothing but its return value.
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, pixels, options)
    if not done:
        raise OSError(f"{path}: OpenCV could not encode the image")
    path.write_bytes(data.tobytes())
