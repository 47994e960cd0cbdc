"""Label images by role, the result of segmenters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from leukokit.arrays import LabelImage, Mask

NUCLEUS = "nucleus"
CELL = "cell"
RED_CELL = "red_cell"
PLATELET = "platelet"
SCALE_BAR = "scale_bar"


class Status(StrEnum):
    """Outcome of a segmentation; a result without usable cells always has a status of its own.

    ``implausible``: the objects labeled as nuclei are not stained like nuclei, compared with the rest of the
    foreground. The label images are kept for inspection; no features are measured on them.
    """

    OK = "ok"
    NO_CELL = "no_cell"
    ALL_TOUCH_BORDER = "all_touch_border"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Labels:
    """Label images of one smear, by role.

    One cell has one id across roles: ``labels.nucleus == 3`` lies inside ``labels.cell == 3``, so the N/C
    ratio is a look-up. The cell includes its nucleus.

    Attributes
    ----------
    roles : mapping of str to int32 array, H x W
        ``nucleus`` and ``cell`` for white cells; ``red_cell``, ``platelet`` and a plugin's own roles have
        separate ids.
    status : Status
        ``ok`` where there is at least one cell.
    """

    roles: Mapping[str, LabelImage]
    status: Status = Status.OK

    @property
    def nucleus(self) -> LabelImage:
        """Nuclei, int32 H x W."""
        return self.roles[NUCLEUS]

    @property
    def cell(self) -> LabelImage:
        """Whole white cells, nucleus included, int32 H x W."""
        return self.roles[CELL]

    @property
    def red_cell(self) -> LabelImage:
        """Red cells, int32 H x W; KeyError where the segmenter did not label them."""
        return self.roles[RED_CELL]

    @property
    def cytoplasm(self) -> Mask:
        """Pixels of white cells outside their nucleus, bool H x W."""
        mask: Mask = (self.cell > 0) & (self.nucleus == 0)
        return mask

    @property
    def count(self) -> int:
        """Number of white cells."""
        cell = self.roles.get(CELL, self.roles.get(NUCLEUS))
        return 0 if cell is None else int(np.count_nonzero(np.bincount(cell.ravel())[1:]))
