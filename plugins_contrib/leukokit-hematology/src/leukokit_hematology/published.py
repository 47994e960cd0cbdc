"""What all published data sets share: their place, the vocabulary, and the choice of classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import field_validator

from leukokit.api import DataError, Dataset, Field, Params, Part, Sample
from leukokit.api.files import counted, first_names, walk
from leukokit.api.location import absent, find
from leukokit_hematology.vocabulary import CellClass, Vocabulary, classes_of, known, written

_EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a data set lies.

    Attributes
    ----------
    folders : tuple of str
        Names that its folder may have below the folder of data sets, the usual one first.
    source : str
        Where to get it.
    tree : str
        How its folder must look, in one line.
    """

    folders: tuple[str, ...]
    source: str
    tree: str

    @property
    def advice(self) -> str:
        """Say how to get it, and how it must look."""
        return f"Get it from {self.source}. The folder must hold {self.tree}"


class PublishedParams(Params):
    """Parameters of all published data sets."""

    root: Path | None = Field(
        None,
        description="Folder that holds the folder of the data set, or that folder itself; by default "
        "$LEUKOKIT_DATA, or the user's data folder where that is not set.",
    )
    vocabulary: Vocabulary = Field(
        "standard",
        description="Names of the classes: standard (the same in all data sets of this plugin), family "
        "(coarser), "
        "blast (blast and no_blast), or published (as the data set writes them).",
    )
    classes: tuple[str, ...] = Field(
        (),
        description="Classes to keep, by any name or synonym of the vocabulary, such as [blast, lymphocyte]; "
        "empty for all. The name of a family keeps all its classes.",
    )

    @field_validator("classes")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [name for name, number in Counter(value).items() if number > 1]:
            raise ValueError(f"{twice[0]!r} stands in it twice")
        return value


class PublishedDataset(Dataset):
    """A data set in its published layout; a subclass says where it lies and lists its samples."""

    Params = PublishedParams
    params: PublishedParams
    place: ClassVar[Place]

    def is_here(self, folder: Path) -> bool:
        """Whether a folder is that of the data set."""
        raise NotImplementedError

    def published(self, folder: Path) -> Sequence[Sample]:
        """List all samples of the folder, with labels as published."""
        raise NotImplementedError

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:  # noqa: ARG002
        """Name the published splits."""
        return {}

    @cached_property
    def folder(self) -> Path | None:
        """Folder of the data set; None where it is not on this machine."""
        return find(self.params.root, (*self.place.folders, *self._itself), self.is_here)

    @property
    def _itself(self) -> tuple[str, ...]:
        return () if self.params.root is None else (".",)

    def missing(self) -> str | None:
        """Say where it was looked for, how to get it and how it must look; None where it is here.

        Raises
        ------
        DataError
            Where ``root`` or ``LEUKOKIT_DATA`` names a folder that does not hold it.
        """
        if self.folder is not None:
            return None
        return absent(self.params.root, self.place.folders, self.place.advice, self.is_here)

    def samples(self) -> Sequence[Sample]:
        """List the samples in file order, with labels of the vocabulary.

        Raises
        ------
        DataError
            Where the data set is missing or incomplete, or a class is not known.
        """
        kept = self._kept
        if not kept:
            has = ", ".join(sorted({sample.label or "no class" for sample in self._found}))
            raise DataError(
                f"holds no sample of {', '.join(self.params.classes)}; its classes are {has}",
                where=str(self.folder),
                hint="Correct data.params.classes",
            )
        return [self._named(sample) for sample in kept]

    def notes(self) -> Sequence[str]:
        """Tell which classes were left out."""
        left = Counter(sample.label for sample in self._found if not self.wanted(sample.label))
        if not left:
            return ()
        listed = ", ".join(f"{name}: {number}" for name, number in sorted(left.items(), key=str))
        return (f"{counted(sum(left.values()), 'image')} left out, of other classes ({listed})",)

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Return the published splits, of the samples that are kept."""
        kept = {sample.id for sample in self._kept}
        parts = {
            name: {id_: part for id_, part in split.items() if id_ in kept}
            for name, split in self.published_parts(self._present).items()
        }
        return {name: split for name, split in parts.items() if len(set(split.values())) > 1}

    def wanted(self, label: str | None) -> bool:
        """Whether a class is kept; samples without a class always are."""
        if label is None or not self.params.classes:
            return True
        row = known(label)
        if row is None:
            return label in self.params.classes
        return any(_covers(wanted, row) for wanted in self._classes) or label in self.params.classes

    def label_of(self, label: str) -> str:
        """Write a published class in the vocabulary."""
        return written(label, self.params.vocabulary)

    @cached_property
    def _classes(self) -> Sequence[CellClass]:
        names = self.params.classes
        if self.params.vocabulary == "published":  # names that only this data set has are allowed
            names = tuple(name for name in names if known(name) is not None)
        return classes_of(names)

    @property
    def _present(self) -> Path:
        if self.folder is None:
            raise DataError(self.missing() or "not found", where=f"data set {self.place.folders[0]}")
        return self.folder

    @cached_property
    def _found(self) -> Sequence[Sample]:
        return self.published(self._present)

    @cached_property
    def _kept(self) -> Sequence[Sample]:
        return [sample for sample in self._found if self.wanted(sample.label)]

    def _named(self, sample: Sample) -> Sample:
        return sample if sample.label is None else replace(sample, label=self.label_of(sample.label))


def _covers(wanted: CellClass, row: CellClass) -> bool:
    """Whether a wanted class is this one, or its family."""
    return wanted.name in (row.name, row.family)


def images(folder: Path, *, levels: int | None = 0, extensions: Sequence[str] = _EXTENSIONS) -> list[str]:
    """List the images of a folder, relative to it, in natural order.

    Parameters
    ----------
    folder : Path
    levels : int or None
        Levels of folders inside it that are listed too; None for all.
    extensions : sequence of str

    Raises
    ------
    DataError
        Where the folder cannot be listed, or holds no image.
    """
    try:
        files = walk(folder, extensions=extensions, levels=levels).files
    except OSError as error:
        raise DataError(f"cannot be listed: {error.strerror or error}", where=str(folder)) from error
    if not files:
        raise DataError(f"holds no images ({', '.join(extensions)})", where=str(folder))
    return files


def refuse_odd_names(names: Sequence[str], pattern: str, folder: Path) -> None:
    """Raise DataError where names do not fit the published pattern.

    Parameters
    ----------
    names : sequence of str
        Those that do not fit.
    pattern : str
        An example of a name.
    folder : Path
    """
    if names:
        raise DataError(
            f"{counted(len(names), 'image name')} not of the form {pattern}: {first_names(names)}",
            where=str(folder),
            hint="The names tell class and patient; take the files as they were published",
        )
