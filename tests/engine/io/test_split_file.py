"""Split files: every bad row is told, and what cannot be read is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from leukokit.api import DataError, Part
from leukokit.engine.io.sample_files import read_split_file


def write(path: Path, lines: Sequence[str]) -> Path:
    """Write a split file."""
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_split_files_fix_the_parts(tmp_path: Path) -> None:
    """A CSV of id and part is followed; 'valid' is understood; a byte order mark does no harm."""
    path = write(
        tmp_path / "s.csv", ["\ufeffid,part", "a/000,train", "a/001,valid", "a/002,TEST", "gone,train"]
    )
    assert read_split_file(path) == {
        "a/000": Part.TRAIN,
        "a/001": Part.VALIDATION,
        "a/002": Part.TEST,
        "gone": Part.TRAIN,
    }


def test_bad_rows_of_split_files_are_all_named(tmp_path: Path) -> None:
    """Every bad row is told with its line, all in one error."""
    path = write(
        tmp_path / "s.csv", ["path,part", "a/000,train", ",train", "a/001,tset", "a/000,test", "a/000,train"]
    )
    with pytest.raises(DataError) as caught:
        read_split_file(path)
    assert "3 bad rows: line 3: path is empty; line 4: part is 'tset', expected" in str(caught.value)
    assert "line 5: a/000 was in part train before" in str(caught.value)


def test_split_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file and missing columns say so."""
    with pytest.raises(DataError, match=r"s\.csv: the split file cannot be read: No such file"):
        read_split_file(tmp_path / "s.csv")
    with pytest.raises(DataError, match="has the columns file, fold; expected 'id'"):
        read_split_file(write(tmp_path / "t.csv", ["file,fold", "a,1"]))
    (tmp_path / "u.csv").write_bytes(b"id,part\n\xff,train\n")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        read_split_file(tmp_path / "u.csv")
