"""Read the files of samples: their bytes, digests and pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    DataError,
    Dataset,
    ImageRejected,
    Region,
    RGBImage,
    Sample,
    check_rgb,
    decode_image,
    read_url,
)
from leukokit.arrays import sealed
from leukokit.engine.cache.keys import digest
from leukokit.engine.components.call import ComponentCall
from leukokit.imageio.urls import forget_connections, url_parent
from leukokit.input_file import LARGEST_IMAGE, read_input

_T = TypeVar("_T", bound=np.generic)

DECODE_REVISION = 2
"""Raised when decoding gives other pixels for the same bytes."""

CHANGED = "changed"
"""Reason of the rejection of a file that was changed since its digest was taken."""
_LEAVE_ALONE = "do not change images during a run, and run again"

_AT_ONCE = 16  # remote files that are read at the same time


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files become pixels where the file alone does not say.

    Attributes
    ----------
    bit_depth : int or None
        Significant bits of images with more than 8 bits a channel.
    frame : int or None
        Which frame or page of a file that has several.
    """

    bit_depth: int | None = None
    frame: int | None = None

    def key(self) -> str:
        """Digest of what pixels depend on besides the file's bytes."""
        return digest("decode", DECODE_REVISION, self.bit_depth, self.frame)


def file_bytes(sample: Sample) -> bytes:
    """Content of a sample's file, by path or URL.

    Raises
    ------
    ImageRejected
        ``unreadable``, with the system's reason.
    MissingPackageError
        Where the package for the protocol of the URL is not installed.
    ValueError
        Where the sample is rendered.
    """
    try:
        if sample.path is not None:
            return read_input(sample.path, LARGEST_IMAGE)
        if sample.url is not None:
            return read_url(sample.url)
    except (OSError, DataError) as error:
        raise ImageRejected("unreadable", getattr(error, "strerror", None) or str(error)) from error
    raise ValueError(f"{sample.id} is rendered and has no file")


def unchanged_bytes(sample: Sample, key: str) -> bytes:
    """Content of a sample's file, whose digest is ``key``.

    What is computed from these bytes may be kept under ``key``: a file that was replaced meanwhile, even if
    it is put back later, never gives a result under the digest of another content.

    Parameters
    ----------
    key : str
        As :func:`file_key` gave it before.

    Raises
    ------
    ImageRejected
        ``changed`` where the content is another one, or cannot be read any more.
    """
    try:
        content = file_bytes(sample)
    except ImageRejected as error:
        if key == region_key(_unreadable_key(sample), sample):
            raise
        detail = f"its digest could be taken, and now it cannot be read ({error.detail}); {_LEAVE_ALONE}"
        raise ImageRejected(CHANGED, detail) from error
    if region_key(_key_of(content, sample), sample) != key:
        raise ImageRejected(CHANGED, f"the file is not what it was when its digest was taken; {_LEAVE_ALONE}")
    return content


def folder_of(sample: Sample) -> str:
    """Folder that a sample's file lies in; empty where it has none."""
    if sample.path is not None:
        return str(sample.path.parent)
    return "" if sample.url is None else url_parent(sample.url)


def content_key(dataset: Dataset, identity: str, sample: Sample) -> str:
    """Digest of the content of an image: of its bytes, or of what it is rendered from.

    An unreadable or empty file gets a key of its own; the error is reported when its pixels are read. A
    region of an image has a key that is made of the image's and its edges.
    """
    if sample.rendered:
        return region_key(digest("rendered", identity, dataset.fingerprint(), sample.whole.id), sample)
    return file_key(sample)


def file_key(sample: Sample) -> str:
    """Digest of an image that has a file, as ``content_key`` gives it."""
    return region_key(_whole_file_key(sample), sample)


def region_key(key: str, sample: Sample) -> str:
    """Digest of a sample, from that of the whole image."""
    if sample.region is None:
        return key
    region = sample.region
    return digest("region", key, region.x0, region.y0, region.x1, region.y1)


def _whole_file_key(sample: Sample) -> str:
    try:
        return _key_of(file_bytes(sample), sample)
    except ImageRejected:
        return _unreadable_key(sample)


def _unreadable_key(sample: Sample) -> str:
    return digest("unreadable", sample.whole.id)


def _key_of(content: bytes, sample: Sample) -> str:
    """Digest of the whole file."""
    return hashlib.sha256(content).hexdigest() if content else digest("empty", sample.whole.id)


def content_keys(dataset: Dataset, identity: str, samples: Sequence[Sample], threads: int) -> list[str]:
    """Digests of all samples, in order; files are read once, several at a time."""
    keys = [content_key(dataset, identity, sample) if sample.rendered else "" for sample in samples]
    files = [row for row, sample in enumerate(samples) if not sample.rendered]
    for row, key in zip(files, file_keys([samples[row] for row in files], threads), strict=True):
        keys[row] = key
    return keys


def file_keys(samples: Sequence[Sample], threads: int) -> list[str]:
    """Digests of samples that have files, in order; many remote files are read at a time."""
    archives = {sample.url.partition("::")[2]: sample.url for sample in samples if sample.url is not None}
    for archive, url in archives.items():
        if archive:
            forget_connections(url)
    files = {sample.whole.id: sample for sample in samples}
    with ThreadPoolExecutor(max_workers=max(threads, _AT_ONCE) if archives else threads) as pool:
        known = dict(zip(files, pool.map(_whole_file_key, files.values()), strict=True))
    return [region_key(known[sample.whole.id], sample) for sample in samples]


@dataclass
class LastImage:
    """The image that was decoded last: its regions, one after the other, do not decode it again.

    Attributes
    ----------
    id : str
        Id of the whole image; empty before the first.
    key : str
        Digest of its file; empty where it is rendered.
    image : uint8 array, H x W x 3, or None
    notes : tuple of str
    """

    id: str = ""
    key: str = ""
    image: RGBImage | None = None
    notes: tuple[str, ...] = ()


def pixels(
    dataset: Dataset, sample: Sample, key: str, options: ReadOptions, last: LastImage | None = None
) -> tuple[RGBImage, tuple[str, ...]]:
    """Read or render one image, or a region of it.

    Parameters
    ----------
    key : str
        Digest of its content, as :func:`content_key` gave it; the bytes that are decoded have this digest.
    last : LastImage, optional
        Keeps the whole image of a region for its other regions.

    Returns
    -------
    image : uint8 array, H x W x 3
        Read-only.
    notes : tuple of str
        What was done to the file's pixels (rotated by EXIF, converted from CMYK ...).

    Raises
    ------
    ImageRejected
        ``changed`` where the file has another content than ``key`` says, or why it cannot be decoded;
        ``bad_region`` where the region does not lie in the image.
    """
    if sample.region is None:
        _, image, notes = _whole_pixels(dataset, sample, key, options)
        return image, notes
    last = last or LastImage()
    same = last.id == sample.region.image and (sample.rendered or region_key(last.key, sample) == key)
    if last.image is None or not same:
        last.id = ""  # until it is decoded: an image that fails must not be taken for the one before
        last.key, last.image, last.notes = _whole_pixels(dataset, sample, key, options)
        last.id = sample.region.image
    crop, cut = cut_region(last.image, sample.region)
    return sealed(crop), last.notes + cut


def _whole_pixels(
    dataset: Dataset, sample: Sample, key: str, options: ReadOptions
) -> tuple[str, RGBImage, tuple[str, ...]]:
    """Digest, pixels and notes of the whole image."""
    if sample.rendered:
        with ComponentCall(dataset, "render", image=sample.id):
            return "", sealed(check_rgb(dataset.render(sample.whole), sample.id)), ()
    content = unchanged_bytes(sample, key)
    decoded = decode_image(content, name=sample.whole.id, bit_depth=options.bit_depth, frame=options.frame)
    return _key_of(content, sample), sealed(decoded.rgb), decoded.notes


def cut_region(array: NDArray[_T], region: Region) -> tuple[NDArray[_T], tuple[str, ...]]:
    """Cut a region out of an image or label image, and say so where it reaches beyond it.

    Raises
    ------
    ImageRejected
        ``bad_region`` where nothing of it lies in the image.
    """
    height, width = array.shape[:2]
    x0, x1, y0, y1 = max(0, region.x0), min(width, region.x1), max(0, region.y0), min(height, region.y1)
    if x1 <= x0 or y1 <= y0:
        raise ImageRejected(
            "bad_region", f"the crop does not lie in {region.image}, which is {width} x {height} px"
        )
    inside = (x0, y0, x1, y1) == (region.x0, region.y0, region.x1, region.y1)
    notes = () if inside else ("the crop reaches beyond the image: cut at its border",)
    return np.ascontiguousarray(array[y0:y1, x0:x1]), notes
