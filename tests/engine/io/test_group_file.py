"""Groups from a file take the place of the data set's own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from leukokit.api import DataError, Sample
from leukokit.engine.data import read_group_file, regrouped
from leukokit.engine.observer import Observer
from tests.engine.conftest import Leukokit


class Heard(Observer):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def test_a_split_keeps_the_groups_of_the_file_whole(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    ids = [f"{name}/{i:02d}.png" for name in ("few", "many") for i in range(20)]
    rows = "".join(f"{id_},{id_.partition('/')[0]}-{int(id_[-6:-4]) % 7}\n" for id_ in ids)
    (tmp_path / "groups.csv").write_text("id,group\n" + rows)
    done = cli("run", recipe, "--set", "data.groups=groups.csv", "--set", "explain=[]", "--run-dir", "run")
    assert done.returncode == 0, done.stderr
    split = pd.read_csv(tmp_path / "run" / "split.csv")
    assert split["group"].nunique() == 14
    assert (split.groupby("group")["part"].nunique() == 1).all()


def test_samples_that_the_file_does_not_name_stand_alone(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("id,group\na,one\nzz,one\n")
    heard = Heard()
    samples = regrouped(
        [Sample("a", group="x"), Sample("b", group="x")], path, stood_in=False, observer=heard
    )
    assert [sample.group for sample in samples] == ["one", None]
    assert "1 ids of" in heard.warnings[0]
    assert "'zz'" in heard.warnings[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,patient\na,1\n", "expected 'id' and 'group'"),
        ("id,group\na,\n,1\n", "line 2: group is empty; line 3: id is empty"),
        ("id,group\na,1\na,2\n", "line 3: a was in group 1 before"),
        ("id,group\n", "has no rows"),
        ("", "has the columns none"),
    ],
)
def test_bad_files_are_told_with_their_lines(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_group_file(path)


def test_a_file_of_another_data_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("id,group\nother,1\n")
    with pytest.raises(DataError, match="none of its 1 ids is an image of the data set"):
        regrouped([Sample("a")], path, stood_in=False, observer=Observer())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"groups\.csv: the group file cannot be read"):
        read_group_file(tmp_path / "groups.csv")
