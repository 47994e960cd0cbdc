"""Conformance checks for selectors, classifiers and explainers."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from leukokit.api import (
    Classifier,
    Consumes,
    Examples,
    Explainer,
    Explanation,
    LeukokitError,
    Selector,
    Workspace,
)
from leukokit.testing._case import Case
from leukokit.testing.tables import NOISE, SIGNAL, NaiveBayes, examples

_SEED = 7


def _complete() -> tuple[Any, Any]:
    """Return a table as selectors get it: standardized, without missing values."""
    train = examples(missing=False)
    table: Any = train.features
    return (table - table.mean()) / table.std(), train.labels


def _fit(case: Case) -> Any:
    X, y = _complete()
    selector: Selector = case.make()
    return selector.transformer(seed=_SEED).fit(X.to_numpy(), y)


# --- selectors ---


def transformer_follows_scikit_learn(case: Case) -> None:
    """The transformer can be cloned and fitted, and returns finite values and one name per column."""
    from sklearn.base import clone

    X, y = _complete()
    selector: Selector = case.make()
    unfitted = selector.transformer(seed=_SEED)
    assert unfitted is not selector.transformer(seed=_SEED), f"{case.name} returns the same transformer twice"
    fitted = clone(unfitted).fit(X, y)
    assert fitted is not None, f"{case.name}: fit returns nothing, expected the transformer itself"
    out = np.asarray(fitted.transform(X))
    assert out.ndim == 2, f"{case.name}: transform returns shape {out.shape}, expected two dimensions"
    assert len(out) == len(X), f"{case.name}: transform returns {len(out)} rows for {len(X)}"
    assert out.shape[1] >= 1, f"{case.name}: transform returns no column"
    assert np.isfinite(out).all(), f"{case.name}: transform returns values that are not finite"
    names = fitted.get_feature_names_out()
    assert len(names) == out.shape[1], f"{case.name} gives {len(names)} names for {out.shape[1]} columns"
    assert len(set(names)) == len(names), f"{case.name} repeats names of columns"


def selection_is_deterministic(case: Case) -> None:
    """The same table and seed give the same columns."""
    X, _ = _complete()
    first, second = _fit(case).transform(X.to_numpy()), _fit(case).transform(X.to_numpy())
    assert np.array_equal(first, second), (
        f"{case.name} selects other columns when fitted again with the same seed"
    )


def transform_is_row_by_row(case: Case) -> None:
    """The transformed values of a row do not depend on the other rows."""
    X, _ = _complete()
    fitted = _fit(case)
    together = np.asarray(fitted.transform(X.to_numpy()))
    alone = np.vstack([fitted.transform(X.to_numpy()[row : row + 1]) for row in range(5)])
    assert np.allclose(together[:5], alone, rtol=1e-9, atol=1e-9), (
        f"{case.name}: a row's values depend on the rows beside it"
    )


def selector_does_not_modify_input(case: Case) -> None:
    """The table is not modified."""
    X, y = _complete()
    values = X.to_numpy().copy()
    case.make().transformer(seed=_SEED).fit(values, y).transform(values)
    assert np.array_equal(values, X.to_numpy()), f"{case.name} modifies its input table"


def selector_can_be_saved(case: Case) -> None:
    """A model with this selector can be saved, and loaded with the types of ``trusted``."""
    selector: Selector = case.make()
    train, test = examples(), examples(1)
    model = NaiveBayes().fit(train, seed=_SEED, select=[selector])
    with _folder() as folder:
        model.save(folder)
        again = NaiveBayes().load(folder, select=[selector])
    assert np.array_equal(model.predict_proba(test), again.predict_proba(test)), (
        f"{case.name} selects other columns after saving and loading"
    )


# --- classifiers ---


def _consumes(case: Case) -> frozenset[Consumes]:
    consumes: frozenset[Consumes] = case.cls.consumes  # type: ignore[attr-defined]
    return consumes


def _examples(case: Case, seed: int = 0) -> Examples:
    consumes = _consumes(case)
    with_images = Consumes.IMAGES in consumes
    full = examples(seed, n=36 if with_images else 90, images=with_images, image_size=case.image_size)
    return full if Consumes.FEATURES in consumes else replace(full, features=None)


def _trained(case: Case, train: Examples | None = None) -> Any:
    classifier: Classifier = case.make()
    with _folder() as checkpoints, _folder() as artifacts:
        workspace = Workspace(checkpoints, artifacts, _NullObserver())
        return classifier.fit(train or _examples(case), _examples(case, 2), seed=_SEED, workspace=workspace)


def probabilities_are_valid(case: Case) -> None:
    """Probabilities are finite, in 0..1 and sum to 1: one row per sample, one column per training class."""
    model, test = _trained(case), _examples(case, 1)
    assert set(model.classes) == {"early", "late", "none"}, f"{case.name}: classes are {model.classes}"
    assert all(type(name) is str for name in model.classes), f"{case.name}: classes must be of type str"
    proba = model.predict_proba(test)
    assert isinstance(proba, np.ndarray), f"{case.name} returns {type(proba).__name__}, expected an array"
    assert proba.dtype == np.float64, f"{case.name} returns {proba.dtype}, expected float64"
    expected = (len(test), len(model.classes))
    assert proba.shape == expected, f"{case.name} returns shape {proba.shape}, expected {expected}"
    assert np.isfinite(proba).all(), f"{case.name} returns probabilities that are not finite"
    assert proba.min() >= 0, f"{case.name} returns probabilities below 0"
    worst = float(np.abs(proba.sum(axis=1) - 1).max())
    assert worst < 1e-6, f"{case.name}: row sums differ from 1 by up to {worst:.2g}"


def training_is_deterministic(case: Case) -> None:
    """The same samples and seed give the same probabilities."""
    test = _examples(case, 1)
    first, second = _trained(case).predict_proba(test), _trained(case).predict_proba(test)
    assert np.array_equal(first, second), (
        f"{case.name} gives other predictions when fitted again with the same seed"
    )


def prediction_is_row_by_row(case: Case) -> None:
    """The probabilities of a sample do not depend on the other samples and are the same each time."""
    model, test = _trained(case), _examples(case, 1)
    together = model.predict_proba(test)
    assert np.array_equal(together, model.predict_proba(test)), (
        f"{case.name} gives other predictions when called again"
    )
    few = examples(1, n=3, images=test.images is not None, image_size=case.image_size)
    few = replace(
        few, features=None if test.features is None else test.features.iloc[:3], ids=test.ids[:3], labels=None
    )
    assert np.allclose(together[:3], model.predict_proba(few), atol=1e-5), (
        f"{case.name}: a sample's probabilities depend on the samples beside it"
    )


def training_does_not_modify_input(case: Case) -> None:
    """Tables and labels are not modified."""
    if Consumes.FEATURES not in _consumes(case):
        return
    train = _examples(case)
    before: Any = train.features
    kept, labels = before.copy(deep=True), np.array(train.labels)
    model = _trained(case, train)
    model.predict_proba(train)
    assert before.equals(kept), f"{case.name} modifies the feature table"
    assert np.array_equal(np.array(train.labels), labels), f"{case.name} modifies the labels"


def columns_are_matched_by_name(case: Case) -> None:
    """The order of columns does not matter; a missing one is an error that names it."""
    if Consumes.FEATURES not in _consumes(case):
        return
    model, test = _trained(case), _examples(case, 1)
    table: Any = test.features
    reordered = replace(test, features=table[table.columns[::-1]])
    assert np.array_equal(model.predict_proba(test), model.predict_proba(reordered)), (
        f"{case.name} takes columns by position, expected by name"
    )
    _refuses(
        case, lambda: model.predict_proba(replace(test, features=table.drop(columns=SIGNAL))), "lacks", SIGNAL
    )


def invalid_training_data_is_rejected(case: Case) -> None:
    """Training without labels or with one class only raises a LeukokitError."""
    train = _examples(case)
    _refuses(case, lambda: _trained(case, replace(train, labels=None)), "no labels")
    _refuses(case, lambda: _trained(case, replace(train, labels=np.full(len(train), "early"))), "one class")


def saved_model_predicts_the_same(case: Case) -> None:
    """A saved model, loaded by a new classifier, gives the same probabilities."""
    model, test = _trained(case), _examples(case, 1)
    with _folder() as folder:
        model.save(folder)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files, f"{case.name}: save wrote nothing"
        pickled = [path.name for path in files if path.read_bytes()[:1] == b"\x80"]
        assert not pickled, f"{case.name} saves with pickle: {', '.join(pickled)}"
        again = case.make().load(folder)
        assert tuple(again.classes) == tuple(model.classes), (
            f"{case.name}: saving and loading changes the classes"
        )
        assert np.array_equal(model.predict_proba(test), again.predict_proba(test)), (
            f"{case.name} gives other predictions after saving and loading"
        )


def malicious_files_are_rejected(case: Case) -> None:
    """A pickle that runs code, noise or a truncated file is an error, and no code of it is run."""
    model = _trained(case)
    with _folder() as folder, _folder() as other:
        model.save(folder)
        mark = other / "code-was-run"
        attacks = {"a pickle": pickle.dumps(_Attack(mark)), "noise": b"\x00" * 100, "nothing": b""}
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            kept = path.read_bytes()
            for kind, content in (*attacks.items(), ("half of it", kept[: len(kept) // 2])):
                path.write_bytes(content)
                _refuses(case, lambda: case.make().load(folder), f"{kind} in {path.name}")
                assert not mark.exists(), f"{case.name}: loading {path.name} ran code from the file"
            path.write_bytes(kept)


def library_estimator_is_accessible(case: Case) -> None:
    """``estimator_of`` returns the model of the underlying library."""
    assert case.make().estimator_of(_trained(case)) is not None, f"{case.name}.estimator_of returns nothing"


# --- explainers ---


def _explain(case: Case) -> Explanation:
    """Explain naive Bayes, or the tiny network where the explainer needs a model of images."""
    explainer: Explainer = case.make()
    classifier, train, test = _material(case, explainer)
    with _folder() as checkpoints, _folder() as artifacts:
        workspace = Workspace(checkpoints, artifacts, _NullObserver())
        model = classifier.fit(train, seed=_SEED, workspace=workspace)
    return explainer.explain(classifier, model, test, seed=_SEED)


def _material(case: Case, explainer: Explainer) -> tuple[Classifier, Examples, Examples]:
    if Consumes.FEATURES in explainer.explains:
        return NaiveBayes(), examples(), examples(1)
    from leukokit.testing.networks import TinyCnn

    side = case.image_size
    train, test = (examples(seed, n=12, images=True, image_size=side) for seed in (0, 1))
    return TinyCnn.create(side=64, epochs=2, learning_rate=0.01), train, test


def explanation_names_the_features(case: Case) -> None:
    """The table has one row per feature with finite numbers; heat maps are in 0..1, of their image's size."""
    explainer: Explainer = case.make()
    explanation = _explain(case)
    assert isinstance(explanation, Explanation), f"{case.name} returns {type(explanation).__name__}"
    table: Any = explanation.table
    assert table is not None or explanation.heat_maps, f"{case.name} returns neither a table nor heat maps"
    _, _, test = _material(case, explainer)
    if table is not None:
        assert "feature" in table.columns, f"{case.name}: the table has no column 'feature'"
        expected: Any = test.features
        assert sorted(table["feature"]) == sorted(expected.columns), f"{case.name}: rows are not the features"
        numbers = table.select_dtypes("number").to_numpy()
        assert np.isfinite(numbers).all(), f"{case.name}: the table holds values that are not finite"
    for name, heat in explanation.heat_maps.items():
        assert name in test.ids, f"{case.name} explains {name!r}, which is not the id of a sample"
        assert np.isfinite(heat).all(), f"{case.name}: the heat of {name} is not finite"
        assert heat.min() >= 0 and heat.max() <= 1, f"{case.name}: the heat of {name} is outside 0..1"
        if test.images is not None:
            shape = test.images[list(test.ids).index(name)].shape[:2]
            assert heat.shape == shape, f"{case.name}: heat is {heat.shape}, its image {shape}"
        assert name in explanation.targets, f"{case.name} gives no target class for the heat of {name}"


def explanation_is_deterministic(case: Case) -> None:
    """The same model, samples and seed give the same explanation."""
    first, second = _explain(case), _explain(case)
    if first.table is not None:
        assert second.table is not None and first.table.equals(second.table), (
            f"{case.name} gives another table when called again"
        )
    assert first.heat_maps.keys() == second.heat_maps.keys(), f"{case.name} explains other samples"
    for name, heat in first.heat_maps.items():
        assert np.array_equal(heat, second.heat_maps[name]), f"{case.name}: the heat of {name} changes"


def explainer_does_not_modify_input(case: Case) -> None:
    """The samples are not modified."""
    explainer: Explainer = case.make()
    classifier, train, test = _material(case, explainer)
    kept = test.features.copy(deep=True) if test.features is not None else None
    pixels = [image.copy() for image in test.images] if test.images is not None else []
    explainer.explain(classifier, classifier.fit(train, seed=_SEED), test, seed=_SEED)
    table: Any = test.features
    assert kept is None or table.equals(kept), f"{case.name} modifies the feature table"
    for image, before in zip(test.images or (), pixels, strict=True):
        assert np.array_equal(image, before), f"{case.name} modifies an image"


def signal_outranks_noise(case: Case) -> None:
    """A feature that differs between the classes has a higher importance than noise."""
    explanation = _explain(case)
    if explanation.table is None:
        return
    table: Any = explanation.table.set_index("feature")
    importance = table[next(column for column in table.columns if "importance" in column)]
    assert importance[SIGNAL] > importance[NOISE], (
        f"{case.name} ranks noise above a feature that differs between the classes"
    )


class _Attack:
    """Creates a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.touch, (self.mark,))


class _NullObserver:
    """Observer that ignores all calls."""

    def stage(self, name: str, total: int) -> None:
        """Ignore."""

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Ignore."""


def _refuses(case: Case, call: Any, what: str, named: str = "") -> None:
    try:
        call()
    except LeukokitError as error:
        assert named in str(error), f"{case.name}: the error about {what} does not name {named}: {error}"
        return
    except Exception as error:
        raise AssertionError(
            f"{case.name}: {what} raises {type(error).__name__}, expected a LeukokitError: {error}"
        ) from error
    raise AssertionError(f"{case.name} accepts {what}, expected a LeukokitError")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


SELECTOR = (
    transformer_follows_scikit_learn,
    selection_is_deterministic,
    transform_is_row_by_row,
    selector_does_not_modify_input,
    selector_can_be_saved,
)
CLASSIFIER = (
    probabilities_are_valid,
    training_is_deterministic,
    prediction_is_row_by_row,
    training_does_not_modify_input,
    columns_are_matched_by_name,
    invalid_training_data_is_rejected,
    saved_model_predicts_the_same,
    malicious_files_are_rejected,
    library_estimator_is_accessible,
)
EXPLAINER = (
    explanation_names_the_features,
    explanation_is_deterministic,
    explainer_does_not_modify_input,
    signal_outranks_noise,
)
