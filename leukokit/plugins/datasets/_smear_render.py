"""From a scene to its picture and its truth.

The picture is made as a microscope makes it: dyes absorb (optical densities add up), light falls unevenly, the
optics blur, the camera sharpens and adds noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, RED_CELL, Labels, RGBImage, Status
from leukokit.plugins.datasets._smear_scene import Scene, WhiteCell
from leukokit.plugins.datasets._smear_stock import CRENATED, PLATELETS, ROUND, Stock
from leukokit.plugins.datasets._smear_traits import Patient

_Float32 = NDArray[np.float32]
_Window = tuple[slice, slice]

_SHIFT = 4
"""Bits of sub-pixel precision that OpenCV's polygons are drawn with."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A burned-in scale bar: colors and opacity of the patch in the bottom-right corner."""

    ink: NDArray[np.uint8]
    opacity: _Float32

    def window(self, size: int) -> _Window:
        """Where the patch lies in an image of ``size`` px."""
        height, width = self.opacity.shape
        return slice(size - height, size), slice(size - width, size)


def render(
    scene: Scene, patient: Patient, stock: Stock, rng: np.random.Generator, size: int, bar: Bar | None
) -> RGBImage:
    """Photograph a scene, uint8 size x size x 3."""
    planes = _stain(scene, patient, stock, size)
    photo = _photograph(planes, patient, stock, rng)
    if bar is not None:
        window = bar.window(size)
        opacity = bar.opacity[:, :, None]
        photo[window] = np.rint(photo[window] * (1 - opacity) + bar.ink * opacity).astype(np.uint8)
    return photo


def truth(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> Labels:
    """Label images of a scene; what a scale bar hides is not there."""
    red = np.zeros((size, size), dtype=np.int32)
    for number, (window, inner, sprite) in enumerate(_red_sprites(scene, stock, size), start=1):
        red[window][stock.covers[sprite][inner]] = number
    nucleus, cell = np.zeros_like(red), np.zeros_like(red)
    for number, white in enumerate(scene.white, start=1):
        window = _window(white.outline, stock.scale, size)
        if window is None:
            continue
        body = _cover((white.outline,), window, stock.scale) >= 0.5
        core = (_cover(white.lobes, window, stock.scale) >= 0.5) & body
        cell[window][body] = number
        nucleus[window][body] = 0
        nucleus[window][core] = number
    red[cell > 0] = 0
    if bar is not None:
        hidden = bar.opacity > 0.5
        for role in (nucleus, cell, red):
            role[bar.window(size)][hidden] = 0
    # A sliver of cytoplasm whose nucleus is out of sight has no N/C ratio, so it is no cell.
    seen = np.zeros(len(scene.white) + 1, dtype=np.int32)
    numbers = np.unique(nucleus)
    seen[numbers[numbers > 0]] = np.arange(1, np.count_nonzero(numbers) + 1)
    kept = np.unique(red)
    order = np.zeros(len(scene.red) + 1, dtype=np.int32)
    order[kept[kept > 0]] = np.arange(1, np.count_nonzero(kept) + 1)
    roles = {NUCLEUS: seen[nucleus], CELL: seen[cell], RED_CELL: order[red]}
    for role in roles.values():
        role.setflags(write=False)
    return Labels(roles, Status.OK if seen.any() else Status.NO_CELL)


def _red_sprites(scene: Scene, stock: Stock, size: int) -> Iterator[tuple[_Window, _Window, int]]:
    """Yield the window in the image, the window in the sprite and the sprite of each red cell in view."""
    sprites = np.where(
        scene.crenated,
        ROUND + np.rint(scene.red[:, 2] * (CRENATED - 1)),
        np.rint(scene.red[:, 2] * (ROUND - 1)),
    ).astype(int)
    corners = _corners(scene.red, stock.scale, stock.disks.shape[1])
    for (left, top), sprite in zip(corners, sprites.tolist(), strict=True):
        window, inner = _clip(left, top, stock.disks.shape[1], size)
        yield window, inner, sprite


def _corners(placed: NDArray[np.float64], scale: float, side: int) -> list[list[int]]:
    corners: list[list[int]] = (np.rint(placed[:, :2] * scale).astype(int) - side // 2).tolist()
    return corners


def _clip(left: int, top: int, side: int, size: int) -> tuple[_Window, _Window]:
    """Windows of a sprite in the image and in itself; both empty where it is out of view."""
    x0, y0 = min(max(left, 0), size), min(max(top, 0), size)
    x1, y1 = max(min(left + side, size), x0), max(min(top + side, size), y0)
    inner = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    return (slice(y0, y1), slice(x0, x1)), inner


def _window(outline: NDArray[np.float64], scale: float, size: int) -> _Window | None:
    """Give the box of an outline with 2 px of room, clipped to the image; None where it is out of view."""
    low = np.floor(outline.min(axis=0) * scale).astype(int) - 2
    high = np.ceil(outline.max(axis=0) * scale).astype(int) + 3
    x0, y0 = (int(v) for v in np.clip(low, 0, size))
    x1, y1 = (int(v) for v in np.clip(high, 0, size))
    return None if x0 >= x1 or y0 >= y1 else (slice(y0, y1), slice(x0, x1))


def _cover(outlines: tuple[NDArray[np.float64], ...], window: _Window, scale: float) -> _Float32:
    """Share of each px of the window that lies inside any of the outlines, 0..1."""
    rows, columns = window
    # Four times finer and averaged down: OpenCV's own antialiased polygons are half a px too large.
    fine = np.zeros((4 * (rows.stop - rows.start), 4 * (columns.stop - columns.start)), dtype=np.uint8)
    origin = np.array([columns.start, rows.start])
    for outline in outlines:
        points = np.rint(((outline * scale - origin) * 4 - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(fine, [points.reshape(-1, 1, 2)], (255,), cv2.LINE_8, _SHIFT)
    small = cv2.resize(fine, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    cover: _Float32 = small.astype(np.float32) * np.float32(1 / 255)
    return cover


def _crop(tile: _Float32, shape: tuple[int, int], x: float, y: float) -> _Float32:
    """Cut a part of a noise tile that begins at the fractions x and y of the room there is."""
    height, width = shape
    top, left = int(y * (tile.shape[0] - height)), int(x * (tile.shape[1] - width))
    return tile[top : top + height, left : left + width]


def _stain(scene: Scene, patient: Patient, stock: Stock, size: int) -> list[_Float32]:
    """Amount of hemoglobin, chromatin, cytoplasm and eosin in each px."""
    hemoglobin, chromatin, cytoplasm, eosin = planes = [
        np.zeros((size, size), dtype=np.float32) for _ in range(4)
    ]
    stains = scene.red[:, 3].tolist()
    depth = np.float32(patient.pallor)
    for (window, inner, sprite), stain in zip(_red_sprites(scene, stock, size), stains, strict=True):
        part = (stock.disks[sprite][inner] - depth * stock.pallors[sprite][inner]) * np.float32(stain)
        under = hemoglobin[window]
        # Overlapping cells are darker, but not twice as dark: they flatten against each other.
        part -= np.float32(0.45) * under * part
        under += part
    if patient.red_blur:
        sigma = patient.red_blur * stock.scale
        hemoglobin = planes[0] = cv2.GaussianBlur(hemoglobin, (0, 0), max(sigma, 0.2))
    for outline, stain in scene.smudges:
        _smudge(outline, stain, stock, size, eosin, chromatin)
    side = stock.platelets.shape[1]
    corners = _corners(scene.platelets, stock.scale, side)
    for (left, top), (kind, stain) in zip(corners, scene.platelets[:, 2:].tolist(), strict=True):
        window, inner = _clip(left, top, side, size)
        speck = stock.platelets[round(kind * (PLATELETS - 1))][inner] * np.float32(stain)
        chromatin[window] += np.float32(0.5) * speck
        eosin[window] += np.float32(0.45) * speck
    for cell in scene.white:
        _white_cell(cell, stock, size, planes)
    return planes


def _smudge(
    outline: NDArray[np.float64], stain: float, stock: Stock, size: int, eosin: _Float32, chromatin: _Float32
) -> None:
    window = _window(outline, stock.scale, size)
    if window is None:
        return
    body = cv2.GaussianBlur(_cover((outline,), window, stock.scale), (0, 0), max(1.6 * stock.scale, 0.5))
    shape = (body.shape[0], body.shape[1])
    veil = 0.8 + 0.18 * _crop(stock.clouds, shape, stain, 0.3) + 0.10 * _crop(stock.coarse, shape, 0.6, stain)
    body *= np.maximum(veil, 0) * np.float32(stain)
    eosin[window] += body
    chromatin[window] += np.float32(0.10) * body


def _white_cell(cell: WhiteCell, stock: Stock, size: int, planes: list[_Float32]) -> None:
    window = _window(cell.outline, stock.scale, size)
    if window is None:
        return
    body = _cover((cell.outline,), window, stock.scale)
    core = np.minimum(_cover(cell.lobes, window, stock.scale), body)
    shape = (body.shape[0], body.shape[1])
    x, y, z, turn = cell.texture.tolist()
    wash = body - core
    # White cells are thick: what lies under them hardly shows.
    clear = 1 - np.float32(0.94) * body
    for plane in planes:
        plane[window] *= clear
    _, chromatin, cytoplasm, eosin = (plane[window] for plane in planes)

    clouds = _crop(stock.clouds, shape, x, y)
    chromatin += core * _chromatin(cell, stock, window, core, (x, y, z, turn))
    # Where chromatin is thin, the nucleus looks redder.
    reddish = 0.20 + 0.10 * _crop(stock.clouds, shape, z, x)
    eosin += core * np.maximum(reddish, 0)
    rim = np.float32(0.85) + np.float32(0.12) * clouds + np.float32(0.35) * _edge(body, stock.scale)
    cytoplasm += np.float32(cell.basophilia) * wash * rim
    if cell.granules:
        grain = 0.6 + 0.45 * _crop(stock.fine, shape, y, z)
        eosin += np.float32(cell.granules) * wash * np.maximum(grain, 0)


def _edge(cover: _Float32, scale: float) -> _Float32:
    """1 at the inner border of a shape, falling to 0 within some px: membranes are seen edge-on."""
    side = 2 * round(1.5 * scale) + 1
    edge: _Float32 = cover * (1 - cv2.blur(cover, (side, side), borderType=cv2.BORDER_REPLICATE))
    return edge


def _chromatin(
    cell: WhiteCell, stock: Stock, window: _Window, core: _Float32, texture: tuple[float, float, float, float]
) -> _Float32:
    """Amount of chromatin inside a nucleus, about the cell's density."""
    x, y, z, turn = texture
    shape = (core.shape[0], core.shape[1])
    fine, coarse = _crop(stock.fine, shape, y, x), _crop(stock.coarse, shape, z, y)
    grain = (0.75 - 0.55 * cell.clumping) * cell.contrast
    clump = (0.15 + 1.45 * cell.clumping) * cell.contrast
    shade = np.float32(1) + np.float32(grain) * fine + np.float32(clump) * coarse
    shade += np.float32(0.05) * _crop(stock.clouds, shape, x, z)
    shade += np.float32(0.42) * _edge(core, stock.scale)
    # Nuclei are thicker on one side.
    across = np.linspace(-0.06, 0.06, shape[1], dtype=np.float32) * np.float32(np.cos(2 * np.pi * turn))
    down = np.linspace(-0.06, 0.06, shape[0], dtype=np.float32) * np.float32(np.sin(2 * np.pi * turn))
    shade += across[None, :] + down[:, None]
    rows, columns = window
    for spot in cell.nucleoli.tolist():
        at_x = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(spot[0] * stock.scale)
        at_y = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(spot[1] * stock.scale)
        spread = np.float32(-1 / (spot[2] * stock.scale) ** 2)
        shade -= np.float32(0.24) * np.exp(spread * at_y * at_y)[:, None] * np.exp(spread * at_x * at_x)[None]
    shade *= np.float32(cell.density)
    return shade


def _photograph(
    planes: list[_Float32], patient: Patient, stock: Stock, rng: np.random.Generator
) -> NDArray[np.uint8]:
    dyes = patient.palette.dyes.astype(np.float32)
    # The empty slide and the gray scale ride along as the constant of the affine transform.
    constant = patient.palette.empty - np.log(256.0)
    density = cv2.transform(cv2.merge(planes), -dyes)
    density -= cv2.transform(stock.basis, np.column_stack([patient.tint, constant]).astype(np.float32))
    photo = cv2.exp(density)
    kernel = _lens(patient.blur * stock.scale, patient.sharpening)
    photo = cv2.sepFilter2D(photo, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
    left, top = rng.integers(0, 61, 2).tolist()
    size = photo.shape[0]
    noise = stock.sensor[top : top + size, left : left + size]
    return np.asarray(cv2.addWeighted(photo, 1.0, noise, patient.noise, 0.0, dtype=cv2.CV_8U), dtype=np.uint8)


def _lens(sigma: float, sharpening: float) -> _Float32:
    """One-dimensional blur of the optics, with the negative lobes of the camera's sharpening."""
    half = max(2, int(np.ceil(3.0 * sigma)) + 1)
    at = np.arange(-half, half + 1, dtype=np.float64)
    narrow = np.exp(-0.5 * (at / max(sigma, 0.25)) ** 2)
    wide = np.exp(-0.5 * (at / (2.2 * max(sigma, 0.25))) ** 2)
    kernel = (1 + sharpening) * narrow / narrow.sum() - sharpening * wide / wide.sum()
    lens: _Float32 = (kernel / kernel.sum()).astype(np.float32)
    return lens
