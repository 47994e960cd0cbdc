"""Folders and tables by URL: the same samples as by path, and errors that say what to do."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from leukokit.api import DataError, Dataset, Sample, read_url
from leukokit.plugins.datasets.folder import Folder
from leukokit.plugins.datasets.table import TableDataset
from tests.served import served

FILES = {
    "few/10.png": b"a",
    "few/2.png": b"b",
    "few/sub/1.png": b"c",
    "many/ä b&c#d?e%.PNG": b"d",
    "many/.hidden.png": b"e",
    "many/notes.txt": b"f",
    ".hidden/1.png": b"g",
    "top.png": b"h",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def _zipped(tree: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        for name in FILES:
            file.write(tree / name, name)
    return archive


@pytest.fixture(params=["http", "zip", "memory", "zip over http", "local"])
def url(request: pytest.FixtureRequest, tree: Path, tmp_path: Path) -> Iterator[str]:
    """Give the tree by URL, through protocols that list and name files in ways of their own."""
    kind = request.param
    if "http" in kind:
        pytest.importorskip("aiohttp")
    if kind == "http":
        with served(tree) as address:
            yield address
    elif kind == "zip":
        yield f"zip://::{_zipped(tree, tmp_path / 'tree.zip').as_uri()}"
    elif kind == "zip over http":
        _zipped(tree, tmp_path / "tree.zip")
        with served(tmp_path) as address:
            yield f"zip::simplecache::{address}/tree.zip"
    elif kind == "local":
        yield f"local://{tree}"
    else:
        memory = fsspec.filesystem("memory")
        for name, content in FILES.items():
            memory.pipe(f"/tree/{name}", content)
        yield "memory://tree"
        memory.rm("/tree", recursive=True)


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_holds_the_same_samples_by_url(url: str, tree: Path, recursive: bool) -> None:
    """Ids, labels, order and notes do not tell where the files are; contents are those of the files."""
    there = Folder.create(root=url, recursive=recursive)
    here = Folder.create(root=tree, recursive=recursive)
    assert there.missing() is None
    assert [(sample.id, sample.label) for sample in there.samples()] == [
        (sample.id, sample.label) for sample in here.samples()
    ]
    assert there.notes() == here.notes()
    for sample in there.samples():
        assert sample.url is not None
        assert read_url(sample.url) == FILES[sample.id]


def _told(dataset: Dataset) -> str:
    reason = dataset.missing()
    if reason is not None:
        return reason
    with pytest.raises(DataError) as error:
        dataset.samples()
    return str(error.value)


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("memory://nowhere", "memory://nowhere: cannot be listed: not there. Correct root in the recipe"),
        ("memory://b/few/1.png", "is a file, not a folder"),
        ("memory://b/few", "holds no class folders. Put the images of each class into a folder of its own"),
        ("memory://b", "class none has 0 images"),
        ("nix://b", "Protocol not known: nix"),
        ("zip://::memory://b/few/1.png", "cannot be opened: File is not a zip file"),
        ("zip://::/nowhere/x.zip", "cannot be opened: not there"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(root: str, message: str) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/b/few/1.png", b"x")
    memory.pipe("/b/none/1.txt", b"x")
    assert message in _told(Folder.create(root=root))


def test_a_server_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp")
    monkeypatch.setattr("leukokit.imageio.urls.sleep", lambda _: None)
    message = _told(Folder.create(root="http://127.0.0.1:9/smears"))
    assert message.startswith("http://127.0.0.1:9/smears: cannot be listed: its server cannot be reached")


TABLE = "path,label,group,split,mask\nfew/10.png,a,g1,train,m/1.png\nfew/2.png,b,g2,test,\n"


@pytest.fixture
def put() -> Iterator[Callable[[str, bytes], None]]:
    memory = fsspec.filesystem("memory")
    yield lambda name, content: memory.pipe(f"/t/{name}", content)
    memory.rm("/t", recursive=True)


def test_a_table_by_url_names_files_beside_it(put: Callable[[str, bytes], None]) -> None:
    put("all.csv", TABLE.encode())
    table = TableDataset.create(file="memory://t/all.csv")
    assert table.missing() is None
    first, second = table.samples()
    assert first == Sample(
        "few/10.png", label="a", group="g1", url="memory://t/few/10.png", mask_url="memory://t/m/1.png"
    )
    assert second.mask_url is None
    assert set(table.splits()["table"]) == {"few/10.png", "few/2.png"}


def test_a_table_here_may_name_files_there(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("path\nb/1 x.png\n")
    table = TableDataset.create(file=tmp_path / "all.csv", root="https://example.org/smears/")
    assert [sample.url for sample in table.samples()] == ["https://example.org/smears/b/1%20x.png"]


def test_root_may_be_a_folder_too(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_bytes(b"x")
    (tmp_path / "all.csv").write_text("path\n1.png\n")
    table = TableDataset.create(file=tmp_path / "all.csv", root=tmp_path / "images")
    assert [sample.path for sample in table.samples()] == [tmp_path / "images" / "1.png"]


def test_rows_that_leave_the_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(
        "path\n../1.png\n/2.png\ns3://u:secret@b/3.png\na/../../4.png\nzip::5.png\n"
    )
    table = TableDataset.create(file=tmp_path / "all.csv", root="s3://bucket/x")
    with pytest.raises(DataError, match="5 bad entries") as caught:
        table.samples()
    text = str(caught.value)
    assert text.count("does not lie below root") == 3
    assert text.count("is a URL; give what all URLs begin with as root") == 2
    assert "secret" not in text


def test_masks_are_read_by_url(put: Callable[[str, bytes], None], tmp_path: Path) -> None:
    mask = np.zeros((8, 8), dtype=np.uint8)
    mask[2:5, 2:5] = 2
    Image.fromarray(mask).save(tmp_path / "m.png")
    put("m/1.png", (tmp_path / "m.png").read_bytes())
    put("all.csv", TABLE.encode())
    table = TableDataset.create(file="memory://t/all.csv")
    first, second = table.samples()
    truth = table.truth(first)
    assert truth is not None
    assert int((truth.roles["nucleus"] > 0).sum()) == 9
    assert table.truth(second) is None


def test_a_table_that_is_not_there_is_named() -> None:
    reason = TableDataset.create(file="memory://nowhere/all.csv").missing()
    assert (
        reason == "memory://nowhere/all.csv: cannot be read: not there; expected a CSV with a column 'path'"
    )
