"""Bytes to pixels: every row of the fault table that is about images."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from leukokit.api import ImageRejected, PluginError, check_rgb, decode_image, read_image
from leukokit.errors import UsageError
from leukokit.imageio.images import image_info


def smear(height: int = 40, width: int = 30, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a smooth color field: no two orientations of it look alike."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 20, (height, width, 3))
    field = np.stack([x * 200 // width, y * 200 // height, (x + y) * 100 // (height + width)], axis=-1)
    return (field + noise).astype(np.uint8)


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    """Bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    """Bytes of a TIFF file of any depth."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def jpeg(array: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    """Bytes of a JPEG file."""
    return saved(Image.fromarray(smear() if array is None else array), "JPEG", quality=92, **options)


def reason(data: bytes, **options: Any) -> str:
    """Code that an image is rejected with; the test fails where it is not."""
    with pytest.raises(ImageRejected) as caught:
        decode_image(data, name="x.bin", **options)
    return caught.value.reason


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_has_the_pixels_of_opencv(progressive: bool) -> None:
    """The strict decoder changes no pixel."""
    data = jpeg(progressive=progressive)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    decoded = decode_image(data, name="a.jpg")
    assert np.array_equal(decoded.rgb, expected)
    assert decoded.notes == ()


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "BMP", "WEBP"])
def test_lossless_formats_come_back_to_the_pixel(format_: str) -> None:
    """PNG, TIFF, BMP and lossless WebP give what was saved, as uint8 RGB."""
    array = smear()
    options = {"lossless": True} if format_ == "WEBP" else {}
    decoded = decode_image(saved(Image.fromarray(array), format_, **options), name="")
    assert decoded.rgb.dtype == np.uint8
    assert np.array_equal(decoded.rgb, array)
    assert decoded.notes == ()


def test_empty_and_text_are_told_apart() -> None:
    """No bytes at all are `empty`; bytes of no image format are `not_an_image`, with their beginning."""
    assert reason(b"") == "empty"
    with pytest.raises(ImageRejected, match=r"starts with b'class,file"):
        decode_image(b"class,filename\nBenign,1.jpg\n", name="a.jpg")
    assert reason(b"class,filename") == "not_an_image"
    assert reason(b"\0" * 100) == "not_an_image"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0" * 128 + b"DICM", "DICOM"),
    ],
)
def test_other_image_formats_are_named(data: bytes, title: str) -> None:
    """A format that cannot be read is `unsupported`, not `not_an_image`, and is named."""
    with pytest.raises(ImageRejected, match=f"unsupported: a {title} file") as caught:
        decode_image(data, name="a")
    assert caught.value.reason == "unsupported"


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


def test_wrong_extension_is_noted() -> None:
    """GIF bytes named .jpg are read as GIF, and that is said; names without a known ending say nothing."""
    data = saved(Image.fromarray(smear()).quantize(), "GIF")
    decoded = decode_image(data, name="cell.JPG")
    assert "a GIF file by its content, although its name ends in .jpg" in decoded.notes
    assert (
        len(decode_image(data, name="cell.gif").notes) == len(decode_image(data, name="cell.v2").notes) == 1
    )


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_cmyk_is_converted_as_pillow_does_and_noted(format_: str) -> None:
    """CMYK becomes RGB through Pillow, with a note that colors are approximate."""
    options = {"quality": 95} if format_ == "JPEG" else {}
    data = saved(Image.fromarray(smear()).convert("CMYK"), format_, **options)
    decoded = decode_image(data, name="")
    assert np.array_equal(decoded.rgb, np.array(Image.open(io.BytesIO(data)).convert("RGB")))
    assert np.abs(decoded.rgb.astype(int) - smear()).mean() < 12
    assert decoded.notes == ("converted from CMYK without a color profile; colors are approximate",)


def test_truncated_cmyk_jpeg_is_damaged() -> None:
    """The strict decoder judges CMYK files too."""
    data = saved(Image.fromarray(smear(200, 200)).convert("CMYK"), "JPEG")
    assert reason(data[: len(data) // 2]) == "damaged"


@pytest.mark.parametrize("kind", ["TIFF", "TIFF zlib", "TIFF tiles", "TIFF big-endian", "BigTIFF", "PNG"])
def test_12_bit_data_in_16_bits_need_their_bit_depth(kind: str) -> None:
    """Never scaled in silence: without bit_depth rejected, with it within one level of the exact value."""
    deep = np.random.default_rng(1).integers(0, 4096, (40, 30, 3)).astype(np.uint16)
    options: dict[str, dict[str, Any]] = {
        "TIFF zlib": {"compression": "zlib", "predictor": True},
        "TIFF tiles": {"tile": (16, 16)},
        "TIFF big-endian": {"byteorder": ">"},
        "BigTIFF": {"bigtiff": True},
    }
    if kind == "PNG":
        data = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
    else:
        data = tiff(deep, photometric="rgb", **options.get(kind, {}))
    with pytest.raises(ImageRejected, match="16 bits a channel: say with bit_depth"):
        decode_image(data, name="")
    assert reason(data) == "bit_depth"
    decoded = decode_image(data, name="", bit_depth=12)
    assert np.abs(decoded.rgb - deep / 4095 * 255).max() <= 0.5 + 1e-9
    assert decoded.notes == ("scaled from 12 to 8 bits a channel",)
    assert image_info(data).mode == "RGB;16"


def test_values_beyond_the_bit_depth_are_rejected() -> None:
    """A bit depth that the values contradict is not made to fit by clipping."""
    data = tiff(np.full((8, 8, 3), 5000, np.uint16), photometric="rgb")
    with pytest.raises(ImageRejected, match=r"values up to 5000 do not fit into bit_depth 12 \(0..4095\)"):
        decode_image(data, name="", bit_depth=12)
    with pytest.raises(UsageError, match="bit_depth is 8, expected 9 to 16"):
        decode_image(data, name="", bit_depth=8)


def test_16_bit_alpha_is_scaled_by_its_own_range() -> None:
    """Color uses bit_depth, alpha the full 16 bits."""
    rgba = np.zeros((4, 4, 4), np.uint16)
    rgba[..., 0], rgba[..., 3] = 4095, 65535
    data = cv2.imencode(".png", rgba[..., [2, 1, 0, 3]])[1].tobytes()
    assert (decode_image(data, name="", bit_depth=12).rgb == [255, 0, 0]).all()


def test_alpha_is_composited_on_white() -> None:
    """Half-transparent black on white is mid gray; an opaque alpha channel changes nothing."""
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[..., 3] = 128
    decoded = decode_image(saved(Image.fromarray(rgba), "PNG"), name="a.png")
    assert (decoded.rgb == 127).all()
    assert decoded.notes == ("transparent; composited on white",)
    rgba[..., 3] = 255
    assert decode_image(saved(Image.fromarray(rgba), "PNG"), name="a.png").notes == ()


def test_transparent_palette_is_composited_too() -> None:
    """A palette entry can be transparent as well."""
    image = Image.new("P", (4, 4), 1)
    image.putpalette([10, 20, 30, 40, 50, 60])
    decoded = decode_image(saved(image, "PNG", transparency=1), name="")
    assert (decoded.rgb == 255).all()
    assert len(decoded.notes) == 2


def mode_of(name: str) -> bytes:
    """File of a kind without three 8-bit or 16-bit color channels."""
    array = smear()
    gray = array[..., 0]
    return {
        "gray JPEG": lambda: saved(Image.fromarray(gray), "JPEG"),
        "gray PNG": lambda: saved(Image.fromarray(gray), "PNG"),
        "gray and alpha PNG": lambda: saved(Image.fromarray(gray).convert("LA"), "PNG"),
        "1-bit PNG": lambda: saved(Image.fromarray(gray).convert("1"), "PNG"),
        "16-bit gray PNG": lambda: saved(Image.fromarray(gray.astype(np.uint16) * 256), "PNG"),
        "16-bit gray TIFF": lambda: tiff(gray.astype(np.uint16)),
        "float gray TIFF": lambda: tiff(gray.astype(np.float32)),
        "float RGB TIFF": lambda: tiff(array.astype(np.float32), photometric="rgb"),
        "32-bit RGB TIFF": lambda: tiff(array.astype(np.uint32), photometric="rgb"),
        "Lab TIFF": lambda: saved(Image.fromarray(array).convert("RGB").convert("LAB"), "TIFF"),
        "12-bit JPEG": lambda: jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "arithmetic JPEG": lambda: jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc9\x00\x11\x08"),
    }[name]()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("gray JPEG", "a gray JPEG image"),
        ("gray PNG", "a gray PNG image"),
        ("gray and alpha PNG", "a gray PNG image"),
        ("1-bit PNG", "a gray PNG image"),
        ("16-bit gray PNG", "a gray PNG image"),
        ("16-bit gray TIFF", "a gray TIFF image"),
        ("float gray TIFF", "floating-point values"),
        ("float RGB TIFF", "3 channels of 32 bits, float"),
        ("32-bit RGB TIFF", "3 channels of 32 bits, unsigned"),
        ("Lab TIFF", "color mode LAB"),
        ("12-bit JPEG", "a JPEG of 12 bits a channel"),
        ("arithmetic JPEG", "lossless or arithmetic JPEG"),
    ],
)
def test_kinds_without_8_bit_color_are_unsupported(kind: str, said: str) -> None:
    """Gray, float and 12-bit JPEG are rejected by their header, saying what they are."""
    with pytest.raises(ImageRejected, match=said) as caught:
        decode_image(mode_of(kind), name="", bit_depth=12)
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_applied_and_noted(format_: str, orientation: int) -> None:
    """All eight orientations come out as Pillow's exif_transpose has them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format_ == "WEBP" else {}
    data = saved(Image.fromarray(smear()), format_, exif=exif, **options)
    decoded = decode_image(data, name="")
    opened = Image.open(io.BytesIO(data))
    opened.load()
    expected = np.array(ImageOps.exif_transpose(opened).convert("RGB"))
    assert np.array_equal(decoded.rgb, expected)
    noted = () if orientation == 1 else (f"turned upright by its EXIF orientation ({orientation})",)
    assert decoded.notes == noted
    info = image_info(data)
    assert (info.height, info.width) == decoded.rgb.shape[:2]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("page", [None, 1])
def test_16_bit_tiffs_are_turned_once(orientation: int, page: int | None) -> None:
    """OpenCV turns TIFFs by itself, single pages and stacks; nobody does it twice."""
    deep = smear().astype(np.uint16) * 16
    pages = deep if page is None else np.stack([deep // 2, deep])
    data = tiff(pages, photometric="rgb", extratags=[(274, "H", 1, orientation, False)])
    exif = Image.Exif()
    exif[0x0112] = orientation
    reference = saved(Image.fromarray(np.rint(deep / 4095 * 255).astype(np.uint8)), "PNG", exif=exif)
    decoded = decode_image(data, name="", bit_depth=12, frame=page)
    assert np.array_equal(decoded.rgb, decode_image(reference, name="").rgb)


def animated(format_: str) -> bytes:
    """File with three frames of one color each: red, green, blue."""
    frames = [Image.new("RGB", (8, 8), color) for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if format_ == "WEBP" else {}
    return saved(frames[0], format_, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("format_", ["GIF", "PNG", "TIFF", "WEBP"])
def test_several_frames_need_a_choice(format_: str) -> None:
    """Animations and pages are rejected unless a frame is named; frames count from 0."""
    data = animated(format_)
    with pytest.raises(ImageRejected, match=r"3 frames or pages; say which one with frame: 0 ... 2"):
        decode_image(data, name="")
    assert reason(data) == "multi_page"
    assert image_info(data).frames == 3
    decoded = decode_image(data, name="", frame=2)
    assert (decoded.rgb == [0, 0, 255]).all()
    assert "frame 2 of 3, counted from 0" in decoded.notes
    with pytest.raises(ImageRejected, match="frame 3 was asked for, the file has 3"):
        decode_image(data, name="", frame=3)


def test_a_frame_that_a_single_picture_lacks_is_rejected() -> None:
    """Frame 0 of a JPEG is the image itself; it has no frame 1."""
    assert decode_image(jpeg(), name="", frame=0).notes == ()
    assert reason(jpeg(), frame=1) == "multi_page"


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
    """A promise of 400 megapixels is turned down without decoding, in under 10 ms."""
    data = resized_header(format_)
    assert reason(data) == "too_large"  # first, so that imports are not timed
    times = []
    for _ in range(5):
        start = time.perf_counter()
        reason(data)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.010


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


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    """The system's reason is passed on."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    path.chmod(0)
    with pytest.raises(ImageRejected, match="Permission denied") as caught:
        read_image(path)
    assert caught.value.reason == "unreadable"


def test_folders_and_missing_files_are_unreadable(tmp_path: Path) -> None:
    """Whatever the system will not give is `unreadable`, named by its path."""
    for path in (tmp_path, tmp_path / "absent.jpg"):
        with pytest.raises(ImageRejected, match=str(path)) as caught:
            read_image(path)
        assert caught.value.reason == "unreadable"


ODD_NAMES = [
    b"a b.jpg",
    b"line\nbreak.jpg",
    b'it\'s "q".jpg',
    "細胞.jpg".encode(),
    b"100%s.jpg",
    b"-rf.jpg",
    b"<script>.jpg",
    b"bytes-\xff\xfe.jpg",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: repr(name))
def test_odd_names_are_read(tmp_path: Path, name: bytes) -> None:
    """No file name is too odd; bytes that are no text kill OpenCV's own reader."""
    folder = tmp_path / "[a]"
    folder.mkdir()
    path = folder / os.fsdecode(name)
    path.write_bytes(jpeg())
    assert read_image(path).shape == (40, 30, 3)


def test_read_image_warns_of_conversions(tmp_path: Path) -> None:
    """Notes become warnings that name the file; rejections name it as well."""
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(Image.fromarray(smear()), "PNG"))
    with pytest.warns(UserWarning, match=r"a\.jpg: a PNG file by its content"):
        read_image(path)
    path.write_bytes(b"")
    with pytest.raises(ImageRejected, match=r"a\.jpg: the file has 0 bytes"):
        read_image(path)


def test_preview_pictures_in_a_jpeg_are_noted() -> None:
    """Phones append previews to the image (MPF); the image is read and that is said."""
    frames = [Image.fromarray(smear(seed=seed)) for seed in (0, 1)]
    data = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    decoded = decode_image(data, name="a.jpg")
    assert decoded.rgb.shape == (40, 30, 3)
    assert "further pictures follow" in decoded.notes[0]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 4, 3)), r"is float64 \(4, 4, 3\).*np.rint\(image \* 255\)"),
        (np.zeros((4, 4, 3), np.uint16), "camera's bit depth"),
        (np.zeros((4, 4, 3), np.int64), r"image.astype\(np.uint8\)"),
        (np.zeros((4, 4), np.uint8), "need color"),
        (np.zeros((4, 4, 1), np.uint8), "need color"),
        (np.zeros((4, 4, 4), np.uint8), "alpha"),
        (np.zeros((3, 4, 5), np.uint8), "np.moveaxis"),
        (np.zeros((2, 4, 4, 3), np.uint8), "one image.*OpenCV reads BGR"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        ([[1]], "is a list"),
    ],
)
def test_check_rgb_says_what_to_do(array: Any, said: str) -> None:
    """Arrays that are no image are refused with the way to make them one."""
    with pytest.raises(PluginError, match=f"^my array: .*{said}"):
        check_rgb(array, "my array")


def test_check_rgb_returns_the_array_itself() -> None:
    """Nothing is copied."""
    array = smear()
    assert check_rgb(array, "x") is array


@pytest.mark.real_data
def test_all_truncations_of_real_smears_are_found(data_root: Path) -> None:
    """Recall is 100 % for cuts at 30 to 99.5 %, 100 % for 64 bytes FF, above 75 % for 512 zeros."""
    files = sorted((data_root / "all-pbs").glob("*/*.jpg"))[::40]
    cuts, zeros, ones = [], [], []
    rng = np.random.default_rng(281)
    for path in files:
        data = path.read_bytes()
        assert decode_image(data, name=path.name).notes == ()
        cuts += [_is_damaged(data[: int(len(data) * part)]) for part in (0.3, 0.6, 0.9, 0.99, 0.995)]
        scan = data.index(b"\xff\xda") + 14
        for length, value, found in ((512, 0, zeros), (64, 0xFF, ones)):
            at = int(rng.integers(scan, len(data) - length - 2))
            found.append(_is_damaged(data[:at] + bytes([value]) * length + data[at + length :]))
    assert np.mean(cuts) == 1
    assert np.mean(ones) == 1
    assert np.mean(zeros) > 0.75


def _is_damaged(data: bytes) -> bool:
    try:
        decode_image(data, name="a.jpg")
    except ImageRejected as error:
        return error.reason == "damaged"
    return False
