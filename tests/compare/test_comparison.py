"""The whole comparison: what it says, and that its numbers are those of its parts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from leukokit.compare import Comparison, compare
from leukokit.compare.statistics.all_tests import AnalysisUnit
from leukokit.engine.finished_run import FinishedRun
from leukokit.errors import UsageError
from leukokit.evaluation.metrics import scores

MakeRun = Callable[..., Path]
CLASSES = ("Benign", "Early", "Pre")


def compared(*paths: Path, **options: object) -> Comparison:
    return compare([FinishedRun.read(path) for path in paths], **options)  # type: ignore[arg-type]


def many(number: int) -> list[str]:
    return [f"i{i // 100}{i % 100:02d}" for i in range(number)]


def test_numbers_agree_with_scikit_learn_and_statsmodels(make_run: MakeRun) -> None:
    """From predictions.csv to p values."""
    a, b = make_run("a", ids=many(150), strength=0.2), make_run("b", ids=many(150), seed=1, strength=0.6)
    comparison = compared(a, b)
    tables = [pd.read_csv(path / "predictions.csv") for path in (a, b)]
    right = [table["true"] == table["predicted"] for table in tables]
    pair = comparison.pairs[0]
    tests = {test.about: test for test in pair.tests}
    counts = pd.crosstab(right[0], right[1]).to_numpy()
    assert tests["accuracy"].p == pytest.approx(mcnemar(counts, exact=True).pvalue, abs=1e-9)
    for name in CLASSES:
        areas = [roc_auc_score(table["true"] == name, table[f"p_{name}"]) for table in tables]
        assert tests[f"AUC {name}"].difference == pytest.approx(areas[1] - areas[0], abs=1e-9)
    expected = multipletests([test.p for test in pair.tests], method="holm")[1]
    assert [test.p_holm for test in pair.tests] == pytest.approx(expected, abs=1e-9)
    for run, table in zip(comparison.runs, tables, strict=True):
        proba = table[[f"p_{name}" for name in CLASSES]].to_numpy()
        whole = scores(table["true"].tolist(), proba, CLASSES).points
        assert dict(run.scores) == {
            name: pytest.approx(getattr(whole, name), abs=1e-12) for name in run.scores
        }
    assert pair.differences["auc_ovo"].first == pytest.approx(comparison.runs[0].scores["auc_ovo"], abs=1e-12)


def test_a_clear_difference_is_said(make_run: MakeRun) -> None:
    """In the direction it has, whichever run is the baseline."""
    a = make_run("a", ids=many(150), strength=0.0)
    b = make_run("b", ids=many(150), seed=1, strength=0.8)
    assert compared(a, b).pairs[0].verdict.startswith("B is right more often than A: accuracy +")
    assert compared(b, a).pairs[0].verdict.startswith("B is right less often than A: accuracy -")


def test_no_difference_is_not_equality(make_run: MakeRun) -> None:
    """Said in the same breath."""
    comparison = compared(make_run("a"), make_run("b", seed=1))
    verdict = comparison.pairs[0].verdict
    assert verdict.startswith("No difference can be told apart from chance")
    assert verdict.endswith("That does not show that they are equal.")


def test_areas_alone_can_differ(make_run: MakeRun) -> None:
    """Equal accuracy, better ranking."""
    a = make_run("a", ids=many(120), strength=0.5)
    b = Path(shutil.copytree(a, a.with_name("b")))
    table = pd.read_csv(b / "predictions.csv")
    columns = [f"p_{name}" for name in CLASSES]
    proba = table[columns].to_numpy()
    right = (table["true"] == table["predicted"]).to_numpy()
    proba[right] = proba[right] ** 6  # as right as before, and surer where it is right
    table[columns] = proba / proba.sum(axis=1, keepdims=True)
    table.to_csv(b / "predictions.csv", index=False)
    comparison = compared(a, b)
    assert comparison.pairs[0].changed == []
    assert "cannot be told apart from chance" in comparison.pairs[0].verdict
    assert "how they rank images can: AUC " in comparison.pairs[0].verdict


def test_a_run_against_its_copy_differs_by_nothing(make_run: MakeRun) -> None:
    """Difference 0, every p 1, no changed image."""
    a = make_run("a")
    b = Path(shutil.copytree(a, a.with_name("b")))
    pair = compared(a, b).pairs[0]
    assert {difference.difference for difference in pair.differences.values()} == {0.0}
    assert {(test.p, test.p_holm) for test in pair.tests} == {(1.0, 1.0)}
    assert pair.changed == []
    assert pair.recipe == []
    assert pair.versions == []
    assert pair.data.same
    assert pair.verdict.startswith("A and B predict the same for every image")


def test_the_same_run_twice_is_noted(make_run: MakeRun) -> None:
    """It is no mistake that numbers could show."""
    a = make_run("a")
    assert "A and B are the same run directory" in compared(a, a.parent / "." / "a").notes


def test_swapping_the_runs_turns_the_comparison(make_run: MakeRun) -> None:
    """Differences change their sign, p values stay, losses become gains."""
    a, b = make_run("a", groups={"i00": "g", "i03": "g"}), make_run("b", seed=1, strength=0.7)
    there, back = compared(a, b).pairs[0], compared(b, a).pairs[0]
    for name, difference in there.differences.items():
        assert difference.difference == pytest.approx(-back.differences[name].difference)  # type: ignore[operator]
        assert difference.low == pytest.approx(-back.differences[name].high, abs=1e-9)  # type: ignore[operator]
    assert [test.p for test in there.tests] == pytest.approx([test.p for test in back.tests])
    assert there.counts()["right to wrong"] == back.counts()["wrong to right"]


def test_groups_decide_which_tests_are_read(make_run: MakeRun) -> None:
    """Both kinds are made; the verdict takes that of groups."""
    groups = {f"i{number:02d}": f"g{number // 6}" for number in range(30)}
    a = make_run("a", groups=groups, strength=0.0)
    b = make_run("b", groups=groups, strength=2.0)
    comparison = compared(a, b)
    assert (comparison.unit, comparison.groups, comparison.n) == (AnalysisUnit.GROUP, 5, 30)
    images, over_groups = (
        next(test for test in comparison.pairs[0].tests if test.about == "accuracy" and test.unit is unit)
        for unit in (AnalysisUnit.IMAGE, AnalysisUnit.GROUP)
    )
    assert images.p < 0.001
    assert over_groups.p == pytest.approx(2 / 2**5)  # five groups, all of one mind: no p value is smaller
    assert comparison.pairs[0].verdict.startswith(
        "The accuracies of A and B cannot be told apart from chance"
    )
    assert any("5 groups are few" in note for note in comparison.notes)


def test_changes_in_one_group_are_said(make_run: MakeRun) -> None:
    """With its name and size."""
    groups = {f"i{number:02d}": "smear 7" for number in range(6)}
    a = make_run("a", groups=groups, strength=2.0)
    b = Path(shutil.copytree(a, a.with_name("b")))
    table = pd.read_csv(b / "predictions.csv")
    columns = [f"p_{name}" for name in CLASSES]
    table.loc[:3, columns] = np.roll(table.loc[:3, columns].to_numpy(), 1, axis=1)
    table["predicted"] = np.array(CLASSES)[table[columns].to_numpy().argmax(axis=1)]
    table.to_csv(b / "predictions.csv", index=False)
    pair = compared(a, b).pairs[0]
    assert pair.concentrated is not None
    assert pair.concentrated.startswith("4 of the 4 changed images lie in one group, smear 7 (6 images)")
    assert {image.id for image in pair.changed} == {"i00", "i01", "i02", "i03"}
    assert {image.group for image in pair.changed} == {"smear 7"}
    assert pair.counts() == {
        "right to wrong": {"Benign": 2, "Early": 1, "Pre": 1},
        "wrong to right": {},
        "wrong to other wrong": {},
    }


def test_the_first_run_is_the_baseline(make_run: MakeRun) -> None:
    """Of all others; every pair where asked for, and Holm over all."""
    paths = [make_run(name, seed=seed) for seed, name in enumerate("abcd")]
    comparison = compared(*paths)
    assert [(pair.first, pair.second) for pair in comparison.pairs] == [("A", "B"), ("A", "C"), ("A", "D")]
    every = compared(*paths, all_pairs=True)
    assert len(every.pairs) == 6
    assert len(every.family) == 6 * 4
    expected = multipletests([test.p for test in every.family], method="holm")[1]
    assert [test.p_holm for test in every.family] == pytest.approx(expected, abs=1e-9)


def test_versions_and_data_that_differ_are_told(make_run: MakeRun) -> None:
    """Packages by name, images by number, training parts."""
    a = make_run("a", packages={"scipy": "1.14"})
    b = make_run("b", packages={"numpy": "2.1"}, digests={"t00": "x", "t01": "y"})
    split = (b / "split.csv").read_text() + "t01,Pre,train,\n"
    (b / "split.csv").write_text(split)
    pair = compared(a, b).pairs[0]
    assert [(version.path, version.first, version.second) for version in pair.versions] == [
        ("packages.numpy", "2.0", "2.1"),
        ("packages.scipy", "1.14", "(absent)"),
    ]
    assert (pair.data.only_first, pair.data.only_second, pair.data.changed) == (0, 2, 0)
    assert pair.data.trained == (1, 2)
    assert not pair.data.same_training


def test_disease_is_what_the_operating_point_says(make_run: MakeRun) -> None:
    """Or what the names say."""
    paths = [make_run(name, seed=seed) for seed, name in enumerate("ab")]
    assert compared(*paths).negative == ("Benign",)
    for path in paths:
        facts = {"negative": ["Pre", "Early"], "positive": ["Benign"]}
        (path / "metrics.json").write_text(json.dumps({"test": {"n": 30, "operating_point": facts}}))
    assert compared(*paths).negative == ("Early", "Pre")


def test_a_run_with_too_many_rejected_images_is_noted(make_run: MakeRun) -> None:
    """It ended, and not well."""
    b = make_run("b", status={"exit_code": 3, "status": "too many images rejected"})
    assert "B ended with: too many images rejected" in compared(make_run("a"), b).notes


@pytest.mark.parametrize(("number", "named"), [(0, "0 runs were"), (1, "1 run was")])
def test_one_run_is_not_enough(make_run: MakeRun, number: int, named: str) -> None:
    """Two are needed."""
    with pytest.raises(UsageError, match=f"{named} named, and comparing needs two or more"):
        compared(*[make_run("a")][:number])


def test_everything_is_plain_json_and_the_same_every_time(make_run: MakeRun) -> None:
    """No NaN, no numpy, no chance."""
    a, b = make_run("a"), make_run("b", seed=1)
    first = json.dumps(compared(a, b).record().plain(), allow_nan=False, sort_keys=True)
    assert first == json.dumps(compared(a, b).record().plain(), allow_nan=False, sort_keys=True)
    content = json.loads(first)
    assert set(content) >= {
        "format",
        "n",
        "groups",
        "runs",
        "pairs",
        "notes",
        "notice",
        "holm",
        "unit",
        "level",
    }
    assert set(content["pairs"][0]) == {
        *("first", "second", "verdict", "differences", "tests", "changed", "recipe", "versions", "data")
    }
    assert content["notice"] == "Research use only. Not a medical device."
