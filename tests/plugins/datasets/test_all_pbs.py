"""The paper's data set: where it is found, what is in it, and what is said where it is not as published."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from leukokit.api import DataError, LeukokitError, Part, location
from leukokit.plugins.datasets import _manifest
from leukokit.plugins.datasets._manifest import PublishedFile
from leukokit.plugins.datasets.all_pbs import CLASSES, AllPbs, AllPbsParams

FILES = {"original": b"photograph", "segmented": b"black"}


def small(folder: Path, variant: str = "original", *, per_class: int = 2) -> Path:
    """Write the first files of each class, with the content of a variant."""
    for name in CLASSES:
        middle = "Benign" if name == "Benign" else f"Malignant-{name}"
        (folder / name).mkdir(parents=True)
        for i in range(per_class):
            (folder / name / f"WBC-{middle}-{i + 1:03d}.jpg").write_bytes(FILES[variant])
    return folder


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Publish two small files a class, and hide the machine's own data."""
    import hashlib

    ids = [
        f"{name}/WBC-{'Benign' if name == 'Benign' else f'Malignant-{name}'}-{i:03d}.jpg"
        for name in CLASSES
        for i in (1, 2)
    ]
    manifest = {
        variant: dict.fromkeys(ids, PublishedFile(len(data), hashlib.sha256(data).hexdigest()))
        for variant, data in FILES.items()
    }
    monkeypatch.setattr("leukokit.plugins.datasets.all_pbs.read_manifest", lambda: manifest)
    monkeypatch.delenv("LEUKOKIT_DATA", raising=False)
    monkeypatch.setattr(location, "user_folder", lambda: tmp_path / "user")


def test_the_shipped_tables_agree() -> None:
    """Splits, manifest, parameters and classes name the same 3256 images and the same splits."""
    table, manifest = _manifest.read_splits(), _manifest.read_manifest()
    ids = list(table.groups)
    assert len(ids) == 3256
    assert ids == sorted(ids)
    assert {variant: list(files) for variant, files in manifest.items()} == {
        "original": ids,
        "segmented": ids,
    }
    assert Counter(id_.partition("/")[0] for id_ in ids) == {
        "Benign": 504,
        "Early": 985,
        "Pre": 963,
        "Pro": 804,
    }
    assert len(set(table.groups.values())) == 2727
    assert set(table.splits) == set(get_args(AllPbsParams.model_fields["split"].annotation))
    assert all(len(entry.sha256) == 64 for files in manifest.values() for entry in files.values())


def test_the_paper_s_splits_have_its_sizes() -> None:
    """2856/200/200 and 2456/400/400 images; test parts are the same number of each class."""
    splits = AllPbs.create().splits()
    sizes = {name: [Counter(parts.values())[part] for part in Part] for name, parts in splits.items()}
    assert sizes == {
        "paper_801010": [2856, 200, 200],
        "paper_602020": [2456, 400, 400],
        "paper_602020_segmented": [2456, 400, 400],
        "paper_balanced_4005050": [1600, 200, 200],
    }
    for parts in splits.values():
        tested = Counter(id_.partition("/")[0] for id_, part in parts.items() if part is Part.TEST)
        assert len(set(tested.values())) == 1


@pytest.mark.usefixtures("published")
def test_one_folder_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root where one is given, else that of the variable, else the user's: never two of them."""
    user = small(tmp_path / "user" / "all-pbs")
    assert AllPbs.create().folder == user
    named = small(tmp_path / "named" / "all-pbs")
    monkeypatch.setenv("LEUKOKIT_DATA", str(tmp_path / "named"))
    assert AllPbs.create().folder == named
    root = small(tmp_path / "root" / "Original")
    assert AllPbs.create(root=tmp_path / "root").folder == root  # the layout of the download
    assert AllPbs.create(root=root).folder == root
    assert AllPbs.create(root=tmp_path / "nothing").folder is None
    monkeypatch.setenv("LEUKOKIT_DATA", str(tmp_path / "empty"))
    assert AllPbs.create().folder is None


@pytest.mark.usefixtures("published")
def test_absence_says_where_it_was_looked_for_and_what_to_do(tmp_path: Path) -> None:
    """Nobody has said where it is: a recipe may let other images stand in."""
    dataset = AllPbs.create()
    said = dataset.missing()
    assert said is not None
    assert f"looked for {tmp_path / 'user' / 'all-pbs'} ($LEUKOKIT_DATA is not set)" in said
    assert "Get it with 'leukokit data get all_pbs', or download kaggle.com/" in said
    with pytest.raises(DataError, match="data set all_pbs: not found"):
        dataset.samples()


@pytest.mark.usefixtures("published")
def test_a_place_that_was_named_and_is_wrong_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong with it; no other place is searched, and nothing stands in."""
    small(tmp_path / "user" / "all-pbs")
    (tmp_path / "file").touch()
    (tmp_path / "other" / "wbc-masks").mkdir(parents=True)
    itself = small(tmp_path / "above" / "all-pbs")
    for place, wrong in (
        (tmp_path / "nowhere", "which does not exist: correct it"),
        (tmp_path / "file", "which is a file: name the folder that holds all-pbs"),
        (tmp_path / "other", "which holds no folder all-pbs with the images; its folders are wbc-masks"),
        (itself, f"which is the folder of the images itself: name the folder above it, {itself.parent}"),
    ):
        monkeypatch.setenv("LEUKOKIT_DATA", str(place))
        with pytest.raises(DataError) as caught:
            AllPbs.create().missing()
        assert f"LEUKOKIT_DATA is {place}, {wrong}. Get it with" in str(caught.value)
    with pytest.raises(DataError, match=r"root is .*nowhere, which does not exist"):
        AllPbs.create(root=tmp_path / "nowhere").missing()


@pytest.mark.usefixtures("published")
def test_samples_carry_class_group_and_stable_ids(tmp_path: Path) -> None:
    """Ids are class and file name on every machine, in file order; groups are the overlap groups."""
    samples = AllPbs.create(root=small(tmp_path / "a")).samples()
    assert [sample.id for sample in samples][:3] == [
        "Benign/WBC-Benign-001.jpg",
        "Benign/WBC-Benign-002.jpg",
        "Early/WBC-Malignant-Early-001.jpg",
    ]
    first = samples[0]
    assert (first.label, first.group, first.path) == ("Benign", "overlap-0", tmp_path / "a" / first.id)


@pytest.mark.usefixtures("published")
def test_an_incomplete_folder_is_noted(tmp_path: Path) -> None:
    """Missing, extra and changed files are named in notes; the rest is used."""
    folder = small(tmp_path)
    (folder / "Pro" / "WBC-Malignant-Pro-002.jpg").unlink()
    (folder / "Pro" / "own.jpg").write_bytes(b"x")
    (folder / "Pre" / "WBC-Malignant-Pre-001.jpg").write_bytes(b"longer than published")
    (folder / "Benign" / ".DS_Store").write_bytes(b"x")
    dataset = AllPbs.create(root=folder)
    assert len(dataset.samples()) == 7
    missing, extra, changed = dataset.notes()
    assert missing == "1 of the published images are missing: Pro/WBC-Malignant-Pro-002.jpg"
    assert extra == "1 files do not belong to the published set and are ignored: Pro/own.jpg"
    assert changed.startswith("1 images are not as published")
    assert "Pre/WBC-Malignant-Pre-001.jpg" in changed


@pytest.mark.usefixtures("published")
def test_a_class_without_images_is_an_error(tmp_path: Path) -> None:
    """An empty class is named with its count."""
    folder = small(tmp_path)
    for path in (folder / "Pre").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="class Pre has 0 images"):
        AllPbs.create(root=folder).samples()


@pytest.mark.usefixtures("published")
def test_the_other_variant_is_not_taken_for_the_one_asked_for(tmp_path: Path) -> None:
    """Both variants have the same file names; sizes tell them apart."""
    folder = small(tmp_path, "segmented")
    assert len(AllPbs.create(root=folder, variant="segmented").samples()) == 8
    with pytest.raises(DataError, match=r"holds the segmented images, the original ones were requested"):
        AllPbs.create(root=folder).samples()


@pytest.mark.usefixtures("published")
def test_verify_finds_what_size_cannot_show(tmp_path: Path) -> None:
    """A changed byte, a missing and an extra file are each found."""
    folder = small(tmp_path)
    assert list(AllPbs.create(root=folder).verify()) == []
    (folder / "Early" / "WBC-Malignant-Early-001.jpg").write_bytes(b"photogrAph")
    (folder / "Early" / "WBC-Malignant-Early-002.jpg").unlink()
    (folder / "Early" / "more.jpg").write_bytes(b"")
    differences = [(difference.state, difference.file) for difference in AllPbs.create(root=folder).verify()]
    assert differences == [
        ("changed", "Early/WBC-Malignant-Early-001.jpg"),
        ("missing", "Early/WBC-Malignant-Early-002.jpg"),
        ("extra", "Early/more.jpg"),
    ]


def kagglehub(monkeypatch: pytest.MonkeyPatch, download: object) -> None:
    """Put a stand-in for kagglehub in place."""
    module = ModuleType("kagglehub")
    module.dataset_download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", module)


@pytest.mark.usefixtures("published")
def test_fetch_puts_both_variants_where_they_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variants are told by content, copied whole, and found afterwards; a second fetch changes nothing."""
    small(tmp_path / "cache" / "1" / "Original")
    small(tmp_path / "cache" / "1" / "Segmented", "segmented")
    handles = []
    kagglehub(monkeypatch, lambda handle: handles.append(handle) or str(tmp_path / "cache"))
    for _ in range(2):
        folders = AllPbs.create().fetch()
        assert folders == [tmp_path / "user" / "all-pbs", tmp_path / "user" / "all-pbs-segmented"]
    assert handles == ["mehradaria/leukemia"] * 2
    for variant in FILES:
        dataset = AllPbs.create(variant=variant)
        assert len(dataset.samples()) == 8
        assert list(dataset.verify()) == []
    assert sorted(path.name for path in (tmp_path / "user").iterdir()) == ["all-pbs", "all-pbs-segmented"]


@pytest.mark.usefixtures("published")
def test_fetch_without_kagglehub_or_network_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with the command to install, or the page to download by hand and where to put it."""
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(LeukokitError, match=r"needs kagglehub.*pip install 'leukokit\[data\]'") as caught:
        AllPbs.create().fetch()
    assert str(tmp_path / "user") in str(caught.value)

    def offline(handle: str) -> str:
        raise ConnectionError("name resolution failed")

    kagglehub(monkeypatch, offline)
    with pytest.raises(LeukokitError, match="cannot be fetched: ConnectionError: name resolution failed"):
        AllPbs.create().fetch()
    kagglehub(monkeypatch, lambda _: str(tmp_path))
    with pytest.raises(LeukokitError, match="does not hold the images that were expected"):
        AllPbs.create().fetch()


@pytest.mark.real_data
@pytest.mark.parametrize("variant", ["original", "segmented"])
def test_the_real_data_set_is_whole(data_root: Path, variant: str) -> None:
    """All 3256 images are found without a note; one in ten is compared by digest."""
    dataset = AllPbs.create(root=data_root, variant=variant)
    samples = dataset.samples()
    assert len(samples) == 3256
    assert dataset.notes() == []
    import hashlib

    manifest = _manifest.read_manifest()[variant]
    for sample in samples[::10]:
        assert sample.path is not None
        assert hashlib.sha256(sample.path.read_bytes()).hexdigest() == manifest[sample.id].sha256


@pytest.mark.real_data
def test_the_shipped_splits_are_the_measured_ones(data_root: Path) -> None:
    """The table that ships says what the table of the data folder says."""
    path = data_root / "all-pbs-splits.csv"
    if not path.is_file():
        pytest.skip(f"{path} not found")
    table = _manifest.read_splits()
    names = {"train": Part.TRAIN, "valid": Part.VALIDATION, "test": Part.TEST}
    for row in csv.DictReader(io.StringIO(path.read_text("utf-8"))):
        id_ = f"{row['class']}/{row['filename']}"
        assert table.groups[id_] == f"overlap-{row['overlap_group']}"
        for split, parts in table.splits.items():
            assert parts.get(id_) is names.get(row[split])
