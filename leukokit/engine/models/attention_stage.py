"""Attention that learns on the groups of a training part how their images tell the class of the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leukokit.api import Part
from leukokit.deep.attention.bags import LabeledBags
from leukokit.deep.attention.fit import fit_attention
from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import array_digest, deep_versions, digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import Codec, arrays_from_bytes, arrays_to_bytes
from leukokit.engine.cache.store import Store
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.grouped_rows import rows_of
from leukokit.evaluation.intervals import Groups
from leukokit.number_text import counted

_FACTS = "facts"
"""Name of the array with epochs and groups, among those that were learned."""


def trained_attention(
    fitted: FittedFold,
    groups: Mapping[str, str],
    *,
    store: Store | None,
    observer: Observer,
    epochs: int | None = None,
) -> tuple[AttentionPooling, ...]:
    """Train attention on a fold's training groups, where the recipe names it; kept in the cache.

    Validation groups end the training; test images are not looked at.

    Parameters
    ----------
    groups : mapping of sample id to str
        Group of each image that has one.
    epochs : int, optional
        Train so many, whatever the recipe says.

    Returns
    -------
    tuple of AttentionPooling
        One, or none where the recipe does not name it.

    Raises
    ------
    DataError
        Where a class has no group in the training part, or the classifier tells nothing of what it sees.
    """
    recipe = fitted.best.recipe
    spec = recipe.model.answer
    if spec is None or not spec.learns:
        return ()
    train = _bags(fitted, Part.TRAIN, groups)
    validation = _bags(fitted, Part.VALIDATION, groups)
    observer.say(f"attention learns on {counted(len(train), 'training group')}")

    def fit() -> AttentionPooling:
        return fit_attention(
            train,
            validation if len(validation) else None,
            fitted.classes,
            spec.attention,
            seed=recipe.seed,
            epochs=epochs,
        )

    key = digest(
        "attention",
        library_versions(),
        deep_versions(("keras",)),
        code_digest("leukokit.deep.attention.fit"),
        spec.attention.model_dump(mode="json"),
        fitted.classes,
        recipe.seed,
        epochs,
        [[*map(array_digest, part.rows), array_digest(part.labels)] for part in (train, validation)],
    )
    pooling = memo(key, fit, _codec(fitted.classes, spec.attention), store=store, title=_title(recipe.name))
    return (pooling,)


def _bags(fitted: FittedFold, part: Part, groups: Mapping[str, str]) -> LabeledBags:
    """Put the images of each group together, as the model sees them: groups by name, of known classes."""
    examples = fitted.best.examples[part]
    known = np.isin(examples.labels, fitted.classes)
    rows = [row for row, name in enumerate(examples.ids) if name in groups and known[row]]
    if not rows:
        return LabeledBags([], np.array([], dtype=np.str_))
    represented = fitted.pipeline.represented(examples)[rows]
    labels = examples.labels[rows]
    bags = rows_of(Groups.of([groups[examples.ids[row]] for row in rows], len(rows)))
    return LabeledBags(
        [represented[bag] for bag in bags], np.array([labels[bag[0]] for bag in bags], dtype=np.str_)
    )


def _codec(classes: Sequence[str], params: AttentionParams) -> Codec[AttentionPooling]:
    def encode(pooling: AttentionPooling) -> bytes:
        return arrays_to_bytes({_FACTS: np.array([pooling.epochs, pooling.groups]), **pooling.arrays()})

    def decode(content: bytes) -> AttentionPooling:
        arrays = arrays_from_bytes(content)
        epochs, groups = map(int, arrays.pop(_FACTS))
        return AttentionPooling.from_arrays(
            arrays, classes=classes, params=params, epochs=epochs, groups=groups
        )

    return Codec(encode, decode)


def _title(name: str) -> str:
    return f"attention of {name}"
