"""The vocabulary of cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from leukokit.api import DataError
from leukokit_hematology.vocabulary import TABLE, classes_of, standard_name, written


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("L1", "lymphoblast"),
        ("ALL", "lymphoblast"),
        ("hem", "hematogone"),
        ("White blood cells", "leukocyte"),
        ("RBC", "red_cell"),
        ("Platelets", "platelet"),
        ("normoblast", "erythroblast"),
        ("Neutrophil-Segmented", "neutrophil_segmented"),
        ("ig", "immature_granulocyte"),
        ("PMB", "promyelocyte_atypical"),
        ("eosi", "eosinophil"),
    ],
)
def test_synonyms_have_a_standard_name(name: str, standard: str) -> None:
    """Case, spaces, hyphens, underscores and a plural s make no difference."""
    assert standard_name(name) == standard


def test_every_family_is_a_class() -> None:
    """So that a name of a family can be used wherever a class can."""
    names = {row.name for row in TABLE}
    assert {row.family for row in TABLE} <= names
    assert len(names) == len(TABLE)


def test_unknown_names_are_all_listed() -> None:
    """The error names each, what is near, and what there is."""
    with pytest.raises(DataError, match=r"'lymfocyte' \(did you mean 'lymphocyte'\?\), 'xyz'") as error:
        classes_of(["basophil", "lymfocyte", "xyz"])
    assert "vocabulary: published" in str(error.value)


def test_vocabularies_differ_in_detail() -> None:
    """From the published name to blast or not."""
    assert written("BNE", "published") == "BNE"
    assert written("BNE", "standard") == "neutrophil_band"
    assert written("BNE", "family") == "neutrophil"
    assert written("BNE", "blast") == "no_blast"
    assert written("L2", "blast") == written("MYO", "family") == "blast"


def test_a_name_that_leaves_it_open_is_no_answer_to_blast_or_not() -> None:
    """A white cell can be either; the error says what to do."""
    with pytest.raises(DataError, match=r"leukocyte can be a blast or not.*standard or family"):
        written("WBC", "blast")


def test_the_readme_has_the_vocabulary() -> None:
    """Each class with its family and its synonyms."""
    page = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    marks = {True: "yes", False: "no", None: "open"}
    for row in TABLE:
        synonyms = ", ".join(row.synonyms)
        assert f"| `{row.name}` | `{row.family}` | {marks[row.blast]} | {synonyms} |" in page
