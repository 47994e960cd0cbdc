"""Images in folders: of classes, of parts with classes, of patients; or with names that tell the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, field_validator, model_validator

from leukokit.api import (
    EXTENSIONS,
    DataError,
    Dataset,
    Field,
    GroupKind,
    Labels,
    Location,
    Part,
    Reading,
    Sample,
    files,
    shown_url,
)
from leukokit.api.box_files import ImageFinder
from leukokit.api.files import Listing
from leukokit.plugins.datasets import _folder_notes
from leukokit.plugins.datasets._extensions import Extensions
from leukokit.plugins.datasets._folder_entries import Entry, FolderEntries, Wanted, entries_of
from leukokit.plugins.datasets._group_kind import kind_of_name, kind_of_names
from leukokit.plugins.datasets._layout import Layout, Role, roles_of
from leukokit.plugins.datasets._mask_params import MaskParams
from leukokit.plugins.datasets._masks import MASK_EXTENSIONS
from leukokit.plugins.datasets._pattern import NamePattern

SPLIT = "folders"
"""Name of the split that folders of parts make."""


def _text_keys(value: Any) -> Any:
    """Codes as text: YAML reads ``{0: healthy}`` with a number."""
    return {str(key): name for key, name in value.items()} if isinstance(value, dict) else value


class FolderParams(MaskParams):
    """Parameters of :class:`Folder`."""

    root: Location = Field(
        description="Folder, or its URL (https, s3, zip ...), with one folder per class, named after the "
        "class; also with folders of parts (train, test) or patients, see layout."
    )
    layout: Layout = Field(
        "auto",
        description="Meaning of the levels of folders. auto: found out from their names, an error where "
        "these allow several; flat: images directly in root.",
    )
    pattern: str | None = Field(
        None,
        description="What file names tell, such as '{patient}_{n}_{label}.bmp' or "
        "'{label}/{patient}_{n}.png'. Fields: label, patient (or group, case, subject, donor), slide, part, "
        "n (digits), image, field, cell, crop, date, any. A field holds no character that separates fields.",
    )
    labels: Annotated[dict[str, str], BeforeValidator(_text_keys)] = Field(
        {}, description="Class names of codes, such as {0: healthy, 1: ALL}; empty to keep the names."
    )
    unmatched: Literal["error", "skip"] = Field(
        "error", description="What to do where the pattern fits only some of the names."
    )
    extensions: Extensions = Field(
        EXTENSIONS,
        min_length=1,
        description="Extensions of the files to read, in upper or lower case; other files are skipped.",
    )
    recursive: bool = Field(
        False,
        description="Also read folders inside those that layout names; with auto, inside class folders.",
    )
    masks: Location | None = Field(
        None,
        description="Folder outside of root, or its URL, with the masks of the images: of the same name, in "
        "folders as those of the images or in one; PNG, TIFF, BMP or GIF.",
    )

    @field_validator("pattern")
    @classmethod
    def _known_fields(cls, value: str | None) -> str | None:
        if value is not None:
            NamePattern.parsed(value, ())
        return value

    @model_validator(mode="after")
    def _say_each_once(self) -> Self:
        pattern = self.name_pattern
        both = [str(role) for role in roles_of(self.layout) if pattern and role in pattern.roles]
        if both:
            raise ValueError(f"layout and pattern both give the {both[0]}; give it in one of them")
        return self

    @property
    def name_pattern(self) -> NamePattern | None:
        """The pattern, parsed."""
        return None if self.pattern is None else NamePattern.parsed(self.pattern, self.extensions)


class Folder(Dataset):
    """Images in folders: one a class, or parts, classes and patients.

    Understood without a word: ``class/*``, ``train|val|test/class/*`` (any case; the split of the data set),
    ``class/patient/*``, ``patient/class/*``, and each of them one folder too deep. What was taken for what is
    said; where names allow several readings, that is an error which lists them.
    """

    Params = FolderParams
    params: FolderParams
    revision = 2

    def missing(self) -> str | None:
        """Message that the folder does not exist; None where it does."""
        root = self.params.root
        if isinstance(root, str):
            return self._missing_url()
        if root.is_dir():
            return None
        return f"{root} is {'not a folder' if root.exists() else 'not there'}. Correct root in the recipe"

    def _missing_url(self) -> str | None:
        try:
            files.folder_entries(self.params.root)
        except OSError as error:
            return f"{self._where}: cannot be listed: {error.strerror or error}. Correct root in the recipe"
        except DataError as error:
            return f"{error}. Correct root in the recipe"
        return None

    def samples(self) -> Sequence[Sample]:
        """Images by folder and name, in natural order (2 before 10).

        Raises
        ------
        DataError
            Where there is no class folder, a class has no image, the meaning of the folders is unsure, or
            the pattern does not fit.
        """
        samples = [self._sample(entry) for entry in self._checked.entries]
        files.require_unique_ids(samples)
        return samples

    def notes(self) -> Sequence[str]:
        """Say what folders were taken for, and list messages on skipped files."""
        notes = list(_folder_notes.notes(self._checked, self._listing, self._wanted))
        if self.params.masks is not None:
            without = [entry.file for entry in self._checked.entries if self._mask(entry) is None]
            if without:
                many = files.counted(len(without), "image")
                notes.append(f"{many} without a mask: {files.first_names(without)}")
        return notes

    def truth(self, sample: Sample) -> Labels | None:
        """Read the mask of a sample; None where there is none."""
        return self.params.read_mask(sample.mask_path or sample.mask_url)

    def readings(self) -> Sequence[Reading]:
        """List what folders and file names were taken for, with counts."""
        return _folder_notes.readings(self._checked, self._wanted)

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Split ``folders``, where there are folders of parts; without a test part, validation is tested."""
        entries = self._checked.entries
        parts = {self._id(entry): entry.part for entry in entries if entry.part is not None}
        if len(set(parts.values())) < 2:
            return {}
        if Part.TEST not in parts.values():
            parts = {id_: Part.TEST if part is Part.VALIDATION else part for id_, part in parts.items()}
        return {SPLIT: parts}

    @property
    def groups_are(self) -> GroupKind | None:
        """Patients or slides, where the recipe or the names of folders say so."""
        pattern = self.params.name_pattern
        if pattern is not None and pattern.patient_field is not None:
            return kind_of_name(pattern.patient_field)
        names = {entry.patient for entry in self._checked.entries if entry.patient is not None}
        if names and Role.PATIENT in roles_of(self.params.layout):
            return GroupKind.PATIENT
        return kind_of_names(names)

    def default_split(self) -> str | None:
        """``folders``, where there are folders of parts."""
        return SPLIT if self.splits() else None

    def _id(self, entry: Entry) -> str:
        base = self._checked.levels.base
        return files.printable_name("/".join(entry.file.split("/")[len(base) :]))

    def _sample(self, entry: Entry) -> Sample:
        location, mask = files.entry_path(self.params.root, entry.file), self._mask(entry)
        return Sample(
            id=self._id(entry),
            path=location if isinstance(location, Path) else None,
            url=location if isinstance(location, str) else None,
            label=None if entry.label is None else files.printable_name(entry.label),
            group=None if entry.patient is None else files.printable_name(entry.patient),
            mask_path=mask if isinstance(mask, Path) else None,
            mask_url=mask if isinstance(mask, str) else None,
        )

    def _mask(self, entry: Entry) -> Path | str | None:
        if self.params.masks is None or self._masks is None:
            return None
        file = self._masks.of(entry.file)
        return None if file is None else files.entry_path(self.params.masks, file)

    @cached_property
    def _masks(self) -> ImageFinder | None:
        """Finds the mask of an image by its name; None where the recipe names no masks."""
        folder = self.params.masks
        if folder is None:
            return None
        where = shown_url(str(folder))
        try:
            masks = files.walk(folder, extensions=MASK_EXTENSIONS).files
        except OSError as error:
            raise DataError(
                f"cannot be listed: {error.strerror or error}", where=where, hint="Correct masks"
            ) from error
        if not masks:
            raise DataError(f"holds no file that ends in {', '.join(MASK_EXTENSIONS)}", where=where)
        return ImageFinder(masks)

    @property
    def _where(self) -> str:
        return shown_url(str(self.params.root))

    @cached_property
    def _wanted(self) -> Wanted:
        params = self.params
        return Wanted(
            layout=params.layout,
            pattern=params.name_pattern,
            labels=params.labels,
            recursive=params.recursive,
            skip_unmatched=params.unmatched == "skip",
        )

    @cached_property
    def _listing(self) -> Listing:
        try:
            return files.walk(self.params.root, extensions=self.params.extensions)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"cannot be listed: {reason}", where=self._where) from error

    @cached_property
    def _checked(self) -> FolderEntries:
        found = entries_of(self._listing, self._wanted, where=self._where)
        self._refuse_empty(found)
        return found

    def _refuse_empty(self, found: FolderEntries) -> None:
        classes = Role.CLASS in found.levels.roles
        if not found.entries and not found.empty:
            flat = (
                "; if these are the images of one class, name the folder that holds all classes. "
                "Images without classes: --set data.params.layout=flat; where file names tell the class: "
                '''--set "data.params.pattern='{label}_{n}.png'"'''
            )
            raise DataError(
                "holds no class folders" if classes else "holds no images",
                where=self._where,
                hint=f"Put the images of each class into a folder of its own{flat if found.outside else ''}"
                if classes
                else self._endings,
            )
        if found.empty:
            deeper = "; set recursive: true to read folders inside the class folders" if found.below else ""
            raise DataError(
                "; ".join(f"class {files.printable_name(name)} has 0 images" for name in found.empty),
                where=self._where,
                hint=self._endings + deeper,
            )

    @property
    def _endings(self) -> str:
        endings = ", ".join(self.params.extensions)
        return f"Files that end in {endings} are read; convert others to PNG or TIFF"
