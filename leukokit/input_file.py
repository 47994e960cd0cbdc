"""Read files that users name: nothing endless, nothing that fills the memory.

A device such as ``/dev/zero`` never ends, a named pipe is waited for without end, and a sparse file of many
gigabytes takes no room on the disk until it is read.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import zipfile
from pathlib import Path

MEGABYTE = 1_000_000
LARGEST_TABLE = 512 * MEGABYTE
"""Bytes of a table that a user names (images, splits, groups): some five million rows."""
LARGEST_MODEL = 4_000 * MEGABYTE
"""Bytes of a model file: a forest of a thousand deep trees on a million images has fewer."""
LARGEST_IMAGE = 2_000 * MEGABYTE
"""Bytes of an image file: several times those of the largest image that is decoded, at 16 bits."""

# Windows has no named pipes in folders and not these flags.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1 << 20


class UnusableFile(OSError):
    """A file that is no regular file, or is too large.

    Attributes
    ----------
    reason : str
        Which of the two, and what was expected.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EINVAL, reason)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.reason,))


class TooLarge(UnusableFile):
    """A file of more bytes than the reader takes."""


def read_input(path: str | Path, most: int = LARGEST_TABLE) -> bytes:
    """Content of a file that a user names.

    Parameters
    ----------
    path : str or Path
        Links are followed: users link to their own files.
    most : int
        Largest size, bytes.

    Raises
    ------
    UnusableFile
        Where it is a folder, device, pipe or socket, or larger than ``most``; nothing is read then.
    OSError
        Where it cannot be opened or read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        return read_open_file(descriptor, most)
    finally:
        os.close(descriptor)


def read_open_file(descriptor: int, most: int) -> bytes:
    """Content of an open file, as :func:`read_input` reads it; checks the open file and not its path."""
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode), "no regular file")
        raise UnusableFile(f"is {kind}; expected a regular file")
    if facts.st_size > most:
        raise TooLarge(f"has {facts.st_size / MEGABYTE:,.1f} MB; expected at most {most / MEGABYTE:,.1f} MB")
    pieces, left = [], most + 1  # a file can grow while it is read
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)[:most]


def check_stored_zip(content: bytes) -> None:
    """Refuse a ZIP file with compressed parts: a few bytes of it may unpack to more than the memory holds.

    Models and what preprocessors have learnt are written without compression.

    Raises
    ------
    UnusableFile
        Where a part is compressed.
    zipfile.BadZipFile
        Where it is no ZIP file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            if part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size:
                raise UnusableFile(
                    f"holds a compressed part, {part.filename[:80]!r}; expected parts without compression"
                )


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
