"""Predicted images by group (patient, slide), and what attention says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.evaluation.intervals import Groups


@dataclass(frozen=True)
class Attended:
    """What attention says of images and their groups.

    Attributes
    ----------
    proba : float64 array (g, k)
        Of each group.
    weights : float64 array (n,)
        Attention of each image; those of a group sum to 1.
    """

    proba: FloatArray
    weights: FloatArray


def attended(pooling: AttentionPooling, represented: FloatArray, groups: Groups) -> Attended:
    """Answer for each group by one pooling.

    Parameters
    ----------
    represented : float64 array (n, d)
        What the model sees of each image.
    """
    proba, weights = np.empty((groups.count, len(pooling.classes))), np.empty(len(represented))
    for group, rows in enumerate(rows_of(groups)):
        proba[group], weights[rows] = pooling.answer(represented[rows])
    return Attended(proba, weights)


def rows_of(groups: Groups) -> list[NDArray[np.intp]]:
    """Numbers of the rows of each group."""
    order = np.argsort(groups.codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups.codes, minlength=groups.count))[:-1])


@dataclass(frozen=True)
class GroupedRows:
    """Predicted images whose group is known.

    Attributes
    ----------
    names : str array (n,)
        Group of each image.
    proba : float64 array (n, k)
        Calibrated probabilities.
    attended : Attended or None
        What attention says of them, where the recipe names it.
    """

    names: NDArray[np.str_]
    proba: FloatArray
    attended: Attended | None

    @property
    def groups(self) -> Groups:
        """Groups of the rows; their numbers follow the sorted names."""
        return Groups.of(self.names, len(self.names))

    @property
    def group_names(self) -> NDArray[np.str_]:
        """Name of each group."""
        return np.unique(self.names)


@dataclass(frozen=True)
class LabeledRows(GroupedRows):
    """Images of which the class is known, too.

    Attributes
    ----------
    true : str array (n,)
        True classes. Images of one group have one class.
    """

    true: NDArray[np.str_]

    @property
    def group_classes(self) -> NDArray[np.str_]:
        """True class of each group."""
        _, first = np.unique(self.names, return_index=True)
        return self.true[first]
