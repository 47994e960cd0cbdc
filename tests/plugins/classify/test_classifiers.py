"""The built-in classifiers: what they learn, keep on disk, and refuse to load."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from pydantic import ValidationError
from sklearn.tree import DecisionTreeClassifier

from leukokit.api import DataError, Examples, LeukokitError, TabularClassifier
from leukokit.plugins.classify.decision_tree import DecisionTree
from leukokit.plugins.classify.extra_trees import ExtraTrees
from leukokit.plugins.classify.gradient_boosting import GradientBoosting
from leukokit.plugins.classify.knn import Knn
from leukokit.plugins.classify.logistic import Logistic
from leukokit.plugins.classify.random_forest import RandomForest
from leukokit.plugins.classify.svm import Svm
from leukokit.testing.tables import examples

CLASSIFIERS: dict[str, TabularClassifier] = {
    "svm": Svm(),
    "svm_isotonic": Svm.create(calibration="isotonic"),
    "svm_temperature": Svm.create(calibration="temperature", gamma=0.05),
    "svm_over_d": Svm.create(gamma={"over_d": 0.3}),
    "knn": Knn(),
    "decision_tree": DecisionTree(),
    "random_forest": RandomForest.create(n_estimators=5),
    "extra_trees": ExtraTrees.create(n_estimators=5, max_features=0.5),
    "gradient_boosting": GradientBoosting.create(max_iter=4, min_samples_leaf=5),
    "logistic": Logistic(),
}
each_classifier = pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())


def accuracy(model: Any, test: Examples) -> float:
    assert test.labels is not None
    return float(np.mean(np.array(model.classes)[model.predict_proba(test).argmax(axis=1)] == test.labels))


@each_classifier
def test_classifier_learns_what_the_table_tells(classifier: TabularClassifier) -> None:
    """On a table whose classes lie apart, new samples are told apart, with missing values among them."""
    model = classifier.fit(examples(), seed=0)
    assert accuracy(model, examples(1)) > 0.8


def test_the_width_of_an_svm_follows_its_columns() -> None:
    """1 over the columns is scikit-learn's 'auto', whatever number of columns is left when it is fitted."""
    train, test = examples(), examples(1)
    over_d, auto, wider = (
        Svm.create(gamma=gamma).fit(train, seed=0).predict_proba(test)
        for gamma in ({"over_d": 1}, "auto", {"over_d": 0.3})
    )
    assert np.array_equal(over_d, auto)
    assert not np.allclose(over_d, wider)
    with pytest.raises(ValidationError, match="over_d"):
        Svm.create(gamma={"over_d": 0})


@each_classifier
def test_model_file_has_the_same_bytes_every_time(classifier: TabularClassifier, tmp_path: Path) -> None:
    """Two fits write the same file: a checksum compares models."""
    written = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        classifier.fit(examples(), seed=0).save(tmp_path / name)
        written.append((tmp_path / name / "model.skops").read_bytes())
    assert written[0] == written[1]


def test_fresh_process_writes_and_predicts_the_same(tmp_path: Path) -> None:
    """Another process with another hash seed predicts the same and writes the same bytes."""
    script = """
import sys; from pathlib import Path
import numpy as np
from importlib import import_module
from leukokit.testing.tables import examples
for line in sys.stdin.read().split():
    folder = Path(sys.argv[1]) / line
    module, name = (folder / "target").read_text().split(":")
    cls = getattr(import_module(module), name)
    classifier = cls(cls.Params.model_validate_json((folder / "params.json").read_text()))
    model = classifier.load(folder)
    assert np.array_equal(model.predict_proba(examples(1)), np.load(folder / "proba.npy")), line
    before = (folder / "model.skops").read_bytes()
    classifier.fit(examples(), seed=0).save(folder)
    assert (folder / "model.skops").read_bytes() == before, line
"""
    for name, classifier in CLASSIFIERS.items():
        folder = tmp_path / name
        folder.mkdir()
        model = classifier.fit(examples(), seed=0)
        model.save(folder)
        np.save(folder / "proba.npy", model.predict_proba(examples(1)))
        (folder / "target").write_text(f"{type(classifier).__module__}:{type(classifier).__name__}")
        (folder / "params.json").write_text(classifier.params.model_dump_json())
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        input="\n".join(CLASSIFIERS),
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},  # what chooses the BLAS kernel stays as it is
        check=False,
    )
    assert done.returncode == 0, done.stderr


@each_classifier
def test_number_of_threads_does_not_change_a_digit(classifier: TabularClassifier) -> None:
    """BLAS and OpenMP with one thread or two give the same probabilities."""
    from threadpoolctl import threadpool_limits

    outputs = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            outputs.append(classifier.fit(examples(), seed=0).predict_proba(examples(1)))
    assert np.array_equal(outputs[0], outputs[1])


def test_temperature_keeps_the_machine_own_decisions() -> None:
    """With temperature calibration the most probable class is the one with the largest distance."""
    model = Svm.create(calibration="temperature").fit(examples(), seed=0)
    pipeline = model.pipeline
    rows = pipeline[:-1].transform(examples(1).features)
    machine = pipeline[-1].calibrated_classifiers_[0].estimator
    assert np.array_equal(
        model.predict_proba(examples(1)).argmax(axis=1), machine.decision_function(rows).argmax(axis=1)
    )


def test_calibration_folds_never_part_a_group() -> None:
    """The inner folds of the machine keep groups whole."""
    train = examples()
    assert train.groups is not None
    folds = Svm().fit(train, seed=0).pipeline[-1].cv
    assert len(folds) == 5
    for learn, held_out in folds:
        assert not set(train.groups[learn]) & set(train.groups[held_out])


def test_groups_lower_the_confidence_in_near_copies() -> None:
    """With near copies in the training part, calibration by group is less sure than calibration by sample."""
    rng = np.random.default_rng(0)
    views = np.repeat(rng.normal(size=(30, 20)), 4, axis=0) + rng.normal(0, 0.01, (120, 20))
    ids = [str(row) for row in range(120)]
    train = Examples(
        ids=ids,
        labels=np.repeat(np.array(["a", "b"])[np.arange(30) % 2], 4),
        groups=np.repeat([f"g{i}" for i in range(30)], 4),
        features=pd.DataFrame(views, index=ids, columns=[f"f{i}" for i in range(20)]),
    )
    new = replace(
        train, features=pd.DataFrame(rng.normal(size=(120, 20)), columns=[f"f{i}" for i in range(20)])
    )
    by_group = Svm().fit(train, seed=0).predict_proba(new).max(axis=1).mean()
    by_sample = Svm().fit(replace(train, groups=None), seed=0).predict_proba(new).max(axis=1).mean()
    assert by_group < by_sample - 0.05


def test_class_with_one_sample_cannot_be_calibrated() -> None:
    """The error names class and count."""
    train = examples()
    assert train.labels is not None
    labels = train.labels.copy()
    labels[labels == "none"] = "late"
    labels[0] = "rare"
    with pytest.raises(
        DataError, match="cannot calibrate probabilities: class 'rare' has 1 groups, too few for 2 folds"
    ):
        Svm().fit(replace(train, labels=labels), seed=0)


def test_too_many_neighbors_are_refused() -> None:
    """More neighbors than training samples is an error with both numbers."""
    with pytest.raises(
        DataError, match=r"90 training samples are too few for 91 neighbors. Lower n_neighbors"
    ):
        Knn.create(n_neighbors=91).fit(examples(), seed=0)


@pytest.mark.parametrize(
    ("cls", "params", "message"),
    [
        (Svm, {"C": 0}, "greater than 0"),
        (Svm, {"gamma": -1.0}, "greater than 0"),
        (Svm, {"gamma": "wide"}, "'scale' or 'auto'"),
        (Knn, {"n_neighbors": 0}, "greater than or equal to 1"),
        (RandomForest, {"max_features": 1.5}, "less than or equal to 1"),
        (Logistic, {"c": 1}, "Extra inputs are not permitted"),
    ],
)
def test_parameters_out_of_bounds_are_refused(cls: Any, params: dict[str, Any], message: str) -> None:
    """Each bound is enforced where the parameter is set."""
    with pytest.raises(ValidationError, match=message):
        cls.create(**params)


def spoiled(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """Rewrite a model file after a change to its schema or its arrays."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts["schema.json"])
    change(schema, parts)
    parts["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def spoil_arrays(wanted: Callable[[np.ndarray], bool], change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Change every array of a file that is wanted."""

    def apply(_: dict[str, Any], parts: dict[str, bytes]) -> None:
        hits = 0
        for name in [name for name in parts if name.endswith(".npy")]:
            array = np.load(io.BytesIO(parts[name]))
            if wanted(array):
                hits += 1
                buffer = io.BytesIO()
                np.save(buffer, change(array.copy()))
                parts[name] = buffer.getvalue()
        assert hits

    return apply


def point_outside(field: str) -> Callable[[np.ndarray], np.ndarray]:
    def change(nodes: np.ndarray) -> np.ndarray:
        nodes[field][0] = 1_000_000
        return nodes

    return change


def back_to_the_root(nodes: np.ndarray) -> np.ndarray:
    nodes["left_child"][0] = 0
    return nodes


def is_nodes(field: str) -> Callable[[np.ndarray], bool]:
    return lambda array: array.dtype.names is not None and field in array.dtype.names


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("decision_tree", spoil_arrays(is_nodes("left_child"), point_outside("left_child")), "point outside"),
        ("decision_tree", spoil_arrays(is_nodes("left_child"), back_to_the_root), "point outside"),
        ("random_forest", spoil_arrays(is_nodes("feature"), point_outside("feature")), "does not have"),
        ("extra_trees", spoil_arrays(is_nodes("right_child"), point_outside("right_child")), "point outside"),
        ("gradient_boosting", spoil_arrays(is_nodes("is_leaf"), point_outside("left")), "point outside"),
        (
            "gradient_boosting",
            spoil_arrays(is_nodes("is_leaf"), point_outside("feature_idx")),
            "does not have",
        ),
        (
            "knn",
            spoil_arrays(lambda a: a.dtype == np.int64 and a.shape == (90,), lambda a: a + 1000),
            "outside the classes",
        ),
        (
            "svm",
            spoil_arrays(lambda a: a.dtype == np.int32 and a.shape == (3,), lambda a: a + 1000),
            "do not fit their coefficients",
        ),
    ],
)
def test_indices_that_lead_nowhere_are_refused(name: str, change: Any, message: str, tmp_path: Path) -> None:
    """Arrays that compiled code would follow out of bounds are found when the file is loaded."""
    classifier = CLASSIFIERS[name]
    classifier.fit(examples(), seed=0).save(tmp_path)
    spoiled(tmp_path / "model.skops", change)
    with pytest.raises(LeukokitError, match=message):
        classifier.load(tmp_path)


def test_function_smuggled_into_a_model_is_refused(tmp_path: Path) -> None:
    """A file that names a function of the operating system is refused by name, before anything is built."""
    Knn().fit(examples(), seed=0).save(tmp_path)
    mark = tmp_path / "code-was-run"

    def smuggle(schema: dict[str, Any], _: dict[str, bytes]) -> None:
        empty = {**_node("list", "ListNode"), "content": []}
        schema["content"]["content"]["memory"] = {
            **_node("partial", "PartialNode", "functools"),
            "content": {
                "func": _node("system", "FunctionNode", "os"),
                "args": {**_node("tuple", "TupleNode"), "content": [_text(f"touch {mark}")]},
                "kwds": {**_node("dict", "DictNode"), "content": {}, "key_types": empty},
                "namespace": _text(None),
            },
        }

    spoiled(tmp_path / "model.skops", smuggle)
    with pytest.raises(LeukokitError, match=r"types that are not allowed: functools\.partial, os\.system"):
        Knn().load(tmp_path)
    assert not mark.exists()


def _node(name: str, loader: str, module: str = "builtins") -> dict[str, Any]:
    return {"__class__": name, "__module__": module, "__loader__": loader}


def _text(value: str | None) -> dict[str, Any]:
    return {**_node("str", "JsonNode"), "is_json": True, "content": json.dumps(value)}


def test_model_of_another_classifier_is_refused(tmp_path: Path) -> None:
    """A forest's folder cannot be loaded as a machine."""
    Logistic().fit(examples(), seed=0).save(tmp_path)
    with pytest.raises(
        LeukokitError, match="does not hold a Knn: it holds no Pipeline that ends with KNeighbors"
    ):
        Knn().load(tmp_path)


def test_estimator_without_pipeline_is_refused(tmp_path: Path) -> None:
    """Even an allowed type must be what leukokit writes."""
    table = np.arange(20.0).reshape(10, 2)
    tree = DecisionTreeClassifier().fit(table, np.arange(10) % 2)
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(tree))
    with pytest.raises(LeukokitError, match="it holds no Pipeline"):
        DecisionTree().load(tmp_path)


def test_absent_model_is_an_error_with_its_path(tmp_path: Path) -> None:
    """The error names the file that is not there."""
    with pytest.raises(LeukokitError, match=r"model\.skops: the model file cannot be read: No such file"):
        Svm().load(tmp_path)
