"""One folder a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from leukokit.api import DataError, Dataset, Field, Params, Sample
from leukokit.plugins.datasets._files import links_in, natural, printable, refuse_two_labels, regular_files

EXTENSIONS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif")


class FolderParams(Params):
    """Parameters of :class:`Folder`."""

    root: Path = Field(description="Folder that holds one folder a class.")
    extensions: tuple[str, ...] = Field(
        EXTENSIONS, min_length=1, description="Endings of image files; others are passed over."
    )
    recursive: bool = Field(False, description="Also take images from folders inside the class folders.")


class Folder(Dataset):
    """Images in one folder a class; the folder's name is the class.

    Files are taken in natural order (``img2`` before ``img10``), hidden ones and links are passed over. An id
    is the path below ``root``.
    """

    Params = FolderParams
    params: FolderParams

    def missing(self) -> str | None:
        """Say why ``root`` cannot be used."""
        root = self.params.root
        if not root.exists():
            return f"the folder {printable(root)} does not exist; expected a folder with one folder a class"
        if not root.is_dir():
            return f"{printable(root)} is a file; expected a folder with one folder a class"
        return None

    def notes(self) -> Sequence[str]:
        """Name links, which are not followed."""
        links = links_in(self.params.root)
        if not links:
            return []
        shown = ", ".join(printable(link.relative_to(self.params.root)) for link in links[:5])
        return [f"{len(links)} links are not followed: {shown}{' ...' if len(links) > 5 else ''}"]

    def samples(self) -> Sequence[Sample]:
        """All images, class by class.

        Raises
        ------
        DataError
            Where there is no class folder, a class has no image, or one picture lies in two classes.
        """
        root = self.params.root
        classes = sorted(
            (each for each in root.iterdir() if each.is_dir() and not each.is_symlink()),
            key=lambda each: natural(printable(Path(each.name))),
        )
        classes = [each for each in classes if not each.name.startswith(".")]
        if not classes:
            raise DataError(
                "holds no class folder",
                where=printable(root),
                hint="Put the images of each class into a folder",
            )
        found = []
        for folder in classes:
            files = list(regular_files(folder, self.params.extensions, recursive=self.params.recursive))
            name = printable(Path(folder.name))
            if not files:
                raise DataError(
                    f"class {name!r} has 0 images",
                    where=printable(folder),
                    hint=f"Add images ending in {', '.join(self.params.extensions)}, or remove the folder",
                )
            found += [Sample(id=printable(path.relative_to(root)), path=path, label=name) for path in files]
        refuse_two_labels(found)
        return found
