"""Segmenters: from image to label images by role."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from leukokit.api.component import Component
from leukokit.api.labels import CELL, NUCLEUS, Labels
from leukokit.arrays import RGBImage
from leukokit.smear.scale import Scale


class Segmenter(Component):
    """Finds cells and gives them ids, the same id for a nucleus and its cell.

    Attributes
    ----------
    checks_nuclei : bool
        True where ``segment`` itself sets the status ``implausible`` for nuclei that are not stained like
        nuclei (with ``leukokit.api.smear.plausible_nuclei``, or otherwise). For other segmenters the engine
        does.
    """

    checks_nuclei: ClassVar[bool] = False

    def roles(self) -> tuple[str, ...]:
        """Roles that ``segment`` returns with these parameters, known before anything runs."""
        return (NUCLEUS, CELL)

    def clears_border(self) -> bool:
        """Say whether ``segment`` leaves out white cells that touch the border of the image.

        True cells at the border are then not counted as missed where there are expert masks.
        """
        return False

    def segment(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> Labels:
        """Segment one image.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            Read-only.
        rng : numpy Generator, optional
            Given where ``stochastic`` is True; a fixed generator is used where omitted.

        Returns
        -------
        Labels
            One int32 H x W array for each of ``roles()``, and a status.

        Raises
        ------
        ImageRejected
            ``too_small`` where the method cannot work on so few pixels.
        """
        raise NotImplementedError


class ScaledSegmenter(Segmenter):
    """A segmenter whose lengths and areas depend on the scale of the image."""

    uses_scale = True

    def segment(
        self, image: RGBImage, *, rng: np.random.Generator | None = None, scale: Scale | None = None
    ) -> Labels:
        """Segment one image, as :meth:`Segmenter.segment` does.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            Read-only.
        rng : numpy Generator, optional
            Given where ``stochastic`` is True.
        scale : Scale, optional
            Scale of ``image``; measured on the image where omitted.

        Returns
        -------
        Labels
            On the grid of ``image``, whatever scale the method works at.
        """
        raise NotImplementedError
