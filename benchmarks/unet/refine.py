"""Redraw the cells that the rules found: what and how many they are stays the rules' answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from leukokit.api import CELL, NUCLEUS, RED_CELL, Labels, RGBImage
from leukokit.api.smear import measure_scale, void_mask, without_void
from leukokit.plugins.segment.smear_cells import SmearCells
from unet.forward import Network
from unet.planes import RED_CELL_PX, planes

REACH = 0.3
"""The network may move an outline outward by so much, in red-cell diameters."""
LEAST = 0.5
"""A cell that would lose more than this share of its area, or of its nucleus, keeps the rules' outline."""


class Refined:
    """``smear_cells``, redrawn by the network.

    Parameters
    ----------
    weights : Path
    share : float
        How much the network's answer counts against the rules', 0..1.
    """

    def __init__(self, weights: Path, share: float = 1.0) -> None:
        self.rules = SmearCells.create(border="keep", red_cells=True)
        self.network = Network(weights)
        self.share = share

    def segment(self, image: RGBImage) -> Labels:
        """Segment one image, uint8 H x W x 3."""
        labels = self.rules.segment(image)
        if labels.count == 0:
            return labels
        glass = without_void(image, void_mask(image))
        diameter = measure_scale(glass, None).scale.red_cell_px
        shares = self._shares(glass, labels, RED_CELL_PX / diameter)
        reach = max(1, round(REACH * diameter))
        return redrawn(labels, shares, reach, self.share)

    def _shares(self, image: RGBImage, labels: Labels, factor: float) -> np.ndarray:
        height, width = image.shape[:2]
        size = max(8, round(width * factor)), max(8, round(height * factor))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        small = np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)
        red = cv2.resize((labels.roles[RED_CELL] > 0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        shares = self.network(planes(small, red > 0))
        return cv2.resize(shares, (width, height), interpolation=cv2.INTER_LINEAR)


def redrawn(labels: Labels, shares: np.ndarray, reach: int, share: float) -> Labels:
    """Move the outlines of cells and nuclei to where the network sees them, near the rules' outlines.

    Parameters
    ----------
    labels : Labels
    shares : float32 array, H x W x 3
        Of background, cytoplasm, nucleus.
    reach : int
        How far outward, in px.
    share : float
        Weight of the network.
    """
    cell, nucleus = labels.cell, labels.nucleus
    outside, nearest = cv2.distanceTransformWithLabels(
        (cell == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    names = np.zeros(nearest.max() + 1, np.int32)
    names[nearest[cell > 0]] = cell[cell > 0]
    owner = names[nearest] * (outside <= reach)
    soft = reach / 2
    white = share * (1 - shares[..., 0]) + (1 - share) * _blurred(cell > 0, soft)
    dark = share * shares[..., 2] + (1 - share) * _blurred(nucleus > 0, soft)
    new_cell = owner * (white > 0.5)
    new_nucleus = new_cell * (dark > 0.5)
    count = int(cell.max()) + 1
    before, after = (np.bincount(each.ravel(), minlength=count) for each in (cell, new_cell * (cell > 0)))
    dark_before = np.bincount(nucleus.ravel(), minlength=count)
    dark_after = np.bincount((new_nucleus * (nucleus > 0)).ravel(), minlength=count)
    kept = (after < LEAST * before) | (dark_after < LEAST * dark_before)
    new_cell = np.where(kept[owner], cell, new_cell)
    new_nucleus = np.where(kept[owner], nucleus, new_nucleus)
    return replace(labels, roles={**labels.roles, CELL: new_cell, NUCLEUS: new_nucleus})


def _blurred(mask: np.ndarray, width: float) -> np.ndarray:
    """Give a mask an outline ``width`` px wide, .5 on the outline itself."""
    sides = [cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) for side in (mask, ~mask)]
    return np.asarray(np.clip(0.5 + (sides[0] - sides[1]) / (2 * width), 0, 1))
