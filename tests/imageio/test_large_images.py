"""The largest images need less than 1 GB of memory, and parts of an image join without a seam."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from leukokit.api import ImageRejected, decode_image
from leukokit.imageio import png_rows, raster

CODE = """
import sys
from leukokit.api import decode_image
data = open(sys.argv[1], "rb").read()
image = decode_image(data, name="", bit_depth=16 if sys.argv[2] == "PNG 16" else None)
assert image.rgb.shape == (8192, 8192, 3) and tuple(image.rgb[5000, 5000]) == (227, 177, 152), image.rgb[0, 0]
# ru_maxrss would be the parent's, which a child inherits on Linux.
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
SLOW = pytest.mark.slow


def large(kind: str, path: Path) -> None:
    """Write 8192 x 8192 px with alpha."""
    if kind == "PNG 16":
        deep = np.full((8192, 8192, 4), np.uint16([50, 100, 200, 128]) * 257)
        path.write_bytes(cv2.imencode(".png", deep, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())
        return
    options = {"lossless": True, "method": 0} if kind == "WEBP" else {"compress_level": 1}
    Image.new("RGBA", (8192, 8192), (200, 100, 50, 128)).save(path, kind, **options)


@pytest.mark.parametrize(
    "kind",
    [
        "PNG",
        "TIFF",
        pytest.param("WEBP", marks=SLOW),
        pytest.param("PNG 16", marks=SLOW),
    ],
)
def test_the_largest_image_needs_less_than_a_gigabyte(kind: str, tmp_path: Path) -> None:
    """8192 x 8192 px with alpha, in a process of its own."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    path = tmp_path / "large"
    large(kind, path)
    command = [sys.executable, "-c", CODE, str(path), kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000_000  # kB


def noise(*shape: int, dtype: type = np.uint8, seed: int = 3) -> np.ndarray:
    """Random values in patches, so that every filter of PNG is the best one somewhere."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    values = rng.integers(0, top, shape, dtype=dtype, endpoint=True)
    rows, columns = shape[0] // 3, shape[1] // 3
    values[:rows] = np.linspace(0, top, shape[1]).astype(dtype)[:, None]
    values[rows:, :columns] = np.linspace(0, top, shape[0] - rows).astype(dtype)[:, None, None]
    return values


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, format_, **options)
    return sink.getvalue()


def test_blocks_of_rows_join_without_a_seam() -> None:
    """An image of several blocks is that of one: alpha and color are handled row by row."""
    array = np.random.default_rng(3).integers(0, 256, (1100, 1000, 4)).astype(np.uint8)
    color, alpha = array[..., :3].astype(int), array[..., 3:].astype(int)
    expected = (color * alpha + 255 * (255 - alpha) + 127) // 255
    assert np.array_equal(decode_image(saved(Image.fromarray(array), "PNG"), name="").rgb, expected)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("level", [0, 9])
def test_a_16_bit_png_in_blocks_is_that_of_the_whole_file(channels: int, level: int) -> None:
    """To the bit, whatever the filters of the rows, and however many rows a block has."""
    deep = noise(61, 43, channels, dtype=np.uint16)
    data = cv2.imencode(
        ".png",
        deep,
        [cv2.IMWRITE_PNG_COMPRESSION, level, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS],
    )[1].tobytes()
    filters = np.frombuffer(inflated(data), np.uint8)[:: 1 + 2 * channels * 43]
    assert len(set(filters.tolist())) >= 3
    assert png_rows.can_be_divided(data)
    for rows in (1, 7, 60, 61, 100):
        blocks = list(png_rows.row_blocks(data, rows))
        assert len(blocks) == -(-61 // rows)
        assert np.array_equal(np.concatenate(blocks), deep)


def inflated(data: bytes) -> bytes:
    from leukokit.imageio.integrity.png import chunks

    return zlib.decompress(b"".join(body for name, body in chunks(data) if name == b"IDAT"))


def test_other_pngs_are_decoded_whole() -> None:
    """Interlaced, transparent by one color, of 8 bits in a palette."""
    deep = cv2.imencode(".png", noise(30, 30, 3, dtype=np.uint16))[1].tobytes()
    at = deep.index(b"IDAT") - 4
    body = b"tRNS" + bytes(6)
    transparent = deep[:at] + (6).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big") + deep[at:]
    head = bytearray(deep[12:29])
    head[-1] = 1
    interlaced = deep[:12] + head + zlib.crc32(head).to_bytes(4, "big") + deep[33:]
    palette = saved(Image.new("P", (8, 8)), "PNG", pnginfo=PngInfo())
    assert png_rows.can_be_divided(deep)
    assert not any(map(png_rows.can_be_divided, (transparent, interlaced, palette)))


def test_a_large_16_bit_png_is_that_of_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels, notes and the refusal of values that are too large do not depend on the way."""
    deep = noise(70, 50, 4, dtype=np.uint16)
    data = cv2.imencode(".png", deep)[1].tobytes()
    whole = decode_image(data, name="", bit_depth=16)
    with pytest.raises(ImageRejected) as refused:
        decode_image(data, name="", bit_depth=12)
    monkeypatch.setattr(raster, "_BLOCK", 500)
    divided = decode_image(data, name="", bit_depth=16)
    assert np.array_equal(divided.rgb, whole.rgb)
    assert divided.notes == whole.notes
    with pytest.raises(ImageRejected) as again:
        decode_image(data, name="", bit_depth=12)
    assert str(again.value) == str(refused.value)


@pytest.mark.parametrize("quality", [None, 0, 60, 100])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_large_webp_has_the_pixels_of_a_small_one(
    quality: int | None, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV and Pillow decode alike, lossless or not, with a color profile and an orientation or not."""
    image = Image.fromarray(noise(97, 131, channels))
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"lossless": True} if quality is None else {"quality": quality}
    for more in ({}, {"exif": exif.tobytes()}):
        data = saved(image, "WEBP", **options, **more)
        monkeypatch.setattr(raster, "_LARGE_WEBP", 1 << 24)
        small = decode_image(data, name="")
        monkeypatch.setattr(raster, "_LARGE_WEBP", 0)
        large_one = decode_image(data, name="")
        assert np.array_equal(large_one.rgb, small.rgb)
        assert large_one.notes == small.notes


def test_an_animation_of_one_frame_is_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frame may be smaller than the canvas."""
    frames = [Image.fromarray(noise(20, 30, 4, seed=seed)) for seed in (1, 2)]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    expected = decode_image(data, name="", frame=1).rgb
    monkeypatch.setattr(raster, "_LARGE_WEBP", 0)
    assert np.array_equal(decode_image(data, name="", frame=1).rgb, expected)
