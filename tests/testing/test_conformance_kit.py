"""The conformance kit catches what it says it catches: one broken component a check."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ConfigDict

from leukokit.api import (
    CELL,
    NUCLEUS,
    Classifier,
    Component,
    Consumes,
    DataError,
    Dataset,
    Examples,
    Explainer,
    Explanation,
    FeatureExtractor,
    Field,
    Labels,
    LeukokitError,
    Params,
    Part,
    Planes,
    Preprocessor,
    Sample,
    Segmenter,
    Selector,
    Status,
    TabularClassifier,
)
from leukokit.testing import Check, component_checks, conformance
from leukokit.testing.images import disks
from leukokit.testing.tables import NaiveBayes

# --- sound components, one a kind; each broken one below spoils one thing ---


class Invert(Preprocessor):
    """Turns light into dark."""

    def apply(self, image: Any, *, rng: Any = None) -> Any:
        return 255 - image


class Shift(Preprocessor):
    """Adds the mean of the training part."""

    mean: Any = None

    def needs_fit(self) -> bool:
        return True

    def fit(self, images: Iterable[Any]) -> None:
        self.mean = np.array([np.mean([image.mean() for image in images])])

    def state(self) -> Mapping[str, Any]:
        return {} if self.mean is None else {"mean": self.mean}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.mean = state["mean"]

    def apply(self, image: Any, *, rng: Any = None) -> Any:
        return (image + self.mean).astype(np.uint8)


class Dark(Segmenter):
    """All dark pixels are one cell."""

    def segment(self, image: Any, *, rng: Any = None) -> Labels:
        cell = (image.min(axis=2) < 170).astype(np.int32)
        if min(image.shape[:2]) < 16 or cell.all():
            cell = np.zeros_like(cell)
        nucleus = ((image.min(axis=2) < 100) & (cell > 0)).astype(np.int32)
        return Labels({NUCLEUS: nucleus, CELL: cell}, Status.OK if cell.any() else Status.NO_CELL)


class Brightness(FeatureExtractor):
    """Mean of gray, and the mean of gray within cells."""

    def roles(self) -> tuple[str, ...]:
        return (CELL,)

    def names(self) -> tuple[str, ...]:
        return ("gray_mean", "cell_gray_mean")

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        assert labels is not None
        inside = planes.gray[labels.cell > 0]
        return {
            "gray_mean": float(planes.gray.mean()),
            "cell_gray_mean": float(inside.mean()) if inside.size else float("nan"),
        }


class Plain(FeatureExtractor):
    """Mean of gray; needs no labels."""

    def names(self) -> tuple[str, ...]:
        return ("gray_mean",)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        return {"gray_mean": float(planes.gray.mean())}


class Keep(Selector):
    """Keeps columns that vary."""

    def transformer(self, *, seed: int) -> Any:
        from sklearn.feature_selection import VarianceThreshold

        return VarianceThreshold()


class Bayes(NaiveBayes):
    """Gaussian naive Bayes."""


class Range(Explainer):
    """Ranks features by how far the means of classes lie apart."""

    def explain(self, classifier: Any, model: Any, examples: Examples, *, seed: int) -> Explanation:
        table: Any = examples.features
        means = table.groupby(np.asarray(examples.labels)).mean()
        spread = (means.max() - means.min()) / table.std()
        frame = spread.rename("importance_mean").rename_axis("feature").reset_index()
        return Explanation(table=frame)


class Two(Dataset):
    """Two rendered images with truth."""

    def samples(self) -> Sequence[Sample]:
        return [Sample("first", label="a"), Sample("second", label="b")]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        return {"halves": {"first": Part.TRAIN, "second": Part.TEST}}

    def render(self, sample: Sample) -> Any:
        return disks(len(sample.id))[0]

    def truth(self, sample: Sample) -> Labels | None:
        return disks(len(sample.id))[1]


SOUND: tuple[type[Component], ...] = (Invert, Shift, Dark, Brightness, Plain, Keep, Bayes, Range, Two)

# --- broken components: (the check that must catch it, the class, a part of the message) ---


def broken() -> Iterator[tuple[str, type[Component], str]]:
    yield from broken_in_common()
    yield from broken_images()
    yield from broken_features()
    yield from broken_tables()
    yield from broken_datasets()


def broken_in_common() -> Iterator[tuple[str, type[Component], str]]:
    class Bare(Params):
        size: int = 3

    class Loose(Params):
        model_config = ConfigDict(frozen=False, extra="allow")
        size: int = Field(3, description="Size.")

    class Forgetful(Params):
        size: int = Field(3, description="Size.", exclude=True)

    class Undescribed(Invert):
        """Has a parameter without a description."""

        Params = Bare

    class Open(Invert):
        """Takes anything."""

        Params = Loose

    class Lossy(Invert):
        """Loses a parameter on the way through JSON."""

        Params = Forgetful

        @classmethod
        def create(cls, **params: Any) -> Any:
            return cls(cls.Params(**({"size": 7} | params)))

    class Silent(Invert): ...

    class Unversioned(Invert):
        """Has a revision in words."""

        revision: ClassVar[Any] = "first"

    class Restless(Invert):
        """Has another fingerprint each time."""

        def fingerprint(self) -> str:
            return uuid.uuid4().hex  # an address may be given out again

    class Bound(Invert):
        """Cannot leave its process."""

        def __reduce__(self) -> Any:
            raise TypeError("cannot pickle 'Bound' object")

    yield "params_are_documented", Undescribed, "without a description: size"
    yield "params_are_frozen", Open, "size can be changed"
    yield "params_refuse_strangers", Open, "unknown parameter was accepted"
    yield "params_survive_json", Lossy, "JSON changes the parameters"
    yield "component_is_documented", Silent, "no docstring"
    yield "revision_is_a_number", Unversioned, "'first'"
    yield "fingerprint_is_stable", Restless, "differs between two components"
    yield "component_is_picklable", Bound, "cannot pickle"


def broken_images() -> Iterator[tuple[str, type[Component], str]]:
    class Noisy(Invert):
        """Draws without a seed."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return np.random.default_rng().integers(0, 255, image.shape).astype(np.uint8)

    class Shared(Invert):
        """Keeps the image of the call that is going on where other calls see it."""

        current: Any = None

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            import time

            self.current = image
            time.sleep(0.002)
            return 255 - self.current

    class Writer(Invert):
        """Works in place."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            if image.flags.writeable:
                image[:5] = 0
            return 255 - image

    class View(Invert):
        """Returns a part of its input."""

        keeps_shape = False

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image[1:, 1:]

    class Bytes(Invert):
        """Reads memory in its own order."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return (
                np.sort(image.reshape(-1, 3), axis=0).reshape(image.shape)
                if image.flags.c_contiguous
                else image
            )

    class Float(Invert):
        """Returns 0..1."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image / 255

    class Crop(Invert):
        """Crops and does not say so."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image[:, 2:].copy()

    class Divide(Invert):
        """Fails on one color."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            if image.std() == 0:
                raise ZeroDivisionError("no contrast")
            return 255 - image

    class Amnesiac(Shift):
        """Forgets what it learnt."""

        def state(self) -> Mapping[str, Any]:
            return {}

    class Mistaken(Shift):
        """Restores something else."""

        def restore(self, state: Mapping[str, Any]) -> None:
            self.mean = state["mean"] + 30

    class OtherRoles(Dark):
        """Promises a role that it does not return."""

        def roles(self) -> tuple[str, ...]:
            return (NUCLEUS, CELL, "red_cell")

    class Wide(Dark):
        """Returns int64."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            labels = super().segment(image)
            return Labels(
                {role: array.astype(np.int64) for role, array in labels.roles.items()}, labels.status
            )  # type: ignore[misc]

    class Optimist(Dark):
        """Always says ok."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            return Labels(super().segment(image).roles, Status.OK)

    class Apart(Dark):
        """Gives nuclei ids of their own."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            labels = super().segment(image)
            return Labels({NUCLEUS: labels.nucleus * 7, CELL: labels.cell}, labels.status)

    yield "output_is_the_same_every_time", Noisy, "another result when called again"
    yield "output_is_the_same_in_threads", Shared, "when threads share it"
    yield "input_is_not_written", Writer, "modifies its input image"
    yield "input_is_not_written", View, "writable view of its input"
    yield "read_only_input_is_accepted", Bytes, "another memory layout"
    yield "preprocessor_keeps_the_type", Float, "expected uint8"
    yield "preprocessor_keeps_the_type", Crop, "has keeps_shape"
    yield "preprocessor_survives_odd_images", Divide, "no contrast"
    yield "fitted_state_comes_back", Amnesiac, "its state is empty"
    yield "fitted_state_comes_back", Mistaken, "another result after restore"
    yield "segmenter_keeps_its_word", OtherRoles, "promised"
    yield "segmenter_keeps_its_word", Wide, "expected int32"
    yield "segmenter_survives_odd_images", Optimist, "finds 0 cells and says 'ok'"
    yield "segmenter_shares_ids", Apart, "outside the cell of its id"


def broken_features() -> Iterator[tuple[str, type[Component], str]]:
    class Twice(Plain):
        """Repeats a name."""

        def names(self) -> tuple[str, ...]:
            return ("gray_mean", "gray_mean")

    class Growing(Plain):
        """Learns its names from images."""

        seen = 0

        def names(self) -> tuple[str, ...]:
            return tuple(f"gray_{i}" for i in range(self.seen + 1))

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            self.seen += 1
            return {"gray_0": 1.0}

    class Stranger(Plain):
        """May leave out a feature that it does not have."""

        def nullable(self) -> frozenset[str]:
            return frozenset({"area"})

    class Extra(Plain):
        """Returns more than it promised."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": 1.0, "bonus": 2.0}

    class Gap(Plain):
        """Is NaN without saying so."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float("nan")}

    class Infinite(Brightness):
        """Divides by the number of cells."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            assert labels is not None
            with np.errstate(divide="ignore"):
                return {"gray_mean": 1.0, "cell_gray_mean": float(np.float64(1) / labels.count)}

    class Peeking(Plain):
        """Reads labels that it did not ask for."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": 0.0 if labels is None else float(labels.count)}

    class Fragile(Plain):
        """Needs a window of 5 x 5."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float(planes.gray[4, 4])}

    class Unseeded(Plain):
        """Samples pixels without a seed."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float(np.random.default_rng().normal())}

    class Scribbler(Brightness):
        """Marks the cells that it has counted."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            assert labels is not None
            values = super().extract(planes, labels)
            if labels.cell.flags.writeable:
                labels.cell[:] = 0
            return values

    yield "names_are_fixed", Twice, "repeats the names"
    yield "names_are_fixed", Growing, "names change after the first image"
    yield "nullable_names_are_names", Stranger, "area"
    yield "keys_are_the_names", Extra, "bonus"
    yield "keys_are_the_names", Gap, "is NaN"
    yield "missing_cells_are_declared", Infinite, "infinite"
    yield "labels_are_optional_without_roles", Peeking, "reads labels"
    yield "features_survive_odd_images", Fragile, "out of bounds"
    yield "features_are_the_same_every_time", Unseeded, "other numbers"
    yield "features_do_not_write", Scribbler, "writes into the labels cell"


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

    yield "transformer_speaks_scikit_learn", selector_of(Nameless), "1 names for 8 columns"
    yield "selection_is_the_same_every_time", selector_of(Dice), "selects other columns"
    yield "selection_sees_the_fitted_rows_only", selector_of(Centering), "depend on the rows beside it"
    yield "selector_does_not_write", selector_of(InPlace), "modifies its input table"
    yield "selector_can_be_saved", selector_of(Foreign), "Foreign"
    yield "probabilities_are_probabilities", classifier_of(Scores), "row sums differ from 1"
    yield "training_is_the_same_every_time", classifier_of(Dropout), "gives other predictions"
    yield "prediction_is_row_by_row", classifier_of(Batch), "the samples beside it"
    yield "training_does_not_write", classifier_of(Zeroing), "modifies the feature table"
    yield "columns_are_found_by_name", classifier_of(ByPosition), ""
    yield "bad_training_is_refused", type("Any", (NaiveBayes,), {"fit": fit_on_anything}), "accepts no labels"
    yield "model_comes_back_from_disk", classifier_of(Pickled), "saves with pickle"
    yield "model_comes_back_from_disk", classifier_of(Model, load=load_flattened), "gives other predictions"
    yield "hostile_files_are_refused", classifier_of(Model, load=unpickle), "pickle"
    yield "library_object_is_reachable", classifier_of(Model, estimator_of=lambda *_: None), "returns nothing"
    yield "explanation_names_the_features", Partial, "rows are not the features"
    yield "explanation_is_the_same_every_time", Moody, "gives another table"
    yield "explainer_does_not_write", Shuffling, "modifies the feature table"
    yield "news_outranks_noise", Backwards, "noise above"


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

    yield "absence_is_explained", Absent, "raises no DataError"
    yield "samples_are_stable", Same, "repeats a sample id"
    yield "pixels_can_be_had", Fresh, "differently each time"
    yield "splits_are_of_these_samples", Unknown, "third"
    yield "splits_are_of_these_samples", Default, "thirds"
    yield "truth_fits_the_image", Small, "another size"


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{cls.__name__}-{check.id}")
        for cls in SOUND
        for check in component_checks(cls)
        if not (check.id == "fitted_state_comes_back" and cls is Invert)
    ],
)
def test_sound_component_passes(check: Check) -> None:
    """The components that are spoiled below are sound before."""
    check()


@pytest.mark.parametrize(
    ("check_id", "cls", "message"),
    [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in broken()],
)
def test_broken_component_is_caught(check_id: str, cls: type[Component], message: str) -> None:
    """The check made for a fault fails on it and says what is wrong."""
    check = {check.id: check for check in component_checks(cls)}[check_id]
    with pytest.raises(Exception) as caught:
        check()
    assert message in str(caught.value)


def test_every_check_has_a_broken_component() -> None:
    """No check is without proof that it can fail."""
    all_ids = {check.id for cls in SOUND for check in component_checks(cls)}
    assert all_ids == {check_id for check_id, _, _ in broken()}


def test_checks_take_a_target_and_parameters() -> None:
    """A component can be named by its target, as in a ComponentSpec."""
    checks = list(component_checks("leukokit.plugins.classify.knn:Knn", {"n_neighbors": 3}))
    assert len(checks) == len({check.id for check in checks}) > 10


@conformance(Invert)
def test_decorator_hands_over_one_check_at_a_time(check: Check) -> None:
    """The decorator makes one test id of each check."""
    assert check.id
    check()


@pytest.mark.parametrize("given", [int, Component, Params])
def test_what_is_no_component_is_refused(given: Any) -> None:
    """A class of no kind, or none at all, is a TypeError that says so."""
    with pytest.raises(TypeError, match=r"not a component class|of the component classes; expected"):
        list(component_checks(given))


class Elsewhere(Two):
    """Is kept on another machine."""

    def missing(self) -> str | None:
        return "looked under $LEUKOKIT_DATA; get it with `leukokit data get two`"

    def samples(self) -> Sequence[Sample]:
        raise DataError("two is not here")


class Hues(Classifier):
    """Nearest mean color; learns from images."""

    consumes = frozenset({Consumes.IMAGES})

    def fit(self, train: Examples, validation: Any = None, **_: Any) -> Any:
        if train.labels is None or len(set(train.labels)) < 2:
            raise DataError("needs images of two classes")
        assert train.images is not None
        colors = np.array([image.mean(axis=(0, 1)) for image in train.images])
        classes = sorted(set(train.labels.tolist()))
        return HueModel(classes, np.array([colors[train.labels == name].mean(axis=0) for name in classes]))

    def load(self, folder: Path, **_: Any) -> Any:
        try:
            with np.load(folder / "hues.npz", allow_pickle=False) as stored:
                return HueModel(stored["classes"].tolist(), stored["means"])
        except Exception as error:
            raise LeukokitError("no model of hues") from error

    def estimator_of(self, model: Any) -> Any:
        return model.means


class HueModel:
    def __init__(self, classes: list[str], means: Any) -> None:
        self.classes, self.means = tuple(classes), means

    def predict_proba(self, examples: Examples) -> Any:
        assert examples.images is not None
        colors = np.array([image.mean(axis=(0, 1)) for image in examples.images])
        weights = np.exp(-np.abs(colors[:, None] - self.means[None]).sum(axis=2))
        return weights / weights.sum(axis=1, keepdims=True)

    def save(self, folder: Path) -> None:
        np.savez(folder / "hues.npz", classes=np.array(self.classes), means=self.means)


@pytest.mark.parametrize("cls", [Elsewhere, Hues])
def test_other_sound_components_pass(cls: type[Component]) -> None:
    """A data set that explains its absence passes, and so does a classifier of images."""
    for check in component_checks(cls):
        check()


def test_params_refuse_component_of_two_kinds() -> None:
    """A class that is two kinds at once cannot be checked."""

    class Both(Selector, TabularClassifier):
        """Is two things."""

    with pytest.raises(TypeError, match="derives from 2"):
        list(component_checks(Both))
