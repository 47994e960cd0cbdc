"""The paper's segmentation: scenes with a known answer, and the obvious implementation as a twin."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError
from skimage.color import rgb2lab
from skimage.measure import label
from skimage.morphology import remove_small_holes, remove_small_objects
from skimage.segmentation import clear_border
from threadpoolctl import threadpool_limits

from leukokit.api import ImageRejected, Labels, Scale, ScaleSource, Status, read_image
from leukokit.plugins.segment import _components
from leukokit.plugins.segment._kmeans import cluster
from leukokit.plugins.segment._lab import chroma
from leukokit.plugins.segment._watershed import split_at_minima
from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed

BACKGROUND, RED_CELL, CYTOPLASM, NUCLEUS = (235, 228, 240), (205, 160, 175), (150, 150, 215), (90, 40, 140)
PAPER = {"cluster_rule": "lowest_red", "shared_cell": "split"}
ALL_PBS = Scale(19.3, 1.0, ScaleSource.RED_CELLS)
BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def drawn(**params: Any) -> KmeansWatershed:
    """Build the segmenter for images at whose size its constants are meant, drawn or of the paper."""
    return KmeansWatershed.create(reference_red_cell_px=None, **params)


def scene(*cells: tuple[int, int, int, int], size: int = 160) -> np.ndarray:
    """Draw red cells, and white cells given as x, y, nucleus radius and cell radius."""
    image = np.full((size, size, 3), BACKGROUND, np.uint8)
    for x, y in ((20, 20), (size - 22, 24), (22, size - 22), (size - 20, size - 20)):
        cv2.circle(image, (x, y), 12, RED_CELL, -1)
    for x, y, _, radius in cells:
        cv2.circle(image, (x, y), radius, CYTOPLASM, -1)
    for x, y, radius, _ in cells:
        cv2.circle(image, (x, y), radius, NUCLEUS, -1)
    image.setflags(write=False)
    return image


def disk(size: int, x: int, y: int, radius: int) -> np.ndarray:
    """Mask of a disk as OpenCV draws it."""
    return cv2.circle(np.zeros((size, size), np.uint8), (x, y), radius, 1, -1) > 0


def check_contract(labels: Labels, shape: tuple[int, int]) -> None:
    """One id a cell, nuclei inside, ids without gaps."""
    for array in labels.roles.values():
        assert array.dtype == np.int32
        assert array.shape == shape
    inside = labels.nucleus > 0
    assert (labels.cell[inside] == labels.nucleus[inside]).all()
    assert set(np.unique(labels.cell)) == set(np.unique(labels.nucleus))


def test_one_cell_is_found_with_its_nucleus() -> None:
    """Nucleus and cell are the disks that were drawn, so the N/C ratio is right."""
    labels = drawn().segment(scene((80, 80, 14, 22)))
    check_contract(labels, (160, 160))
    assert labels.status is Status.OK
    assert labels.count == 1
    nucleus, cell = disk(160, 80, 80, 14), disk(160, 80, 80, 22)
    assert (nucleus != (labels.nucleus > 0)).sum() <= 4
    ratio = (labels.nucleus > 0).sum() / (labels.cell > 0).sum()
    assert ratio == pytest.approx(nucleus.sum() / cell.sum(), rel=0.15)


def test_touching_nuclei_are_two_cells() -> None:
    """Two overlapping disks are split where they are joined; each keeps an id of its own."""
    labels = drawn().segment(scene((66, 80, 14, 16), (92, 80, 14, 16)))
    check_contract(labels, (160, 160))
    assert labels.count == 2
    assert labels.nucleus[80, 60] != labels.nucleus[80, 98]


def test_shallow_maxima_are_suppressed() -> None:
    """What depth 2 splits, a depth above the neck's does not: the suppression is really done."""
    image = scene((68, 80, 14, 16), (90, 80, 14, 16))
    assert drawn(depth=2).segment(image).count == 2
    assert drawn(depth=10).segment(image).count == 1


def test_cells_at_the_border_are_cleared() -> None:
    """A nucleus cut by the border is left out; if there is no other, the status says so."""
    cut = scene((80, 3, 14, 16))
    labels = drawn().segment(cut)
    assert labels.status is Status.ALL_TOUCH_BORDER
    assert not labels.cell.any()
    assert drawn(clear_border=False).segment(cut).count == 1
    assert drawn().segment(scene((80, 3, 14, 16), (80, 80, 14, 18))).count == 1


def test_specks_are_dropped_and_holes_filled() -> None:
    """Objects below 100 px vanish; holes below 15 px in a nucleus are filled, larger ones stay."""
    image = scene((80, 80, 14, 22)).copy()
    cv2.circle(image, (40, 80), 4, NUCLEUS, -1)
    image[79:82, 79:82] = CYTOPLASM
    labels = drawn().segment(image)
    assert labels.count == 1
    assert labels.nucleus[80, 80] > 0
    assert drawn(max_nucleus_hole=5).segment(image).nucleus[80, 80] == 0
    assert drawn(min_nucleus_area=30, min_label_area=20).segment(image).count == 2


def test_red_cells_get_a_role_of_their_own() -> None:
    """Asked for, red cells are labeled apart from white ones."""
    segmenter = drawn(red_cells=True)
    labels = segmenter.segment(scene((80, 80, 14, 22)))
    assert segmenter.roles() == ("nucleus", "cell", "red_cell")
    assert len(np.unique(labels.red_cell)) == 5
    assert not (labels.red_cell[labels.cell > 0]).any()


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (120, 40, 160)])
def test_one_color_is_no_cell(color: tuple[int, int, int]) -> None:
    """A constant image has nothing to cluster."""
    labels = KmeansWatershed().segment(np.full((40, 50, 3), color, np.uint8))
    assert labels.status is Status.NO_CELL
    assert labels.cell.shape == (40, 50)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (15, 200)])
def test_tiny_images_are_rejected(shape: tuple[int, int]) -> None:
    """Below 16 x 16 px the image is rejected, saying its size."""
    with pytest.raises(ImageRejected, match="too_small"):
        KmeansWatershed().segment(np.zeros((*shape, 3), np.uint8))


@settings(max_examples=25, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(16, 40), st.integers(16, 40), st.just(3))))
def test_any_image_keeps_the_contract(image: np.ndarray) -> None:
    """Whatever the pixels: ids shared, input untouched, the same result twice."""
    before = image.copy()
    segmenter = KmeansWatershed.create(min_nucleus_area=5, min_label_area=3, min_cell_area=3)
    labels = segmenter.segment(image)
    check_contract(labels, image.shape[:2])
    assert np.array_equal(image, before)
    again = segmenter.segment(image)
    assert np.array_equal(labels.cell, again.cell)
    assert (labels.status in (Status.OK, Status.IMPLAUSIBLE)) == labels.cell.any()


@pytest.mark.parametrize("grain", [0.8, 1.5, 3.0])
def test_noise_on_glass_is_no_cell(grain: float) -> None:
    """k-means finds clusters in anything; a blank field had 32 cells, and 322 at three times its size."""
    noise = np.random.default_rng(5).normal(0.0, 1.0, (224, 224, 3))
    noise = cv2.GaussianBlur(noise, (0, 0), grain)
    image = np.clip(np.array([225.0, 215.0, 222.0]) + 4.0 * noise / noise.std(), 0, 255).astype(np.uint8)
    labels = KmeansWatershed().segment(image)
    assert labels.status is Status.NO_CELL
    assert not labels.cell.any()


@pytest.mark.parametrize(
    ("name", "value"), [("clusters", 1), ("depth", -1), ("min_cell_area", 10**20), ("cluster_rule", "bluest")]
)
def test_bad_parameters_are_refused(name: str, value: object) -> None:
    """The name of the parameter is in the message."""
    with pytest.raises(ValidationError, match=name):
        KmeansWatershed.create(**{name: value})


@given(arrays(np.uint8, (9, 7, 3)))
def test_lab_is_that_of_scikit_image(rgb: np.ndarray) -> None:
    """A and b agree within a hundredth."""
    assert np.allclose(np.dstack(chroma(*cv2.split(rgb))), rgb2lab(rgb)[..., 1:], atol=0.002)


masks = arrays(np.bool_, st.tuples(st.integers(3, 20), st.integers(3, 20)))


@given(masks, st.integers(1, 8), st.integers(1, 8))
def test_morphology_is_that_of_scikit_image(mask: np.ndarray, area: int, hole: int) -> None:
    """Area opening, hole filling and border clearing are exact twins."""
    twin = remove_small_objects(mask, max_size=area - 1, connectivity=2)
    twin = remove_small_holes(twin, max_size=hole - 1, connectivity=1)
    assert np.array_equal(_components.remove_small(mask, area, hole), twin)
    assert np.array_equal(_components.clear_border(mask), clear_border(label(mask, connectivity=2)) > 0)


@given(masks, st.floats(0, 4))
def test_the_watershed_labels_every_pixel_of_the_mask(mask: np.ndarray, depth: float) -> None:
    """Each object keeps at least one label, labels stay inside objects, and more depth never splits more."""
    labels = split_at_minima(mask, depth, 1)
    assert np.array_equal(labels > 0, mask)
    assert labels.max() >= label(mask, connectivity=2).max()
    assert split_at_minima(mask, depth + 1, 1).max() <= labels.max()


@given(masks, st.floats(0, 4))
def test_the_watershed_cuts_as_the_obvious_one_does(
    obvious: ModuleType, mask: np.ndarray, depth: float
) -> None:
    """As many parts as reconstruction, regional maxima and flooding of scikit-image give."""
    mask[0, 0] = False  # scipy has no distance to a background that is not there
    twin = obvious._watershed(mask, depth, 1)
    assert split_at_minima(mask, depth, 1).max() == len(np.unique(twin[twin > 0]))


@given(arrays(np.float32, (12, 12, 2), elements=st.floats(-20, 20, width=16)), st.integers(1, 5))
def test_every_pixel_is_nearest_to_the_mean_of_its_cluster(ab: np.ndarray, k: int) -> None:
    """k-means has come to rest over pixels: none is nearer to the mean of another cluster."""
    mask = np.ones(ab.shape[:2], np.bool_)
    labels = cluster(ab[..., 0].copy(), ab[..., 1].copy(), mask, k, 4)
    present = np.unique(labels)
    means = np.array([ab[labels == c].astype(float).mean(axis=0) for c in present])
    distance = np.linalg.norm(ab[:, :, None] - means, axis=-1)
    own = np.take_along_axis(distance, np.searchsorted(present, labels)[..., None], axis=-1)[..., 0]
    assert (own <= distance.min(axis=-1) + 1e-4).all()


def test_two_nuclei_in_one_cell_share_it_or_merge() -> None:
    """Split gives each nucleus its half of the common cell; merge makes one cell of two nuclei."""
    image = scene((70, 80, 11, 28), (96, 80, 11, 28))
    deep = {"depth": 20.0}  # the cell itself is not cut
    halves = drawn(shared_cell="split", **deep).segment(image)
    assert halves.count == 2
    assert halves.cell[80, 62] == halves.nucleus[80, 70] != halves.nucleus[80, 96] == halves.cell[80, 104]
    whole = drawn(**deep).segment(image)
    assert whole.count == 1
    assert ((whole.cell > 0) == (halves.cell > 0)).all()


def test_a_nucleus_whose_cell_is_cut_stays_or_goes() -> None:
    """Where only the cytoplasm meets the border the nucleus is kept without it, or dropped as asked."""
    image = scene((80, 18, 12, 24))
    kept = drawn().segment(image)
    assert kept.count == 1
    assert not kept.cytoplasm.any()
    assert drawn(without_cell="drop").segment(image).status is Status.ALL_TOUCH_BORDER


@pytest.fixture(scope="module")
def obvious() -> ModuleType:
    """Load the obvious implementation, the reference of the benchmark."""
    import sys

    spec = importlib.util.spec_from_file_location(
        "obvious_segmentation", BENCHMARKS / "obvious_segmentation.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union; 1 where both are empty."""
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 1.0


@pytest.mark.real_data
def test_the_paper_s_choices_give_the_paper_s_masks(data_root: Path) -> None:
    """At the data set's own scale nothing is resampled: what earlier releases gave, to the byte."""
    digest = hashlib.sha256()
    for name in ("Benign", "Early", "Pre", "Pro"):
        for path in sorted((data_root / "all-pbs" / name).iterdir())[::160]:
            labels = KmeansWatershed.create(**PAPER).segment(read_image(path), scale=ALL_PBS)
            digest.update(labels.nucleus.tobytes() + labels.cell.tobytes())
    assert digest.hexdigest() == "a6e4ffecfc1d59adefe876267839c874733f19803c83525d9a919af150b21a1e"


@pytest.mark.real_data
def test_lowest_green_finds_the_pink_nuclei_of_pro(data_root: Path) -> None:
    """Where the lowest red cluster is red cells, the labels say so and lowest green finds white cells."""
    paths = sorted((data_root / "all-pbs" / "Pro").iterdir())[::160]
    status = {
        rule: [KmeansWatershed.create(cluster_rule=rule).segment(read_image(path)).status for path in paths]
        for rule in ("lowest_red", "lowest_green", "highest_a")
    }
    assert status["lowest_red"].count(Status.IMPLAUSIBLE) == len(paths)
    assert set(status["lowest_green"]) == set(status["highest_a"]) == {Status.OK}


@pytest.mark.real_data
@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_counts_hold_at_other_magnifications(data_root: Path, factor: float) -> None:
    """Three images of the same cells at other sizes give about as many cells, on their own grid."""
    for path in sorted((data_root / "all-pbs" / "Early").iterdir())[5:900:300]:
        image = read_image(path)
        resized = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        native, other = KmeansWatershed().segment(image), KmeansWatershed().segment(resized)
        check_contract(other, resized.shape[:2])
        assert abs(other.count - native.count) <= 1


@pytest.mark.real_data
def test_it_agrees_with_the_obvious_implementation(obvious: ModuleType, data_root: Path) -> None:
    """On real images of every class nuclei and cytoplasm are those of the obvious way."""
    nucleus, cytoplasm = [], []
    for name in ("Benign", "Early", "Pre", "Pro"):
        for path in sorted((data_root / "all-pbs" / name).iterdir())[100::400]:
            image = read_image(path)
            ours = drawn(**PAPER).segment(image)
            with threadpool_limits(1):
                theirs = obvious.segment(image, 0)
            nucleus.append(iou(ours.nucleus > 0, theirs.nucleus > 0))
            cytoplasm.append(iou(ours.cytoplasm, theirs.cytoplasm))
    assert np.median(nucleus) > 0.99
    assert np.mean(nucleus) > 0.98
    assert np.median(cytoplasm) > 0.99
    assert np.mean(cytoplasm) > 0.94
