"""Parameters of the tree classifiers, and the check of trees that are loaded from a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Field, Params

TREE = "sklearn.tree._tree.Tree"
"""Arrays of nodes. skops does not trust it because compiled code follows its indices: see ``check_trees``."""


class TreeParams(Params):
    """Parameters that single trees and forests share."""

    max_depth: int | None = Field(None, ge=1, le=1000, description="Largest depth of a tree; null: no limit.")
    min_samples_leaf: int = Field(1, ge=1, le=10_000, description="Fewest training samples in a leaf.")
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="'balanced': weights inversely proportional to class frequency; null: equal weights.",
    )


class ForestParams(TreeParams):
    """Parameters that both forests share."""

    n_estimators: int = Field(300, ge=1, le=10_000, description="Number of trees.")
    max_features: Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)] | None = Field(
        "sqrt",
        description="Number of columns tried at each split: 'sqrt' or 'log2' of all, a fraction 0..1 of "
        "them, or "
        "null for all.",
    )


def check_trees(trees: Iterable[Any], n_features: int, n_classes: int) -> None:
    """Refuse decision trees whose nodes point outside the tree, back to themselves, or to absent columns.

    Parameters
    ----------
    trees : iterable of sklearn.tree.DecisionTreeClassifier
        Fitted trees that come from a file.
    n_features : int
        Number of columns of the model.
    n_classes : int
        Number of classes of the model.

    Raises
    ------
    ValueError
        At the first invalid tree.
    """
    for fitted in trees:
        tree = fitted.tree_
        if fitted.n_features_in_ != n_features or tree.value.shape != (tree.node_count, 1, n_classes):
            raise ValueError("a tree does not fit the features and classes of the model")
        inner = tree.children_left != -1
        check_nodes(inner, tree.children_left, tree.children_right, tree.feature, n_features)


def check_nodes(
    inner: NDArray[np.bool_],
    left: NDArray[Any],
    right: NDArray[Any],
    feature: NDArray[Any],
    n_features: int,
) -> None:
    """Refuse nodes whose children do not come after them or whose feature is not a column.

    In trees of scikit-learn children come after their parent, so this also excludes cycles.
    """
    count = len(inner)
    parents = np.arange(count)[inner]
    for child in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        if ((child <= parents) | (child >= count)).any():
            raise ValueError("a tree has nodes that point outside it")
    columns = feature[inner].astype(np.int64)
    if count == 0 or ((columns < 0) | (columns >= n_features)).any():
        raise ValueError("a tree asks for features that the model does not have")
