"""LISC: fields of blood with one kind of white cell each, and masks by an expert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leukokit.api import DataError, Field, Labels, Sample
from leukokit.api.files import first_names
from leukokit_hematology.masks import OTHER_DESCRIPTION, GrayMask, OtherValues, read_mask
from leukokit_hematology.published import Place, PublishedDataset, PublishedParams, images

_CLASSES: Mapping[str, str] = {
    "baso": "basophil",
    "eosi": "eosinophil",
    "lymp": "lymphocyte",
    "mono": "monocyte",
    "neut": "neutrophil",
}
_MIXED = "mixt"
_BORDER_PX = 4
"""Images have 720 x 576 px, masks 712 x 568."""


class LiscParams(PublishedParams):
    """Parameters of :class:`Lisc`."""

    nucleus: int = Field(255, ge=1, le=255, description="Gray value of nuclei in the masks.")
    cytoplasm: int = Field(128, ge=1, le=255, description="Gray value of cytoplasm in the masks.")
    mask_other: OtherValues = Field("error", description=OTHER_DESCRIPTION)


class Lisc(PublishedDataset):
    """250 fields, 720 x 576 px, of eight healthy persons, with masks of the white cells.

    Rezatofighi, Soltanian-Zadeh: Automatic recognition of five types of white blood cells in peripheral
    blood, Computerized Medical Imaging and Graphics 35 (2011) 333-343, doi 10.1016/j.compmedimag.2011.01.003.
    Free for research and education, from the authors only. ``Main Dataset/Baso/1.bmp`` has its mask in
    ``Ground Truth Segmentation/Baso/areaforexpert1/1_expert.bmp``, 4 px smaller on each side; images without
    a mask are read without. Fields with several kinds (``mixt``) are left out. Persons and size of a pixel
    are not published. The gray values of the masks are not documented: where the preset ones do not fit, the
    error lists those found.
    """

    Params = LiscParams
    params: LiscParams
    place = Place(
        ("LISC Database", "LISC", "LISC_Database", "lisc"),
        "users.cecs.anu.edu.au/~hrezatofighi/Data/Leukocyte%20Data.htm",
        "Main Dataset/Baso/1.bmp, eosi/, lymp/, mono/, neut/, mixt/ and Ground Truth Segmentation/Baso/"
        "areaforexpert1/1_expert.bmp ...",
    )

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds ``Main Dataset`` with a folder of a class."""
        base = folder / "Main Dataset"
        return base.is_dir() and any(path.name.lower() in _CLASSES for path in base.iterdir())

    def published(self, folder: Path) -> Sequence[Sample]:
        """Fields by class and number.

        Raises
        ------
        DataError
            Where there is a folder of another name.
        """
        base = folder / "Main Dataset"
        names = [name for name in images(base, levels=1, extensions=(".bmp",)) if "/" in name]
        other = {name.split("/")[0] for name in names} - {
            path.name for path in base.iterdir() if path.name.lower() in (*_CLASSES, _MIXED)
        }
        if other:
            raise DataError(
                f"has folders that are no published class: {first_names(sorted(other))}",
                where=str(base),
                hint=f"Published are Baso, eosi, lymp, mono, neut and {_MIXED}; move the others away",
            )
        return [self._sample(folder, name) for name in names if name.split("/")[0].lower() in _CLASSES]

    def truth(self, sample: Sample) -> Labels | None:
        """Read the mask of the expert; None where there is none."""
        if sample.mask_path is None:
            return None
        drawn = GrayMask(self.params.nucleus, self.params.cytoplasm, _BORDER_PX)
        return read_mask(sample.mask_path, drawn, self.params.mask_other)

    def _sample(self, folder: Path, name: str) -> Sample:
        kind, number = name.removesuffix(".bmp").split("/")[:2]
        mask = folder / "Ground Truth Segmentation" / kind / "areaforexpert1" / f"{number}_expert.bmp"
        return Sample(
            id=name,
            path=folder / "Main Dataset" / name,
            label=_CLASSES[kind.lower()],
            mask_path=mask if mask.is_file() else None,
        )
