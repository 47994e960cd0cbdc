"""Decoding: formats, color modes, bit depth, alpha, orientation, frames."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from leukokit.api import ImageRejected, decode_image
from leukokit.errors import UsageError
from leukokit.imageio.images import image_info
from tests.imageio.image_files import jpeg, reason, saved, smear, tiff


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
    with pytest.raises(ImageRejected, match=r"16 bits a channel: say with data.read.bit_depth"):
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
    with pytest.raises(ImageRejected, match="frame 3 was requested, the file has 3"):
        decode_image(data, name="", frame=3)


def test_a_frame_that_a_single_picture_lacks_is_rejected() -> None:
    """Frame 0 of a JPEG is the image itself; it has no frame 1."""
    assert decode_image(jpeg(), name="", frame=0).notes == ()
    assert reason(jpeg(), frame=1) == "multi_page"


def test_preview_pictures_in_a_jpeg_are_noted() -> None:
    """Phones append previews to the image (MPF); the image is read and that is said."""
    frames = [Image.fromarray(smear(seed=seed)) for seed in (0, 1)]
    data = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    decoded = decode_image(data, name="a.jpg")
    assert decoded.rgb.shape == (40, 30, 3)
    assert "further images follow" in decoded.notes[0]
