"""Covariance matrices as vectors."""

from __future__ import annotations

import numpy as np

from leukokit.arrays import FloatArray


def matrix_logarithm(covariance: FloatArray, ridge: float) -> FloatArray:
    """Logarithm of a covariance matrix, as a vector whose length is that of the matrix.

    Parameters
    ----------
    covariance : float64 array, M x M
    ridge : float
        Added to each variance, so that the logarithm exists.

    Returns
    -------
    float64 array, M (M + 1) / 2
        Upper triangle of log(covariance + ridge I), row by row. Off-diagonal values are multiplied by the
        square root of 2: the distance of two vectors is the log-Euclidean distance of their matrices
        (Arsigny et al. 2006, doi 10.1002/mrm.20965).
    """
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    logarithm = (vectors * np.log(np.maximum(values, ridge))) @ vectors.T
    logarithm *= np.where(np.eye(len(covariance), dtype=bool), 1.0, np.sqrt(2.0))
    upper: FloatArray = logarithm[np.triu_indices(len(covariance))]
    return upper
