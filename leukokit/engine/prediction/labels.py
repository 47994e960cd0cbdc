"""True classes of the images to predict: from a table, or from the names of folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leukokit.api import Sample
from leukokit.engine.prediction.given import GivenImages


@dataclass(frozen=True)
class TrueClasses:
    """What is known of the true classes.

    Attributes
    ----------
    by_id : mapping of sample id to str
        Classes that the model knows, as it calls them.
    unknown : mapping of label to int
        Labels that are no class of the model, with their number of images.
    renamed : mapping of label to class
        Labels that differ from a class in upper and lower case only.
    unlabeled : int
        Images without a label.
    groups : mapping of sample id to str
        As the table gives them.
    in_folders : bool
        Whether the folders in a folder that was given are named after classes.
    """

    by_id: Mapping[str, str]
    unknown: Mapping[str, int]
    renamed: Mapping[str, str]
    unlabeled: int
    groups: Mapping[str, str] = field(default_factory=dict)
    in_folders: bool = False

    def sentences(self, classes: Sequence[str]) -> list[str]:
        """Say what a reader should know of the labels."""
        told = [
            f"{count} image{'' if count == 1 else 's'} of {name!r} cannot be scored: it is none of the "
            f"model's classes, {', '.join(classes)}"
            for name, count in self.unknown.items()
        ]
        told += [
            f"the label {label!r} is taken for the class {name!r}" for label, name in self.renamed.items()
        ]
        if self.unlabeled and self.by_id:
            told.append(f"{self.unlabeled} images have no label and are not scored")
        return told


def true_classes(images: GivenImages, classes: Sequence[str]) -> TrueClasses:
    """Find the true classes.

    The label of an image is that of its row in the table; otherwise the folder in which it lies, seen from
    the folder that was given, where some folder there is named after a class; otherwise the name of the given
    folder, where that is a class.

    Parameters
    ----------
    images : GivenImages
    classes : sequence of str
        Of the model.
    """
    folded = Counter(name.casefold() for name in classes)
    by_fold = {name.casefold(): name for name in classes if folded[name.casefold()] == 1}
    known = {name: name for name in classes}
    roots = [_Root(root, by_fold) for root in images.roots]
    by_id: dict[str, str] = {}
    unknown: Counter[str] = Counter()
    renamed: dict[str, str] = {}
    groups: dict[str, str] = {}
    unlabeled = 0
    for sample in images:
        label = _label(sample, roots)
        if label is None:
            unlabeled += 1
            continue
        name = known.get(label) or by_fold.get(label.casefold())
        if name is None:
            unknown[label] += 1
            continue
        if name != label:
            renamed[label] = name
        by_id[sample.id] = name
        if sample.group is not None:
            groups[sample.id] = sample.group
    in_folders = any(root.of_folders for root in roots)
    return TrueClasses(by_id, dict(sorted(unknown.items())), renamed, unlabeled, groups, in_folders)


class _Root:
    """A folder that was given, and whether the folders in it are classes."""

    def __init__(self, path: Path, by_fold: Mapping[str, str]) -> None:
        self.path = path
        inside = [each.name for each in path.iterdir() if each.is_dir()]
        self.of_folders = any(name.casefold() in by_fold for name in inside)
        own = path.resolve().name
        self._own = own if own.casefold() in by_fold else None

    def label(self, path: Path) -> str | None:
        parts = path.relative_to(self.path).parts
        if self.of_folders:
            return parts[0] if len(parts) > 1 else None
        return self._own


def _label(sample: Sample, roots: Sequence[_Root]) -> str | None:
    if sample.label is not None or sample.path is None:
        return sample.label
    root = next((root for root in roots if sample.path.is_relative_to(root.path)), None)
    return None if root is None else root.label(sample.path)
