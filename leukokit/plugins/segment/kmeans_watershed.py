"""The paper's segmentation: k-means on color, morphology, watershed."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    Field,
    LabelImage,
    Labels,
    Mask,
    Params,
    RGBImage,
    Segmenter,
    Status,
)
from leukokit.plugins.segment._components import area_opening, without_border
from leukokit.plugins.segment._kmeans import cluster
from leukokit.plugins.segment._lab import ab_planes
from leukokit.plugins.segment._labels import no_cell, require_size
from leukokit.plugins.segment._merge import drop_small, one_id_a_cell
from leukokit.plugins.segment._watershed import split


class KmeansWatershedParams(Params):
    """Constants of the method; the paper's values, and those of its authors' notebooks where it is silent."""

    clusters: int = Field(
        4, ge=2, le=16, description="Color clusters: nucleus, cytoplasm, red cells, background."
    )
    cluster_rule: Literal["lowest_red", "highest_a"] = Field(
        "lowest_red",
        description=(
            "Which cluster is the nucleus: the lowest mean red (paper) or the highest mean a* (notebooks). "
            "Cytoplasm is the lowest mean red of the others."
        ),
    )
    cytoplasm_clusters: int = Field(
        3, ge=1, le=16, description="Clusters inside the cytoplasm's: cytoplasm, red cells, background."
    )
    restarts: int = Field(10, ge=1, le=100, description="Starts of each k-means; the best is taken.")
    binarize_threshold: float = Field(
        0.1, ge=0, lt=1, description="Gray level above which the nucleus cluster counts, 0..1."
    )
    min_nucleus_area: int = Field(100, ge=0, description="Smaller nucleus objects are removed, in px.")
    min_nucleus_hole: int = Field(15, ge=0, description="Smaller holes in nuclei are filled, in px.")
    min_cell_area: int = Field(20, ge=0, description="Smaller cell objects are removed, in px.")
    min_cell_hole: int = Field(150, ge=0, description="Smaller holes in cells are filled, in px.")
    depth: float = Field(
        2.0, ge=0, description="Maxima of the distance map that rise no more than this are suppressed, in px."
    )
    min_label_area: int = Field(50, ge=0, description="Smaller parts after the watershed are dropped, in px.")
    clahe_clip: float = Field(
        2.0, gt=0, description="Clip limit of the adaptive histogram equalization of the cytoplasm."
    )
    clahe_tiles: int = Field(8, ge=1, le=64, description="Its tiles along each side.")
    clear_border: bool = Field(True, description="Remove objects that touch the image border.")
    red_cells: bool = Field(False, description="Also label red cells (role red_cell).")


class KmeansWatershed(Segmenter):
    """Segment nucleus and cytoplasm as the paper does (section 5.1.2).

    Nucleus: k-means on a and b of CIE Lab; the darkest cluster in red, binarized; area opening of objects and
    holes; border cleared; watershed on the distance map with shallow maxima suppressed. Cytoplasm: k-means
    again inside the second darkest cluster; adaptive histogram equalization and Otsu's threshold; united with
    the nuclei and treated alike; cells without a nucleus are dropped.

    Every nucleus gives its id to its cell. Where the watershed leaves several nuclei in one cell, its pixels
    go to the nearest of them; a nucleus whose cell touches the border is kept, with no cytoplasm.

    Notes
    -----
    Sources: the paper, section 5.1.2; Acharya and Kumar 2019, doi 10.1007/s11517-019-01984-1; Eddins 2013,
    "Watershed transform question from Tech Support". k-means runs on the histogram of colors, the rest on
    exact twins of scikit-image's operations; ``benchmarks/segmentation_agreement.py`` compares with the
    obvious implementation.
    """

    Params = KmeansWatershedParams
    params: KmeansWatershedParams

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` where asked for."""
        return (NUCLEUS, CELL, RED_CELL) if self.params.red_cells else (NUCLEUS, CELL)

    def segment(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> Labels:  # noqa: ARG002
        """Segment one image; see the class.

        Raises
        ------
        ImageRejected
            ``too_small`` below 16 x 16 px.
        """
        require_size(image)
        p = self.params
        ab = ab_planes(image)
        everywhere = np.ones(image.shape[:2], np.bool_)
        clusters = cluster(ab, everywhere, p.clusters, p.restarts)
        rank = self._ranks(image, ab, clusters)
        if len(rank) < 2:  # one color: nothing to tell apart
            return no_cell(image, self.roles())
        gray = _gray(image)
        found = area_opening(
            (clusters == rank[0]) & (gray > 255 * p.binarize_threshold),
            min_area=p.min_nucleus_area,
            min_hole=p.min_nucleus_hole,
        )
        nuclei = self._objects(found)
        cytoplasm = self._cytoplasm(image, ab, gray, clusters == rank[1])
        cells = self._objects(
            area_opening(cytoplasm | (nuclei > 0), min_area=p.min_cell_area, min_hole=p.min_cell_hole)
        )
        roles = dict(zip((NUCLEUS, CELL), one_id_a_cell(nuclei, cells), strict=True))
        if p.red_cells:
            red = clusters == rank[2] if len(rank) > 2 else np.zeros_like(found)
            red = area_opening(
                red & (roles[CELL] == 0), min_area=p.min_nucleus_area, min_hole=p.min_cell_hole
            )
            roles[RED_CELL] = self._objects(red & (roles[CELL] == 0))
        if roles[NUCLEUS].any():
            return Labels(roles, Status.OK)
        return Labels(roles, Status.ALL_TOUCH_BORDER if found.any() else Status.NO_CELL)

    def _ranks(self, image: RGBImage, ab: NDArray[np.float32], clusters: NDArray[np.int8]) -> list[int]:
        """Clusters in the order nucleus, cytoplasm, and the others by rising red."""
        flat = clusters.ravel().astype(np.intp)
        counts = np.bincount(flat)
        red = np.bincount(flat, weights=image[..., 0].ravel()) / np.maximum(counts, 1)
        order = [int(i) for i in np.argsort(red, kind="stable") if counts[i]]
        if self.params.cluster_rule == "highest_a":
            a = np.bincount(flat, weights=ab[..., 0].ravel()) / np.maximum(counts, 1)
            nucleus = max(order, key=lambda i: a[i])
            order = [nucleus, *(i for i in order if i != nucleus)]
        return order

    def _cytoplasm(
        self, image: RGBImage, ab: NDArray[np.float32], gray: NDArray[np.float32], region: Mask
    ) -> Mask:
        p = self.params
        inner = cluster(ab, region, p.cytoplasm_clusters, p.restarts)
        inside = inner[region]
        if not len(inside):
            return region
        counts = np.bincount(inside)
        red = np.bincount(inside, weights=image[..., 0][region]) / np.maximum(counts, 1)
        red[counts == 0] = np.inf
        extracted = np.where(inner == np.argmin(red), np.rint(gray), 0).astype(np.uint8)
        clahe = cv2.createCLAHE(p.clahe_clip, (p.clahe_tiles, p.clahe_tiles))
        equalized = np.asarray(cv2.equalizeHist(clahe.apply(extracted)), dtype=np.uint8)
        above: Mask = equalized > _otsu(equalized)
        return above

    def _objects(self, mask: Mask) -> LabelImage:
        if self.params.clear_border:
            mask = without_border(mask)
        return drop_small(split(mask, self.params.depth), self.params.min_label_area)


def _gray(image: RGBImage) -> NDArray[np.float32]:
    """Luma of Rec. 709, float32 in 0..255, as scikit-image weighs it."""
    weights = np.array([[0.2125, 0.7154, 0.0721]], np.float32)
    return np.asarray(cv2.transform(image.astype(np.float32), weights), dtype=np.float32)


def _otsu(plane: NDArray[np.uint8]) -> int:
    """Otsu's threshold; pixels above it are foreground (doi 10.1109/TSMC.1979.4310076)."""
    threshold, _ = cv2.threshold(plane, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return int(threshold)
