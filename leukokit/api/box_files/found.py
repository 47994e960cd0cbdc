"""What files with boxes say of images: the same for all formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from leukokit.api.boxes import Box

BoxRole: TypeAlias = Literal["cell", "nucleus", "red_cell", "platelet"]
_FOLDERS = frozenset({"images", "labels", "annotations", "jpegimages", "img", "xml", "masks"})
"""Names that say what a folder holds, in lower case: an image and its file of boxes differ in them."""
_ROLES: Mapping[str, BoxRole] = {
    **dict.fromkeys(("wbc", "wbcs", "whitebloodcell", "whitecell", "leukocyte", "leucocyte"), "cell"),
    **dict.fromkeys(("rbc", "rbcs", "redbloodcell", "redcell", "erythrocyte"), "red_cell"),
    **dict.fromkeys(("platelet", "platelets", "plt", "thrombocyte"), "platelet"),
}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Edges:
    """A box of a file.

    Attributes
    ----------
    x0, y0, x1, y1 : float
        In px or, where ``relative``, in shares of width and height.
    label : str
    place : str
        File and line, for messages.
    relative : bool
    """

    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    place: str
    relative: bool = False

    @property
    def has_area(self) -> bool:
        """Whether it is more than a point or a line."""
        return self.x1 > self.x0 and self.y1 > self.y0

    def box(self, width: float = 1.0, height: float = 1.0, *, role: str | None = None) -> Box:
        """Make the box, in px.

        Parameters
        ----------
        width, height : float
            Size of the image, px, where the edges are relative.
        role : str, optional
            What a segmenter calls such objects; by default what the label means, if that is known.
        """
        x0, y0, x1, y1 = self.x0 * width, self.y0 * height, self.x1 * width, self.y1 * height
        return Box(x0, y0, x1, y1, self.label, role or role_of(self.label))


@dataclass
class BoxFiles:
    """What all files of a data set say.

    Attributes
    ----------
    boxes : dict of image to list of Edges
        By the path of the image, relative to the folder; images without a file of boxes are missing.
    problems : list of str
        Mistakes, each with file and line.
    notes : list of str
        What was taken for what, and what is odd.
    """

    boxes: dict[str, list[Edges]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def unreadable(self, file: str, error: Exception) -> None:
        """Note that a file cannot be read."""
        self.problems.append(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}")

    def problem_text(self) -> str:
        """All problems, the first ones in full."""
        shown = self.problems[:_SHOWN]
        if len(self.problems) > _SHOWN:
            shown.append(f"and {len(self.problems) - _SHOWN} more")
        return f"{len(self.problems)} mistakes in the files with boxes:\n  " + "\n  ".join(shown)


class ImageFinder:
    """Finds the image that a file with boxes belongs to.

    By the same path without folders such as ``images`` and ``labels``, or by the same name where only one
    image has it.
    """

    def __init__(self, images: Sequence[str]) -> None:
        self._by_path = {_path_key(image): image for image in images}
        self._by_stem: dict[str, list[str]] = {}
        for image in images:
            self._by_stem.setdefault(PurePosixPath(image).stem, []).append(image)

    def of(self, file: str) -> str | None:
        """Path of the image that belongs to a file, or that a file names; None where there is none."""
        exact = self._by_path.get(_path_key(file))
        if exact is not None:
            return exact
        alike = self._by_stem.get(PurePosixPath(file).stem, [])
        return alike[0] if len(alike) == 1 else None


def _path_key(path: str) -> str:
    pure = PurePosixPath(path)
    folders = [part for part in pure.parts[:-1] if part.lower() not in _FOLDERS]
    return "/".join([*folders, pure.stem])


def role_of(label: str) -> BoxRole | None:
    """Role that a class name means, such as ``RBC``; None where it is not known."""
    plain = "".join(letter for letter in label.lower() if letter.isalpha())
    return _ROLES.get(plain) or _ROLES.get(plain.removesuffix("s"))
