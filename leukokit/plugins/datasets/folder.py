"""One folder a class."""

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
        description="Folder, or its URL (https, s3, zip ...), that holds one folder a class; its name is the "
        "class."
    )
    extensions: tuple[str, ...] = Field(
        EXTENSIONS,
        min_length=1,
        description="Endings of the files to read, upper or lower case; others are passed over.",
    )
    recursive: bool = Field(False, description="Also read the folders inside the class folders.")

    @field_validator("extensions")
    @classmethod
    def _with_dot(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for extension in value:
            if not extension.startswith(".") or len(extension) < 2:
                raise ValueError(f"an extension starts with a dot, such as '.png'; got {extension!r}")
        return value


class Folder(Dataset):
    """Images sorted into one folder a class."""

    Params = FolderParams
    params: FolderParams

    def missing(self) -> str | None:
        """Say that the folder is not there; None where it is."""
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
        """Images by class and name, numbers in their own order (2 before 10).

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
                "; ".join(f"class {_files.printable(name)} has 0 images" for name in empty),
                where=shown_url(str(root)),
                hint=f"Files that end in {', '.join(self.params.extensions)} are read"
                + (
                    ""
                    if self.params.recursive
                    else "; set recursive: true to read folders inside the class folders"
                ),
            )
        samples = [self._sample(name, file) for name, listing in classes.items() for file in listing.files]
        _files.refuse_same_ids(samples)
        return samples

    def _sample(self, name: str, file: str) -> Sample:
        inside = f"{name}/{file}"
        place = _files.below(self.params.root, inside)
        return Sample(
            id=_files.printable(inside),
            path=place if isinstance(place, Path) else None,
            url=place if isinstance(place, str) else None,
            label=_files.printable(name),
        )

    def notes(self) -> Sequence[str]:
        """Say what was passed over: links, files of other kinds, images beside the class folders."""
        links = [*self._top.links]
        others = [*self._top.others]
        unreadable = []
        for name, listing in self._classes.items():
            links += [f"{name}/{link}" for link in listing.links]
            others += [f"{name}/{other}" for other in listing.others]
            unreadable += [f"{name}/{folder}" for folder in listing.unreadable]
        said = (
            (links, "links were not followed"),
            (others, "files of other kinds were passed over"),
            (self._top.files, "images beside the class folders belong to no class and were passed over"),
            (unreadable, "folders could not be listed"),
        )
        return [f"{len(names)} {what}: {_files.some(names)}" for names, what in said if names]

    @cached_property
    def _top(self) -> Listing:
        return self._walk(self.params.root, recursive=False)

    @cached_property
    def _classes(self) -> dict[str, Listing]:
        root, recursive = self.params.root, self.params.recursive
        return {name: self._walk(_files.below(root, name), recursive=recursive) for name in self._top.folders}

    def _walk(self, folder: Path | str, *, recursive: bool) -> Listing:
        try:
            return _files.walk(folder, extensions=self.params.extensions, recursive=recursive)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"cannot be listed: {reason}", where=shown_url(str(folder))) from error
