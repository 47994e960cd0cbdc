"""``pictures/segmented/``: what the overlay sheet is drawn from, so that the data is not needed."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leukokit.api import UNKNOWN_SCALE, Labels, RGBImage, Scale, ScaleSource, Status
from leukokit.engine.io.array_file import read_arrays
from leukokit.errors import DataError
from leukokit.record.base import FORMAT
from leukokit.record.explanations import LabelArray, PictureScale, SegmentedPicture, SegmentedPictures
from leukokit.record.files import SEGMENTED
from leukokit.record.folder import AGAIN
from leukokit.report.figure_file import read_figure
from leukokit.report.overlay_panel import OverlayPanel, panel_size, panel_width, reduced

FOLDER = "pictures/segmented"
_INDEX = PurePath(SEGMENTED.name).name
_LABELS = "labels.npz"


def write_segmented(folder: Path, panels: Sequence[OverlayPanel], rows: Sequence[int] | None) -> None:
    """Write pictures, label images and ``index.json`` into a folder; the same panels give the same bytes.

    Parameters
    ----------
    folder : Path
        Exists and is empty.
    panels : sequence of OverlayPanel
        With whole images; they are reduced to the pixels of their panels.
    rows : sequence of int or None
        Panels in each row of the sheet.
    """
    arrays: dict[str, NDArray[np.unsignedinteger]] = {}

    def kept(labels: Labels) -> tuple[LabelArray, ...]:
        names = []
        for role, label_image in labels.roles.items():
            array = f"{len(arrays):04d}"
            arrays[array] = label_image.astype(np.min_scalar_type(int(label_image.max(initial=0))))
            names.append(LabelArray(role=role, array=array))
        return tuple(names)

    inches = panel_width(panels) if panels else 0.0
    pictures = []
    for number, panel in enumerate(panels):
        file = f"{number:06d}.png"
        (folder / file).write_bytes(png_bytes(reduced(panel.picture, panel_size(panel, inches))))
        height, width = panel.image_shape
        pictures.append(
            SegmentedPicture(
                id=panel.caption,
                reason=panel.reason,
                detail=panel.detail,
                file=file,
                height=height,
                width=width,
                status=panel.labels.status.value,
                labels=kept(panel.labels),
                truth=None if panel.truth is None else kept(panel.truth),
                scale=_scale_record(panel.scale),
            )
        )
    np.savez_compressed(folder / _LABELS, **arrays)  # type: ignore[arg-type]
    index = SegmentedPictures(
        format=FORMAT, pictures=tuple(pictures), rows=None if rows is None else tuple(rows)
    )
    (folder / _INDEX).write_bytes(index.to_bytes())


def read_segmented(root: Path, index: SegmentedPictures) -> list[OverlayPanel]:
    """Read the panels of a run directory, which may come from anyone.

    Parameters
    ----------
    root : Path
        The run directory.
    index : SegmentedPictures
        Its ``pictures/segmented/index.json``.

    Raises
    ------
    DataError
        Where a file is missing or damaged, or does not fit the index.
    """
    named = [array for picture in index.pictures for array in (*picture.labels, *(picture.truth or ()))]
    arrays = read_arrays(root, f"{FOLDER}/{_LABELS}", [array.array for array in named]) if named else {}
    return [_panel(root, picture, arrays) for picture in index.pictures]


def png_bytes(picture: RGBImage) -> bytes:
    """Give a PNG without loss; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def read_picture(root: Path, folder: str, file: str) -> RGBImage:
    """Read a picture of a folder of the run directory.

    Parameters
    ----------
    folder : str
        Path in the run directory.
    file : str
        Name that the folder's index gives.

    Raises
    ------
    DataError
        Where the name leads out of the folder, or the file is missing, damaged or larger than any figure.
    """
    # The index may come from anywhere: nothing but a file of the folder itself is read.
    picture = read_figure(root, f"{folder}/{file}") if file == PurePath(file).name else None
    if picture is None:
        raise DataError(
            f"names {file!r}, which is no PNG picture beside it", where=str(root / folder), hint=AGAIN
        )
    return np.asarray(picture.image)


def _panel(root: Path, picture: SegmentedPicture, arrays: Mapping[str, NDArray[np.integer]]) -> OverlayPanel:
    shape = (picture.height, picture.width)
    try:
        status = Status(picture.status)
        scale = UNKNOWN_SCALE if picture.scale is None else _scale(picture.scale)
    except ValueError as error:
        raise DataError(f"{picture.id}: {error}", where=str(root / SEGMENTED.name), hint=AGAIN) from None

    def labels(named: Iterable[LabelArray], ended: Status) -> Labels:
        return Labels({one.role: _label_image(root, arrays[one.array], shape) for one in named}, ended)

    return OverlayPanel(
        picture=read_picture(root, FOLDER, picture.file),
        labels=labels(picture.labels, status),
        caption=picture.id,
        reason=picture.reason,
        detail=picture.detail,
        scale=scale,
        truth=None if picture.truth is None else labels(picture.truth, Status.OK),
        shape=shape,
    )


def _label_image(root: Path, array: NDArray[np.integer], shape: tuple[int, int]) -> NDArray[np.int32]:
    # More numbers than pixels would be counted into a table of any size.
    if array.shape != shape or array.min(initial=0) < 0 or array.max(initial=0) > array.size:
        raise DataError(
            f"holds an array of shape {array.shape} with numbers up to {array.max(initial=0)}; "
            f"expected a label image of shape {shape}",
            where=str(root / FOLDER / _LABELS),
            hint=AGAIN,
        )
    return array.astype(np.int32)


def _scale_record(scale: Scale) -> PictureScale:
    px = None if math.isnan(scale.red_cell_px) else scale.red_cell_px
    return PictureScale(red_cell_px=px, confidence=scale.confidence, source=scale.source.value)


def _scale(record: PictureScale) -> Scale:
    px = math.nan if record.red_cell_px is None else record.red_cell_px
    return Scale(px, record.confidence, ScaleSource(record.source))
