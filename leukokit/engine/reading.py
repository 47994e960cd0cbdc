"""Bytes of a sample, their digest, and their pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from leukokit.api import Dataset, ImageRejected, RGBImage, Sample, check_rgb, decode_image
from leukokit.engine.keys import digest

DECODE_REVISION = 1
"""Raised when decoding gives other pixels for the same bytes."""


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


def file_bytes(path: Path) -> bytes:
    """Content of a file.

    Raises
    ------
    ImageRejected
        ``unreadable``, with the system's reason.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageRejected("unreadable", error.strerror or str(error)) from error


def content_key(dataset: Dataset, identity: str, sample: Sample) -> str:
    """Digest of what an image is: of its bytes, or of what it is rendered from.

    An unreadable or empty file gets a key of its own, since it is no picture; reading it again will say what
    is wrong.
    """
    if sample.path is None:
        return digest("rendered", identity, dataset.fingerprint(), sample.id)
    try:
        content = file_bytes(sample.path)
        return hashlib.sha256(content).hexdigest() if content else digest("empty", sample.id)
    except ImageRejected:
        return digest("unreadable", sample.id)


def content_keys(dataset: Dataset, identity: str, samples: Sequence[Sample], threads: int) -> list[str]:
    """Digests of all samples, in order; files are read once, several at a time."""
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(lambda sample: content_key(dataset, identity, sample), samples, chunksize=64))


def pixels(dataset: Dataset, sample: Sample, options: ReadOptions) -> tuple[RGBImage, tuple[str, ...]]:
    """Read or render one image.

    Returns
    -------
    image : uint8 array, H x W x 3
        Read-only.
    notes : tuple of str
        What was done to the file's pixels (rotated by EXIF, converted from CMYK ...).
    """
    notes: tuple[str, ...] = ()
    if sample.path is None:
        image = check_rgb(dataset.render(sample), sample.id)
    else:
        decoded = decode_image(
            file_bytes(sample.path), name=sample.id, bit_depth=options.bit_depth, frame=options.frame
        )
        image, notes = decoded.rgb, decoded.notes
    image.setflags(write=False)
    return image, notes
