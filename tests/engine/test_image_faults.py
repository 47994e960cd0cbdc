"""Damaged, unreadable and profiled images in a folder of good ones, as a user meets them."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from leukokit.imageio.color.matrix_profile import SRGB, matrix_profile

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def damaged_png(image: Image.Image) -> bytes:
    """PNG with a wrong Adler-32 inside a chunk whose own checksum is right."""
    data = bytearray(saved(image, "PNG"))
    at = data.index(b"IDAT")
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    data[end - 1] ^= 1
    data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at:end]))
    return bytes(data)


def overwritten(data: bytes) -> bytes:
    """File with 64 bytes FF in its middle."""
    half = len(data) // 2
    return data[:half] + b"\xff" * 64 + data[half + 64 :]


def big_endian_big_tiff(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.asarray(image), photometric="rgb", bigtiff=True, byteorder=">")
    return stream.getvalue()


def odd_jpeg(image: Image.Image) -> bytes:
    data = bytearray(saved(image, "JPEG"))
    data[data.index(b"\xff\xc0") + 11] = 0x33
    return bytes(data)


BAD: dict[str, tuple[Callable[[Image.Image], bytes], str, str]] = {
    "adler.png": (damaged_png, "damaged", "incorrect data check"),
    "deflate.tif": (
        lambda image: overwritten(saved(image, "TIFF", compression="tiff_adobe_deflate")),
        "damaged",
        "strip 0 of the TIFF file",
    ),
    "lzw.tif": (
        lambda image: overwritten(saved(image, "TIFF", compression="tiff_lzw")),
        "damaged",
        "strip 0 of the TIFF file",
    ),
    "jpeg.tif": (
        lambda image: overwritten(saved(image, "TIFF", compression="jpeg", quality=95)),
        "damaged",
        "strip 0 of the TIFF file",
    ),
    "cut.webp": (lambda image: saved(image, "WEBP")[:-40], "damaged", "the WebP file ends early"),
    "cut.bmp": (lambda image: saved(image, "BMP")[:-40], "damaged", "ends before its last row"),
    "cut.gif": (lambda image: saved(image.quantize(), "GIF")[:-40], "damaged", "ends before its trailer"),
    "big.tif": (big_endian_big_tiff, "unsupported", "big-endian BigTIFF"),
    "odd.jpg": (odd_jpeg, "unsupported", "color sampling 3 x 3"),
}


def test_bad_images_are_rows_that_say_why(copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Each kind is one row with the right reason; no decoder writes on the terminal."""
    image = Image.open(copied / "few" / "00.png").convert("RGB")
    for name, (make, _, _) in BAD.items():
        (copied / "few" / name).write_bytes(make(image))
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "rejected.csv").set_index("id")
    assert set(table.index) == {f"few/{name}" for name in BAD}
    assert set(table["stage"]) == {"read"}
    for name, (_, reason, detail) in BAD.items():
        assert table.loc[f"few/{name}", "reason"] == reason, name
        assert detail in table.loc[f"few/{name}", "detail"]
    for chatter in ("Decode", "libtiff", "TIFFRead", "UserWarning", "OpenCV", "PIL"):
        assert chatter not in done.stderr


def test_profiles_are_converted_and_noted(copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """An image in linear light gives the features of its sRGB original; the journal says what was done."""
    original = copied / "few" / "00.png"
    image = np.asarray(Image.open(original).convert("RGB"))
    light = np.where(image <= 10, image / 255 / 12.92, ((image / 255 + 0.055) / 1.055) ** 2.4)
    stored = Image.fromarray(np.rint(light * 255).astype(np.uint8))
    stored.save(copied / "few" / "linear.png", icc_profile=matrix_profile(SRGB, 1.0))
    stored.save(copied / "few" / "ignored.png")
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    assert "note: converted to sRGB from its color profile (1 image)" in done.stderr
    journal = [json.loads(line) for line in (tmp_path / "out" / "journal.jsonl").read_text().splitlines()]
    noted = {row["id"]: row["notes"] for row in journal if row["event"] == "read"}
    assert "converted to sRGB from its color profile" in noted["few/linear.png"]
    assert "few/ignored.png" not in noted
    features = pd.read_parquet(tmp_path / "out" / "features.parquet")
    features = features.set_index("id") if "id" in features else features
    means = features[[name for name in features if "mean" in name and "intensity" in name]]
    assert means.shape[1] > 0
    difference = (
        (means.loc[["few/linear.png", "few/ignored.png"]] - means.loc["few/00.png"]).abs().max(axis=1)
    )
    assert difference["few/linear.png"] < 3
    assert difference["few/ignored.png"] > 10


@pytest.mark.parametrize("command", ["run", "check"])
def test_no_command_stumbles_over_a_bomb(
    copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path, command: str
) -> None:
    """A header that promises 400 megapixels is a row of its own, or nothing that a check has to decode."""
    image = Image.open(copied / "few" / "00.png").convert("RGB")
    data = bytearray(saved(image, "PNG"))
    data[16:24] = struct.pack(">II", 20_000, 20_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (copied / "few" / "bomb.png").write_bytes(data)
    done = cli(command, recipe, *(("--run-dir", "out") if command == "run" else ()))
    assert done.returncode == 0, done.stderr
    if command == "run":
        table = pd.read_csv(tmp_path / "out" / "rejected.csv").set_index("id")
        assert dict(table["reason"]) == {"few/bomb.png": "too_large"}
