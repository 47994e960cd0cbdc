"""Data sets whose classes are folders: PBC of Barcelona, Raabin-WBC, MLL23."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from leukokit.api import DataError, Field, Part, Sample
from leukokit.api.files import first_names
from leukokit_hematology.published import Place, PublishedDataset, PublishedParams, images


class ClassFolders(PublishedDataset):
    """One folder a class, in the folder of the data set or in folders of parts."""

    classes: ClassVar[tuple[str, ...]]
    """Names of the class folders; case makes no difference."""
    parts: ClassVar[tuple[str, ...]] = ()
    """Names of the folders of parts; hyphens and case make no difference."""

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds at least two of the class folders, or a folder of a part that does."""
        inside = [folder, *(path for path, _ in self.part_folders(folder))]
        return any(len(self._class_folders(path)) > 1 for path in inside)

    def published(self, folder: Path) -> Sequence[Sample]:
        """Images by folder and name; the folder is the class."""
        if not self.parts:
            return self._samples(folder, "")
        return [
            sample for path, _ in self.part_folders(folder) for sample in self._samples(path, f"{path.name}/")
        ]

    def part_folders(self, folder: Path) -> list[tuple[Path, str]]:
        """Folders of parts, each with its published name, in the published order."""
        if not folder.is_dir():
            return []
        by_name = {_plain(path.name): path for path in sorted(folder.iterdir()) if path.is_dir()}
        return [(by_name[_plain(name)], name) for name in self.parts if _plain(name) in by_name]

    def _class_folders(self, folder: Path) -> list[str]:
        if not folder.is_dir():
            return []
        names = {name.casefold() for name in self.classes}
        return [path.name for path in folder.iterdir() if path.name.casefold() in names and path.is_dir()]

    def _samples(self, folder: Path, prefix: str) -> list[Sample]:
        files = [name for name in images(folder, levels=1) if "/" in name]
        published = {name.casefold(): name for name in self.classes}
        other = sorted({name.split("/")[0] for name in files} - set(self._class_folders(folder)))
        if other and not self.params.classes:
            raise DataError(
                f"has folders that are no published class: {first_names(other)}",
                where=str(folder),
                hint=f"Published are {', '.join(self.classes)}. Move the others away, or say with "
                "data.params.classes which classes to read",
            )
        return [
            Sample(
                id=prefix + name,
                path=folder / name,
                label=self.class_of(published[name.split("/")[0].casefold()], name.split("/")[1]),
            )
            for name in files
            if name.split("/")[0] not in other
        ]

    def class_of(self, folder: str, name: str) -> str:  # noqa: ARG002 - only some names tell more
        """Class of an image, by its folder and name."""
        return folder


class PbcParams(PublishedParams):
    """Parameters of :class:`Pbc`."""

    subclasses: bool = Field(
        False,
        description="Read the finer classes from file names: band and segmented neutrophils (BNE_, SNE_), "
        "promyelocytes, myelocytes and metamyelocytes (PMY_, MY_, MMY_).",
    )


class Pbc(ClassFolders):
    """17,092 normal cells of the Hospital Clinic of Barcelona, 360 x 363 px, one cell a picture.

    Acevedo, Merino, Alferez, Molina, Boldu, Rodellar: A dataset of microscopic peripheral blood cell images
    for development of automatic recognition systems, Data in Brief 30 (2020) 105474, doi
    10.1016/j.dib.2020.105474; files doi 10.17632/snkd93bnjr.1, CC BY 4.0. Names such as
    ``basophil/BA_1234.jpg``. Neither the patient nor the size of a pixel is published.
    """

    Params = PbcParams
    params: PbcParams
    place = Place(
        (
            "PBC_dataset_normal_DIB",
            "PBC_dataset_normal_DIB/PBC_dataset_normal_DIB",
            "pbc",
        ),
        "data.mendeley.com/datasets/snkd93bnjr",
        "basophil/BA_1234.jpg, eosinophil/, erythroblast/, ig/, lymphocyte/, monocyte/, neutrophil/, "
        "platelet/",
    )
    classes = (
        "basophil",
        "eosinophil",
        "erythroblast",
        "ig",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
    )
    _SUBCLASSES: ClassVar[Mapping[str, str]] = {
        "BNE": "neutrophil_band",
        "SNE": "neutrophil_segmented",
        "PMY": "promyelocyte",
        "MY": "myelocyte",
        "MMY": "metamyelocyte",
    }

    def class_of(self, folder: str, name: str) -> str:
        """Class by folder, or by the letters in front of the name."""
        return self._SUBCLASSES.get(name.split("_")[0].upper(), folder) if self.params.subclasses else folder


class Raabin(ClassFolders):
    """White cells of Iranian laboratories, cropped, labeled by two experts: Train, TestA and TestB.

    Kouzehkanan et al.: A large dataset of white blood cells containing cell locations and types, along with
    segmented nuclei and cytoplasm, Scientific Reports 12 (2022) 1123, doi 10.1038/s41598-021-04426-x. Names
    such as ``Train/Basophil/1.jpg``. TestB comes from another microscope and camera than Train and TestA. The
    splits ``test_a`` and ``test_b`` train on Train. Patient and size of a pixel are not in these files.
    """

    place = Place(
        ("raabin-wbc", "RaabinWBC", "Raabin-WBC", "raabin"),
        "raabindata.com/free-data (double-labeled cropped cells: Train.rar, TestA.rar, TestB.zip)",
        "Train/Basophil/, Train/Eosinophil/, Train/Lymphocyte/, Train/Monocyte/, Train/Neutrophil/, and the "
        "same "
        "in TestA/ and TestB/",
    )
    classes = ("Basophil", "Eosinophil", "Lymphocyte", "Monocyte", "Neutrophil")
    parts = ("Train", "TestA", "TestB")
    _SPLITS: ClassVar[Mapping[str, str]] = {"TestA": "test_a", "TestB": "test_b"}

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:
        """Return the splits ``test_a`` and ``test_b``, each trained on Train."""
        by_part = {name: path.name + "/" for path, name in self.part_folders(folder)}
        ids = {name: [s.id for s in self._found if s.id.startswith(start)] for name, start in by_part.items()}
        train = dict.fromkeys(ids.get("Train", ()), Part.TRAIN)
        return {
            split: train | dict.fromkeys(ids[part], Part.TEST)
            for part, split in self._SPLITS.items()
            if part in ids
        }

    def default_split(self) -> str | None:
        """``test_a``, where TestA is there."""
        return "test_a" if "test_a" in self.splits() else None


class Mll23(ClassFolders):
    """More than 40,000 single cells of the Munich Leukemia Laboratory in 18 classes.

    Shetab Boushehri et al.: A large expert-annotated single-cell peripheral blood dataset for hematological
    disease diagnostics, Scientific Data 12 (2025) 1773, doi 10.1038/s41597-025-06223-x; files
    doi 10.5281/zenodo.14277609, a zip for each class. Patients are not in the file names.
    """

    place = Place(
        ("mll23", "MLL23"),
        "zenodo.org/records/14277609 (a zip for each class)",
        "a folder for each class: basophil/, eosinophil/, ..., smudge_cell/",
    )
    classes = (
        "basophil",
        "eosinophil",
        "hairy_cell",
        "lymphocyte",
        "lymphocyte_large_granular",
        "lymphocyte_neoplastic",
        "lymphocyte_reactive",
        "metamyelocyte",
        "monocyte",
        "myeloblast",
        "myelocyte",
        "neutrophil_band",
        "neutrophil_segmented",
        "normoblast",
        "plasma_cell",
        "promyelocyte",
        "promyelocyte_atypical",
        "smudge_cell",
    )


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").casefold()
