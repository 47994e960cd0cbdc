"""Cross-validated class probabilities of each image, to judge its label by a model that has not seen it."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import Codec, arrays_from_bytes, arrays_to_bytes
from leukokit.engine.cache.store import Store

_FOLDS = 5
_COMPONENTS = 40


def out_of_fold_probabilities(
    values: FloatArray, labels: NDArray[np.str_], groups: NDArray[np.str_], *, seed: int
) -> FloatArray | None:
    """Predict each image by a logistic regression that was fitted without its group.

    Parameters
    ----------
    values : float64 array (n, d)
        NaN where a feature is missing.
    labels, groups : str array (n,)
    seed : int
        Seed of the folds.

    Returns
    -------
    float64 array (n, classes) or None
        Columns in the order of ``np.unique(labels)``; None where a class has fewer than two groups.
    """
    kinds, codes = np.unique(labels, return_inverse=True)
    least = min(len(np.unique(groups[codes == code])) for code in range(len(kinds)))
    varying = values[:, np.nan_to_num(values).std(axis=0) > 0]
    if len(kinds) < 2 or least < 2 or not varying.shape[1]:
        return None
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = StratifiedGroupKFold(min(_FOLDS, least), shuffle=True, random_state=seed)
    probabilities = np.zeros((len(labels), len(kinds)))
    for train, test in folds.split(varying, codes, groups):
        if len(np.unique(codes[train])) < len(kinds):
            return None
        model = make_pipeline(
            SimpleImputer(keep_empty_features=True),
            StandardScaler(),
            PCA(min(_COMPONENTS, varying.shape[1], len(train) - 1), random_state=seed),
            LogisticRegression(max_iter=300, class_weight="balanced"),
        )
        probabilities[test] = model.fit(varying[train], codes[train]).predict_proba(varying[test])
    return probabilities


def cached_probabilities(
    values: FloatArray,
    labels: NDArray[np.str_],
    groups: NDArray[np.str_],
    *,
    seed: int,
    store: Store | None,
) -> FloatArray | None:
    """Return :func:`out_of_fold_probabilities` from the cache, or compute and keep them."""
    compute = partial(out_of_fold_probabilities, values, labels, groups, seed=seed)
    if store is None:
        return compute()
    key = digest(
        "audit label probabilities",
        library_versions(),
        code_digest(__name__),
        *(array_digest(given) for given in (values, labels, groups)),
        seed,
    )
    return memo(key, compute, _CODEC, store=store, title="probabilities that labels are compared with")


_NAME = "probabilities"
_CODEC: Codec[FloatArray | None] = Codec(
    lambda values: arrays_to_bytes({} if values is None else {_NAME: values}),
    lambda content: arrays_from_bytes(content)[_NAME],
)
