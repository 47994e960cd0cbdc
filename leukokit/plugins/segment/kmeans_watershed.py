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
from leukokit.plugins.segment._basins import measure, renumber, split_at_necks
from leukokit.plugins.segment._components import clear_border, remove_small
from leukokit.plugins.segment._kmeans import Clusters, cluster, rank_clusters
from leukokit.plugins.segment._lab import Chroma, Plane, chroma
from leukokit.plugins.segment._labels import clean, empty_labels, opened, require_size, with_status_checked
from leukokit.plugins.segment._pairing import pair
from leukokit.plugins.segment._rescale import at_reference, to_native
from leukokit.plugins.segment._watershed import split_at_minima

_LARGEST = 2**26  # px: more than an image may have
_LUMA = np.array([[0.2125, 0.7154, 0.0721]])  # Rec. 709, as skimage.color.rgb2gray weighs it
# Of red cells, as in CellParams: neck, largest pallor and smallest area in px
_NECK, _MAX_PALLOR, _MIN_RED_CELL = 0.85, 200, 60


class KmeansWatershedParams(Params):
    """Parameters from the paper, or from its authors' notebooks where the paper gives none."""

    clusters: int = Field(
        4,
        ge=2,
        le=16,
        description="Clusters of the first k-means: nucleus, cytoplasm, red cells, background.",
    )
    reference_red_cell_px: float | None = Field(
        19.0,
        gt=0.0,
        le=1000,
        description=(
            "Diameter of a red cell at the reference scale, in px: the scale at which the lengths and areas "
            "below hold (that of the paper's data set). An image whose scale is known and differs by more "
            "than 15 % is segmented at the reference scale, and its labels are resampled to its own grid; "
            "null never resamples."
        ),
    )
    cluster_rule: Literal["lowest_green", "lowest_red", "highest_a"] = Field(
        "lowest_green",
        description=(
            "Rule that selects the clusters of nucleus and cytoplasm: lowest and second lowest mean green, "
            "lowest and second lowest mean red (the paper; selects red cells where nuclei are pink), or "
            "highest and second highest mean a* (the authors' notebooks)."
        ),
    )
    cytoplasm_clusters: int = Field(
        3,
        ge=1,
        le=16,
        description="Clusters of the second k-means, inside the cytoplasm: cytoplasm, red cells, background.",
    )
    restarts: int = Field(
        16, ge=1, le=1000, description="Initializations of each k-means; the best result is used."
    )
    binarize_threshold: float = Field(
        0.1, ge=0.0, lt=1.0, description="Smallest gray level of pixels of the nucleus cluster, 0..1."
    )
    min_nucleus_area: int = Field(
        100,
        ge=0,
        le=_LARGEST,
        description="Smallest area of a nucleus, in px at the reference scale.",
    )
    max_nucleus_hole: int = Field(
        15,
        ge=0,
        le=_LARGEST,
        description="Holes in nuclei below this area are filled, in px at the reference scale.",
    )
    min_cell_area: int = Field(
        20,
        ge=0,
        le=_LARGEST,
        description="Smallest area of an object in the mask of cells, in px at the reference scale.",
    )
    max_cell_hole: int = Field(
        150,
        ge=0,
        le=_LARGEST,
        description="Holes in cells below this area are filled, in px at the reference scale.",
    )
    clear_border: bool = Field(True, description="Remove nuclei and cells that touch the image border.")
    depth: float = Field(
        2.0,
        ge=0.0,
        description=(
            "Minima of the negated distance map up to this depth are suppressed, in px at the reference "
            "scale."
        ),
    )
    min_label_area: int = Field(
        50,
        ge=0,
        le=_LARGEST,
        description="Smallest area of a part after a watershed, in px at the reference scale.",
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
            "A cell with several nuclei: `merge` gives them one id, as lobes of one nucleus; `split` divides "
            "the cell among them by distance (the paper)."
        ),
    )
    without_cell: Literal["keep", "drop"] = Field(
        "keep",
        description="A nucleus whose cell touches the border: keep it without cytoplasm, or drop it.",
    )
    red_cells: bool = Field(False, description="Also label red cells (role red_cell).")


class KmeansWatershed(ScaledSegmenter):
    """Segment nuclei and cells as the paper does.

    Nucleus: k-means on (a, b) of CIE Lab, binarization, area opening of foreground and background, border
    clearing, watershed of the distance map with shallow minima suppressed. Cytoplasm: a second k-means
    inside the cytoplasm cluster, adaptive and global equalization, Otsu's threshold, union with the
    nuclei, and the same morphology and watershed. Parts without a nucleus are dropped.

    Notes
    -----
    Sources: the paper, section 5.1.2; Acharya and Kumar 2019, doi 10.1007/s11517-019-01984-1; Eddins 2013,
    "Watershed transform question from Tech Support". The steps are those of
    ``benchmarks/obvious_segmentation.py``, computed faster; ``benchmarks/segmentation_agreement.py``
    compares the two, with the paper's choices: ``cluster_rule: lowest_red``, ``shared_cell: split``,
    ``reference_red_cell_px: null``. k-means is initialized with fixed random numbers and needs no seed.
    """

    Params = KmeansWatershedParams
    params: KmeansWatershedParams
    checks_nuclei = True
    revision = 4  # lowest green, merged lobes, reference scale, plausibility; no cell without stain

    def __init__(self, params: KmeansWatershedParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.reference_red_cell_px is not None

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` where enabled."""
        return (NUCLEUS, CELL, RED_CELL) if self.params.red_cells else (NUCLEUS, CELL)

    def clears_border(self) -> bool:
        """Say whether ``clear_border`` is set."""
        return self.params.clear_border

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
        working = at_reference(without_void(image, void), scale, self.params.reference_red_cell_px).image
        return to_native(with_status_checked(self._segment(working), working), image.shape, void)

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
        order = rank_clusters(clusters, key)
        if len(order) < 2:  # one color, or nothing but grays
            return empty_labels(image, self.roles())

        gray: Plane = np.asarray(cv2.transform(image, _LUMA), dtype=np.uint8)
        nucleus_mask = (clusters == order[0]) & (gray > 255.0 * p.binarize_threshold)
        nucleus_mask = remove_small(nucleus_mask, p.min_nucleus_area, p.max_nucleus_hole)
        inner_mask = clear_border(nucleus_mask) if p.clear_border else nucleus_mask
        nuclei = split_at_minima(inner_mask, p.depth, p.min_label_area)
        parts = nuclei
        if nuclei.any():  # no cell without a nucleus
            parts = self._cells(nuclei > 0, self._cytoplasm(a, b, key, gray, clusters == order[1]))
        nucleus, cell = pair(nuclei, parts, split=p.shared_cell == "split", keep=p.without_cell == "keep")
        roles = {NUCLEUS: nucleus, CELL: cell}
        if p.red_cells:
            roles[RED_CELL] = _red_cells(green, nucleus_mask | (cell > 0), clear_border=p.clear_border)
        if nucleus.any():
            return Labels(roles, Status.OK)
        touches_border = nucleus_mask.any() and (
            nuclei.any() or not inner_mask.any()
        )  # nuclei or their cells
        return Labels(roles, Status.ALL_TOUCH_BORDER if touches_border else Status.NO_CELL)

    def _cytoplasm(self, a: Chroma, b: Chroma, key: NDArray[np.float32], gray: Plane, region: Mask) -> Mask:
        """Find cytoplasm by a second k-means inside one cluster, equalization and Otsu's threshold."""
        p = self.params
        inner: Clusters = cluster(a, b, region, p.cytoplasm_clusters, p.restarts)
        extracted = np.where(inner == rank_clusters(inner, key)[0], gray, np.uint8(0))
        clahe = cv2.createCLAHE(p.clahe_clip, (p.clahe_tiles, p.clahe_tiles))
        equalized = cv2.equalizeHist(clahe.apply(extracted))
        _, binary = cv2.threshold(equalized, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        return np.asarray(binary, dtype=np.uint8).view(np.bool_)

    def _cells(self, nucleus: Mask, cytoplasm: Mask) -> LabelImage:
        p = self.params
        cells = remove_small(cytoplasm | nucleus, p.min_cell_area, p.max_cell_hole)
        return split_at_minima(clear_border(cells) if p.clear_border else cells, p.depth, p.min_label_area)


def _red_cells(green: NDArray[np.uint8], white: Mask, *, clear_border: bool) -> LabelImage:
    """Label red cells.

    Otsu's threshold on green, which hemoglobin and stain both absorb, without the white cells. The central
    pallor is filled, an opening removes the rims that white cells leave, and touching cells are split at
    their necks.

    Parameters
    ----------
    green : uint8 array, H x W
    white : bool array, H x W
        Pixels of white cells.
    clear_border : bool
        Whether cells that touch the image border are dropped.

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n, independent of those of white cells.
    """
    _, stained = cv2.threshold(green, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    mask = opened(clean((stained > 0) & ~white, max_hole=_MAX_PALLOR), 2)
    # Filling holes may have covered a white cell inside a ring of red ones.
    parts = split_at_necks(np.ascontiguousarray(mask & ~white), _NECK)
    areas, _, at_border = measure(parts, mask)
    kept = areas >= _MIN_RED_CELL
    return renumber(parts, kept & ~at_border if clear_border else kept)
