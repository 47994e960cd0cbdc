"""k-means on (a, b), morphology and watershed: the paper's segmentation (section 5.1.2)."""

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
    Scale,
    ScaledSegmenter,
    Status,
)
from leukokit.api.smear import void_mask, without_void
from leukokit.plugins.segment._components import area_opened, border_cleared
from leukokit.plugins.segment._kmeans import Clusters, cluster, ranked
from leukokit.plugins.segment._lab import Chroma, Plane, chroma
from leukokit.plugins.segment._labels import judged, no_cell, require_size
from leukokit.plugins.segment._pairing import pair
from leukokit.plugins.segment._red_cells import red_cells
from leukokit.plugins.segment._rescale import at_reference, to_native
from leukokit.plugins.segment._watershed import split_at_minima

_LARGEST = 2**26  # px: more than an image may have
_LUMA = np.array([[0.2125, 0.7154, 0.0721]])  # Rec. 709, as skimage.color.rgb2gray weighs it


class KmeansWatershedParams(Params):
    """Constants of the method: the paper's, and those of its authors' notebooks where it is silent."""

    clusters: int = Field(
        4,
        ge=2,
        le=16,
        description="Clusters of the first k-means: nucleus, cytoplasm, red cells, background.",
    )
    reference_red_cell_px: float | None = Field(
        19.0,
        gt=0.0,
        description=(
            "Diameter of a red cell for which the lengths and areas below are meant, in px: that of the "
            "paper's data set. Where the scale of an image is known and more than 15 % off, it is segmented "
            "at this scale, and labels come back on its own grid; null never resamples."
        ),
    )
    cluster_rule: Literal["lowest_green", "lowest_red", "highest_a"] = Field(
        "lowest_green",
        description=(
            "Which cluster is the nucleus, and which the cytoplasm: lowest and second lowest mean green, "
            "lowest and second lowest mean red (the paper; finds red cells where nuclei are pink), or "
            "highest and second highest mean a* (the authors' notebooks)."
        ),
    )
    cytoplasm_clusters: int = Field(
        3,
        ge=1,
        le=16,
        description="Clusters of the second k-means, inside the cytoplasm: cytoplasm, red cells, background.",
    )
    restarts: int = Field(16, ge=1, le=1000, description="Starts of each k-means; the best result counts.")
    binarize_threshold: float = Field(
        0.1, ge=0.0, lt=1.0, description="Gray level above which the nucleus cluster counts, 0..1."
    )
    min_nucleus_area: int = Field(100, ge=0, le=_LARGEST, description="Smaller nuclei are removed, in px.")
    max_nucleus_hole: int = Field(
        15, ge=0, le=_LARGEST, description="Holes in nuclei below this area are filled, in px."
    )
    min_cell_area: int = Field(
        20, ge=0, le=_LARGEST, description="Smaller specks of cell are removed, in px."
    )
    max_cell_hole: int = Field(
        150, ge=0, le=_LARGEST, description="Holes in cells below this area are filled, in px."
    )
    clear_border: bool = Field(True, description="Remove nuclei and cells that touch the image border.")
    depth: float = Field(
        2.0,
        ge=0.0,
        description="Minima of the distance map, negated, up to this deep are suppressed, in px.",
    )
    min_label_area: int = Field(
        50, ge=0, le=_LARGEST, description="Smaller parts after a watershed are dropped, in px."
    )
    clahe_clip: float = Field(
        2.0, gt=0.0, description="Clip limit of the adaptive equalization, in multiples of the mean bin."
    )
    clahe_tiles: int = Field(
        8, ge=1, le=64, description="Tiles of the adaptive equalization along each side."
    )
    shared_cell: Literal["merge", "split"] = Field(
        "merge",
        description=(
            "A cell with several nuclei: merge them under one id, as lobes of one nucleus, or split the cell "
            "among them by distance (the paper)."
        ),
    )
    without_cell: Literal["keep", "drop"] = Field(
        "keep",
        description="A nucleus whose cell met the border: keep it without cytoplasm, or drop it.",
    )
    red_cells: bool = Field(False, description="Also label red cells (role red_cell).")


class KmeansWatershed(ScaledSegmenter):
    """Segment nuclei and cells as the paper does.

    Nucleus: k-means on (a, b) of CIE Lab, binarization, area opening of foreground and background, border
    clearing, watershed of the distance map with shallow minima suppressed. Cytoplasm: a second k-means
    inside the cytoplasm cluster, adaptive and global equalization, Otsu's threshold, union with the
    nuclei, and the same morphology and watershed; parts without a nucleus are dropped.

    Notes
    -----
    Sources: the paper, section 5.1.2; Acharya and Kumar 2019, doi 10.1007/s11517-019-01984-1; Eddins 2013,
    "Watershed transform question from Tech Support". The steps are those of
    ``benchmarks/obvious_segmentation.py``, computed faster; ``benchmarks/segmentation_agreement.py``
    compares the two, for the paper's choices: ``cluster_rule: lowest_red``, ``shared_cell: split``,
    ``reference_red_cell_px: null``. k-means starts from fixed draws: no seed is needed.
    """

    Params = KmeansWatershedParams
    params: KmeansWatershedParams
    checks_nuclei = True
    revision = (
        4  # other defaults: lowest green, merged lobes, reference scale; plausibility; no cells in noise
    )

    def __init__(self, params: KmeansWatershedParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.reference_red_cell_px is not None

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` where asked for."""
        return (NUCLEUS, CELL, RED_CELL) if self.params.red_cells else (NUCLEUS, CELL)

    def segment(
        self,
        image: RGBImage,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
        scale: Scale | None = None,
    ) -> Labels:
        """Segment one image.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            Read-only.
        rng : numpy Generator, optional
            Not used: nothing here is random.
        scale : Scale, optional
            Scale of ``image``; measured on its red cells where omitted.

        Returns
        -------
        Labels
            ``no_cell`` where no nucleus is found, ``all_touch_border`` where clearing the border left none,
            ``implausible`` where the nuclei are not stained like nuclei.

        Raises
        ------
        ImageRejected
            ``too_small`` below 16 px a side.
        """
        require_size(image)
        void = void_mask(image)
        working = at_reference(without_void(image, void), scale, self.params.reference_red_cell_px)
        return to_native(judged(self._segment(working), working), image.shape, void)

    def _segment(self, image: RGBImage) -> Labels:
        p = self.params
        red, green, blue = (np.asarray(plane, dtype=np.uint8) for plane in cv2.split(image))
        a, b = chroma(red, green, blue)
        clusters = cluster(a, b, np.ones(red.shape, np.bool_), p.clusters, p.restarts)
        key: NDArray[np.float32] = {
            "lowest_green": green.astype(np.float32),
            "lowest_red": red.astype(np.float32),
            "highest_a": -a,
        }[p.cluster_rule]
        order = ranked(clusters, key)
        if len(order) < 2:  # one color, or nothing but grays
            return no_cell(image, self.roles())

        gray: Plane = np.asarray(cv2.transform(image, _LUMA), dtype=np.uint8)
        found = (clusters == order[0]) & (gray > 255.0 * p.binarize_threshold)
        found = area_opened(found, p.min_nucleus_area, p.max_nucleus_hole)
        whole = border_cleared(found) if p.clear_border else found
        nuclei = split_at_minima(whole, p.depth, p.min_label_area)
        parts = nuclei
        if nuclei.any():  # no cell without a nucleus
            parts = self._cells(nuclei > 0, self._cytoplasm(a, b, key, gray, clusters == order[1]))
        nucleus, cell = pair(nuclei, parts, split=p.shared_cell == "split", keep=p.without_cell == "keep")
        roles = {NUCLEUS: nucleus, CELL: cell}
        if p.red_cells:
            roles[RED_CELL] = red_cells(green, found | (cell > 0), whole=p.clear_border)
        if nucleus.any():
            return Labels(roles, Status.OK)
        cut = found.any() and (nuclei.any() or not whole.any())  # nuclei, or else their cells, met the border
        return Labels(roles, Status.ALL_TOUCH_BORDER if cut else Status.NO_CELL)

    def _cytoplasm(self, a: Chroma, b: Chroma, key: NDArray[np.float32], gray: Plane, region: Mask) -> Mask:
        """Find cytoplasm by a second k-means inside one cluster, equalization and Otsu's threshold."""
        p = self.params
        inner: Clusters = cluster(a, b, region, p.cytoplasm_clusters, p.restarts)
        extracted = np.where(inner == ranked(inner, key)[0], gray, np.uint8(0))
        clahe = cv2.createCLAHE(p.clahe_clip, (p.clahe_tiles, p.clahe_tiles))
        equalized = cv2.equalizeHist(clahe.apply(extracted))
        _, binary = cv2.threshold(equalized, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        return np.asarray(binary, dtype=np.uint8).view(np.bool_)

    def _cells(self, nucleus: Mask, cytoplasm: Mask) -> LabelImage:
        p = self.params
        cells = area_opened(cytoplasm | nucleus, p.min_cell_area, p.max_cell_hole)
        return split_at_minima(border_cleared(cells) if p.clear_border else cells, p.depth, p.min_label_area)
