"""Two leaks that no split prevents: predictions that depend on their company, selectors that remember.

A model may only speak of an image from that image and from what it was fitted on. A step that standardizes
over the very rows it is asked about, or a plugin that keeps the rows of an earlier fold, knows more than it
would of a new patient, and every score is too good.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Examples, FittedModel, FloatArray, Selector
from leukokit.engine.cache.keys import sample_seed
from leukokit.engine.components.call import ComponentCall
from leukokit.evaluation.tuning import take

_ASKED_AGAIN = 16
_TOLERANCE = 1e-3
"""Networks sum in another order for another batch; a leak moves probabilities by far more."""

_ROWS = 200


def company_leak(
    model: FittedModel, examples: Examples, probabilities: FloatArray, *, seed: int
) -> str | None:
    """Ask again for some images, in another company; None where nothing changes.

    Parameters
    ----------
    examples : Examples
        Those that ``probabilities`` (float64 n x k) were given for, all at once.
    """
    if len(examples) < 2:
        return None
    rng = _rng("company", seed)
    # Never all of them: the same company would give the same answers.
    rows = rng.permutation(len(examples))[: min(_ASKED_AGAIN, len(examples) // 2)]
    apart = np.abs(model.predict_proba(take(examples, rows)) - probabilities[rows]).max(axis=1)
    changed = int(np.count_nonzero(~(apart <= _TOLERANCE)))
    if not changed:
        return None
    return (
        f"predictions depend on which other images are asked about at the same time: {changed} of "
        f"{len(rows)} changed, by up to {np.nanmax(apart):.2g}. Some step of the model learns from the "
        "images that it is tested on"
    )


def memory_leaks(select: Sequence[Selector], train: Examples, *, seed: int) -> list[str]:
    """Fit each selector twice on the same rows, with shuffled ones in between; a sound one forgets them."""
    if not select or train.features is None or train.labels is None:
        return []
    rng = _rng("memory", seed)
    rows = np.sort(rng.permutation(len(train))[:_ROWS])
    table = train.features.iloc[rows]
    labels = train.labels[rows]
    if len(np.unique(labels)) < 2:
        return []
    decoy = table.apply(lambda column: rng.permutation(column.to_numpy()))
    shuffled = rng.permutation(labels)
    leaks = []
    for selector in select:
        first = _chosen(selector, table, labels, seed)
        _chosen(selector, decoy, shuffled, seed)
        again = _chosen(selector, table, labels, seed)
        if first is not None and again is not None and not np.array_equal(first, again, equal_nan=True):
            leaks.append(
                f"selector {type(selector).__name__} remembers rows of earlier fits: fitted twice on the "
                "same rows, it chose differently. What it saw in one fold can be the test part of another"
            )
    return leaks


def _chosen(selector: Selector, table: Any, labels: NDArray[np.str_], seed: int) -> FloatArray | None:
    """Columns as they come out of a fresh selector; None where so few rows are not enough for it."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Not the classifier's own steps: they drop repeated columns, of which a shuffled table has none, and a
    # selector that remembers could not put the two tables together.
    with ComponentCall(selector, "transformer"):
        steps = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
            selector.transformer(seed=seed),
        )
        try:
            return np.asarray(steps.fit(table, labels).transform(table), dtype=np.float64)
        except ValueError:
            return None


def _rng(purpose: str, seed: int) -> np.random.Generator:
    return np.random.default_rng(sample_seed(seed, "leak check", purpose))
