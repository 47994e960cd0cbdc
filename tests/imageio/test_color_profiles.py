"""Color profiles: converted to sRGB and noted; pixels of sRGB files are not touched."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from leukokit.api import ImageRejected, decode_image
from leukokit.imageio.color.matrix_profile import SRGB, Primaries, matrix_profile
from leukokit.imageio.color.profile import UNREADABLE_NOTE
from tests.imageio.image_files import saved, smear

D65 = (0.3127, 0.3290)
ADOBE_RGB = Primaries(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3 = Primaries(D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
PROPHOTO = Primaries((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
SWAPPED = Primaries(D65, SRGB.blue, SRGB.green, SRGB.red)

SPACES: dict[str, tuple[Primaries, float | None]] = {
    "Adobe RGB": (ADOBE_RGB, 563 / 256),
    "Display P3": (DISPLAY_P3, None),
    "ProPhoto": (PROPHOTO, 1.8),
    "linear": (SRGB, 1.0),
    "swapped channels": (SWAPPED, None),
}
LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "TIFF": {},
    "WEBP": {"lossless": True},
}


def linear(values: NDArray[np.float64], gamma: float | None) -> NDArray[np.float64]:
    if gamma is not None:
        return values**gamma
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_xyz(primaries: Primaries) -> NDArray[np.float64]:
    """Matrix from light of the primaries to XYZ, white at the color space's own white."""
    points = np.array(
        [[x / y, 1, (1 - x - y) / y] for x, y in (primaries.red, primaries.green, primaries.blue)]
    ).T
    x, y = primaries.white
    return points * np.linalg.solve(points, [x / y, 1, (1 - x - y) / y])


def adaptation(white: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix from XYZ under one white to XYZ under another (Bradford)."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gain = (bradford @ other) / (bradford @ white)
    return np.linalg.inv(bradford) @ np.diag(gain) @ bradford


def expected_srgb(rgb: NDArray[np.uint8], primaries: Primaries, gamma: float | None) -> NDArray[np.float64]:
    """Convert to sRGB with textbook formulas, colors outside it clipped."""
    adapted = adaptation(to_xyz(primaries).sum(axis=1), to_xyz(SRGB).sum(axis=1))
    matrix = np.linalg.inv(to_xyz(SRGB)) @ adapted @ to_xyz(primaries)
    light = np.clip(linear(rgb / 255, gamma) @ matrix.T, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def check_converted(rgb: NDArray[np.uint8], stored: NDArray[np.uint8], space: str) -> None:
    expected = expected_srgb(stored, *SPACES[space])
    assert np.abs(rgb - expected).max() < 2.5
    assert np.abs(rgb - expected).mean() < 0.5
    assert np.abs(rgb.astype(int) - stored).max() > 10  # the profile matters


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("format_", LOSSLESS)
def test_profiles_are_converted_and_noted(format_: str, space: str) -> None:
    """Colors come out as the formulas of the color spaces have them, within the rounding of 8 bits."""
    data = saved(
        Image.fromarray(smear()), format_, icc_profile=matrix_profile(*SPACES[space]), **LOSSLESS[format_]
    )
    decoded = decode_image(data, name="")
    check_converted(decoded.rgb, smear(), space)
    assert decoded.notes == ("converted to sRGB from its color profile",)


@pytest.mark.parametrize("space", SPACES)
def test_profiles_of_jpeg_files_are_converted(space: str) -> None:
    """The profile is in the header; the pixels are those that the file without it has, converted."""
    options = {"quality": 95, "subsampling": 0}
    plain = decode_image(saved(Image.fromarray(smear()), "JPEG", **options), name="").rgb
    profile = matrix_profile(*SPACES[space])
    decoded = decode_image(saved(Image.fromarray(smear()), "JPEG", icc_profile=profile, **options), name="")
    check_converted(decoded.rgb, plain, space)
    assert decoded.notes == ("converted to sRGB from its color profile",)


def test_a_jpeg_profile_may_have_several_segments() -> None:
    """A large profile is cut into numbered segments, in any order; without one the file is damaged."""
    profile = bytearray(matrix_profile(*SPACES["Adobe RGB"]) + bytes(150_000))
    profile[:4] = struct.pack(">I", len(profile))
    data = saved(Image.fromarray(smear()), "JPEG", quality=95, icc_profile=bytes(profile))
    starts = [
        i for i in range(len(data)) if data[i : i + 14] == b"\xff\xe2" + data[i + 2 : i + 4] + b"ICC_PROFIL"
    ]
    assert len(starts) == 3
    ends = [start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") for start in starts]
    segments = [data[start:end] for start, end in zip(starts, ends, strict=True)]
    converted = decode_image(data, name="")
    assert converted.notes == ("converted to sRGB from its color profile",)
    swapped = data[: starts[0]] + segments[2] + segments[0] + segments[1] + data[ends[2] :]
    assert np.array_equal(decode_image(swapped, name="").rgb, converted.rgb)
    incomplete = data[: starts[0]] + segments[0] + segments[2] + data[ends[2] :]
    with pytest.raises(ImageRejected, match="damaged: parts of the color profile are missing"):
        decode_image(incomplete, name="")


def srgb_profiles() -> dict[str, bytes]:
    """Profiles of sRGB as several programs write them: with a parametric curve, or tables of some lengths."""
    little_cms = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    own = matrix_profile(SRGB, None)
    profiles = {"Little CMS": little_cms, "parametric": own}
    curve = own[own.index(b"para") : own.index(b"para") + 32]
    for points in (26, 256, 1024, 4096):
        levels = np.linspace(0, 1, points)
        table = np.rint(linear(levels, None) * 65535).astype(">u2").tobytes()
        profiles[f"{points} points"] = with_curve(
            own, curve, b"curv" + bytes(4) + struct.pack(">I", points) + table
        )
    return profiles


def with_curve(profile: bytes, old: bytes, new: bytes) -> bytes:
    """Profile whose three curves are replaced; the new one is put behind the end."""
    data = bytearray(profile) + new
    data[:4] = struct.pack(">I", len(data))
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        at = data.index(name)
        data[at + 4 : at + 12] = struct.pack(">II", len(profile), len(new))
    assert old in profile
    return bytes(data)


@pytest.mark.parametrize("kind", srgb_profiles())
@pytest.mark.parametrize("format_", [*LOSSLESS, "JPEG"])
def test_srgb_stays_equal_to_the_byte(format_: str, kind: str) -> None:
    """However the profile writes sRGB down, no pixel changes and nothing is noted."""
    image, options = Image.fromarray(smear()), LOSSLESS.get(format_, {})
    plain = decode_image(saved(image, format_, **options), name="").rgb
    decoded = decode_image(saved(image, format_, icc_profile=srgb_profiles()[kind], **options), name="")
    assert np.array_equal(decoded.rgb, plain)
    assert decoded.notes == ()


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200, matrix_profile(SRGB, 1.0)[:150]])
@pytest.mark.parametrize("format_", [*LOSSLESS, "JPEG"])
def test_unreadable_profiles_are_noted(format_: str, profile: bytes) -> None:
    """The pixels stay as they are, and that is said."""
    image, options = Image.fromarray(smear()), LOSSLESS.get(format_, {})
    decoded = decode_image(saved(image, format_, icc_profile=profile, **options), name="")
    assert np.array_equal(decoded.rgb, decode_image(saved(image, format_, **options), name="").rgb)
    assert decoded.notes == (UNREADABLE_NOTE,)


def test_a_profile_of_another_color_mode_is_noted() -> None:
    """A Lab profile says nothing about RGB."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    decoded = decode_image(saved(Image.fromarray(smear()), "PNG", icc_profile=lab), name="")
    assert np.array_equal(decoded.rgb, smear())
    assert decoded.notes == ("its color profile is for Lab, the image is RGB; it is not used",)
    cmyk = Image.fromarray(smear()).convert("CMYK")
    with_rgb = decode_image(saved(cmyk, "TIFF", icc_profile=matrix_profile(SRGB, 1.0)), name="")
    assert with_rgb.notes[0] == "its color profile is for RGB, the image is CMYK; it is not used"
    assert "approximate" in with_rgb.notes[1]


def test_names_of_profiles_are_told_without_control_characters() -> None:
    """The name comes from the file."""
    name = "Scanner \x1b[31m7".encode("utf-16-be")
    description = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(name), 28) + name
    plain = matrix_profile(SRGB, 1.0)
    shifted = bytearray(plain)
    (count,) = struct.unpack_from(">I", plain, 128)
    end = 132 + 12 * count
    table = b""
    for entry in range(132, end, 12):
        tag, offset, size = struct.unpack_from(">4sII", plain, entry)
        table += struct.pack(">4sII", tag, offset + 12, size)
    table += struct.pack(">4sII", b"desc", len(plain) + 12, len(description))
    named = bytes(shifted[:128]) + struct.pack(">I", count + 1) + table + plain[end:] + description
    named = struct.pack(">I", len(named)) + named[4:]
    decoded = decode_image(saved(Image.fromarray(smear()), "PNG", icc_profile=named), name="")
    assert decoded.notes == ("converted to sRGB from its color profile (Scanner [31m7)",)


def cmyk_profile() -> bytes:
    """Printer profile whose inks absorb red, green and blue: a table of 2 x 2 x 2 x 2 points (lut16Type)."""
    white = np.array([0.9642, 1.0, 0.8249])
    from_srgb = adaptation(to_xyz(SRGB).sum(axis=1), white) @ to_xyz(SRGB)
    entries = []
    for inks in np.ndindex(2, 2, 2, 2):
        light = np.clip(1 - np.array(inks[:3]) - inks[3], 0.0, 1.0)
        relative = from_srgb @ light / white
        cube = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
        lab = 116 * cube[1] - 16, 500 * (cube[0] - cube[1]), 200 * (cube[1] - cube[2])
        entries += [lab[0] / 100 * 65280, (lab[1] + 128) * 256, (lab[2] + 128) * 256]
    ramp = struct.pack(">2H", 0, 65535)
    identity = b"".join(struct.pack(">i", value * 65536) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = b"mft2" + bytes(4) + bytes([4, 3, 2, 0]) + identity + struct.pack(">HH", 2, 2)
    lut += ramp * 4 + np.clip(np.rint(entries), 0, 65535).astype(">u2").tobytes() + ramp * 3
    white_point = b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in white)
    tags = {b"A2B0": lut, b"A2B1": lut, b"wtpt": white_point}
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content
    header = matrix_profile(SRGB, None)[:128]
    header = header[:8] + b"\x02\x40\0\0prtrCMYKLab " + header[24:]
    profile = header + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


@pytest.mark.parametrize("format_", ["TIFF", "JPEG"])
def test_cmyk_is_converted_with_its_profile(format_: str) -> None:
    """Solid inks have the color that the profile gives them, and the note no longer says approximate."""
    inks = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    options = {"quality": 100} if format_ == "JPEG" else {}
    decoded = decode_image(saved(inks, format_, icc_profile=cmyk_profile(), **options), name="")
    assert np.abs(decoded.rgb.astype(int) - [0, 255, 255]).max() <= 6
    assert decoded.notes == ("converted to sRGB from its color profile",)


def png_with(**chunks: bytes) -> bytes:
    """PNG file with further chunks behind its header."""
    data = saved(Image.fromarray(smear()), "PNG")
    added = b""
    for name, body in chunks.items():
        added += struct.pack(">I", len(body)) + name.encode() + body
        added += struct.pack(">I", zlib.crc32(name.encode() + body))
    return data[:33] + added + data[33:]


def chromaticities(primaries: Primaries) -> bytes:
    points = (primaries.white, primaries.red, primaries.green, primaries.blue)
    return struct.pack(">8I", *(round(value * 100_000) for point in points for value in point))


GAMMA_1, GAMMA_22 = struct.pack(">I", 100_000), struct.pack(">I", 45_455)


@pytest.mark.parametrize(
    ("chunks", "space"),
    [
        ({"gAMA": GAMMA_1}, "linear"),
        ({"gAMA": GAMMA_1, "cHRM": chromaticities(SRGB)}, "linear"),
        ({"cHRM": chromaticities(DISPLAY_P3)}, "Display P3"),
        ({"gAMA": struct.pack(">I", 45_470), "cHRM": chromaticities(ADOBE_RGB)}, "Adobe RGB"),
    ],
)
def test_gamma_and_primaries_of_png_files_are_converted(chunks: dict[str, bytes], space: str) -> None:
    """They say the same as a profile, so they give the same pixels."""
    decoded = decode_image(png_with(**chunks), name="")
    check_converted(decoded.rgb, smear(), space)
    assert decoded.notes == ("converted to sRGB from the gamma or primaries that the file states",)


@pytest.mark.parametrize(
    "chunks",
    [
        {"gAMA": GAMMA_22},
        {"gAMA": GAMMA_22, "cHRM": chromaticities(SRGB)},
        {"cHRM": chromaticities(SRGB)},
        {"sRGB": b"\0", "gAMA": GAMMA_1, "cHRM": chromaticities(DISPLAY_P3)},
    ],
)
def test_srgb_and_what_stands_for_it_change_nothing(chunks: dict[str, bytes]) -> None:
    """Gamma 1/2.2 is how encoders write sRGB for old programs; a chunk sRGB has priority over both others."""
    decoded = decode_image(png_with(**chunks), name="")
    assert np.array_equal(decoded.rgb, smear())
    assert decoded.notes == ()


def test_a_profile_has_priority_over_gamma() -> None:
    """A file with both is converted once, by its profile."""
    profile = b"icc\0\0" + zlib.compress(matrix_profile(*SPACES["Adobe RGB"]))
    decoded = decode_image(png_with(iCCP=profile, gAMA=GAMMA_1), name="")
    check_converted(decoded.rgb, smear(), "Adobe RGB")


@pytest.mark.parametrize("chunk", [{"gAMA": bytes(4)}, {"cHRM": bytes(32)}])
def test_impossible_gamma_and_primaries_are_noted(chunk: dict[str, bytes]) -> None:
    """Numbers that no color space has change nothing."""
    decoded = decode_image(png_with(**chunk), name="")
    assert np.array_equal(decoded.rgb, smear())
    assert "its colors are taken as sRGB" in decoded.notes[0]


def test_16_bit_images_are_converted_too() -> None:
    """After scaling to 8 bits."""
    data = io.BytesIO()
    import tifffile

    profile = matrix_profile(*SPACES["Adobe RGB"])
    tifffile.imwrite(data, smear().astype(np.uint16) * 257, photometric="rgb", iccprofile=profile)
    decoded = decode_image(data.getvalue(), name="", bit_depth=16)
    check_converted(decoded.rgb, smear(), "Adobe RGB")
    assert decoded.notes[1:] == ("converted to sRGB from its color profile",)


def test_white_behind_transparent_pixels_stays_white() -> None:
    """Colors are converted before they are composited."""
    rgba = np.dstack([smear(), np.zeros((40, 30), np.uint8)])
    data = saved(Image.fromarray(rgba), "PNG", icc_profile=matrix_profile(*SPACES["ProPhoto"]))
    decoded = decode_image(data, name="")
    assert (decoded.rgb == 255).all()
    assert decoded.notes == ("converted to sRGB from its color profile", "transparent; composited on white")
