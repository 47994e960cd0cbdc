"""Grad-CAM: maps of the last convolution, weighed by the mean gradient of the class score."""

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
    """Where the last convolution speaks for a class.

    Each map of the layer is weighed by the gradient of the class score (before softmax) with respect to it,
    averaged over its pixels; what is left of their sum above 0 is the heat. A convolution that is followed by
    normalization and activation is weighed before these; name the activation as ``layer`` to weigh it after
    them. Source: Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74.
    """

    Params = GradCamParams
    params: GradCamParams

    def weigh(self, maps: FloatArray, gradients: FloatArray) -> FloatArray:
        """Weigh as :func:`mean_gradient`."""
        return mean_gradient(maps, gradients)
