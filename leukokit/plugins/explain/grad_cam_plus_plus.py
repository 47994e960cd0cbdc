"""Grad-CAM++: pixels of a map count by how much they alone can move the class score."""

from __future__ import annotations

import numpy as np

from leukokit.api import FloatArray
from leukokit.plugins.explain._activation_maps import ActivationMapExplainer, ActivationMapParams


def pixel_weighted_gradient(maps: FloatArray, gradients: FloatArray) -> FloatArray:
    """Weight of each channel: its positive gradients, each pixel with a share of its own.

    For the exponential of the class score the second and third derivatives are powers of the first, and the
    share of a pixel is ``g^2 / (2 g^2 + sum(A) g^3)``, with the map's sum over its pixels. The derivation
    knows maps after ReLU; below 0 a map counts as 0 here, so the shares stay within 0..0.5.

    Parameters
    ----------
    maps, gradients : float64 arrays, n x h x w x c

    Returns
    -------
    float64 array, n x c
    """
    positive = np.maximum(gradients, 0.0)
    total = np.maximum(maps, 0.0).sum(axis=(1, 2), keepdims=True)
    # g^2 is taken out of both sides of the fraction, so that small gradients do not vanish as squares.
    weights: FloatArray = (positive / (2.0 + total * positive)).sum(axis=(1, 2))
    return weights


class GradCamPlusPlusParams(ActivationMapParams):
    """Parameters of :class:`GradCamPlusPlus`."""


class GradCamPlusPlus(ActivationMapExplainer):
    """Where the last convolution speaks for a class, several places alike.

    As ``grad_cam``, but with a weight for each pixel, so that a class seen in many small places is not
    averaged away. Source: Chattopadhay et al. 2018, doi 10.1109/WACV.2018.00097.
    """

    Params = GradCamPlusPlusParams
    params: GradCamPlusPlusParams

    def weigh(self, maps: FloatArray, gradients: FloatArray) -> FloatArray:
        """Weigh as :func:`pixel_weighted_gradient`."""
        return pixel_weighted_gradient(maps, gradients)
