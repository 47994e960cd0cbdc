"""Damaged and oversized image files: each is rejected, with the reason."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from leukokit.api import ImageRejected, decode_image
from tests.imageio.image_files import reason, saved, smear, tiff


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.995])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"])
def test_truncated_files_are_damaged(format_: str, fraction: float) -> None:
    """A file that was cut off is rejected, wherever the cut is."""
    data = saved(Image.fromarray(smear(200, 150)), format_)
    assert reason(data[: int(len(data) * fraction)]) in {"damaged", "not_an_image"}


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9, 0.995])
def test_truncated_16_bit_tiffs_are_damaged(compression: str | None, fraction: float) -> None:
    """OpenCV leaves missing rows of a TIFF black; they are found in its table of strips."""
    deep = smear(200, 150).astype(np.uint16) * 16
    data = tiff(deep, photometric="rgb", compression=compression)
    assert reason(data[: int(len(data) * fraction)], bit_depth=12) == "damaged"


def test_any_changed_byte_of_a_png_is_damage() -> None:
    """Checksums of PNG chunks are looked at, also behind the last pixel."""
    data = saved(Image.fromarray(smear()), "PNG")
    start = data.index(b"IDAT") + 4
    for position in range(start, len(data) - 16, 37):
        broken = bytearray(data)
        broken[position] ^= 0x10
        assert reason(bytes(broken)) == "damaged", position


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_whatever_a_file_holds_it_is_decoded_or_rejected(
    format_: str, changes: list[tuple[float, int]]
) -> None:
    """Arbitrary damage gives pixels or ImageRejected, never another exception."""
    data = bytearray(saved(Image.fromarray(smear(16, 16)), format_))
    for where, value in changes:
        data[min(int(where * len(data)), len(data) - 1)] = value
    try:
        rgb = decode_image(bytes(data), name="a.jpg").rgb
    except ImageRejected:
        return
    assert rgb.dtype == np.uint8
    assert rgb.ndim == 3
    assert rgb.shape[2] == 3


def test_truncated_cmyk_jpeg_is_damaged() -> None:
    """The strict decoder judges CMYK files too."""
    data = saved(Image.fromarray(smear(200, 200)).convert("CMYK"), "JPEG")
    assert reason(data[: len(data) // 2]) == "damaged"


def huge_png(side: int) -> bytes:
    """Build a PNG bomb: a header that promises side x side pixels, and a little data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def resized_header(format_: str) -> bytes:
    """File whose header promises 20,000 x 20,000 px (WebP: 16,384 x 16,384)."""
    if format_ == "PNG":
        return huge_png(20_000)
    data = bytearray(saved(Image.fromarray(smear()), format_))
    if format_ == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    elif format_ == "GIF":
        data[6:10] = struct.pack("<HH", 20_000, 20_000)
    elif format_ == "BMP":
        data[18:26] = struct.pack("<ii", 20_000, 20_000)
    elif format_ == "WEBP":
        data[26:30] = struct.pack("<HH", 16_383, 16_383)
    return bytes(data)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_bombs_are_rejected_by_their_header(format_: str) -> None:
    """A promise of 400 megapixels is turned down in less time than one megapixel is decoded."""
    bomb, image = resized_header(format_), saved(Image.fromarray(smear(1000, 1000)), format_)
    assert reason(bomb) == "too_large"
    assert least_time(lambda: reason(bomb)) < least_time(lambda: decode_image(image, name="a"))


def least_time(work: Callable[[], object]) -> float:
    """Process seconds of the quickest of some calls."""
    times = []
    for _ in range(5):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_a_bomb_needs_no_memory() -> None:
    """Rejecting 20,000 x 20,000 px works where the address space has no room for its pixels."""
    code = """
import resource, sys
from leukokit.api import ImageRejected, decode_image
decode_image(open(sys.argv[2], "rb").read(), name="")  # imports done
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20), used + (100 << 20)))
try:
    decode_image(open(sys.argv[1], "rb").read(), name="")
except ImageRejected as error:
    # ru_maxrss would be the parent's, which a child inherits on Linux.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(error.reason, int(peak.split()[1]) // 1024)
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        bomb, small = Path(folder, "bomb.png"), Path(folder, "small.png")
        bomb.write_bytes(huge_png(20_000))
        small.write_bytes(saved(Image.fromarray(smear()), "PNG"))
        done = subprocess.run(
            [sys.executable, "-c", code, str(bomb), str(small)], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    code_, megabytes = done.stdout.split()
    assert code_ == "too_large"
    assert int(megabytes) < 200


def test_the_limit_can_be_set() -> None:
    """max_pixels is the number of pixels that still pass."""
    data = saved(Image.fromarray(smear(10, 10)), "PNG")
    assert decode_image(data, name="", max_pixels=100).rgb.shape == (10, 10, 3)
    with pytest.raises(ImageRejected, match="10 x 10 px, more than 99 px"):
        decode_image(data, name="", max_pixels=99)


@pytest.mark.real_data
def test_all_truncations_of_real_smears_are_found(data_root: Path) -> None:
    """Recall is 100 % for cuts at 30 to 99.5 %, 100 % for 64 bytes FF, above 95 % for 512 zeros."""
    files = sorted((data_root / "all-pbs").glob("*/*.jpg"))[::40]
    cuts, zeros, ones = [], [], []
    rng = np.random.default_rng(281)
    for path in files:
        data = path.read_bytes()
        assert decode_image(data, name=path.name).notes == ()
        cuts += [_is_damaged(data[: int(len(data) * part)]) for part in (0.3, 0.6, 0.9, 0.99, 0.995)]
        scan = data.index(b"\xff\xda") + 14
        for length, value, results in ((512, 0, zeros), (64, 0xFF, ones)):
            at = int(rng.integers(scan, len(data) - length - 2))
            results.append(_is_damaged(data[:at] + bytes([value]) * length + data[at + length :]))
    assert np.mean(cuts) == 1
    assert np.mean(ones) == 1
    assert np.mean(zeros) > 0.95


def _is_damaged(data: bytes) -> bool:
    try:
        decode_image(data, name="a.jpg")
    except ImageRejected as error:
        return error.reason == "damaged"
    return False
