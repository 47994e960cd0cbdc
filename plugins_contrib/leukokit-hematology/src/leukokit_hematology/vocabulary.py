"""One vocabulary for the classes of published data sets: a standard name, its family, and synonyms.

Names follow MLL23 (Shetab Boushehri et al., Scientific Data 12 (2025) 1773, doi 10.1038/s41597-025-06223-x)
where it has the class; other names are those that the data sets share. Abbreviations are those of the LMU
data set (Matek et al. 2019, doi 10.7937/tcia.2019.36f5o9ld), of PBC's file names and of LISC's folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leukokit.api import DataError, did_you_mean

Vocabulary: TypeAlias = Literal["published", "standard", "family", "blast"]
"""How labels are written: as published, by standard name, by family, or blast and no_blast."""
BLAST, NO_BLAST = "blast", "no_blast"


@dataclass(frozen=True, slots=True)
class CellClass:
    """A class of cells.

    Attributes
    ----------
    name : str
        The standard name.
    family : str
        The coarser class that it is part of; its own name where there is none.
    blast : bool or None
        Whether a differential count takes it for a blast; None where the name leaves that open.
    synonyms : tuple of str
        Other names; case, spaces, hyphens, underscores and a plural s make no difference.
    """

    name: str
    family: str
    blast: bool | None
    synonyms: tuple[str, ...] = ()


TABLE: tuple[CellClass, ...] = (
    CellClass("neutrophil", "neutrophil", False, ("neut", "granulocyte neutrophil")),
    CellClass(
        "neutrophil_segmented",
        "neutrophil",
        False,
        ("segmented neutrophil", "NGS", "SNE", "seg", "neutrophil granulocyte segmented"),
    ),
    CellClass(
        "neutrophil_band",
        "neutrophil",
        False,
        ("band neutrophil", "band", "NGB", "BNE", "stab", "neutrophil banded", "neutrophil granulocyte band"),
    ),
    CellClass("eosinophil", "eosinophil", False, ("EO", "EOS", "eosi", "eosinophil granulocyte")),
    CellClass("basophil", "basophil", False, ("BA", "BAS", "baso", "basophil granulocyte")),
    CellClass("monocyte", "monocyte", False, ("MO", "MON", "mono")),
    CellClass(
        "lymphocyte",
        "lymphocyte",
        False,
        ("LY", "LYT", "lymph", "lymp", "typical lymphocyte", "lymphocyte typical"),
    ),
    CellClass(
        "lymphocyte_reactive",
        "lymphocyte",
        False,
        ("reactive lymphocyte", "atypical lymphocyte", "lymphocyte atypical", "variant lymphocyte", "LYA"),
    ),
    CellClass(
        "lymphocyte_large_granular",
        "lymphocyte",
        False,
        ("large granular lymphocyte", "LGL", "granular lymphocyte"),
    ),
    CellClass(
        "lymphocyte_neoplastic", "lymphocyte_neoplastic", False, ("neoplastic lymphocyte", "lymphoma cell")
    ),
    CellClass("hairy_cell", "lymphocyte_neoplastic", False, ("HAC",)),
    CellClass("plasma_cell", "plasma_cell", False, ("plasmocyte", "PLM")),
    CellClass(
        "hematogone",
        "hematogone",
        False,
        ("hem", "haematogone", "normal B lymphoid precursor", "normal B-cell precursor"),
    ),
    CellClass("immature_granulocyte", "immature_granulocyte", False, ("IG",)),
    CellClass("promyelocyte", "immature_granulocyte", False, ("PMO", "PMY")),
    CellClass("myelocyte", "immature_granulocyte", False, ("MY", "MYB")),
    CellClass("metamyelocyte", "immature_granulocyte", False, ("MMY", "MMZ", "meta")),
    # Counted as blasts in acute promyelocytic leukemia: WHO classification, doi 10.1038/s41375-022-01613-1.
    CellClass(
        "promyelocyte_atypical",
        "blast",
        True,
        ("atypical promyelocyte", "abnormal promyelocyte", "promyelocyte bilobed", "PMB"),
    ),
    CellClass("blast", "blast", True, ("blast cell", "leukemic blast", "leukaemic blast", "BLA")),
    CellClass("myeloblast", "blast", True, ("MYO",)),
    CellClass("monoblast", "blast", True, ("MOB",)),
    CellClass(
        "lymphoblast",
        "blast",
        True,
        ("ALL", "L1", "L2", "L3", "ALL blast", "B-ALL", "T-ALL", "pre-B ALL", "pro-B ALL", "early pre-B ALL"),
    ),
    CellClass(
        "erythroblast",
        "erythroblast",
        False,
        ("normoblast", "ERB", "EBO", "NRBC", "nucleated red blood cell"),
    ),
    CellClass("no_blast", "no_blast", False, ("non blast", "not blast", "healthy", "normal")),
    CellClass("leukocyte", "leukocyte", None, ("WBC", "white blood cell", "white cell", "leucocyte")),
    CellClass("red_cell", "red_cell", False, ("RBC", "red blood cell", "erythrocyte")),
    CellClass("platelet", "platelet", False, ("thrombocyte", "PLT")),
    CellClass(
        "smudge_cell", "smudge_cell", None, ("smudge", "KSC", "gumprecht shadow", "basket cell", "burst")
    ),
)
"""All classes. FAB's L1 to L3 and the stages of B-ALL are kinds of lymphoblasts."""


def _key(name: str) -> str:
    words = re.sub(r"[\s_\-]+", " ", name.strip()).casefold()
    return words[:-1] if words.endswith("s") and not words.endswith("ss") and len(words) > 4 else words


def _index() -> Mapping[str, CellClass]:
    index: dict[str, CellClass] = {}
    for row in TABLE:
        for name in (row.name, *row.synonyms):
            if index.setdefault(_key(name), row) is not row:
                raise ValueError(f"{name!r} is a name of {index[_key(name)].name} and of {row.name}")
    return index


_BY_KEY = _index()


def known(name: str) -> CellClass | None:
    """Class of a name or synonym; None for a name that the vocabulary does not have."""
    return _BY_KEY.get(_key(name))


def standard_name(name: str) -> str:
    """Return the standard name of a class.

    Parameters
    ----------
    name : str
        Standard name or synonym: ``L1``, ``White blood cells``.

    Raises
    ------
    DataError
        Where the vocabulary does not have it, with names that are near.
    """
    return classes_of([name])[0].name


def classes_of(names: Iterable[str]) -> list[CellClass]:
    """Find the classes of several names.

    Raises
    ------
    DataError
        Where the vocabulary does not have some; all of these are listed.
    """
    names = list(names)
    unknown = [name for name in names if known(name) is None]
    if unknown:
        everything = [name for row in TABLE for name in (row.name, *row.synonyms)]
        listed = ", ".join(repr(name) + did_you_mean(name, everything) for name in unknown)
        raise DataError(
            f"the vocabulary of cells does not have {listed}",
            hint=f"Its classes are {', '.join(row.name for row in TABLE)}; synonyms are in the README of "
            "leukokit-hematology. vocabulary: published keeps the names of the data set",
        )
    return [_BY_KEY[_key(name)] for name in names]


def written(name: str, vocabulary: Vocabulary) -> str:
    """Write the name of a class in a vocabulary.

    Raises
    ------
    DataError
        Where the vocabulary does not have the name, or, for ``blast``, where the name leaves it open.
    """
    if vocabulary == "published":
        return name
    row = classes_of([name])[0]
    if vocabulary == "standard":
        return row.name
    if vocabulary == "family":
        return row.family
    if row.blast is None:
        raise DataError(
            f"a cell of class {row.name} can be a blast or not",
            hint="Set vocabulary to standard or family, or leave the class out with classes",
        )
    return BLAST if row.blast else NO_BLAST
