"""Small pictures of a run: the worst errors, what the audit names, and never a failure."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from leukokit.api import ImageRejected, RGBImage, Sample
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import Item
from leukokit.engine.io.pictures import (
    LONGEST,
    Thumbnails,
    audited_ids,
    thumbnail,
    worst_errors,
    write_pictures,
)
from leukokit.engine.run_directory import RunDirectory
from leukokit.record.audit import AuditFinding, AuditRecord, ImagePair


def noise(seed: int, height: int = 300, width: int = 200) -> RGBImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def items(*names: str) -> dict[str, Item]:
    return {name: Item(i + 7, Sample(id=name, path=Path(name)), name) for i, name in enumerate(names)}


def test_a_thumbnail_is_small_and_the_same_every_time() -> None:
    """The longer side is bounded, the shape kept; a small image is not blown up."""
    content = thumbnail(noise(0))
    assert thumbnail(noise(0)) == content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("WEBP", (round(LONGEST * 2 / 3), LONGEST))
    with Image.open(io.BytesIO(thumbnail(noise(0, 20, 30)))) as image:
        assert image.size == (30, 20)


def test_pictures_are_written_with_their_index(tmp_path: Path) -> None:
    """Named by the image's number in the data set; an id that is no UTF-8 is indexed as tables write it."""
    known = items("a/1.jpg", "b/\udcff.jpg")
    with RunDirectory(tmp_path / "run") as directory:
        drawn = Thumbnails(lambda item: noise(item.index))
        write_pictures(directory, known, drawn, ["b/\udcff.jpg", "a/1.jpg", "unknown"])
    folder = tmp_path / "run" / "pictures"
    assert json.loads((folder / "index.json").read_text("utf-8")) == {
        "a/1.jpg": "000007.webp",
        "b/\\udcff.jpg": "000008.webp",
    }
    assert (folder / "000008.webp").read_bytes() == thumbnail(noise(8))


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """A damaged file, a plugin that raises anything and pixels of another form cost their picture only."""
    known = items("damaged", "raises", "odd", "good")

    def read(item: Item) -> RGBImage:
        if item.sample.id == "damaged":
            raise ImageRejected("damaged")
        if item.sample.id == "raises":
            raise ZeroDivisionError
        return noise(1) if item.sample.id == "good" else np.zeros((0, 4, 3), np.uint8)

    with RunDirectory(tmp_path / "run") as directory:
        index = write_pictures(directory, known, Thumbnails(read), known)
    assert list(index) == ["good"]


def test_what_the_cache_holds_is_not_read_again(tmp_path: Path) -> None:
    """Pictures go by the content of the file and how it is read; what failed is tried again."""
    store, known = Store(tmp_path), list(items("a", "bad").values())

    def read(item: Item) -> RGBImage:
        if item.sample.id == "bad":
            raise ImageRejected("damaged")
        return noise(3)

    assert Thumbnails(read, store, "as is").of(known) == {7: thumbnail(noise(3))}
    again = Thumbnails(lambda item: noise(item.index), store, "as is").of(known)
    assert again == {7: thumbnail(noise(3)), 8: thumbnail(noise(8))}
    other = Thumbnails(lambda item: noise(item.index), store, "second frame").of(known)
    assert other[7] == thumbnail(noise(7))


def test_an_index_is_written_though_it_be_empty(tmp_path: Path) -> None:
    """So that a run without errors is told from a run that kept no pictures."""
    with RunDirectory(tmp_path / "run") as directory:
        write_pictures(directory, {}, Thumbnails(lambda _: noise(0)), [])
    assert (tmp_path / "run" / "pictures" / "index.json").read_text() == "{}\n"


def test_the_surest_errors_come_first() -> None:
    """Of the part that is asked for; equal ones by their id."""
    rows = [
        ("c", "test", "x", "y", 0.1, 0.9),
        ("right", "test", "x", "x", 0.9, 0.1),
        ("b", "test", "y", "x", 0.6, 0.4),
        ("a", "test", "y", "x", 0.6, 0.4),
        ("other part", "validation", "x", "y", 0.0, 1.0),
    ]
    table = pd.DataFrame(rows, columns=["id", "part", "true", "predicted", "p_x", "p_y"])
    found = worst_errors(table, "test")
    assert found["id"].tolist() == ["c", "a", "b"]
    assert found["p_predicted"].tolist() == [0.9, 0.6, 0.6]
    assert found["p_true"].tolist() == [0.1, 0.4, 0.4]
    assert worst_errors(table.iloc[1:2], "test").empty


def finding(**facts: object) -> AuditFinding:
    return AuditFinding(check="near_duplicates", level="warn", **facts)


def test_every_finding_gets_its_turn() -> None:
    """Ids are taken from the findings in turn, each once."""
    findings = [
        finding(pairs=(ImagePair(a="1", b="2"), ImagePair(a="1", b="3"))),
        finding(images=("4", "2", "5")),
        finding(),
    ]
    assert audited_ids(AuditRecord(level="warn", findings=findings)) == ["1", "4", "2", "3", "5"]
    assert audited_ids(None) == []
