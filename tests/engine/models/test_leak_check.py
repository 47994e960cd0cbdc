"""A planted leak makes noise look like knowledge, and is told."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukokit.api import Examples, Selector
from leukokit.engine.models.leak_check import company_leak, memory_leaks
from leukokit.evaluation.tuning import take
from leukokit.plugins.select.information_gain import InformationGain
from leukokit.testing.tables import NaiveBayes, examples
from tests.engine.conftest import FAULTY, Leukokit

# From its file: on sys.path, the plugin would be found by the tests that come after.
_spec = importlib.util.spec_from_file_location("planted_leaks", FAULTY / "leukokit_faulty" / "leaks.py")
assert _spec is not None
assert _spec.loader is not None
planted = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(planted)
Adaptive, Peeking, PeekingTransformer = planted.Adaptive, planted.Peeking, planted.PeekingTransformer


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    PeekingTransformer.seen.clear()


def noise(seed: int = 0, *, n: int = 100, columns: int = 1500) -> Examples:
    """Draw a table in which no column knows anything of the two classes."""
    rng = np.random.default_rng(seed)
    ids = [f"image-{row:03d}" for row in range(n)]
    table = pd.DataFrame(rng.normal(size=(n, columns)), index=pd.Index(ids, name="id"))
    table.columns = [f"noise_{i}" for i in range(columns)]
    labels = np.array(["a", "b"])[rng.permutation(np.arange(n) % 2)]
    return Examples(ids=ids, labels=labels, groups=np.array(ids), features=table, images=None)


def cross_validated_accuracy(selector: Selector, data: Examples, folds: int = 5) -> float:
    """Accuracy over folds that the classifier never sees, selection included in the fit."""
    assert data.labels is not None
    fold_of = np.arange(len(data)) % folds
    right = 0
    for fold in range(folds):
        learn, held_out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        model = NaiveBayes(NaiveBayes.Params()).fit(take(data, learn), seed=0, select=[selector])
        chosen = model.predict_proba(take(data, held_out)).argmax(axis=1)
        right += int(np.sum(np.array(model.classes)[chosen] == data.labels[held_out]))
    return right / len(data)


@pytest.mark.slow
def test_a_selector_that_peeks_makes_noise_look_like_knowledge() -> None:
    honest = InformationGain(InformationGain.Params(k=10))
    fair = [cross_validated_accuracy(honest, noise(seed, columns=200)) for seed in range(3)]
    assert 0.35 < np.mean(fair) < 0.65
    peeking = []
    for seed in range(3):
        PeekingTransformer.seen.clear()
        cross_validated_accuracy(Peeking(Peeking.Params()), noise(seed))  # one pass, and it has seen all
        peeking.append(cross_validated_accuracy(Peeking(Peeking.Params()), noise(seed)))
    assert np.mean(peeking) > 0.7


def test_a_selector_that_remembers_is_named() -> None:
    (found,) = memory_leaks([Peeking(Peeking.Params())], noise(columns=200), seed=1)
    assert found.startswith("selector Peeking remembers rows of earlier fits")


@pytest.mark.parametrize("data", [noise(columns=60), examples()], ids=["noise", "signal"])
def test_a_selector_that_forgets_is_not(data: Examples) -> None:
    assert memory_leaks([InformationGain(InformationGain.Params(k=3))], data, seed=1) == []


def test_predictions_that_depend_on_company_are_told() -> None:
    train, test = examples(0), examples(1)
    model = NaiveBayes(NaiveBayes.Params()).fit(train, seed=0, select=[Adaptive(Adaptive.Params())])
    found = company_leak(model, test, model.predict_proba(test), seed=0)
    assert found is not None
    assert "depend on which other images are asked about" in found


def test_predictions_that_stand_alone_are_not() -> None:
    train, test = examples(0), examples(1)
    model = NaiveBayes(NaiveBayes.Params()).fit(train, seed=0)
    assert company_leak(model, test, model.predict_proba(test), seed=0) is None


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("faulty/peeking", "remembers rows of earlier fits"),
        ("faulty/adaptive", "depend on which other images"),
    ],
)
def test_a_run_with_a_leak_says_so(
    selector: str, words: str, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    done = cli("run", recipe, "--set", f"select=[{selector}]", "--set", "explain=[]", "--run-dir", "run")
    assert done.returncode == 0, done.stderr
    assert "LEAK" in done.stderr
    assert words in " ".join(done.stderr.split())
    (leak,) = json.loads((tmp_path / "run" / "metrics.json").read_text())["leaks"]
    assert words in leak


def test_a_sound_run_has_none(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    done = cli("run", recipe, "--set", "explain=[]", "--run-dir", "run")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["leaks"] == []
