"""Runs are laid beside each other image by image, or refused with the difference."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from leukokit.compare.aligned import Aligned, align
from leukokit.compare.prediction_rows import RunPredictions
from leukokit.engine.finished_run import FinishedRun
from leukokit.errors import DataError

MakeRun = Callable[..., Path]


def aligned(*paths: Path, part: str = "test", **options: bool) -> Aligned:
    rows = [RunPredictions.read(FinishedRun.read(path), "ABC"[i], part) for i, path in enumerate(paths)]
    return align(rows, **options)


def refusal(*paths: Path, **options: bool) -> str:
    with pytest.raises(DataError) as caught:
        aligned(*paths, **options)
    return str(caught.value)


def test_the_order_of_rows_does_not_matter(make_run: MakeRun) -> None:
    """Images are found by id."""
    a, b = make_run("a"), make_run("b", seed=1)
    expected = aligned(a, b)
    table = pd.read_csv(b / "predictions.csv")
    table.iloc[::-1].to_csv(b / "predictions.csv", index=False)
    result = aligned(a, b)
    assert result.keys == expected.keys
    assert (result.scored[1].proba == expected.scored[1].proba).all()


def test_the_order_of_class_columns_does_not_matter(make_run: MakeRun) -> None:
    """Columns are found by name."""
    a = make_run("a")
    b = Path(shutil.copytree(a, a.with_name("b")))
    table = pd.read_csv(b / "predictions.csv")
    table[[*table.columns[::-1]]].to_csv(b / "predictions.csv", index=False)
    result = aligned(a, b)
    assert (result.scored[0].proba == result.scored[1].proba).all()


def test_different_images_are_refused_with_the_difference(make_run: MakeRun) -> None:
    """How many where, which, what the recipes say, and what to do."""
    a = make_run("a", recipe={"split": {"method": "named", "name": "paper_602020"}})
    b = make_run(
        "b",
        ids=[f"i{number:02d}" for number in range(25, 35)],
        recipe={"split": {"method": "named", "name": "paper_801010"}},
        rejected=["i03"],
    )
    message = refusal(a, b)
    assert "30 in A, 10 in B, 5 in both" in message
    assert "25 only in A, 1 of them rejected by B: such as i00, i01, i02" in message
    assert "5 only in B: such as i30, i31, i32" in message
    assert "split.name is 'paper_602020' in A and 'paper_801010' in B" in message
    assert "the 5 images that all tested with --common" in message
    assert str(a) in message
    assert str(b) in message


def test_other_data_are_named_in_few_words(make_run: MakeRun) -> None:
    """Data set and place of each, not all of their parameters."""
    folder = {"use": "folder", "params": {"root": "mine", "recursive": False, "labels": {}}}
    table = {"use": "table", "params": {"file": "theirs.csv", "columns": {"path": "x" * 200}}}
    a = make_run("a", recipe={"data": folder})
    b = make_run("b", ids=[f"other{number}" for number in range(30)], recipe={"data": table})
    message = refusal(a, b)
    assert message.endswith(
        "The recipes differ: data is folder mine in A and table theirs.csv in B. "
        "Run both on the same data, with the same split"
    )


def test_common_goes_on_with_what_all_tested(make_run: MakeRun) -> None:
    """And counts what is left out of each."""
    a, b = make_run("a"), make_run("b", ids=[f"i{number:02d}" for number in range(25, 35)])
    c = make_run("c", ids=[f"i{number:02d}" for number in range(27, 40)])
    result = aligned(a, b, c, common=True)
    assert [key[0] for key in result.keys] == ["i27", "i28", "i29"]
    assert result.left_out == (27, 7, 10)


def test_common_without_a_common_image_is_refused(make_run: MakeRun) -> None:
    """There is nothing to go on with, and it is not proposed."""
    message = refusal(make_run("a"), make_run("b", ids=["x01", "x02"]), common=True)
    assert "0 in both" in message
    assert "--common" not in message


@pytest.mark.parametrize("options", [{}, {"common": True}, {"by_id": True}])
def test_another_truth_is_always_an_error(make_run: MakeRun, options: dict[str, bool]) -> None:
    """The same image cannot have two classes."""
    message = refusal(make_run("a"), make_run("b", labels={"i04": "Pre"}), **options)
    assert "1 images have another true class, such as i04: Early in A, Pre in B" in message


def test_other_bytes_are_refused_unless_told(make_run: MakeRun) -> None:
    """A segmented copy under the same name shows the same cells, and only the user knows."""
    a, b = make_run("a"), make_run("b", digests={"i05": "other", "i06": "other too"})
    message = refusal(a, b)
    assert "2 of 30 images have the same id and other bytes, such as i05" in message
    assert "--by-id" in message
    assert len(aligned(a, b, by_id=True).keys) == 30


def test_synthetic_against_real_is_refused(make_run: MakeRun) -> None:
    """Naming the one that is synthetic."""
    message = refusal(make_run("a"), make_run("b", status={"synthetic": True}))
    assert "B ran on synthetic smears and the other on real images" in message


def test_other_classes_are_refused(make_run: MakeRun) -> None:
    """Naming both."""
    message = refusal(make_run("a"), make_run("b", classes=("Benign", "Early", "Pro")))
    assert "Benign, Early, Pre against Benign, Early, Pro" in message


def test_a_run_without_predictions_is_refused(make_run: MakeRun) -> None:
    """And one without the part says which it has."""
    a, b = make_run("a"), make_run("b")
    with pytest.raises(DataError, match="predicted nothing of part 'validation'; it has test"):
        aligned(a, b, part="validation")
    (b / "predictions.csv").unlink()
    assert "this run classified nothing" in refusal(a, b)


def test_a_run_that_did_not_end_is_refused(make_run: MakeRun) -> None:
    """As FinishedRun says."""
    a = make_run("a")
    (a / "status.json").unlink()
    assert "did not end" in refusal(a, a)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("p_Pre", "nan", "the probabilities of i00 are not finite numbers"),
        ("p_Pre", "much", "the probabilities of i00 are not finite numbers"),
        ("true", "Pro", "true class 'Pro' has no column of probabilities"),
        ("id", "i01", "i01 is in two rows"),
        ("predicted", "Unknown", "i00: predicted is 'Unknown'"),
    ],
)
def test_damaged_predictions_are_refused(make_run: MakeRun, column: str, value: str, message: str) -> None:
    """Naming the file and the image."""
    a, b = make_run("a"), make_run("b")
    table = pd.read_csv(b / "predictions.csv", dtype=str)
    table.loc[0, column] = value
    table.to_csv(b / "predictions.csv", index=False)
    error = refusal(a, b)
    assert message in error
    assert str(b / "predictions.csv") in error


def test_a_missing_column_is_named(make_run: MakeRun) -> None:
    """Of predictions.csv."""
    a = make_run("a")
    pd.read_csv(a / "predictions.csv").drop(columns="true").to_csv(a / "predictions.csv", index=False)
    assert "has no column 'true'" in refusal(a, a)


def test_folds_that_test_each_image_once_are_taken_by_id(make_run: MakeRun) -> None:
    """Whatever the folds are called, and against a run without folds."""
    ids = [f"i{number:02d}" for number in range(30)]
    a = make_run("a", folds={"fold-1": ids[:15], "fold-2": ids[15:]})
    b = make_run("b", folds={"fold-1": ids[10:], "fold-2": ids[:10]})
    result = aligned(a, b, make_run("c"))
    assert sorted(result.keys) == [(name,) for name in ids]


def test_repeated_folds_are_taken_by_id_and_fold(make_run: MakeRun) -> None:
    """All rows of an image are one group."""
    ids = ["i00", "i01", "i02", "i03"]
    a, b = (make_run(name, folds={"r1": ids, "r2": ids}) for name in "ab")
    result = aligned(a, b)
    assert len(result.keys) == 8
    assert result.keys[0] == ("i00", "r1")
    assert len(result.group_names) == 4
    assert result.codes[0] == result.codes[4]


def test_repeated_folds_against_single_ones_are_refused(make_run: MakeRun) -> None:
    """Their rows have no counterpart."""
    ids = ["i00", "i01", "i02"]
    repeated = make_run("b", folds={"r1": ids, "r2": ids})
    assert "B tested images several times (repeated folds)" in refusal(make_run("a", ids=ids), repeated)


def test_groups_of_either_run_and_identical_pictures_are_joined(make_run: MakeRun) -> None:
    """What belongs together in any way is one group."""
    a = make_run("a", groups={"i00": "smear", "i01": "smear"}, digests={"i04": "same", "i05": "same"})
    b = make_run("b", groups={"i01": "patient", "i02": "patient"}, digests={"i04": "same", "i05": "same"})
    result = aligned(a, b)
    rows = {key[0]: code for key, code in zip(result.keys, result.codes, strict=True)}
    assert rows["i00"] == rows["i01"] == rows["i02"] != rows["i03"]
    assert rows["i04"] == rows["i05"]
    assert len(result.group_names) == 27
    assert result.grouped
    assert any("group the images differently" in note for note in result.notes)


def test_images_without_groups_are_on_their_own(make_run: MakeRun) -> None:
    """Each one a group."""
    result = aligned(make_run("a"), make_run("b"))
    assert not result.grouped
    assert result.notes == ()
