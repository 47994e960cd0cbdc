"""Find the common area of two images: match keypoints, fit one transform, then compare gray values.

ORB points (Rublee et al. 2011, doi 10.1109/ICCV.2011.6126544) are matched by Hamming distance with Lowe's
ratio test (2004, doi 10.1023/B:VISI.0000029664.99615.94), and RANSAC (Fischler and Bolles 1981, doi
10.1145/358669.358692) finds the similarity transform that most of them agree on. A scale bar with the same
label in two photographs passes that test, although only the bars match. So the gray values of the common area
have to agree as well, over most of it. Measured on 20,000 random pairs of the paper's data
set, half of them from the classes with large bars: keypoints agree in 287, gray values in one, whose views do
overlap; the next best correlates by 0.16. Of 988 pairs of overlapping views, half correlate by more
than 0.97, and all but five by more than 0.73.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RGBImage
from leukokit.audit.pairs.correlation import local_correlation, structured
from leukokit.audit.pairs.hashes import TRANSFORMS
from leukokit.audit.pairs.pair import PairKind

POINTS = 300
LEAST_INLIERS = 8
LEAST_INLIERS_SPARSE = 14
"""For pairs in which most of one image is flat, as around segmented cells.

Outlines of two cells on black match by chance more easily than two fields full of cells.
"""
LEAST_INLIERS_TURNED = 20
"""For pairs in which one view is rotated, reflected or scaled against the other.

A microscope stage only shifts the view: of 988 pairs of overlapping photographs of the paper's data set, none
is turned by more than 8 degrees or scaled by more than 8 %. But one round cell on black matches another under
many rotations.
"""
LEAST_CORRELATION = 0.5
NEAR_SHARE = 0.9
"""Two views whose common area is this share of each of them are one picture."""

_SIDE = 224  # px, longest side that points are searched in, so that resized copies have the same points
_THUMB = 48  # px, longest side of the pictures that are correlated
_BORDER = 12  # px without points; less than ORB's 31, since overlaps lie at the border
_RATIO = 0.85
_FARTHEST = 64  # bits of 256
_TOLERANCE = 3.0  # px
_SCALES = (0.5, 2.0)
_USUAL_SCALES = (0.85, 1.18)
_USUAL_TURN = 10.0  # degrees
_LEAST_COMMON = 0.04  # share of the view; the correlation of fewer pixels of the thumbnail says nothing


@dataclass(frozen=True, slots=True)
class Features:
    """Keypoints and thumbnail of an image, for comparisons; about 17 kB.

    Attributes
    ----------
    points : float32 array (n, 2)
        x and y in px of the working size, strongest first.
    descriptors : uint8 array (n, 32)
        Of each point.
    thumb : uint8 array
        Gray, 48 px on the longest side.
    whole : uint8 array, 48 x 48
        Gray, the whole picture resized to a square.
    size : tuple of int
        Width and height of the working size.
    structure : float
        Share of the picture that is not flat, 0..1.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    thumb: NDArray[np.uint8]
    whole: NDArray[np.uint8]
    size: tuple[int, int]
    structure: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Common area of two views.

    Attributes
    ----------
    inliers : int
        Matched keypoints that agree on the transform.
    overlap : float
        Common area as a share of the smaller view, 0..1.
    correlation : float
        Of the gray values around a pixel, median over the common area, -1..1.
    scale : float
        Of the second view against the first, both at working size.
    transform : str
        Nearest flip or quarter turn of the first, one of ``TRANSFORMS``.
    near : bool
        Whether each shows nearly the whole of the other.
    """

    inliers: int
    overlap: float
    correlation: float
    scale: float
    transform: str
    near: bool

    @property
    def kind(self) -> PairKind:
        """``near`` for one picture, ``overlap`` for two views with an area in common."""
        return PairKind.NEAR if self.near else PairKind.OVERLAP


def features(image: RGBImage | NDArray[np.uint8], *, square: bool = False) -> Features:
    """Find the keypoints of an image and compute their descriptors.

    Parameters
    ----------
    image : uint8 array, H x W x 3 or H x W
    square : bool
        Whether to resize the image to a square first, as networks get it: copies that were squeezed
        differently are then alike.

    Returns
    -------
    Features
        Without keypoints where the image has no structure.
    """
    gray = np.ascontiguousarray(_gray(image))
    gray = _squared(gray, _SIDE) if square else _resized(gray, _SIDE)
    return _described(gray, *_detector().detectAndCompute(gray, None))


def features_and_mirrored(image: RGBImage | NDArray[np.uint8]) -> tuple[Features, Features]:
    """Describe an image and its mirror image; the points of the mirror image are not searched again.

    Parameters
    ----------
    image : uint8 array, H x W x 3 or H x W

    Returns
    -------
    plain, mirrored : Features
    """
    gray = _resized(np.ascontiguousarray(_gray(image)), _SIDE)
    detector = _detector()
    keypoints, descriptors = detector.detectAndCompute(gray, None)
    plain = _described(gray, keypoints, descriptors)
    last = gray.shape[1] - 1
    turned = [
        cv2.KeyPoint(last - p.pt[0], p.pt[1], p.size, (180 - p.angle) % 360, p.response, p.octave, p.class_id)
        for p in keypoints
    ]
    flipped = np.ascontiguousarray(gray[:, ::-1])
    return plain, _described(flipped, *detector.compute(flipped, turned))


def _gray(image: RGBImage | NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.uint8) if image.ndim == 3 else image


def _described(
    gray: NDArray[np.uint8], keypoints: Sequence[cv2.KeyPoint], described: NDArray[Any] | None
) -> Features:
    points = np.array([point.pt for point in keypoints], dtype=np.float32).reshape(-1, 2)
    strength = np.array([point.response for point in keypoints])
    strongest = np.argsort(-strength, kind="stable")[:POINTS]
    descriptors = np.empty((0, 32), np.uint8) if described is None else described.astype(np.uint8)
    height, width = gray.shape
    thumb = _resized(gray, _THUMB)
    whole = thumb if height == width else _squared(gray, _THUMB)
    structure = float(structured(thumb).mean())
    return Features(points[strongest], descriptors[strongest], thumb, whole, (width, height), structure)


def match(a: Features, b: Features, *, mirrored: bool = False, squeezed: bool = False) -> Overlap | None:
    """Find the area that two views have in common.

    Parameters
    ----------
    a, b : Features
        ORB descriptors change under reflection: to find a mirrored copy, pass the features of ``np.fliplr``
        of the first image.
    mirrored : bool
        Whether the features of ``a`` are those of its mirror image.
    squeezed : bool
        Whether both are features of the images resized to a square.

    Returns
    -------
    Overlap or None
        None where no common area can be shown.
    """
    pairs = _matched(a.descriptors, b.descriptors)
    if len(pairs) < LEAST_INLIERS:
        return None
    motion, inliers = _motion(a.points[pairs[:, 0]], b.points[pairs[:, 1]])
    if motion is None:
        return None
    scale = float(np.hypot(motion[0, 0], motion[1, 0]))
    degrees = float(np.degrees(np.arctan2(-motion[1, 0], motion[0, 0])))  # counterclockwise; y points down
    if not _SCALES[0] <= scale <= _SCALES[1]:
        return None
    shifted = abs(degrees) <= _USUAL_TURN and _USUAL_SCALES[0] <= scale <= _USUAL_SCALES[1]
    sparse = min(a.structure, b.structure) < 0.5
    least = LEAST_INLIERS_SPARSE if sparse else LEAST_INLIERS
    if inliers < (least if shifted and not mirrored and not squeezed else LEAST_INLIERS_TURNED):
        return None
    share_a, share_b = _common(motion, a.size, b.size)
    if max(share_a, share_b) < _LEAST_COMMON:
        return None
    correlation = _correlation(motion, a, b)
    if correlation is None or correlation < LEAST_CORRELATION:
        return None
    turn = round(degrees / 90) % 4
    near = min(share_a, share_b) >= NEAR_SHARE
    name = TRANSFORMS[turn + 4 * mirrored]
    return Overlap(inliers, max(share_a, share_b), correlation, scale, name, near)


def _detector() -> cv2.Feature2D:
    detector: cv2.Feature2D = cv2.ORB.create(POINTS, 1.2, 4, _BORDER, 0, 2, cv2.ORB_HARRIS_SCORE, 31, 10)
    return detector


def _motion(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[NDArray[np.float64] | None, int]:
    """Similarity transform from ``a`` to ``b`` that most keypoints agree on, and how many do.

    OpenCV's RANSAC seeds its own generator at each call, so the result is reproducible.
    """
    estimate: tuple[NDArray[np.float64] | None, NDArray[np.uint8]] = cv2.estimateAffinePartial2D(
        a, b, ransacReprojThreshold=_TOLERANCE, maxIters=500
    )  # type: ignore[assignment]
    motion, agree = estimate
    return motion, 0 if motion is None else int(np.count_nonzero(agree))


def _resized(gray: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize to ``side`` px on the longest side."""
    height, width = gray.shape
    factor = side / max(height, width)
    if factor == 1:
        return gray
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(gray, size, interpolation=method).astype(np.uint8)


def _squared(gray: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize to a square of ``side`` px."""
    method = cv2.INTER_AREA if min(gray.shape) >= side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, (side, side), interpolation=method), dtype=np.uint8)


def _matched(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Rows of ``a`` and ``b`` that match, each used at most once."""
    if len(a) < LEAST_INLIERS or len(b) < LEAST_INLIERS:
        return np.empty((0, 2), dtype=np.intp)
    distances, nearest = cv2.batchDistance(a, b, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    clear = (distances[:, 0] < _RATIO * distances[:, 1]) & (distances[:, 0] < _FARTHEST)
    rows = np.flatnonzero(clear)
    rows = rows[np.argsort(distances[rows, 0], kind="stable")]
    partners, first = np.unique(nearest[rows, 0], return_index=True)
    return np.stack([rows[first], partners], axis=1).astype(np.intp)


def _common(
    motion: NDArray[np.float64], size_a: tuple[int, int], size_b: tuple[int, int]
) -> tuple[float, float]:
    """Shares of the first and of the second view that the common area takes."""
    corners = cv2.transform(_corners(size_a)[None], motion)[0].astype(np.float32)
    area, _ = cv2.intersectConvexConvex(corners, _corners(size_b))
    whole_a, whole_b = float(cv2.contourArea(corners)), float(size_b[0] * size_b[1])
    return min(1.0, float(area) / whole_a), min(1.0, float(area) / whole_b)


def _corners(size: tuple[int, int]) -> NDArray[np.float32]:
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return corners - np.float32(0.5)  # coordinates are those of pixel centers


def _correlation(motion: NDArray[np.float64], a: Features, b: Features) -> float | None:
    """Local correlation of the common area of two thumbnails; None where it has too little structure."""
    moved = _thumb_motion(motion, a, b)
    height, width = b.thumb.shape
    x = cv2.warpAffine(a.thumb.astype(np.float32) - 128, moved, (width, height), flags=cv2.INTER_LINEAR)
    inside = cv2.warpAffine(np.ones(a.thumb.shape, np.float32), moved, (width, height)) > 0.999
    return local_correlation(np.asarray(x, dtype=np.float32), b.thumb.astype(np.float32) - 128, inside)


def _thumb_motion(motion: NDArray[np.float64], a: Features, b: Features) -> NDArray[np.float64]:
    """Convert a transform between working sizes to pixels of the thumbnails."""
    enlarge = _zoom(a.size[0] / a.thumb.shape[1], a.size[1] / a.thumb.shape[0])
    reduce = np.linalg.inv(_zoom(b.size[0] / b.thumb.shape[1], b.size[1] / b.thumb.shape[0]))
    whole = reduce @ np.vstack([motion, [0, 0, 1]]) @ enlarge
    return np.asarray(whole[:2])


def _zoom(x: float, y: float) -> NDArray[np.float64]:
    """Scaling matrix for coordinates of pixel centers: the first center is half a pixel from the edge."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
