"""Files that decoders take for sound and that are not, and sound files that must not be refused."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from leukokit.api import ImageRejected, decode_image
from leukokit.imageio.integrity.lengths import CORRUPT, lzw_length, packbits_length
from tests.imageio.image_files import jpeg, reason, saved, smear, tiff

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def damage() -> Iterator[ModuleType]:
    """Import the benchmark that damages files."""
    sys.path.insert(0, BENCHMARKS)
    import damaged_images

    yield damaged_images
    sys.path.remove(BENCHMARKS)


def png(stream: bytes, **header: int) -> bytes:
    """PNG of 30 x 40 px with this compressed stream, all checksums right."""
    fields = {"width": 30, "height": 40, "bits": 8, "color": 2, "interlaced": 0, **header}
    width, height, bits, color, interlaced = fields.values()

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def rows(array: np.ndarray) -> bytes:
    """Rows of a PNG before compression, without filter."""
    return b"".join(b"\0" + row.tobytes() for row in array)


def bad_filter() -> bytes:
    raw = bytearray(rows(smear()))
    raw[20 * 91] = 5
    return png(zlib.compress(bytes(raw)))


def bad_adler() -> bytes:
    stream = bytearray(zlib.compress(rows(smear())))
    stream[-1] ^= 1
    return png(bytes(stream))


def ones_in_stream() -> bytes:
    stream = zlib.compress(rows(smear()))
    return png(stream[:1000] + b"\xff" * 64 + stream[1064:])


def wrong_checksum() -> bytes:
    data = bytearray(png(zlib.compress(rows(smear()))))
    data[data.index(b"IEND") - 6] ^= 1
    return bytes(data)


PNG_DAMAGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bad filter": (bad_filter, "a row of the PNG file has filter 5"),
    "bad Adler-32": (bad_adler, "the PNG stream does not decode: .*incorrect data check"),
    "64 x FF": (ones_in_stream, "the PNG stream does not decode"),
    "half of the rows": (
        lambda: png(zlib.compress(rows(smear()[:20]))),
        "the PNG stream holds 1820 bytes, the image needs 3640",
    ),
    "more rows": (
        lambda: png(zlib.compress(rows(smear(80)))),
        "the PNG stream holds more than the 3640 bytes of the image",
    ),
    "cut stream": (lambda: png(zlib.compress(rows(smear()))[:-10]), "the PNG stream ends early"),
    "no stream": (lambda: png(b""), "the PNG stream ends early, after 0 of 3640 bytes"),
    "wrong CRC": (wrong_checksum, "the checksum of PNG chunk b'IDAT' at byte 33 is wrong"),
}


@pytest.mark.parametrize("kind", PNG_DAMAGE)
def test_damaged_png_files_are_rejected(kind: str) -> None:
    """Half of the pixels are no picture, whatever the decoder makes of them."""
    make, message = PNG_DAMAGE[kind]
    with pytest.raises(ImageRejected, match=message) as caught:
        decode_image(make(), name="a.png")
    assert caught.value.reason == "damaged"


def test_interlaced_png_files_are_checked_pass_by_pass() -> None:
    """Adam7: the sound file comes back to the pixel, one with a filter that does not exist is rejected."""
    array = smear()
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    raw = bytearray(b"".join(rows(array[top::down, left::across]) for left, top, across, down in passes))
    assert np.array_equal(decode_image(png(zlib.compress(raw), interlaced=1), name="").rgb, array)
    raw[-91] = 9
    with pytest.raises(ImageRejected, match="filter 9"):
        decode_image(png(zlib.compress(raw), interlaced=1), name="")


@pytest.mark.parametrize("frame", [1, 2])
def test_frames_of_animated_png_files_are_checked(frame: int) -> None:
    """Damage of a frame is found where that frame is wanted, not before."""
    frames = [Image.fromarray(smear(seed=seed)) for seed in range(3)]
    data = bytearray(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    at = [i for i in range(len(data)) if data[i : i + 4] == b"fdAT"][frame - 1]
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    data[at + 40] ^= 0xFF
    data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at:end]))
    decode_image(bytes(data), name="", frame=frame - 1)
    assert reason(bytes(data), frame=frame) == "damaged"


# Nothing is missed in these: a checksum, or the number of bytes, gives the damage away.
ALWAYS_FOUND = [
    *(("JPEG 4:2:0", name) for name in ("cut", "zeros", "ones")),
    *(
        ("PNG", name)
        for name in ("cut", "flip", "zeros", "ones", "header", "flip, right CRC", "zeros, right CRC")
    ),
    ("PNG alpha", "ones, right CRC"),
    ("PNG palette", "header"),
    *(
        (f"TIFF {kind}", name)
        for kind in ("deflate", "lzma", "16-bit deflate")
        for name in ("cut", "flip", "zeros", "ones", "header")
    ),
    *((f"TIFF {kind}", name) for kind in ("lzw", "jpeg") for name in ("cut", "zeros", "ones", "header")),
    *(("TIFF deflate tiles", name) for name in ("cut", "flip", "zeros", "ones")),
    *((f"TIFF {kind}", name) for kind in ("none", "packbits", "zstd") for name in ("cut", "header")),
    *((f"WEBP {kind}", "cut") for kind in ("lossy", "lossless", "alpha")),
    *(("GIF", name) for name in ("cut", "zeros", "header")),
    ("BMP", "cut"),
]


@pytest.mark.parametrize(("format_name", "damage_name"), ALWAYS_FOUND)
def test_this_damage_is_always_found(damage: ModuleType, format_name: str, damage_name: str) -> None:
    """No wrong picture is accepted; the sound files are read as Pillow reads them."""
    row = damage.measure(format_name, damage_name, damage.smears(6), count=6, seed=1)
    assert row.wrong == 0
    assert set(row.reasons) <= {"damaged", "not_an_image", "unsupported", "multi_page"}


@pytest.mark.parametrize(
    ("format_name", "damage_name", "least"),
    [
        ("WEBP lossy", "flip", 0.9),
        ("WEBP lossy", "zeros", 0.9),
        ("WEBP alpha", "ones", 0.85),
        ("WEBP lossless", "zeros", 0.6),
        ("TIFF lzw", "flip", 0.5),
        ("GIF", "flip", 0.4),
        ("JPEG progressive", "zeros", 0.7),
        ("JPEG progressive", "ones", 0.95),
        ("BMP", "header", 0.85),
    ],
)
def test_most_of_this_damage_is_found(
    damage: ModuleType, format_name: str, damage_name: str, least: float
) -> None:
    """Formats without a checksum: a stream that ends at another place than it should is damaged."""
    assert damage.measure(format_name, damage_name, damage.smears(12), count=24, seed=1).recall >= least


@pytest.mark.parametrize(
    "compression", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "zstd", "lzma", "jpeg"]
)
@pytest.mark.parametrize("shape", [(97, 201), (1, 1), (300, 5)])
def test_sound_tiff_files_are_read(compression: str, shape: tuple[int, int]) -> None:
    """Every compression that Pillow writes, at sizes that fit no strip."""
    data = saved(Image.fromarray(smear(*shape)), "TIFF", compression=compression)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(decode_image(data, name="").rgb, expected)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    "options", [{}, {"rowsperstrip": 7}, {"tile": (32, 48)}, {"predictor": True}, {"byteorder": ">"}]
)
def test_sound_strips_and_tiles_are_read(bits: int, options: dict[str, object]) -> None:
    """Strips of some rows, tiles that reach over the edge, predictors."""
    array = smear(97, 201)
    values = array if bits == 8 else array.astype(np.uint16) * 257
    data = tiff(values, photometric="rgb", compression="zlib", **options)
    assert np.array_equal(decode_image(data, name="", bit_depth=16).rgb, array)


@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
@pytest.mark.parametrize("rows_per_strip", [3, 10_000])
def test_sound_16_bit_tiff_files_of_another_writer_are_read(compression: int, rows_per_strip: int) -> None:
    """OpenCV writes LZW and PackBits of 16 bits, also in one strip that promises more rows than there are."""
    array = smear(97, 201)
    options = [
        cv2.IMWRITE_TIFF_COMPRESSION,
        compression,
        cv2.IMWRITE_TIFF_ROWSPERSTRIP,
        rows_per_strip,
    ]
    data = cv2.imencode(".tif", array[..., ::-1].astype(np.uint16) * 257, options)[1].tobytes()
    assert np.array_equal(decode_image(data, name="", bit_depth=16).rgb, array)


@pytest.mark.parametrize("colors", [2, 5, 256])
@pytest.mark.parametrize("options", [{}, {"interlace": 0}, {"optimize": True}])
def test_sound_gif_files_are_read(colors: int, options: dict[str, object]) -> None:
    """Palettes of 1 to 8 bits."""
    image = Image.fromarray(smear(200, 150)).quantize(colors)
    data = saved(image, "GIF", **options)
    assert np.array_equal(decode_image(data, name="").rgb, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("quality", [0, 50, 100])
@pytest.mark.parametrize("method", [0, 6])
@pytest.mark.parametrize("shape", [(97, 201), (1, 1), (16, 16)])
def test_sound_webp_files_need_all_their_bytes(
    lossless: bool, quality: int, method: int, shape: tuple[int, int]
) -> None:
    """No setting of the encoder leaves bytes behind that look like damage."""
    for array in (smear(*shape), np.full((*shape, 3), 200, np.uint8)):
        data = saved(Image.fromarray(array), "WEBP", quality=quality, method=method, lossless=lossless)
        assert decode_image(data, name="").rgb.shape == array.shape


def test_flat_jpeg_images_may_consist_of_zeros() -> None:
    """With tables made for the image, a flat area is a run of zero bits: no damage."""
    data = jpeg(np.full((2000, 2000, 3), 230, np.uint8), optimize=True)
    assert b"\0" * 128 in data[data.index(b"\xff\xda") :]
    assert (decode_image(data, name="").rgb == 230).all()


def test_a_quantization_table_with_zeros_is_damage() -> None:
    """Libjpeg multiplies by it and makes a gray area."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xdb") + 5
    data[at + 10 : at + 20] = bytes(10)
    with pytest.raises(ImageRejected, match="a quantization table of the JPEG file holds 0"):
        decode_image(bytes(data), name="")


def odd_sampling() -> bytes:
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 11] = 0x33  # 3 x 3
    return bytes(data)


def tiff_with(compression: int) -> bytes:
    """TIFF file that says another compression than it has."""
    data = bytearray(saved(Image.fromarray(smear()), "TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    at = next(at for at in range(directory + 2, len(data), 12) if data[at : at + 2] == b"\x03\x01")
    struct.pack_into("<H", data, at + 8, compression)
    return bytes(data)


def planar_16_bits() -> bytes:
    planes = np.moveaxis(smear().astype(np.uint16), -1, 0).copy()
    return tiff(planes, photometric="rgb", planarconfig="separate")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (odd_sampling, "a JPEG with color sampling 3 x 3, 1 x 1, 1 x 1"),
        (lambda: tiff_with(50001), "a TIFF file with compression WebP"),
        (lambda: tiff_with(34712), "a TIFF file with compression JPEG 2000"),
        (lambda: tiff_with(6), "a TIFF file with compression old-style JPEG"),
        (lambda: tiff(smear(), photometric="rgb", bigtiff=True, byteorder=">"), "a big-endian BigTIFF file"),
        (planar_16_bits, "a TIFF file of 16 bits a channel that keeps each channel apart"),
    ],
)
def test_what_no_decoder_reads_is_unsupported(make: Callable[[], bytes], message: str) -> None:
    """Not ``damaged``: another program can read these files, and the message says how to save them."""
    with pytest.raises(ImageRejected, match=message) as caught:
        decode_image(make(), name="", bit_depth=12)
    assert caught.value.reason == "unsupported"
    assert "save it" in caught.value.detail


def test_a_tiff_bomb_is_rejected_by_its_header() -> None:
    """400 megapixels, as other formats; so is a small image whose strip unpacks to far too much."""
    data = bytearray(saved(Image.fromarray(smear()), "TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    for tag in (256, 257):
        at = next(
            at for at in range(directory + 2, len(data), 12) if data[at : at + 2] == struct.pack("<H", tag)
        )
        data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, 20_000)
    assert reason(bytes(data)) == "too_large"
    stream = io.BytesIO()
    tifffile.imwrite(stream, smear(), photometric="rgb", compression="zlib")
    packed = stream.getvalue()
    assert len(decode_image(packed, name="").rgb) == 40
    bomb = png(zlib.compress(bytes(200_000_000)))
    with pytest.raises(ImageRejected, match="holds more than the 3640 bytes"):
        decode_image(bomb, name="")


def test_length_of_streams() -> None:
    """LZW against Pillow's own GIF, PackBits by hand."""
    assert packbits_length(b"\x02abc\xfe\x00\x80") == (6, 7, True)
    assert packbits_length(b"\x05abc").ended is False
    # 256 (clear), 65, 258 (the entry that is just being made: 65 65), 257 (end), 9 bits each.
    bits = f"{256:09b}{65:09b}{258:09b}{257:09b}".ljust(40, "0")
    stream = int(bits, 2).to_bytes(5, "big")
    assert lzw_length(stream, 8, tiff=True) == (3, 5, True)
    broken = int(f"{256:09b}{300:09b}".ljust(24, "0"), 2).to_bytes(3, "big")
    assert lzw_length(broken, 8, tiff=True).size == CORRUPT
