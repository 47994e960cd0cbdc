"""Built-in data sets."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_datasets() -> Iterable[ComponentSpec]:
    """Offer the built-in data sets."""
    package = __name__
    return (
        ComponentSpec(
            "all_pbs",
            f"{package}.all_pbs:AllPbs",
            "The paper's 3256 blood smears in four classes, with its splits and overlap groups.",
        ),
        ComponentSpec(
            "boxes",
            f"{package}.boxes:Boxes",
            "Images with boxes around their cells, as VOC XML, YOLO text or COCO JSON.",
        ),
        ComponentSpec(
            "folder",
            f"{package}.folder:Folder",
            "Images in folders of classes, parts or patients, or with names that tell the class.",
        ),
        ComponentSpec(
            "smears",
            f"{package}.smears:Smears",
            "Synthetic blood smears with ground-truth masks; used where real data are missing.",
        ),
        ComponentSpec(
            "table",
            f"{package}.table:TableDataset",
            "A CSV or Excel table with path, label, group, split and mask.",
        ),
        ComponentSpec(
            "wbc_masks",
            f"{package}.wbc_masks:WbcMasks",
            "300 white cells with expert outlines of nucleus and cytoplasm.",
        ),
    )
