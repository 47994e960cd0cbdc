"""C-NMC 2019: single cells of B-ALL patients and of healthy persons, with the person in the name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from leukokit.api import DataError, GroupKind, Part, Sample, read_input
from leukokit.api.files import first_names
from leukokit_hematology.published import Place, PublishedDataset, images, refuse_odd_names

_NAME = re.compile(r"UID_(H?\d+)_(\d+)_(\d+)_(all|hem)\.bmp", re.IGNORECASE)
_FOLDS = ("fold_0", "fold_1", "fold_2")
_PRELIMINARY = "C-NMC_test_prelim_phase_data"
_COLUMNS = ("Patient_ID", "new_names", "labels")
_LABELS: Mapping[str, str] = {"1": "all", "0": "hem"}


class CNmc(PublishedDataset):
    """Single cells, 450 x 450 px, cut out on black: leukemic B lymphoblasts (all) and normal ones (hem).

    Gupta, Gupta: ALL challenge dataset of ISBI 2019 (C-NMC 2019), The Cancer Imaging Archive, doi
    10.7937/tcia.2019.dc64i46r, CC BY 3.0. Names such as ``fold_0/all/UID_11_10_1_all.bmp``: patient 11, image
    10, cell 1; healthy persons begin with H. The preliminary phase's images have numbers, ``1.bmp``, and
    their names, patients and classes in its CSV file; the final phase has no labels and is not read. ``hem``
    are normal B-lymphoid precursors (hematogones). The persons are the groups. Splits: ``preliminary`` trains
    on the three folds and tests on the preliminary phase; ``fold_0`` to ``fold_2`` test on one fold. The size
    of a pixel is not published.
    """

    place = Place(
        ("C-NMC_Leukemia", "PKG - C-NMC 2019", "PKG_C_NMC 2019", "C-NMC_2019", "c-nmc"),
        "doi.org/10.7937/tcia.2019.dc64i46r (C-NMC 2019)",
        "fold_0/all/UID_11_10_1_all.bmp, fold_0/hem/, fold_1/, fold_2/ (or these in C-NMC_training_data/), "
        "and, where "
        f"wanted, {_PRELIMINARY}/ with {_PRELIMINARY}_labels.csv beside or above it",
    )

    @property
    def groups_are(self) -> GroupKind:
        """Groups are persons."""
        return GroupKind.PATIENT

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds a fold with its classes."""
        base = _training(folder)
        return any((base / fold / label).is_dir() for fold in _FOLDS for label in ("all", "hem"))

    def published(self, folder: Path) -> Sequence[Sample]:
        """Cells of the folds, then those of the preliminary phase, each by name.

        Raises
        ------
        DataError
            Where names have another form, or the CSV file and the images do not fit together.
        """
        return [*self._training(folder), *self._preliminary(folder)]

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:  # noqa: ARG002 - samples suffice
        """Return the splits ``preliminary`` and ``fold_0`` to ``fold_2``."""
        place = {sample.id: sample.id.split("/")[0] for sample in self._found}
        folds = {fold: [id_ for id_, where in place.items() if where == fold] for fold in _FOLDS}
        trained = [id_ for id_, where in place.items() if where in _FOLDS]
        tested = [id_ for id_, where in place.items() if where == "preliminary"]
        splits = {"preliminary": dict.fromkeys(trained, Part.TRAIN) | dict.fromkeys(tested, Part.TEST)}
        for fold, ids in folds.items():
            splits[fold] = dict.fromkeys(trained, Part.TRAIN) | dict.fromkeys(ids, Part.TEST)
        return splits

    def default_split(self) -> str | None:
        """``preliminary``, where that phase is there."""
        return "preliminary" if "preliminary" in self.splits() else None

    def _training(self, folder: Path) -> Iterator[Sample]:
        base = _training(folder)
        for fold in (name for name in _FOLDS if (base / name).is_dir()):
            names = images(base / fold, levels=1, extensions=(".bmp",))
            odd = [name for name in names if not _fits(name)]
            refuse_odd_names(odd, "all/UID_11_10_1_all.bmp (folder and name tell one class)", base / fold)
            for name in names:
                yield _sample(f"{fold}/{name}", base / fold / name, name.split("/")[1])

    def _preliminary(self, folder: Path) -> Iterator[Sample]:
        found = _images_and_labels(folder)
        if found is None:
            return
        place, table = found
        names = _names(table)
        numbered = images(place, extensions=(".bmp",))
        if unlisted := [name for name in numbered if name not in names]:
            raise DataError(f"has no row for {first_names(unlisted)}", where=str(table))
        if absent := [name for name in names if not (place / name).is_file()]:
            raise DataError(
                f"{len(absent)} images of the table are not there: {first_names(absent)}", where=str(place)
            )
        for name in numbered:
            yield _sample(f"preliminary/{name}", place / name, names[name])


def _training(folder: Path) -> Path:
    inside = (folder / name for name in ("C-NMC_training_data", "training_data"))
    return next((path for path in inside if path.is_dir()), folder)


def _images_and_labels(folder: Path) -> tuple[Path, Path] | None:
    """Folder and table of the preliminary phase, in the places that its archives unpack to."""
    for base in (folder, folder / "validation_data", folder / _PRELIMINARY):
        for table in (base / f"{_PRELIMINARY}_labels.csv", base / "phase2.csv"):
            for name in (_PRELIMINARY, "phase2"):
                if table.is_file() and (base / name).is_dir():
                    return base / name, table
    return None


def _names(table: Path) -> dict[str, str]:
    """Map ``1.bmp`` to ``UID_57_29_1_all.bmp``."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_input(table).decode("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot be read: {error}", where=str(table)) from error
    names: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        full, number, label = (row.get(column) or "" for column in _COLUMNS)
        match = _NAME.fullmatch(full)
        if match is None or not number or _LABELS.get(label) != match[4].lower():
            raise DataError(
                f"line {line}: {full},{number},{label}; expected Patient_ID,new_names,labels such as "
                "UID_57_29_1_all.bmp,1.bmp,1",
                where=str(table),
            )
        names[number] = full
    return names


def _fits(name: str) -> bool:
    match = _NAME.fullmatch(name.rpartition("/")[2])
    return match is not None and name.split("/")[0].lower() == match[4].lower()


def _sample(id_: str, path: Path, full_name: str) -> Sample:
    match = _NAME.fullmatch(full_name)
    assert match is not None, "names were checked"
    return Sample(id=id_, path=path, label=match[4].lower(), group=match[1].upper())
