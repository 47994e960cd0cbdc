"""Published layouts: ids, classes, groups, splits; and what is said of folders that are not so."""

from __future__ import annotations

from collections import Counter

import pytest

from leukokit.api import DataError, Dataset, GroupKind, ImageRejected, Part
from leukokit.testing.conformance import component_checks
from leukokit_hematology.all_idb import AllIdb1, AllIdb2
from leukokit_hematology.c_nmc import CNmc
from leukokit_hematology.class_folders import Mll23, Pbc, Raabin

PRELIMINARY = "C-NMC_test_prelim_phase_data"
CSV = "Patient_ID,new_names,labels\nUID_57_29_1_all.bmp,1.bmp,1\nUID_H49_35_1_hem.bmp,2.bmp,0\n"
C_NMC = {
    "fold_0/all/UID_11_10_1_all.bmp": None,
    "fold_0/hem/UID_H12_1_2_hem.bmp": None,
    "fold_1/all/UID_13_2_1_all.bmp": None,
    f"{PRELIMINARY}/1.bmp": None,
    f"{PRELIMINARY}/2.bmp": None,
    f"{PRELIMINARY}_labels.csv": CSV,
}
PBC = {
    "basophil/BA_1234.jpg": None,
    "ig/MMY_9.jpg": None,
    "ig/PMY_10.jpg": None,
    "neutrophil/BNE_2.jpg": None,
    "neutrophil/SNE_1.jpg": None,
}
IDB1 = {"im/Im001_1.jpg": None, "im/Im002_0.jpg": None, "xyc/Im001_1.xyc": "4 5\n10\t11\n\n"}


def labels(dataset: Dataset) -> Counter[str | None]:
    return Counter(sample.label for sample in dataset.samples())


def conforms(kind: type[Dataset], **params: object) -> None:
    for check in component_checks(kind, params):
        check()


def test_c_nmc_has_persons_as_groups_and_the_published_splits(tree) -> None:
    """Patient and class are in the name; the preliminary phase has them in its table."""
    root = tree("C-NMC_Leukemia", C_NMC)
    dataset = CNmc.create(root=root.parent)
    samples = {sample.id: sample for sample in dataset.samples()}
    assert [(s.label, s.group) for s in samples.values()] == [
        ("lymphoblast", "11"),
        ("hematogone", "H12"),
        ("lymphoblast", "13"),
        ("lymphoblast", "57"),
        ("hematogone", "H49"),
    ]
    assert dataset.groups_are is GroupKind.PATIENT
    assert dataset.default_split() == "preliminary"
    assert set(dataset.splits()) == {"preliminary", "fold_0", "fold_1"}
    assert dataset.splits()["preliminary"]["preliminary/1.bmp"] is Part.TEST
    assert dataset.splits()["fold_0"]["fold_0/all/UID_11_10_1_all.bmp"] is Part.TEST
    assert "preliminary/1.bmp" not in dataset.splits()["fold_0"]
    assert labels(CNmc.create(root=root, vocabulary="blast")) == {"blast": 3, "no_blast": 2}
    assert labels(CNmc.create(root=root, vocabulary="published")) == {"all": 3, "hem": 2}
    conforms(CNmc, root=str(root))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {**C_NMC, "fold_0/all/UID_3_1_1_hem.bmp": None},
            r"1 image name not of the form .*all/UID_3_1_1_hem",
        ),
        ({**C_NMC, f"{PRELIMINARY}/3.bmp": None}, "has no row for 3.bmp"),
        ({**C_NMC, f"{PRELIMINARY}_labels.csv": CSV + "UID_9_1_1_all.bmp,9.bmp,1\n"}, "not there: 9.bmp"),
        (
            {**C_NMC, f"{PRELIMINARY}_labels.csv": CSV.replace(",1\n", ",0\n")},
            r"line 2: UID_57.*expected Patient_ID",
        ),
    ],
    ids=["class of folder and name differ", "image without a row", "row without an image", "label differs"],
)
def test_c_nmc_that_does_not_fit_together_is_an_error(
    tree, files: dict[str, str | None], message: str
) -> None:
    """Names, folders and table say the same, or the run does not begin."""
    with pytest.raises(DataError, match=message):
        CNmc.create(root=tree("c", files)).samples()


def test_pbc_reads_finer_classes_from_names(tree) -> None:
    """Folders are the eight classes; the letters of the name tell band from segmented."""
    root = tree("PBC_dataset_normal_DIB", PBC)
    assert labels(Pbc.create(root=root)) == {"basophil": 1, "immature_granulocyte": 2, "neutrophil": 2}
    assert labels(Pbc.create(root=root, subclasses=True)) == {
        "basophil": 1,
        "metamyelocyte": 1,
        "promyelocyte": 1,
        "neutrophil_band": 1,
        "neutrophil_segmented": 1,
    }
    conforms(Pbc, root=str(root))


def test_classes_are_chosen_by_any_name(tree) -> None:
    """By a synonym, by the name of a family; what is left out is told."""
    root = tree("PBC_dataset_normal_DIB", PBC)
    chosen = Pbc.create(root=root, subclasses=True, classes=["Neutrophils", "BA"])
    assert labels(chosen) == {"basophil": 1, "neutrophil_band": 1, "neutrophil_segmented": 1}
    assert chosen.notes() == ("2 images left out, of other classes (metamyelocyte: 1, promyelocyte: 1)",)
    assert labels(Pbc.create(root=root, classes=["SNE"], subclasses=True)) == {"neutrophil_segmented": 1}
    with pytest.raises(DataError, match=r"no sample of blast; its classes are basophil, ig, neutrophil"):
        Pbc.create(root=root, classes=["blast"]).samples()
    with pytest.raises(DataError, match=r"does not have 'neutrofil' \(did you mean 'neutrophil'\?\)"):
        Pbc.create(root=root, classes=["neutrofil"]).samples()
    with pytest.raises(ValueError, match="'ig' stands in it twice"):
        Pbc.create(root=root, classes=["ig", "ig"])


def test_raabin_is_tested_on_its_published_parts(tree) -> None:
    """Train and TestA, or TestB; folders may be written Test-A."""
    files = {
        f"{part}/{name}/1.jpg": None for part in ("Train", "Test-A") for name in ("Basophil", "Monocyte")
    }
    root = tree("raabin-wbc", {**files, "TestB/Neutrophil/1.jpg": None, "TestB/Lymphocyte/2.jpg": None})
    dataset = Raabin.create(root=root.parent)
    assert labels(dataset) == {"basophil": 2, "monocyte": 2, "neutrophil": 1, "lymphocyte": 1}
    assert dataset.default_split() == "test_a"
    split = dataset.splits()
    assert split["test_a"] == {
        "Train/Basophil/1.jpg": Part.TRAIN,
        "Train/Monocyte/1.jpg": Part.TRAIN,
        "Test-A/Basophil/1.jpg": Part.TEST,
        "Test-A/Monocyte/1.jpg": Part.TEST,
    }
    assert {id_ for id_, part in split["test_b"].items() if part is Part.TEST} == {
        "TestB/Neutrophil/1.jpg",
        "TestB/Lymphocyte/2.jpg",
    }
    conforms(Raabin, root=str(root))


def test_a_folder_that_is_no_published_class_is_named(tree) -> None:
    """Unknown folders are an error, unless the classes to read are said."""
    files = {"hairy_cell/1.tif": None, "normoblast/2.tif": None, "artefact/3.tif": None}
    root = tree("mll23", files)
    with pytest.raises(DataError, match=r"no published class: artefact.*data.params.classes"):
        Mll23.create(root=root).samples()
    assert labels(Mll23.create(root=root, classes=["hairy_cell", "erythroblast"])) == {
        "hairy_cell": 1,
        "erythroblast": 1,
    }


def test_all_idb1_has_centers_and_boxes_on_request(tree) -> None:
    """Published are centers only; a side makes boxes of them."""
    root = tree("ALL_IDB1", IDB1)
    dataset = AllIdb1.create(root=root)
    first, second = dataset.samples()
    assert (first.label, second.label) == ("lymphoblast", "no_blast")
    assert dataset.centers(first) == [(4.0, 5.0), (10.0, 11.0)]
    assert dataset.boxes(first) is None
    boxed = AllIdb1.create(root=root, box_px=4, vocabulary="family")
    assert [(b.x0, b.y0, b.x1, b.y1, b.label) for b in boxed.boxes(first) or ()] == [
        (2, 3, 6, 7, "blast"),
        (8, 9, 12, 13, "blast"),
    ]
    assert boxed.boxes(second) == []
    conforms(AllIdb1, root=str(root))


def test_all_idb1_tells_of_centers_that_cannot_be_read(tree) -> None:
    """A missing file ends the run where boxes are wanted; a bad line rejects its image."""
    root = tree("ALL_IDB1", {**IDB1, "im/Im003_1.jpg": None, "xyc/Im001_1.xyc": "4 5\n10\n"})
    with pytest.raises(DataError, match=r"no file of centers, such as im/Im003_1.jpg.*leave box_px empty"):
        AllIdb1.create(root=root, box_px=4).samples()
    dataset = AllIdb1.create(root=root)
    with pytest.raises(ImageRejected, match=r"Im001_1.xyc, line 2: '10', expected x and y"):
        dataset.centers(dataset.samples()[0])


def test_all_idb2_is_found_where_its_archive_unpacks(tree) -> None:
    """Folder in folder; odd names are an error."""
    root = tree("ALL_IDB2/ALL_IDB2", {"img/Im001_1.tif": None, "img/Im131_0.tif": None})
    assert labels(AllIdb2.create(root=root.parents[1])) == {"lymphoblast": 1, "no_blast": 1}
    conforms(AllIdb2, root=str(root))
    tree("ALL_IDB2/ALL_IDB2", {"img/copy.tif": None})
    with pytest.raises(DataError, match=r"1 image name not of the form Im001_1.jpg: copy.tif"):
        AllIdb2.create(root=root).samples()


@pytest.mark.parametrize("kind", [AllIdb1, AllIdb2, CNmc, Mll23, Pbc, Raabin])
def test_a_wrong_folder_says_what_was_looked_for_and_how_it_must_look(kind: type[Dataset], tree) -> None:
    """What, where, where to get it, and the tree."""
    root = tree("data", {"other/1.png": None})
    with pytest.raises(DataError) as error:
        kind.create(root=root).missing()
    text = str(error.value)
    assert f"looked for {root / kind.place.folders[0]}" in text
    assert "its folders are other" in text
    assert f"Get it from {kind.place.source}. The folder must hold {kind.place.tree}" in text
