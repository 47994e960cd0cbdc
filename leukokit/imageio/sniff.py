"""Detection of the image format from the first bytes of a file, whatever its name."""

from __future__ import annotations

from pathlib import PurePosixPath

from leukokit.errors import ImageRejected

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
}
EXTENSIONS = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
"""Extensions of the formats that can be read, in lower case."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_UNSUPPORTED = (
    (0, b"\0\0\0\x0cjP", "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL", "JPEG XL"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIF"),
    (4, b"ftypmif1", "HEIF"),
    (0, b"8BPS", "Photoshop"),
    (128, b"DICM", "DICOM"),
)


def detect_format(data: bytes) -> str:
    """Detect the format of a file from its first bytes; raise ImageRejected where it cannot be read."""
    if not data:
        raise ImageRejected("empty", "the file has 0 bytes")
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    readable = ", ".join(SUFFIXES)
    for offset, signature, title in _UNSUPPORTED:
        if data[offset : offset + len(signature)] == signature:
            raise ImageRejected("unsupported", f"a {title} file; formats that can be read: {readable}")
    raise ImageRejected(
        "not_an_image", f"the file starts with {data[:12]!r}, which is none of the formats {readable}"
    )


def suffix_note(name: str, kind: str) -> tuple[str, ...]:
    """Note on a file name whose extension belongs to another format; empty where they agree."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in SUFFIXES[kind] or suffix not in EXTENSIONS:
        return ()
    return (f"a {kind} file by its content, although its name ends in {suffix}",)
