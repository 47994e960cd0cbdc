"""What this plugin offers; light, because ``leukokit list`` imports it."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl

LEUKOKIT_API = 1

_DATA_SETS = (
    ("all_idb1", "all_idb:AllIdb1", "ALL-IDB1: 108 fields of blood, with the centers of lymphoblasts."),
    ("all_idb2", "all_idb:AllIdb2", "ALL-IDB2: 260 single cells, lymphoblast or not."),
    ("bccd", "bccd:Bccd", "BCCD: 364 fields with boxes of white cells, red cells and platelets."),
    ("c_nmc", "c_nmc:CNmc", "C-NMC 2019: 12,528 labeled single cells of 101 patients, leukemic or not."),
    ("lisc", "lisc:Lisc", "LISC: 250 fields of five kinds of white cells, with masks."),
    ("mll23", "class_folders:Mll23", "MLL23: more than 40,000 single cells of 18 classes."),
    ("pbc", "class_folders:Pbc", "PBC (Barcelona): 17,092 normal single cells of eight classes."),
    ("raabin", "class_folders:Raabin", "Raabin-WBC, cropped: five kinds of white cells, two test parts."),
    (
        "txl_pbc",
        "txl_pbc:TxlPbc",
        "TXL-PBC: pictures of four sources with boxes of white cells, red cells, platelets.",
    ),
    ("wbc_masks", "wbc_masks:WbcMasks", "300 cells of Jiangxi and 100 of CellaVision, with masks."),
)


@hookimpl
def leukokit_datasets() -> Iterable[ComponentSpec]:
    """Offer the published data sets."""
    package = "leukokit_hematology"
    return tuple(ComponentSpec(name, f"{package}.{target}", text) for name, target, text in _DATA_SETS)
