"""Faults of single pictures for :mod:`leukokit.testing.known_faults`: focus, camera, label."""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from leukokit.api import RGBImage

_MOVED = 6


class SmearFolder(Protocol):
    """A folder of rendered smears that a fault is written into."""

    patients: dict[str, str]
    samples: dict[str, Any]
    images: Any

    def render(self, id_: str) -> RGBImage:
        """Render an image."""
        ...

    def of(self, label: str) -> list[str]:
        """Ids of a class."""
        ...

    def put(self, id_: str, image: RGBImage, *, patient: str | None = None, quality: int = 0) -> None:
        """Write an image."""
        ...

    def sections(self, **more: Any) -> dict[str, Any]:
        """Sections of the recipe that reads the folder."""
        ...


def softened(files: SmearFolder, label: str) -> dict[str, Any]:
    """Blur one class by 1 px, a twentieth of a red cell."""
    for id_, sample in files.samples.items():
        image = files.render(id_)
        soft = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), dtype=np.uint8)
        files.put(id_, soft if sample.label == label else image)
    return files.sections()


def one_camera(files: SmearFolder, label: str) -> dict[str, Any]:
    """Name a camera in every file, another one in one class."""
    for id_, sample in files.samples.items():
        files.put(id_, files.render(id_), quality=95)
        exif = Image.Exif()
        exif[Base.Make], exif[Base.Model] = "Scope", "B2" if sample.label == label else "A1"
        with Image.open(files.images / id_) as image:
            image.load()
            image.save(files.images / id_, "JPEG", quality="keep", exif=exif)
    return files.sections()


def relabeled(files: SmearFolder) -> dict[str, Any]:
    """Move one in twenty images into the folder of another class."""
    labels = sorted({sample.label or "" for sample in files.samples.values()})
    ids = list(files.samples)
    moved = set(ids[:: len(ids) // _MOVED][:_MOVED])
    for id_, sample in files.samples.items():
        if id_ not in moved:
            files.put(id_, files.render(id_))
            continue
        other = labels[(labels.index(sample.label or "") + 1) % len(labels)]
        patient = files.patients.pop(id_)
        files.put(f"{other}/moved-{id_.split('/')[-1]}", files.render(id_), patient=f"{patient}-moved")
    return files.sections()
