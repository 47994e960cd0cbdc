"""Read the files of samples: their bytes, digests and pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from leukokit.api import (
    DataError,
    Dataset,
    ImageRejected,
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
        if key == _unreadable_key(sample):
            raise
        detail = f"its digest could be taken, and now it cannot be read ({error.detail}); {_LEAVE_ALONE}"
        raise ImageRejected(CHANGED, detail) from error
    if _key_of(content, sample) != key:
        raise ImageRejected(CHANGED, f"the file is not what it was when its digest was taken; {_LEAVE_ALONE}")
    return content


def folder_of(sample: Sample) -> str:
    """Folder that a sample's file lies in; empty where it has none."""
    if sample.path is not None:
        return str(sample.path.parent)
    return "" if sample.url is None else url_parent(sample.url)


def content_key(dataset: Dataset, identity: str, sample: Sample) -> str:
    """Digest of the content of an image: of its bytes, or of what it is rendered from.

    An unreadable or empty file gets a key of its own; the error is reported when its pixels are read.
    """
    if sample.rendered:
        return digest("rendered", identity, dataset.fingerprint(), sample.id)
    return file_key(sample)


def file_key(sample: Sample) -> str:
    """Digest of an image that has a file, as ``content_key`` gives it."""
    try:
        return _key_of(file_bytes(sample), sample)
    except ImageRejected:
        return _unreadable_key(sample)


def _unreadable_key(sample: Sample) -> str:
    return digest("unreadable", sample.id)


def _key_of(content: bytes, sample: Sample) -> str:
    return hashlib.sha256(content).hexdigest() if content else digest("empty", sample.id)


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
    with ThreadPoolExecutor(max_workers=max(threads, _AT_ONCE) if archives else threads) as pool:
        return list(pool.map(file_key, samples))


def pixels(
    dataset: Dataset, sample: Sample, key: str, options: ReadOptions
) -> tuple[RGBImage, tuple[str, ...]]:
    """Read or render one image.

    Parameters
    ----------
    key : str
        Digest of its content, as :func:`content_key` gave it; the bytes that are decoded have this digest.

    Returns
    -------
    image : uint8 array, H x W x 3
        Read-only.
    notes : tuple of str
        What was done to the file's pixels (rotated by EXIF, converted from CMYK ...).

    Raises
    ------
    ImageRejected
        ``changed`` where the file has another content than ``key`` says, or why it cannot be decoded.
    """
    notes: tuple[str, ...] = ()
    if sample.rendered:
        with ComponentCall(dataset, "render", image=sample.id):
            image = check_rgb(dataset.render(sample), sample.id)
    else:
        content = unchanged_bytes(sample, key)
        decoded = decode_image(content, name=sample.id, bit_depth=options.bit_depth, frame=options.frame)
        image, notes = decoded.rgb, decoded.notes
    return sealed(image), notes
