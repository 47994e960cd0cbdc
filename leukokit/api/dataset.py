"""Data sets: samples and named splits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from leukokit.api.component import Component
from leukokit.api.labels import Labels
from leukokit.arrays import RGBImage
from leukokit.imageio.urls import is_url


class Part(StrEnum):
    """Parts of a split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a data set.

    Attributes
    ----------
    id : str
        Unique in the data set and stable between machines, such as ``Benign/WBC-Benign-001.jpg``.
    path : Path or None
        The image file; None where it has a URL, or the data set renders its images.
    label : str or None
        The true class; None where unknown.
    group : str or None
        Samples of one group (patient, slide, overlapping views) never straddle parts of a grouped split.
    mask_path : Path or None
        File with ground-truth masks, read by the data set's ``truth``.
    url : str or None
        The image file by URL, read through fsspec wherever the work is done; never beside a path.
    mask_url : str or None
        File with ground-truth masks by URL; never beside a path.
    pixel_size_um : float or None
        Width of a pixel, in um; None where the data set does not know.

    Raises
    ------
    ValueError
        Where a file has both a path and a URL, the URL is none, or the pixel size is not a positive number.
    """

    id: str
    path: Path | None = None
    label: str | None = None
    group: str | None = None
    mask_path: Path | None = None
    url: str | None = None
    mask_url: str | None = None
    pixel_size_um: float | None = None

    def __post_init__(self) -> None:
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


@dataclass(frozen=True, slots=True)
class Fallback:
    """The data set that stands in where the asked one is not on this machine."""

    use: str
    params: Mapping[str, Any]


class Dataset(Component):
    """Yields samples, named splits, pixels for rendered samples, and ground truth where there is any.

    Attributes
    ----------
    synthetic : bool
        True where the images are not photographs of real smears; every output is stamped with it.
    """

    synthetic: ClassVar[bool] = False

    def missing(self) -> str | None:
        """Say why the data set cannot be read here.

        Returns
        -------
        str or None
            None where it can be read; otherwise where it was looked for and how to get it.
        """
        return None

    def fallback(self) -> Fallback | None:
        """Stand-in for a missing data set; None where its absence is an error."""
        return None

    def samples(self) -> Sequence[Sample]:
        """All samples in file order (blocked splits depend on the order).

        Raises
        ------
        DataError
            Where the data set is empty or contradicts itself.
        """
        raise NotImplementedError

    def notes(self) -> Sequence[str]:
        """Say what a reader of the results should know: files that are missing or were passed over."""
        return ()

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Named splits: name -> (sample id -> part). Samples that a split leaves out are absent from it."""
        return {}

    def default_split(self) -> str | None:
        """Name of the split that a recipe without ``split`` gets; None for a stratified hold-out."""
        return None

    def render(self, sample: Sample) -> RGBImage:
        """Pixels of a sample without a file, uint8 H x W x 3. Must depend on parameters and sample alone."""
        raise NotImplementedError

    def truth(self, sample: Sample) -> Labels | None:  # noqa: ARG002 - the default has no masks
        """Ground-truth masks of a sample, or None."""
        return None
