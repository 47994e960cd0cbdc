"""The paper's data set: 3256 peripheral blood smears of acute lymphoblastic leukemia in four classes.

Source: Aria, Ghaderzadeh, Bashash, Abolghasemi, Asadi, Hosseini: Acute Lymphoblastic Leukemia (ALL) image
dataset, Kaggle 2021, doi 10.34740/KAGGLE/DSV/2175623.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from leukokit.api import DataError, Dataset, Field, GroupKind, Params, Part, Sample, files, location
from leukokit.plugins.datasets._manifest import (
    FileDifference,
    PublishedFile,
    SplitTable,
    read_manifest,
    read_splits,
    verify,
)

CLASSES = ("Benign", "Early", "Pre", "Pro")

_FOLDERS = {"original": ("all-pbs", "Original", "."), "segmented": ("all-pbs-segmented", "Segmented", ".")}
KAGGLE_HANDLE = "mehradaria/leukemia"


class AllPbsParams(Params):
    """Parameters of :class:`AllPbs`."""

    root: Path | None = Field(
        None,
        description="Folder that contains all-pbs (or the four class folders); by default "
        "$LEUKOKIT_DATA, or the user's data folder where that is not set.",
    )
    split: Literal["paper_801010", "paper_602020", "paper_602020_segmented", "paper_balanced_4005050"] = (
        Field("paper_602020", description="Split that a recipe without a split section uses.")
    )
    variant: Literal["original", "segmented"] = Field(
        "original",
        description="The photographs, or the collectors' segmented versions of them (which the paper's "
        "results "
        "on segmented images used).",
    )


class AllPbs(Dataset):
    """The paper's data set, with the paper's splits by name and overlapping fields of view as groups."""

    groups_are = GroupKind.VIEW
    Params = AllPbsParams
    params: AllPbsParams

    @cached_property
    def _table(self) -> SplitTable:
        return read_splits()

    @cached_property
    def _published(self) -> Mapping[str, Mapping[str, PublishedFile]]:
        return read_manifest()

    @cached_property
    def folder(self) -> Path | None:
        """Folder with the four class folders; None where it is not on this machine."""
        names = _FOLDERS[self.params.variant]
        return location.find(self.params.root, names if self.params.root else names[:-1], _has_class_folders)

    def missing(self) -> str | None:
        """Message with the searched folder and how to get the images; None where they are available.

        Raises
        ------
        DataError
            Where ``root`` or ``LEUKOKIT_DATA`` names a folder that does not hold them.
        """
        if self.folder is not None:
            return None
        return location.absent(
            self.params.root,
            _FOLDERS[self.params.variant],
            "Get it with 'leukokit data get all_pbs', or "
            + _manual_download("a folder named in LEUKOKIT_DATA"),
            _has_class_folders,
        )

    def samples(self) -> Sequence[Sample]:
        """All published images that are available, by class and number.

        Raises
        ------
        DataError
            Where the data set is missing, a class has no image, or the folder contains the other variant.
        """
        folder = self._folder()
        sizes = self._sizes
        self._refuse_other_variant(sizes)
        counts = Counter(id_.partition("/")[0] for id_ in sizes)
        for name in CLASSES:
            if not counts[name]:
                raise DataError(
                    f"class {name} has 0 images", where=str(folder / name), hint="Get the data set again"
                )
        groups = self._table.groups
        return [
            Sample(id=id_, path=folder / id_, label=id_.partition("/")[0], group=groups[id_])
            for id_ in groups
            if id_ in sizes
        ]

    def notes(self) -> Sequence[str]:
        """Messages on missing, extra and changed files, by name and size."""
        sizes = self._sizes
        published = self._published[self.params.variant]
        absent = [id_ for id_ in published if id_ not in sizes]
        extra = sorted(set(sizes) - set(published))
        changed = [id_ for id_, size in sizes.items() if id_ in published and size != published[id_].size]
        messages = (
            (absent, "of the published images are missing"),
            (extra, "files do not belong to the published set and are ignored"),
            (changed, "images are not as published ('leukokit data verify all_pbs' says more)"),
        )
        return [f"{len(ids)} {what}: {files.first_names(ids)}" for ids, what in messages if ids]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Return the paper's splits: blocks of file numbers, not random draws."""
        return self._table.splits

    def default_split(self) -> str | None:
        """Name of the split in ``params.split``."""
        return self.params.split

    def verify(self) -> Iterator[FileDifference]:
        """Compare the sha256 of every file with the published one, and yield the differences."""
        return verify(self._folder(), self._published[self.params.variant], self._sizes)

    def fetch(self, target: Path | None = None) -> Sequence[Path]:
        """Download both variants from Kaggle into the folder of data sets.

        Parameters
        ----------
        target : Path, optional
            Folder of data sets; by default the folder that is searched.

        Returns
        -------
        sequence of Path
            Folders of the variants.

        Raises
        ------
        LeukokitError
            Where kagglehub or the network is missing, or the folder cannot be written.
        """
        from leukokit.plugins.datasets import _kaggle

        destination = location.data_folder(self.params.root).path if target is None else target
        source = _kaggle.download(KAGGLE_HANDLE, _manual_download(destination))
        names = {variant: folders[0] for variant, folders in _FOLDERS.items()}
        return _kaggle.install(source, destination, names, self._detect_variant)

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        """Id -> size in bytes of each regular file in the class folders; links are not followed."""
        return _sizes_in(self._folder())

    def _folder(self) -> Path:
        if self.folder is None:
            raise DataError(self.missing() or "not found", where="data set all_pbs")
        return self.folder

    def _refuse_other_variant(self, sizes: Mapping[str, int]) -> None:
        """Raise where the folder contains the other variant, which has the same file names."""
        mine = self.params.variant
        other = "segmented" if mine == "original" else "original"
        if self._matches(sizes, other) > self._matches(sizes, mine):
            raise DataError(
                f"the folder holds the {other} images, the {mine} ones were requested",
                where=str(self.folder),
                hint=f"Set variant: {other}, or name another root",
            )

    def _matches(self, sizes: Mapping[str, int], variant: str) -> int:
        """Count the files with the published size."""
        return sum(sizes.get(id_) == published.size for id_, published in self._published[variant].items())

    def _detect_variant(self, folder: Path) -> str | None:
        if not _has_class_folders(folder):
            return None
        sizes = _sizes_in(folder)
        matches = {variant: self._matches(sizes, variant) for variant in _FOLDERS}
        best = max(matches, key=matches.__getitem__)
        return best if matches[best] else None


def _manual_download(destination: object) -> str:
    source = f"kaggle.com/datasets/{KAGGLE_HANDLE}"
    return f"download {source} and put its folder Original, renamed all-pbs, into {destination}"


def _sizes_in(folder: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name in CLASSES:
        if not (folder / name).is_dir():
            continue
        with os.scandir(folder / name) as folder_entries:
            for entry in folder_entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    sizes[f"{name}/{entry.name}"] = entry.stat(follow_symlinks=False).st_size
    return dict(sorted(sizes.items()))


def _has_class_folders(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in CLASSES)
