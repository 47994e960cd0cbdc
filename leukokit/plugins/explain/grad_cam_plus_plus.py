"""Grad-CAM++: Grad-CAM with a separate weight for each pixel of a feature map."""

from __future__ import annotations

import numpy as np

from leukokit.api import FloatArray
from leukokit.plugins.explain._activation_maps import ActivationMapExplainer, ActivationMapParams


def pixel_weighted_gradient(maps: FloatArray, gradients: FloatArray) -> FloatArray:
    """Weight of each channel: sum of its positive gradients, with a coefficient for each pixel.

    For the exponential of the class score the second and third derivatives are powers of the first, and the
    coefficient of a pixel is ``g^2 / (2 g^2 + sum(A) g^3)``, with the sum of the map over its pixels. The
    derivation assumes maps after ReLU; negative values count as 0 here, so coefficients are in 0..0.5.

    Parameters
    ----------
    maps, gradients : float64 arrays, n x h x w x c

    Returns
    -------
    float64 array, n x c
    """
    positive = np.maximum(gradients, 0.0)
    total = np.maximum(maps, 0.0).sum(axis=(1, 2), keepdims=True)
    # The fraction is reduced by g^2, so that squares of small gradients do not underflow.
    weights: FloatArray = (positive / (2.0 + total * positive)).sum(axis=(1, 2))
    return weights


class GradCamPlusPlusParams(ActivationMapParams):
    """Parameters of :class:`GradCamPlusPlus`."""


class GradCamPlusPlus(ActivationMapExplainer):
    """Positions at which the last convolution supports a class, for classes visible at several positions.

    Like ``grad_cam``, but with a weight for each pixel, so that evidence at many small positions is not lost
    in the average. Source: Chattopadhay et al. 2018, doi 10.1109/WACV.2018.00097.
    """

    Params = GradCamPlusPlusParams
    params: GradCamPlusPlusParams

    def weigh(self, maps: FloatArray, gradients: FloatArray) -> FloatArray:
        """Return :func:`pixel_weighted_gradient`."""
        return pixel_weighted_gradient(maps, gradients)
