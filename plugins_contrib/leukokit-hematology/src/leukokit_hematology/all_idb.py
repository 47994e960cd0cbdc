"""ALL-IDB1 and ALL-IDB2: fields and single cells, by the University of Milan.

Donida Labati, Piuri, Scotti: ALL-IDB: the acute lymphoblastic leukemia image database for image processing,
ICIP 2011, 2045-2048, doi 10.1109/ICIP.2011.6115881. Free for research on request, see scotti.di.unimi.it/all;
copies may not be passed on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from leukokit.api import Box, DataError, Field, ImageRejected, Sample, read_input
from leukokit_hematology.published import Place, PublishedDataset, PublishedParams, images, refuse_odd_names

_SOURCE = "scotti.di.unimi.it/all (on request, free for research)"
_NAME = re.compile(r"im(\d{3})_([01])\.(jpe?g|tiff?)", re.IGNORECASE)
_LABELS: Mapping[str, str] = {"0": "no_blast", "1": "lymphoblast"}


class _AllIdb(PublishedDataset):
    """What the two share: names such as ``Im006_1.jpg``, in which 1 says that there are lymphoblasts."""

    images_in: ClassVar[str]

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds images of such names."""
        return (folder / self.images_in).is_dir() and any(
            _NAME.fullmatch(path.name) for path in (folder / self.images_in).iterdir()
        )

    def published(self, folder: Path) -> Sequence[Sample]:
        """Images by number; the digit after the underscore is the class."""
        names = images(folder / self.images_in)
        refuse_odd_names([name for name in names if not _NAME.fullmatch(name)], "Im001_1.jpg", folder)
        return [
            Sample(
                id=f"{self.images_in}/{name}",
                path=folder / self.images_in / name,
                label=_LABELS[name.rpartition("_")[2][0]],
            )
            for name in names
        ]


class AllIdb2(_AllIdb):
    """260 single cells, 257 x 257 px: the cell in the center is a lymphoblast (1) or not (0).

    Donida Labati, Piuri, Scotti, ICIP 2011, 2045-2048, doi 10.1109/ICIP.2011.6115881. Free for research on
    request (scotti.di.unimi.it/all); copies may not be passed on. Published as 1 and 0 in names such as
    ``img/Im001_1.tif``; read as ``lymphoblast`` and ``no_blast``. Neither the patient nor the size of a pixel
    is published.
    """

    images_in = "img"
    place = Place(
        ("ALL_IDB2", "ALL_IDB2/ALL_IDB2", "ALL_IDB/ALL_IDB2"), _SOURCE, "img/Im001_1.tif ... img/Im260_0.tif"
    )


class AllIdb1Params(PublishedParams):
    """Parameters of :class:`AllIdb1`."""

    box_px: int | None = Field(
        None,
        ge=2,
        description="Side of the box that is put around each published center of a lymphoblast, in px of "
        "the image; "
        "empty for no boxes. Magnifications differ within the data set, so no side fits all images.",
    )


class AllIdb1(_AllIdb):
    """108 fields, some with lymphoblasts (1), some without (0), and the centers of the lymphoblasts.

    Donida Labati, Piuri, Scotti, ICIP 2011, 2045-2048, doi 10.1109/ICIP.2011.6115881. Free for research on
    request (scotti.di.unimi.it/all); copies may not be passed on. ``im/Im006_1.jpg`` is an image,
    ``xyc/Im006_1.xyc`` has a line ``x y`` for each lymphoblast, in px. Magnification 300 to 500, not told for
    the single image; patients are not published. The label is that of the image: ``lymphoblast`` or
    ``no_blast``.
    """

    Params = AllIdb1Params
    params: AllIdb1Params
    images_in = "im"
    place = Place(
        ("ALL_IDB1", "ALL_IDB1/ALL_IDB1", "ALL_IDB/ALL_IDB1"),
        _SOURCE,
        "im/Im001_1.jpg ... im/Im108_0.jpg and xyc/Im001_1.xyc ...",
    )

    def published(self, folder: Path) -> Sequence[Sample]:
        """Images by number.

        Raises
        ------
        DataError
            Where boxes are wanted and an image with lymphoblasts has no file of centers.
        """
        samples = super().published(folder)
        without = [
            sample.id
            for sample in samples
            if sample.label == "lymphoblast" and not self._centers_of(sample).is_file()
        ]
        if without and self.params.box_px is not None:
            raise DataError(
                f"{len(without)} images with lymphoblasts have no file of centers, such as {without[0]}",
                where=str(folder / "xyc"),
                hint="Add the folder xyc of the download, or leave box_px empty",
            )
        return samples

    def centers(self, sample: Sample) -> list[tuple[float, float]]:
        """Centers of the lymphoblasts of an image: x to the right, y down, px; none where the name ends in 0.

        Raises
        ------
        ImageRejected
            ``bad_boxes``, where the file cannot be read or a line does not hold two numbers.
        """
        if sample.id.rpartition("_")[2].startswith("0"):
            return []
        path = self._centers_of(sample)
        try:
            lines = read_input(path).decode("ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ImageRejected("bad_boxes", f"{path.name} cannot be read: {error}") from error
        return [_center(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]

    def boxes(self, sample: Sample) -> Sequence[Box] | None:
        """Squares of ``box_px`` around the centers; None where that is empty."""
        side = self.params.box_px
        if side is None or not self.wanted("lymphoblast"):
            return None if side is None else []
        label = self.label_of("lymphoblast")
        half = side / 2
        return [Box(x - half, y - half, x + half, y + half, label) for x, y in self.centers(sample)]

    def _centers_of(self, sample: Sample) -> Path:
        return self._present / "xyc" / f"{Path(sample.id).stem}.xyc"


def _center(path: Path, number: int, line: str) -> tuple[float, float]:
    try:
        x, y = (float(value) for value in line.replace(",", " ").split())
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ImageRejected("bad_boxes", f"{path.name}, line {number}: {line.strip()!r}, expected x and y")
    return x, y
