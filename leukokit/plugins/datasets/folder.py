"""Images in one folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from pydantic import field_validator

from leukokit.api import EXTENSIONS, DataError, Dataset, Field, Location, Params, Sample, shown_url
from leukokit.plugins.datasets import _files
from leukokit.plugins.datasets._files import Listing


class FolderParams(Params):
    """Parameters of :class:`Folder`."""

    root: Location = Field(
        description="Folder, or its URL (https, s3, zip ...), with one folder per class, named after the "
        "class."
    )
    extensions: tuple[str, ...] = Field(
        EXTENSIONS,
        min_length=1,
        description="Extensions of the files to read, in upper or lower case; other files are skipped.",
    )
    recursive: bool = Field(False, description="Also read folders inside the class folders.")

    @field_validator("extensions")
    @classmethod
    def _with_dot(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for extension in value:
            if not extension.startswith(".") or len(extension) < 2:
                raise ValueError(f"an extension starts with a dot, such as '.png'; got {extension!r}")
        return value


class Folder(Dataset):
    """Images sorted into one folder per class."""

    Params = FolderParams
    params: FolderParams

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
            self._top  # noqa: B018 - lists the folder
        except DataError as error:
            return f"{error}. Correct root in the recipe"
        return None

    def samples(self) -> Sequence[Sample]:
        """Images by class and name, in natural order (2 before 10).

        Raises
        ------
        DataError
            Where there is no class folder, or a class has no image.
        """
        root = self.params.root
        classes = self._classes
        if not classes:
            raise DataError(
                "holds no class folders",
                where=shown_url(str(root)),
                hint="Put the images of each class into a folder of its own",
            )
        counts = {name: len(listing.files) for name, listing in classes.items()}
        if empty := [name for name, count in counts.items() if not count]:
            raise DataError(
                "; ".join(f"class {_files.printable_name(name)} has 0 images" for name in empty),
                where=shown_url(str(root)),
                hint=f"Files that end in {', '.join(self.params.extensions)} are read"
                + (
                    ""
                    if self.params.recursive
                    else "; set recursive: true to read folders inside the class folders"
                ),
            )
        samples = [self._sample(name, file) for name, listing in classes.items() for file in listing.files]
        _files.require_unique_ids(samples)
        return samples

    def _sample(self, name: str, file: str) -> Sample:
        relative = f"{name}/{file}"
        location = _files.entry_path(self.params.root, relative)
        return Sample(
            id=_files.printable_name(relative),
            path=location if isinstance(location, Path) else None,
            url=location if isinstance(location, str) else None,
            label=_files.printable_name(name),
        )

    def notes(self) -> Sequence[str]:
        """Messages on skipped files: links, other types, images outside the class folders."""
        links = [*self._top.links]
        others = [*self._top.others]
        unreadable = []
        for name, listing in self._classes.items():
            links += [f"{name}/{link}" for link in listing.links]
            others += [f"{name}/{other}" for other in listing.others]
            unreadable += [f"{name}/{folder}" for folder in listing.unreadable]
        messages = (
            (links, "links were not followed"),
            (others, "files of other types were skipped"),
            (self._top.files, "images outside the class folders belong to no class and were skipped"),
            (unreadable, "folders could not be listed"),
        )
        return [f"{len(names)} {what}: {_files.first_names(names)}" for names, what in messages if names]

    @cached_property
    def _top(self) -> Listing:
        return self._walk(self.params.root, recursive=False)

    @cached_property
    def _classes(self) -> dict[str, Listing]:
        root, recursive = self.params.root, self.params.recursive
        return {
            name: self._walk(_files.entry_path(root, name), recursive=recursive) for name in self._top.folders
        }

    def _walk(self, folder: Path | str, *, recursive: bool) -> Listing:
        try:
            return _files.walk(folder, extensions=self.params.extensions, recursive=recursive)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"cannot be listed: {reason}", where=shown_url(str(folder))) from error
