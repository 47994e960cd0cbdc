"""Broken selectors, classifiers, explainers and data sets: (failing check, class, part of the message)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leukokit.api import (
    Box,
    Component,
    Examples,
    Explanation,
    Labels,
    LeukokitError,
    Part,
    Sample,
    Selector,
)
from leukokit.testing.images import disks
from leukokit.testing.tables import NaiveBayes
from tests.testing.sound_components import (
    Range,
    Two,
)


class Nameless:
    """A transformer that does not name its columns."""

    def fit(self, X: Any, y: Any) -> Any:
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def transform(self, X: Any) -> Any:
        return np.asarray(X)

    def get_feature_names_out(self, names: Any = None) -> Any:
        return np.array(["only_one"])


class Dice(Nameless):
    """Keeps columns by chance."""

    def fit(self, X: Any, y: Any) -> Any:
        self.chosen = np.random.default_rng().permutation(np.shape(X)[1])
        return self

    def transform(self, X: Any) -> Any:
        return np.asarray(X)[:, self.chosen]


class Centering(Nameless):
    """Looks at the rows that it transforms."""

    def transform(self, X: Any) -> Any:
        return np.asarray(X) - np.asarray(X).mean(axis=0)


class InPlace(Nameless):
    """Writes into its input."""

    def transform(self, X: Any) -> Any:
        X *= 2
        return X


class Foreign(Nameless):
    """Is of a type that nobody trusts."""

    def get_feature_names_out(self, names: Any = None) -> Any:
        return np.asarray(names)


def selector_of(made: type[Any]) -> type[Component]:
    class Wrapped(Selector):
        """Hands out a spoiled transformer."""

        def transformer(self, *, seed: int) -> Any:
            return made()

    return Wrapped


class Model:
    """A fitted model that tests spoil."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.inner.classes)

    def predict_proba(self, examples: Examples) -> Any:
        return self.inner.predict_proba(examples)

    def save(self, folder: Path) -> None:
        self.inner.save(folder)


def classifier_of(made: type[Model], **methods: Any) -> type[Component]:
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        return made(NaiveBayes.fit(self, *args, **kwargs))

    return type("Spoiled", (NaiveBayes,), {"__doc__": "Fits a spoiled model.", "fit": fit} | methods)


def broken_tables() -> Iterator[tuple[str, type[Component], str]]:
    class Scores(Model):
        def predict_proba(self, examples: Examples) -> Any:
            return self.inner.predict_proba(examples) * 2

    class Dropout(Model):
        def predict_proba(self, examples: Examples) -> Any:
            proba = self.inner.predict_proba(examples) + np.random.default_rng().uniform(
                0, 1, (len(examples), 3)
            )
            return proba / proba.sum(axis=1, keepdims=True)

    class Batch(Model):
        def predict_proba(self, examples: Examples) -> Any:
            proba = self.inner.predict_proba(examples) + 1 / len(examples)
            return proba / proba.sum(axis=1, keepdims=True)

    class Zeroing(Model):
        def predict_proba(self, examples: Examples) -> Any:
            assert examples.features is not None
            proba = self.inner.predict_proba(examples)
            examples.features.iloc[0] = 0.0
            return proba

    class ByPosition(Model):
        def predict_proba(self, examples: Examples) -> Any:
            table: Any = examples.features
            return self.inner.predict_proba(
                Examples(examples.ids, features=table.set_axis(sorted(table.columns), axis=1))
            )

    class Pickled(Model):
        def save(self, folder: Path) -> None:
            import pickle

            (folder / "model.pkl").write_bytes(pickle.dumps(self.inner.classes))

    def unpickle(self: Any, folder: Path, **_: Any) -> Any:
        import pickle

        try:
            pickle.loads((folder / "model.skops").read_bytes())  # noqa: S301 - the fault under test
        except Exception as error:
            raise LeukokitError("not a model") from error
        return None

    def fit_on_anything(self: Any, train: Examples, *args: Any, **kwargs: Any) -> Any:
        labels = np.array(["a", "b"])[np.arange(len(train)) % 2] if train.labels is None else train.labels
        return NaiveBayes.fit(self, Examples(train.ids, labels, features=train.features), *args, **kwargs)

    def load_flattened(self: Any, folder: Path, **_: Any) -> Any:
        class Flat(Model):
            def predict_proba(self, examples: Examples) -> Any:
                return np.full((len(examples), 3), 1 / 3)

        return Flat(NaiveBayes.load(self, folder))

    class Partial(Range):
        """Leaves out a feature."""

        def explain(self, *args: Any, **kwargs: Any) -> Explanation:
            table: Any = super().explain(*args, **kwargs).table
            return Explanation(table=table.iloc[1:])

    class Moody(Range):
        """Explains by the clock."""

        def explain(self, *args: Any, **kwargs: Any) -> Explanation:
            table: Any = super().explain(*args, **kwargs).table
            return Explanation(
                table=table.assign(importance_mean=np.random.default_rng().normal(size=len(table)))
            )

    class Backwards(Range):
        """Ranks from the end."""

        def explain(self, *args: Any, **kwargs: Any) -> Explanation:
            table: Any = super().explain(*args, **kwargs).table
            return Explanation(table=table.assign(importance_mean=-table["importance_mean"]))

    class Shuffling(Range):
        """Shuffles the table that it was given."""

        def explain(self, classifier: Any, model: Any, examples: Examples, *, seed: int) -> Explanation:
            explanation = super().explain(classifier, model, examples, seed=seed)
            assert examples.features is not None
            examples.features.iloc[:, 0] = 0.0
            return explanation

    yield "transformer_follows_scikit_learn", selector_of(Nameless), "1 names for 8 columns"
    yield "selection_is_deterministic", selector_of(Dice), "selects other columns"
    yield "transform_is_row_by_row", selector_of(Centering), "depend on the rows beside it"
    yield "selector_does_not_modify_input", selector_of(InPlace), "modifies its input table"
    yield "selector_can_be_saved", selector_of(Foreign), "Foreign"
    yield "probabilities_are_valid", classifier_of(Scores), "row sums differ from 1"
    yield "training_is_deterministic", classifier_of(Dropout), "gives other predictions"
    yield "prediction_is_row_by_row", classifier_of(Batch), "the samples beside it"
    yield "training_does_not_modify_input", classifier_of(Zeroing), "modifies the feature table"
    yield "columns_are_matched_by_name", classifier_of(ByPosition), ""
    yield (
        "invalid_training_data_is_rejected",
        type("Any", (NaiveBayes,), {"fit": fit_on_anything}),
        "accepts no labels",
    )
    yield "saved_model_predicts_the_same", classifier_of(Pickled), "saves with pickle"
    yield (
        "saved_model_predicts_the_same",
        classifier_of(Model, load=load_flattened),
        "gives other predictions",
    )
    yield "malicious_files_are_rejected", classifier_of(Model, load=unpickle), "pickle"
    yield (
        "library_estimator_is_accessible",
        classifier_of(Model, estimator_of=lambda *_: None),
        "returns nothing",
    )
    yield "explanation_names_the_features", Partial, "rows are not the features"
    yield "explanation_is_deterministic", Moody, "gives another table"
    yield "explainer_does_not_modify_input", Shuffling, "modifies the feature table"
    yield "signal_outranks_noise", Backwards, "noise above"


def broken_datasets() -> Iterator[tuple[str, type[Component], str]]:
    class Absent(Two):
        """Is not here and goes on."""

        def missing(self) -> str | None:
            return "looked under $LEUKOKIT_DATA"

    class Same(Two):
        """Has one id twice."""

        def samples(self) -> Sequence[Sample]:
            return [Sample("first"), Sample("first")]

    class Fresh(Two):
        """Renders by chance."""

        def render(self, sample: Sample) -> Any:
            return np.random.default_rng().integers(0, 255, (32, 32, 3)).astype(np.uint8)

    class Unknown(Two):
        """Splits samples that it does not have."""

        def splits(self) -> Mapping[str, Mapping[str, Part]]:
            return {"halves": {"third": Part.TRAIN}}

    class Default(Two):
        """Has a default that does not exist."""

        def default_split(self) -> str | None:
            return "thirds"

    class Small(Two):
        """Has truth of another size."""

        def truth(self, sample: Sample) -> Labels | None:
            return disks(0, size=40)[1]

    class Shares(Two):
        """Gives edges as shares of the image, left of it."""

        def boxes(self, sample: Sample) -> Sequence[Box] | None:
            return [Box(-0.5, -0.5, -0.1, -0.1, "WBC")]

    yield "missing_data_is_explained", Absent, "raises no DataError"
    yield "samples_are_stable", Same, "repeats a sample id"
    yield "images_can_be_read", Fresh, "differently each time"
    yield "splits_name_existing_samples", Unknown, "third"
    yield "splits_name_existing_samples", Default, "thirds"
    yield "truth_fits_the_image", Small, "another size"
    yield "boxes_lie_on_the_image", Shares, "lie outside its 96 x 96 px"
