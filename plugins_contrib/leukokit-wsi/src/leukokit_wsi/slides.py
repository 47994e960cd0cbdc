"""Tiles of whole slides as a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from leukokit.api import DataError, Dataset, Field, GroupKind, ImageRejected, Params, RGBImage, Sample
from leukokit.api.files import first_names, printable_name, walk
from leukokit_wsi.open import DICOM, SCANNER, TIFF, open_slide
from leukokit_wsi.slide import Slide, downsampling, level_for
from leukokit_wsi.tissue import share, stained, thumbnail


class SlidesParams(Params):
    """Parameters of :class:`Slides`."""

    root: Path = Field(description="Folder with slides, or with a folder of slides for each class.")
    tile_px: int = Field(512, ge=32, le=8192, description="Width and height of a tile, px.")
    um_per_px: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Width of a pixel of a tile, um: tiles are read from the coarsest level that is fine "
        "enough and "
        "made smaller. Empty for the finest level as it is.",
    )
    slide_um_per_px: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Width of a pixel of the finest level, um, for slides whose files do not say it.",
    )
    stained: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of a tile that must be stained (optical density 0.15 on a thumbnail); tiles with "
        "less are "
        "empty and left out. 0 keeps all.",
    )
    labels: Literal["folder", "none"] = Field(
        "folder",
        description="folder: the folder above a slide is its class, where there is one; none: no classes.",
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """The tiles of a slide.

    Attributes
    ----------
    level : int
        Level that tiles are read from.
    um_per_px : float or None
        Width of a pixel of a finished tile.
    empty : int
        Number of tiles that are left out.
    corners : tuple of (int, int)
        Left and upper edge of each tile that is kept, px of the level.
    """

    level: int
    um_per_px: float | None
    empty: int
    corners: tuple[tuple[int, int], ...]


class Slides(Dataset):
    """Tiles of whole slides; the slide is the group.

    A slide is a TIFF pyramid (OME-TIFF, SVS, generic), a DICOM series, or a file that OpenSlide reads. Tiles
    lie side by side, from the upper left corner; a rest at the right and lower edge that fills no tile is
    left out. Empty tiles are left out by a thumbnail: a pixel is stained if its optical density against the
    glass reaches 0.15 in some channel (Macenko et al. 2009, doi 10.1109/ISBI.2009.5193250). The width of a
    pixel comes from the file: OME-XML, Aperio's MPP, the resolution tags, or DICOM's pixel spacing.
    """

    Params = SlidesParams
    params: SlidesParams
    _held: tuple[str, Slide] | None = None

    @property
    def groups_are(self) -> GroupKind:
        """Groups are slides."""
        return GroupKind.SLIDE

    def missing(self) -> str | None:
        """Message that the folder does not exist; None where it does."""
        root = self.params.root
        if root.is_dir():
            return None
        return f"{root} is {'not a folder' if root.exists() else 'not there'}. Correct root in the recipe"

    def fingerprint(self) -> str:
        """Digest of all bytes of all slides."""
        return self._digest

    def samples(self) -> Sequence[Sample]:
        """Tiles by slide, row by row; ids such as ``A/slide1.svs/2048_512``, px of the finest level.

        Raises
        ------
        DataError
            Where there is no slide, one cannot be read or does not say the width of its pixels, or no tile
            shows anything.
        """
        samples = [sample for name in self._slides for sample in self._tiles(name)]
        if not samples:
            raise DataError(
                "no tile is stained",
                where=str(self.params.root),
                hint="Lower data.params.stained or tile_px; 0 keeps all tiles",
            )
        return samples

    def notes(self) -> Sequence[str]:
        """Tell how many tiles were empty, and which DICOM files are no slides."""
        notes = [
            f"{name}: {len(grid.corners)} tiles, {grid.empty} empty ones left out"
            for name, grid in self._grids.items()
        ]
        if self._other_dicom:
            notes.append(f"DICOM files that are no slide, left out: {first_names(self._other_dicom)}")
        return notes

    def render(self, sample: Sample) -> RGBImage:
        """Read a tile.

        Raises
        ------
        ImageRejected
            ``unreadable``, where the slide is damaged there.
        """
        name, _, corner = sample.id.rpartition("/")
        across, down = (int(number) for number in corner.split("_"))
        slide = self._open(name)
        level, side, _ = self._scale(name, slide)
        factor = downsampling(slide, level)
        x, y = round(across / factor), round(down / factor)
        try:
            pixels = slide.read(level, x, y, side, side)
        except Exception as error:  # decoders raise errors of many kinds on damaged tiles
            raise ImageRejected("unreadable", f"{type(error).__name__}: {error}") from error
        tile = self.params.tile_px
        if side == tile:
            return pixels
        return np.asarray(cv2.resize(pixels, (tile, tile), interpolation=cv2.INTER_AREA), np.uint8)

    def _tiles(self, name: str) -> Iterator[Sample]:
        grid = self._grids[name]
        factor = downsampling(self._open(name), grid.level)
        folder = name.rpartition("/")[0].rpartition("/")[2]
        for x, y in grid.corners:
            yield Sample(
                id=f"{name}/{round(x * factor)}_{round(y * factor)}",
                label=folder if folder and self.params.labels == "folder" else None,
                group=name,
                pixel_size_um=grid.um_per_px,
            )

    @cached_property
    def _grids(self) -> Mapping[str, _Grid]:
        return {name: self._grid(name) for name in self._slides}

    def _grid(self, name: str) -> _Grid:
        slide = self._open(name)
        level, side, width = self._scale(name, slide)
        size = slide.levels[level]
        corners = [
            (x, y)
            for y in range(0, size.height - side + 1, side)
            for x in range(0, size.width - side + 1, side)
        ]
        kept = corners
        if self.params.stained > 0 and corners:
            mask = stained(self._thumbnail(name, slide))
            across, down = side / size.width, side / size.height
            shares = [share(mask, x / size.width, y / size.height, across, down) for x, y in corners]
            kept = [
                corner for corner, part in zip(corners, shares, strict=True) if part >= self.params.stained
            ]
        return _Grid(level, width, len(corners) - len(kept), tuple(kept))

    def _thumbnail(self, name: str, slide: Slide) -> RGBImage:
        try:
            return thumbnail(slide)
        except Exception as error:  # decoders raise errors of many kinds on damaged tiles
            raise DataError(
                f"its thumbnail cannot be read: {type(error).__name__}: {error}",
                where=name,
                hint="Compressed tiles may need: python -m pip install 'leukokit-wsi[codecs]'. To keep all "
                "tiles without a thumbnail: data.params.stained=0",
            ) from error

    def _scale(self, name: str, slide: Slide) -> tuple[int, int, float | None]:
        """Level, side of a tile in its px, and width of a pixel of the finished tile."""
        finest, wanted = slide.um_per_px or self.params.slide_um_per_px, self.params.um_per_px
        if wanted is None:
            return 0, self.params.tile_px, finest
        if finest is None:
            raise DataError(
                "does not say the width of its pixels",
                where=name,
                hint="Give it with data.params.slide_um_per_px, or leave um_per_px empty",
            )
        factor = wanted / finest
        if factor < 0.99:
            raise DataError(
                f"has pixels of {finest:g} um, and um_per_px asks for finer ones, {wanted:g}",
                where=name,
                hint=f"Set data.params.um_per_px to {finest:g} or more",
            )
        level = level_for(slide, factor)
        return level, max(round(self.params.tile_px * factor / downsampling(slide, level)), 1), wanted

    def _open(self, name: str) -> Slide:
        """Open a slide, and keep it open until another one is asked for."""
        if self._held is not None and self._held[0] == name:
            return self._held[1]
        if self._held is not None:
            self._held[1].close()
        slide = open_slide(self._slides[name])
        self._held = (name, slide)
        return slide

    def __getstate__(self) -> dict[str, SlidesParams]:  # open files stay in their process
        return {"params": self.params}

    @cached_property
    def _found(self) -> tuple[Mapping[str, list[Path]], list[str]]:
        root = self.params.root
        try:
            files = walk(root, extensions=(*TIFF, *DICOM, *SCANNER), levels=2).files
        except OSError as error:
            raise DataError(f"cannot be listed: {error.strerror or error}", where=str(root)) from error
        plain = [name for name in files if not name.lower().endswith(DICOM)]
        slides = {printable_name(name): [root / name] for name in plain}
        others: list[str] = []
        dicom = [root / name for name in files if name.lower().endswith(DICOM)]
        if dicom:
            from leukokit_wsi.dicom import series_in

            series, others = series_in(dicom)
            for paths in series.values():
                slides[printable_name(paths[0].relative_to(root).as_posix())] = paths
        if not slides:
            raise DataError(
                "holds no slides",
                where=str(root),
                hint=f"Files that end in {', '.join((*TIFF, *DICOM, *SCANNER))}",
            )
        return slides, others

    @property
    def _slides(self) -> Mapping[str, list[Path]]:
        return self._found[0]

    @property
    def _other_dicom(self) -> Sequence[str]:
        return self._found[1]

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        for name, paths in self._slides.items():
            for path in paths:
                with path.open("rb") as file:
                    total.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return total.hexdigest()
