"""How much damage of image files is found: recall by format and kind of damage.

Writes rendered smears in every format and compression that leukokit reads, damages the files, and reads them.
Damage counts as found where the file is rejected, or where its pixels are exactly those of the sound file, as
Pillow reads it. Everything else is a wrong accept: a picture that is not the one which was saved. The last
column is what Pillow alone would have found.

    python benchmarks/damaged_images.py [--count 50] [--seed 281] [--only PNG,TIFF] [--json]

``--count`` is the number of damaged files for each format and kind of damage.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import random
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tifffile
from PIL import Image

import leukokit
from leukokit.api import ImageRejected, RGBImage, decode_image

Damage = Callable[[bytes, random.Random], bytes]
Encoder = Callable[[RGBImage], bytes]

CUTS = (0.30, 0.995)
"""Shortest and longest part of a file that a cut leaves."""
_BIT_DEPTH = 12
_CHUNK_OVERHEAD = 12  # length, name and checksum of a PNG chunk, in bytes


@dataclass(frozen=True, slots=True)
class Recall:
    """Result for one format and one kind of damage.

    Attributes
    ----------
    format, damage : str
    files : int
        Number of damaged files.
    rejected : int
        Files that were rejected.
    exact : int
        Accepted files whose pixels are those of the sound file.
    wrong : int
        Accepted files with other pixels.
    pillow_wrong : int
        The same for Pillow without leukokit's checks.
    reasons : tuple of str
        Reasons of the rejections, sorted.
    """

    format: str
    damage: str
    files: int
    rejected: int
    exact: int
    wrong: int
    pillow_wrong: int
    reasons: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of files that are rejected or exactly right."""
        return (self.rejected + self.exact) / self.files


def _pillow(format_name: str, mode: str = "RGB", **options: object) -> Encoder:
    def encode(image: RGBImage) -> bytes:
        stream = io.BytesIO()
        picture = Image.fromarray(image)
        picture = picture.quantize() if mode == "P" else picture.convert(mode)
        if mode == "RGBA":  # a gradient, so that the alpha channel is no constant
            picture.putalpha(Image.linear_gradient("L").resize(picture.size))
        picture.save(stream, format_name, **options)
        return stream.getvalue()

    return encode


def _tifffile(deep: bool = False, **options: object) -> Encoder:
    def encode(image: RGBImage) -> bytes:
        stream = io.BytesIO()
        values = image.astype(np.uint16) * 16 + 5 if deep else image
        tifffile.imwrite(stream, values, photometric="rgb", **options)
        return stream.getvalue()

    return encode


ENCODERS: dict[str, Encoder] = {
    "JPEG 4:4:4": _pillow("JPEG", quality=92, subsampling="4:4:4"),
    "JPEG 4:2:2": _pillow("JPEG", quality=92, subsampling="4:2:2"),
    "JPEG 4:2:0": _pillow("JPEG", quality=92, subsampling="4:2:0"),
    "JPEG progressive": _pillow("JPEG", quality=92, progressive=True),
    "JPEG restart markers": _pillow("JPEG", quality=92, restart_marker_rows=1),
    "PNG": _pillow("PNG"),
    "PNG alpha": _pillow("PNG", "RGBA"),
    "PNG palette": _pillow("PNG", "P"),
    "TIFF none": _pillow("TIFF"),
    "TIFF packbits": _pillow("TIFF", compression="packbits"),
    "TIFF lzw": _pillow("TIFF", compression="tiff_lzw"),
    "TIFF deflate": _pillow("TIFF", compression="tiff_adobe_deflate"),
    "TIFF deflate tiles": _tifffile(compression="zlib", predictor=True, tile=(64, 64)),
    "TIFF lzma": _pillow("TIFF", compression="lzma"),
    "TIFF zstd": _pillow("TIFF", compression="zstd"),
    "TIFF jpeg": _pillow("TIFF", compression="jpeg", quality=92),
    "TIFF 16-bit none": _tifffile(deep=True),
    "TIFF 16-bit deflate": _tifffile(deep=True, compression="zlib"),
    "WEBP lossy": _pillow("WEBP", quality=90),
    "WEBP lossless": _pillow("WEBP", lossless=True),
    "WEBP alpha": _pillow("WEBP", "RGBA", quality=90),
    "BMP": _pillow("BMP"),
    "GIF": _pillow("GIF", "P"),
}
"""Name of a format, and what writes it."""


def cut(data: bytes, rng: random.Random) -> bytes:
    """Cut the end off."""
    return data[: int(len(data) * rng.uniform(*CUTS))]


def flip(data: bytes, rng: random.Random) -> bytes:
    """Change one byte behind the signature."""
    damaged = bytearray(data)
    damaged[rng.randrange(16, len(data))] ^= rng.randrange(1, 256)
    return bytes(damaged)


def _overwritten(data: bytes, rng: random.Random, pattern: bytes) -> bytes:
    while True:
        start = rng.randrange(16, max(17, len(data) - len(pattern)))
        damaged = (data[:start] + pattern + data[start + len(pattern) :])[: len(data)]
        if damaged != data:
            return damaged


def zeros(data: bytes, rng: random.Random) -> bytes:
    """Overwrite 512 bytes with 0: a lost sector."""
    return _overwritten(data, rng, b"\0" * 512)


def ones(data: bytes, rng: random.Random) -> bytes:
    """Overwrite 64 bytes with FF: erased flash memory."""
    return _overwritten(data, rng, b"\xff" * 64)


def header(data: bytes, rng: random.Random) -> bytes:
    """Put another width or height into the header, with a right checksum where there is one."""
    offset, layout = _size_field(data, rng.random() < 0.5)
    damaged = bytearray(data)
    (size,) = struct.unpack_from(layout, data, offset)
    masked = 0x3FFF if layout == "<H" and data[:4] == b"RIFF" else 0x7FFFFFFF
    wrong = rng.choice([size - 1, size + 1, size // 2, size * 2, size - 16, size + 16])
    struct.pack_into(layout, damaged, offset, wrong & masked)
    if data.startswith(b"\x89PNG"):
        damaged[29:33] = struct.pack(">I", zlib.crc32(damaged[12:29]))
    return bytes(damaged)


def _size_field(data: bytes, width: bool) -> tuple[int, str]:
    """Offset and struct format of the width or height."""
    if data.startswith(b"\xff\xd8"):
        frames = [at for at in (data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) if at > 0]
        return min(frames) + (7 if width else 5), ">H"
    if data.startswith(b"\x89PNG"):
        return (16 if width else 20), ">I"
    if data.startswith(b"GIF"):  # of the frame: the screen around it may be of another size
        return data.index(b"\x2c\0\0\0\0") + (5 if width else 7), "<H"
    if data.startswith(b"BM"):
        return (18 if width else 22), "<i"
    if data.startswith(b"RIFF"):
        return _webp_size_field(data, width)
    return _tiff_size_field(data, width)


def _webp_size_field(data: bytes, width: bool) -> tuple[int, str]:
    if data[12:16] == b"VP8X":
        return (24 if width else 27), "<H"
    return (26 if width else 28, "<H") if data[12:16] == b"VP8 " else (21 if width else 22, "<H")


def _tiff_size_field(data: bytes, width: bool) -> tuple[int, str]:
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
        tag, kind = struct.unpack_from("<HH", data, entry)
        if tag == (256 if width else 257):
            return entry + 8, "<H" if kind == 3 else "<I"
    raise ValueError("the TIFF file has no size")


def _with_right_checksums(damage: Damage) -> Damage:
    """Damage the compressed stream of a PNG file, and write it into chunks with right checksums."""

    def damaged(data: bytes, rng: random.Random) -> bytes:
        stream = b"".join(body for name, body in png_chunks(data) if name == b"IDAT")
        return rebuilt_png(data, damage(stream, rng))

    return damaged


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the chunks of a PNG file."""
    offset = 8
    while offset < len(data):
        (length,) = struct.unpack_from(">I", data, offset)
        yield data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]
        offset += length + _CHUNK_OVERHEAD


def rebuilt_png(data: bytes, stream: bytes) -> bytes:
    """Build the PNG file with another compressed stream, all checksums right."""
    parts, written = [data[:8]], False
    for name, content in png_chunks(data):
        body = content
        if name == b"IDAT":
            if written:
                continue
            body, written = stream, True
        checksum = struct.pack(">I", zlib.crc32(name + body))
        parts += [struct.pack(">I", len(body)), name, body, checksum]
    return b"".join(parts)


DAMAGES: dict[str, Damage] = {"cut": cut, "flip": flip, "zeros": zeros, "ones": ones, "header": header}
"""Name of a kind of damage, and what does it."""

PNG_DAMAGES: dict[str, Damage] = {
    f"{name}, right CRC": _with_right_checksums(damage)
    for name, damage in (("cut", cut), ("flip", flip), ("zeros", zeros), ("ones", ones))
}
"""Damage inside the compressed stream of a PNG file, which the checksums of its chunks do not show."""


def smears(count: int) -> list[RGBImage]:
    """Render smears, 8-bit RGB."""
    dataset = leukokit.component("dataset", "smears", per_class=max(3, -(-count // 4)))
    return [dataset.render(sample) for sample in dataset.samples()[:count]]


def read_with_pillow(data: bytes) -> RGBImage | None:
    """Pixels as Pillow reads them; None where it reports an error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data))
            picture.load()
            if picture.mode == "RGBA":
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            return np.asarray(picture.convert("RGB"))
    except Exception:
        return None


def _same(first: RGBImage | None, second: RGBImage | None, tolerance: int = 0) -> bool:
    if first is None or second is None or first.shape != second.shape:
        return first is None and second is None
    return bool(np.abs(first.astype(int) - second.astype(int)).max() <= tolerance)


def measure(format_name: str, damage_name: str, images: list[RGBImage], count: int, seed: int) -> Recall:
    """Damage and read ``count`` files.

    Raises
    ------
    ValueError
        Where a sound file is not read as Pillow reads it.
    """
    damage = (DAMAGES | PNG_DAMAGES)[damage_name]
    rng = random.Random(f"{seed} {format_name} {damage_name}")
    rejected = exact = pillow_wrong = 0
    reasons = set()
    for number in range(count):
        sound = ENCODERS[format_name](images[number % len(images)])
        truth = decode_image(sound, name="", bit_depth=_BIT_DEPTH).rgb
        by_pillow = read_with_pillow(sound)
        if "16-bit" not in format_name and not _same(truth, by_pillow, tolerance="alpha" in format_name):
            raise ValueError(f"{format_name}: a sound file is read differently by Pillow")
        damaged = damage(sound, rng)
        other = read_with_pillow(damaged)
        pillow_wrong += other is not None and not _same(other, by_pillow)
        try:
            exact += _same(decode_image(damaged, name="", bit_depth=_BIT_DEPTH).rgb, truth)
        except ImageRejected as error:
            rejected += 1
            reasons.add(error.reason)
    wrong = count - rejected - exact
    return Recall(
        format_name, damage_name, count, rejected, exact, wrong, pillow_wrong, tuple(sorted(reasons))
    )


def measure_all(only: list[str], count: int, seed: int) -> Iterator[Recall]:
    """Go through all formats whose names begin with one of ``only``, and all kinds of damage."""
    images = smears(min(count, 24))
    for format_name in ENCODERS:
        if not only or any(format_name.startswith(prefix) for prefix in only):
            for damage_name in DAMAGES | (PNG_DAMAGES if format_name.startswith("PNG") else {}):
                yield measure(format_name, damage_name, images, count, seed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=50, help="damaged files a format and kind of damage")
    parser.add_argument("--seed", type=int, default=281)
    parser.add_argument("--only", default="", help="beginnings of format names, with commas between them")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    only = [name for name in arguments.only.split(",") if name]
    if not arguments.json:
        print(f"{'format':22} {'damage':18} files recall  exact  wrong  Pillow wrong")
    files = wrong = 0
    for row in measure_all(only, arguments.count, arguments.seed):
        files, wrong = files + row.files, wrong + row.wrong
        if arguments.json:
            print(json.dumps({**dataclasses.asdict(row), "recall": row.recall}), flush=True)
        else:
            print(
                f"{row.format:22} {row.damage:18} {row.files:5} {row.recall:6.1%} {row.exact:6} "
                f"{row.wrong:6} {row.pillow_wrong:13}",
                flush=True,
            )
    print(f"{files} damaged files, {wrong} wrong accepts", file=sys.stderr)


if __name__ == "__main__":
    main()
