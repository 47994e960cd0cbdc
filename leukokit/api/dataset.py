"""Data sets: samples and named splits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from leukokit.api.boxes import Box, Region
from leukokit.api.component import Component
from leukokit.api.labels import Labels
from leukokit.api.reading import Reading
from leukokit.arrays import RGBImage
from leukokit.ids import written_id
from leukokit.imageio.urls import is_url


class Part(StrEnum):
    """Parts of a split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Sample:
    r"""One image of a data set.

    Attributes
    ----------
    id : str
        Unique in the data set and equal on all machines, such as ``Benign/WBC-Benign-001.jpg``.
    path : Path or None
        The image file; None where it has a URL, or the data set renders its images.
    label : str or None
        The true class; None where unknown.
    group : str or None
        Samples of one group (patient, slide, overlapping fields of view) are in one part of a grouped split.
    mask_path : Path or None
        File with ground-truth masks, read by the data set's ``truth``.
    url : str or None
        URL of the image file, read with fsspec in the process that needs it; not together with a path.
    mask_url : str or None
        URL of the file with ground-truth masks; not together with a path.
    pixel_size_um : float or None
        Width of a pixel, in um; None where unknown.
    traits : mapping of str to str
        What else is known of the image by name, such as ``{"device": "DM1000", "site": "B"}``: scores are
        given for each value (``subgroups`` of a recipe), and a split may keep one value out. No trait is ever
        learned from. A trait that is not known of the image is absent.
    region : Region or None
        Rectangle of the image that the sample is, such as one cell; None for the whole image.

    Raises
    ------
    ValueError
        Where a file has both a path and a URL, a URL is invalid, or the pixel size is not a positive number.

    Notes
    -----
    Lone surrogates (from file names that are no UTF-8) and control characters in ``id``, ``label``,
    ``group`` and ``traits`` are replaced by their codes, as ``\udcff`` and ``\x1b``.
    """

    id: str
    path: Path | None = None
    label: str | None = None
    group: str | None = None
    mask_path: Path | None = None
    url: str | None = None
    mask_url: str | None = None
    pixel_size_um: float | None = None
    traits: Mapping[str, str] = field(default_factory=dict, hash=False)
    region: Region | None = None

    def __post_init__(self) -> None:
        # In the one form that every table of a run can hold; file names keep their bytes.
        for name in ("id", "label", "group"):
            text = getattr(self, name)
            if isinstance(text, str):
                object.__setattr__(self, name, written_id(text))
        if isinstance(self.traits, Mapping) and self.traits:
            traits = {_written(name): _written(value) for name, value in self.traits.items()}
            object.__setattr__(self, "traits", traits)
        for path, url in ((self.path, self.url), (self.mask_path, self.mask_url)):
            if url is not None and path is not None:
                raise ValueError(f"sample {self.id} has both a path and a URL; give one of the two")
            if url is not None and not is_url(url):
                raise ValueError(
                    f"the URL of sample {self.id} does not begin with a protocol such as https://"
                )
        if self.pixel_size_um is not None and not 0 < self.pixel_size_um < math.inf:
            raise ValueError(
                f"the pixel size of sample {self.id} is {self.pixel_size_um}, expected a number of um above 0"
            )

    @property
    def rendered(self) -> bool:
        """True where the image has no file: the data set renders it."""
        return self.path is None and self.url is None

    @property
    def whole(self) -> Sample:
        """The whole image that the sample is a region of; the sample itself where it is no region."""
        return self if self.region is None else replace(self, id=self.region.image, region=None)


def _written(text: str) -> str:
    return written_id(text) if isinstance(text, str) else text


class GroupKind(StrEnum):
    """What the images of one group share."""

    PATIENT = "patient"
    SLIDE = "slide"
    VIEW = "view"


class Dataset(Component):
    """Samples, named splits, pixels of rendered samples, and ground truth where available.

    Attributes
    ----------
    synthetic : bool
        True where the images are not photographs of real smears; every output is marked with it.
    """

    synthetic: ClassVar[bool] = False

    @property
    def groups_are(self) -> GroupKind | None:
        """What ``Sample.group`` is; None where the data set does not know. A class attribute may say it."""
        return None

    def missing(self) -> str | None:
        """Reason why the data set is not available.

        Returns
        -------
        str or None
            None where it is available; otherwise where it was searched for and how to get it. A recipe may
            then let another data set stand in (``data.fallback``).

        Raises
        ------
        DataError
            Where the user said where it is (a parameter, ``LEUKOKIT_DATA``), and it is not there: a mistake,
            in which no other data set stands in.
        """
        return None

    def samples(self) -> Sequence[Sample]:
        """All samples in file order (blocked splits depend on the order).

        Raises
        ------
        DataError
            Where the data set is empty or inconsistent.
        """
        raise NotImplementedError

    def notes(self) -> Sequence[str]:
        """List notes for readers of the results, such as missing or skipped files."""
        return ()

    def readings(self) -> Sequence[Reading]:
        """List what was taken for what, where the data set finds that out itself; shown as a table."""
        return ()

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Named splits: name -> (sample id -> part). Samples that are not part of a split are left out."""
        return {}

    def default_split(self) -> str | None:
        """Name of the split that a recipe without ``split`` uses; None for a stratified hold-out."""
        return None

    def render(self, sample: Sample) -> RGBImage:
        """Pixels of a sample without a file, uint8 H x W x 3. Must depend only on parameters and sample."""
        raise NotImplementedError

    def truth(self, sample: Sample) -> Labels | None:  # noqa: ARG002 - the default has no masks
        """Ground-truth masks of a sample, or None."""
        return None

    def boxes(self, sample: Sample) -> Sequence[Box] | None:  # noqa: ARG002 - the default has no boxes
        """List the boxes around the objects of a sample, in the order of their file.

        Returns
        -------
        sequence of Box or None
            None where the data set has no boxes; empty where the image holds no object. Edges may lie outside
            the image: leukokit cuts such boxes at the border, and leaves out what then has under 2 x 2 px; it
            tells of both.

        Raises
        ------
        ImageRejected
            ``bad_boxes``, where the file with the boxes of this image cannot be read.
        """
        return None
