"""Feature extractors: from an image and its labels to named numbers."""

from __future__ import annotations

from collections.abc import Mapping

from leukokit.api.component import Component
from leukokit.api.labels import Labels
from leukokit.api.planes import Planes


class FeatureExtractor(Component):
    """Computes named floats from one image, and from its labels where needed.

    The names depend only on the parameters, so that the columns of a table are known before the first image.
    """

    def roles(self) -> tuple[str, ...]:
        """Roles of the label images that ``extract`` reads; empty where it needs only the image."""
        return ()

    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the table's columns."""
        raise NotImplementedError

    def nullable(self) -> frozenset[str]:
        """Names of features that may be NaN although the segmentation is ``ok`` (as a mean of no contours).

        Where the status is not ``ok``, every feature of an extractor with roles may be NaN. Any other NaN,
        and any infinity, is an error that names feature and image.
        """
        return frozenset()

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Compute the features of one image.

        Parameters
        ----------
        planes : Planes
            The image (``planes.rgb``, uint8 H x W x 3, read-only) and its color planes.
        labels : Labels, optional
            Given where ``roles()`` is not empty or the recipe segments.

        Returns
        -------
        mapping of str to float
            Exactly the keys of ``names()``.
        """
        raise NotImplementedError
