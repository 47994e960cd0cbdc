"""Preprocessors: from image to image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api.component import Component
from leukokit.api.params import Params
from leukokit.arrays import RGBImage
from leukokit.smear.scale import Scale


class Preprocessor(Component):
    """Changes an image and keeps its type: uint8 H x W x 3 in, uint8 H' x W' x 3 out.

    A preprocessor that is fitted (as to a stain template) returns True from ``needs_fit`` and implements
    ``fit``, ``state`` and ``restore``. The engine calls ``fit`` with the training part only, after the
    preceding steps, in sample order.
    """

    keeps_shape: ClassVar[bool] = True
    """True where height and width do not change; the engine then checks it."""

    cheap: ClassVar[bool] = False
    """True where processing an image takes no longer than reading the result from the cache, about a
    millisecond at 224 px. Results of a chain of cheap steps are computed again instead of cached."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (type(self), self.params, dict(self.state())))

    def needs_fit(self) -> bool:
        """Whether the preprocessor is fitted on the training part, for its parameters."""
        return False

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Fit on the training part, one image at a time; the images themselves are not kept."""
        raise NotImplementedError

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the fitted state as named arrays: saved with the model, part of the keys of later steps."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the result of ``state``."""

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Change one image.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            Read-only.
        rng : numpy Generator, optional
            Given where ``stochastic`` is True.
        """
        raise NotImplementedError


class ScaledPreprocessor(Preprocessor):
    """A preprocessor that needs the scale of the image, such as one that resamples images to one scale."""

    uses_scale = True

    def apply(
        self, image: RGBImage, *, rng: np.random.Generator | None = None, scale: Scale | None = None
    ) -> RGBImage:
        """Change one image, as :meth:`Preprocessor.apply` does.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            Read-only.
        rng : numpy Generator, optional
            Given where ``stochastic`` is True.
        scale : Scale, optional
            Scale of ``image``; measured on the image where omitted.
        """
        raise NotImplementedError


def _restored(cls: type[Preprocessor], params: Params, state: Mapping[str, NDArray[Any]]) -> Preprocessor:
    component = cls(params)
    if state:
        component.restore(state)
    return component
