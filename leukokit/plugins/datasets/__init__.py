"""Built-in data sets."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_datasets() -> Iterable[ComponentSpec]:
    """Offer the built-in data sets."""
    here = __name__
    return (
        ComponentSpec(
            "all_pbs",
            f"{here}.all_pbs:AllPbs",
            "The paper's 3256 blood smears in four classes, with its splits and overlap groups.",
        ),
        ComponentSpec("folder", f"{here}.folder:Folder", "Images in one folder per class."),
        ComponentSpec(
            "smears",
            f"{here}.smears:Smears",
            "Synthetic blood smears with ground-truth masks; used where real data are missing.",
        ),
        ComponentSpec("table", f"{here}.table:Table", "A CSV file with path, label, group, split and mask."),
        ComponentSpec(
            "wbc_masks",
            f"{here}.wbc_masks:WbcMasks",
            "300 white cells with expert outlines of nucleus and cytoplasm.",
        ),
    )
