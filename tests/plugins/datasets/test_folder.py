"""One folder a class: names, links, empty classes, one image in two classes."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.api import DataError
from leukokit.api.files import natural_order, printable_name
from leukokit.plugins.datasets.folder import Folder


def put(root: Path, *files: str | bytes) -> Path:
    """Write files with a content of their own each."""
    for i, name in enumerate(files):
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture %d" % i)
    return root


def ids(root: Path, **params: object) -> list[str]:
    """Ids of a folder data set."""
    return [sample.id for sample in Folder.create(root=root, **params).samples()]


def test_each_folder_is_a_class(tmp_path: Path) -> None:
    """Folder name is the label, id the path below root; numbers stand in their own order."""
    put(tmp_path, "b/10.png", "b/2.png", "a/x.JPG", "a/x.tif")
    samples = Folder.create(root=tmp_path).samples()
    assert [(sample.id, sample.label) for sample in samples] == [
        ("a/x.JPG", "a"),
        ("a/x.tif", "a"),
        ("b/2.png", "b"),
        ("b/10.png", "b"),
    ]
    assert samples[0].path == tmp_path / "a" / "x.JPG"


def test_only_asked_for_depth_and_endings(tmp_path: Path) -> None:
    """Subfolders and endings are read as the parameters say; the rest is noted."""
    put(tmp_path, "a/1.png", "a/sub/2.png", "a/notes.txt", "top.png", "a/.hidden.png", "a/3.xyz")
    assert ids(tmp_path) == ["a/1.png"]
    assert ids(tmp_path, recursive=True) == ["a/1.png", "a/sub/2.png"]
    assert ids(tmp_path, extensions=[".xyz"]) == ["a/3.xyz"]
    assert Folder.create(root=tmp_path).notes() == [
        "2 files of other types were skipped: a/3.xyz, a/notes.txt",
        "1 images outside the class folders belong to no class and were skipped: top.png",
        "1 images deeper in the folders were skipped: a/sub/2.png",
    ]
    with pytest.raises(ValueError, match=r"an extension starts with a dot, such as '.png'; got 'png'"):
        Folder.create(root=tmp_path, extensions=["png"])


ODD = [
    b"a b/c d.png",
    b"line\nbreak/x.png",
    b'quote\'s "q"/x.png',
    "細胞/リンパ.png".encode(),
    b"100%s/%d.png",
    b"-rf/-f.png",
    b"[a]/*.png",
    b"<script>alert(1)<script>/x.png",
    b"bytes\xff\xfe/\xff.png",
]


def test_odd_names_are_taken(tmp_path: Path) -> None:
    """Any name that a file system allows is read, with an id that can be written as UTF-8."""
    put(tmp_path, *ODD)
    samples = Folder.create(root=tmp_path).samples()
    assert len(samples) == len(ODD)
    ids = {sample.id for sample in samples}
    assert {name.decode() for name in ODD[:-1]} < ids
    assert "bytes\\xff\\xfe/\\xff.png" in ids
    for sample in samples:
        sample.id.encode("utf-8")
        assert sample.path is not None
        assert sample.path.read_bytes().startswith(b"picture")


def test_two_names_with_one_printable_form_are_refused(tmp_path: Path) -> None:
    r"""A file named ``\xff`` in letters and one named by the byte would share an id."""
    put(tmp_path, b"a/\xff.png", b"a/\\xff.png")
    with pytest.raises(DataError, match="two images have the id"):
        Folder.create(root=tmp_path).samples()


def test_links_are_not_followed_and_that_is_said(tmp_path: Path) -> None:
    """Links to self, to a parent, to a file and to a class are passed over, each named."""
    root = put(tmp_path / "root", "a/1.png")
    put(tmp_path, "outside/2.png")
    (root / "a" / "loop").symlink_to(root / "a")
    (root / "a" / "self").symlink_to(root / "a" / "self")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "3.png").symlink_to(tmp_path / "outside" / "2.png")
    (root / "b").symlink_to(tmp_path / "outside")
    dataset = Folder.create(root=root, recursive=True)
    assert [sample.id for sample in dataset.samples()] == ["a/1.png"]
    assert dataset.notes() == ["5 links were not followed: b, a/3.png, a/loop, a/self, a/up"]


def test_a_link_may_be_the_root_itself(tmp_path: Path) -> None:
    """The user named that one."""
    put(tmp_path / "real", "a/1.png")
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert ids(tmp_path / "root") == ["a/1.png"]


def test_an_empty_class_is_named_with_its_count(tmp_path: Path) -> None:
    """All empty classes are told at once, with what is read."""
    put(tmp_path, "a/1.png", "b/1.txt", "c/sub/1.png")
    with pytest.raises(DataError, match=r"class b has 0 images; class c has 0 images.*recursive: true"):
        Folder.create(root=tmp_path).samples()


def test_no_class_folders_and_no_root(tmp_path: Path) -> None:
    """A folder of loose images, an absent folder and a file in its place are told apart."""
    put(tmp_path, "1.png")
    with pytest.raises(DataError, match="holds no class folders"):
        Folder.create(root=tmp_path).samples()
    assert Folder.create(root=tmp_path).missing() is None
    assert "is not there" in (Folder.create(root=tmp_path / "x").missing() or "")
    assert "is not a folder" in (Folder.create(root=tmp_path / "1.png").missing() or "")


def test_copies_are_listed_like_any_file(tmp_path: Path) -> None:
    """Whether one image may have two classes is for a run or an audit to say."""
    put(tmp_path, "a/1.png", "b/1.png", "a/2.png", "b/2.png")
    for name in ("a/5.png", "a/6.png"):
        (tmp_path / name).write_bytes(b"twins of one class")
    for name in ("a/7.png", "b/7.png"):
        (tmp_path / name).write_bytes(b"")
    assert len(ids(tmp_path)) == 8
    (tmp_path / "b" / "3.png").write_bytes((tmp_path / "a" / "1.png").read_bytes())
    assert len(ids(tmp_path)) == 9


@given(st.lists(st.text(min_size=0, max_size=8), max_size=8), st.randoms())
def test_natural_order_is_an_order(names: list[str], random: Random) -> None:
    """Any names can be compared, digits of any script included, and only equal names tie."""
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=natural_order) == sorted(names, key=natural_order)


@given(st.binary(min_size=1, max_size=12))
def test_printable_names_are_text(name: bytes) -> None:
    """Whatever bytes a name has, its printable form is UTF-8, and text stays as it is."""
    shown = printable_name(os.fsdecode(name))
    shown.encode("utf-8")
    try:
        assert shown == name.decode("utf-8")
    except UnicodeDecodeError:
        assert "\\x" in shown


def test_natural_order_counts() -> None:
    """2 comes before 10, at any depth."""
    names = ["a10", "a2", "a1b10", "a1b9", "10", "9"]
    assert sorted(names, key=natural_order) == ["9", "10", "a1b9", "a1b10", "a2", "a10"]
