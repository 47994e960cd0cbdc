"""Rows come in the given order and do not depend on company, workers, pieces or interruptions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from leukokit.api import Sample
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.prediction import predictor
from leukokit.errors import UsageError


@pytest.fixture
def paths(pictures: Path) -> list[str]:
    return [str(path) for path in sorted(pictures.glob("*/*.png"))]


def streamed(pipeline: FittedPipeline, paths: list[str], executor: object = None) -> pd.DataFrame:
    samples = [Sample(path, path=Path(path)) for path in paths]
    pieces = pipeline.stream(samples, executor=executor or InlineExecutor())  # type: ignore[arg-type]
    return pd.concat([piece.table(pipeline.deciding) for piece in pieces], ignore_index=True)


def test_an_image_gets_the_same_alone_in_any_company_and_from_any_workers(
    pipeline: FittedPipeline, paths: list[str]
) -> None:
    """The model multiplies matrices; its rows are the same to the bit, in the given order."""
    whole = pipeline.predict(paths)
    assert whole["image"].tolist() == paths
    order = np.random.default_rng(0).permutation(len(paths))[:17]
    some = pipeline.predict([paths[row] for row in order])
    pd.testing.assert_frame_equal(some, whole.iloc[order].reset_index(drop=True), check_exact=True)
    alone = pipeline.predict([paths[7]])
    pd.testing.assert_frame_equal(alone, whole.iloc[[7]].reset_index(drop=True), check_exact=True)
    workers = streamed(pipeline, paths, ProcessExecutor(2, always=True))
    pd.testing.assert_frame_equal(workers, whole, check_exact=True)


def test_small_pieces_give_the_same_and_come_one_after_the_other(
    pipeline: FittedPipeline, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come out while later images are not read yet; what comes out is the same."""
    whole = pipeline.predict(paths)
    monkeypatch.setattr(predictor, "_FIRST_PIECE", 3)
    monkeypatch.setattr(predictor, "_LARGEST_PIECE", 5)
    monkeypatch.setattr("leukokit.engine.prediction.blocks.FEATURE_ROWS", 4)
    read: list[int] = []

    class Counting(InlineExecutor):
        def content_keys(self, dataset, identity, samples):  # type: ignore[no-untyped-def]
            read.append(len(samples))
            return super().content_keys(dataset, identity, samples)

    samples = [Sample(path, path=Path(path)) for path in paths]
    pieces = pipeline.stream(samples, executor=Counting())
    first = next(pieces)
    assert len(first.samples) == 4
    assert sum(read) == 8  # 3, then 5
    rest = [piece.table(pipeline.deciding) for piece in pieces]
    table = pd.concat([first.table(pipeline.deciding), *rest], ignore_index=True)
    assert table["image"].tolist() == paths
    assert table["predicted"].tolist() == whole["predicted"].tolist()
    assert np.allclose(table["p_few"], whole["p_few"], atol=1e-12)


def test_rejected_images_are_rows_in_their_place(
    pipeline: FittedPipeline, paths: list[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    table = pipeline.predict([paths[0], bad])
    assert table["status"].tolist() == ["ok", "rejected"]
    assert table.loc[1, ["stage", "reason"]].tolist() == ["read", "not_an_image"]
    assert table.loc[1, ["predicted", "p_few", "decision", "unlike_stain"]].isna().all()
    assert table.loc[0, "decision"] in ("accept", "refer", "unlike")


def test_the_run_and_its_model_give_the_same(pipeline: FittedPipeline, trained: Path) -> None:
    """Test and validation images together, in any order: equal to ``predictions.csv`` to the bit."""
    rows = FinishedRun.read(trained).predictions
    assert rows is not None
    rows = rows.iloc[::-1].reset_index(drop=True)
    table = pipeline.predict(rows["path"].tolist())
    columns = ["p_few", "p_many"]
    assert np.array_equal(table[columns].to_numpy(), rows[columns].to_numpy())


def test_a_model_without_unlike_says_so_by_its_columns(pipeline: FittedPipeline, paths: list[str]) -> None:
    from dataclasses import replace

    table = replace(pipeline, unlike=None).predict(paths[:2])
    assert not [name for name in table if name.startswith("unlike")]
    assert set(table["decision"]) <= {"accept", "refer"}


def test_progress_counts_all_images_once(pipeline: FittedPipeline, paths: list[str]) -> None:
    counts: list[tuple[str, int]] = []

    class Listening(Observer):
        done = 0

        def stage(self, name: str, total: int) -> None:
            counts.append((name, total))

        def advance(self, count: int = 1) -> None:
            self.done += count

    observer = Listening()
    pipeline.predict(paths[:5], observer=observer)
    assert counts == [("predicting", 5)]
    assert observer.done == 5


def test_one_worker_is_this_process(
    pipeline: FittedPipeline, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script without a guard for processes can predict any number of images."""
    started: list[str] = []
    monkeypatch.setattr("leukokit.engine.execution.processes.BATCH", 1)
    monkeypatch.setattr(
        "leukokit.engine.execution.processes.worker_context", lambda: started.append("process")
    )
    assert len(pipeline.predict(paths[:5])) == 5
    assert started == []
    with pytest.raises(AttributeError):
        pipeline.predict(paths[:5], workers=2)
    assert started == ["process"]


def test_what_cannot_be_predicted_says_what_to_do(pipeline: FittedPipeline, paths: list[str]) -> None:
    image = np.zeros((96, 96, 3), np.uint8)
    wrong = {
        "Leave the alpha channel out": np.zeros((96, 96, 4), np.uint8),
        "A gray image holds no stain": image[..., 0],
        "divided by 255": image / 255.0,
        "np.moveaxis": np.zeros((3, 96, 96), np.uint8),
        "If its values are 0..255: image.astype": image.astype(np.int64),
        "values that are not finite": np.full((96, 96, 3), np.nan),
    }
    for hint, array in wrong.items():
        with pytest.raises(UsageError, match=hint):
            pipeline.predict([array])
    objects = {
        r"image 1 is a str. Give arrays only": [image, paths[0]],
        "image 0 is a int. Give paths, URLs": [3],
        "image 0 is a list. Lists in lists": [[paths[0]]],
        "the image is a NoneType. Give paths": None,
        "the image is a bytes. Write the bytes to a file": b"png",
        r"the image is a Image. Give its pixels: np.asarray": Image.fromarray(image),
        r"a DataFrame is given \(columns path\). Give its column": pd.DataFrame({"path": paths}),
        "a mapping is given. Give its values": {"a": image},
    }
    for message, given in objects.items():
        with pytest.raises(UsageError, match=message):
            pipeline.predict(given)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no such file or folder"):
        pipeline.predict("missing.png")
    with pytest.raises(UsageError, match="no file matches this pattern"):
        pipeline.predict("missing/*.png")


def test_arrays_files_folders_and_patterns_give_the_same(
    pipeline: FittedPipeline, paths: list[str], pictures: Path
) -> None:
    of_folder = pipeline.predict(pictures)
    assert of_folder["image"].tolist() == paths
    of_pattern = pipeline.predict(str(pictures / "few" / "*.png"))
    pd.testing.assert_frame_equal(of_pattern, of_folder.iloc[:20], check_exact=True)
    arrays = [np.array(Image.open(path)) for path in paths[:3]]
    of_arrays = pipeline.predict(arrays)
    assert of_arrays["image"].tolist() == ["array 0", "array 1", "array 2"]
    same = [name for name in of_arrays if name != "image"]
    pd.testing.assert_frame_equal(of_arrays[same], of_folder.iloc[:3][same], check_exact=True)
    one = pipeline.predict(arrays[0])
    pd.testing.assert_frame_equal(one, of_arrays.iloc[:1], check_exact=True)
    batch = pipeline.predict(np.stack(arrays))
    pd.testing.assert_frame_equal(batch, of_arrays, check_exact=True)
