"""Grad-CAM: feature maps of the last convolution, weighted by the mean gradient of the class score."""

from __future__ import annotations

from leukokit.api import FloatArray
from leukokit.plugins.explain._activation_maps import ActivationMapExplainer, ActivationMapParams


def mean_gradient(maps: FloatArray, gradients: FloatArray) -> FloatArray:  # noqa: ARG001
    """Weight of each channel: its gradient, averaged over the map.

    Parameters
    ----------
    maps, gradients : float64 arrays, n x h x w x c

    Returns
    -------
    float64 array, n x c
    """
    weights: FloatArray = gradients.mean(axis=(1, 2))
    return weights


class GradCamParams(ActivationMapParams):
    """Parameters of :class:`GradCam`."""


class GradCam(ActivationMapExplainer):
    """Positions at which the last convolution supports a class.

    Each feature map of the layer is weighted by the gradient of the class score (before softmax) with respect
    to it, averaged over its pixels; the positive part of the weighted sum is the heat map. The output of the
    convolution is used before normalization and activation; name the activation as ``layer`` to use the
    output after them. Source: Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74.
    """

    Params = GradCamParams
    params: GradCamParams

    def weigh(self, maps: FloatArray, gradients: FloatArray) -> FloatArray:
        """Return :func:`mean_gradient`."""
        return mean_gradient(maps, gradients)
