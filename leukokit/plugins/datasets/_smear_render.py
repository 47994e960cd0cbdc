"""Rendering of a scene.

It models the formation of a microscope image: dyes absorb (optical densities are additive), illumination is
uneven, optics blur, and the camera sharpens and adds noise.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RGBImage
from leukokit.plugins.datasets._smear_geometry import (
    Bar,
    Float32,
    Window,
    coverage,
    outline_window,
    platelet_sprites,
    red_sprites,
    sprite_windows,
)
from leukokit.plugins.datasets._smear_scene import Scene
from leukokit.plugins.datasets._smear_stock import Stock
from leukokit.plugins.datasets._smear_traits import Patient
from leukokit.plugins.datasets._smear_white import WhiteCell


def render(
    scene: Scene, patient: Patient, stock: Stock, rng: np.random.Generator, size: int, bar: Bar | None
) -> RGBImage:
    """Render a scene, uint8 size x size x 3."""
    planes = _stain(scene, patient, stock, size)
    photo = _photograph(planes, patient, stock, rng)
    if bar is not None:
        corner = bar.patch_window(size)
        opacity = bar.opacity[:, :, None]
        photo[corner] = np.rint(photo[corner] * (1 - opacity) + bar.patch * opacity).astype(np.uint8)
    return photo


def _crop(tile: Float32, shape: tuple[int, int], x: float, y: float) -> Float32:
    """Crop a noise tile at the position given by the fractions x and y of the possible range."""
    height, width = shape
    top, left = int(y * (tile.shape[0] - height)), int(x * (tile.shape[1] - width))
    return tile[top : top + height, left : left + width]


def _stain(scene: Scene, patient: Patient, stock: Stock, size: int) -> Float32:
    """Amount of hemoglobin, chromatin, cytoplasm and eosin in each px, 4 x size x size."""
    planes = np.zeros((4, size, size), dtype=np.float32)
    hemoglobin, chromatin, _, eosin = planes
    # Overlapping cells are darker, but not twice as dark, since they flatten each other.
    overlap = np.float32(-0.35 - 0.4 * patient.rouleaux)
    sprites = red_sprites(scene, stock)
    parts = stock.disks[sprites] - np.float32(patient.pallor) * stock.pallors[sprites]
    parts *= scene.red[:, 3, None, None].astype(np.float32)
    for part, (box, inner) in zip(
        parts, sprite_windows(scene.red, stock.scale, parts.shape, size), strict=True
    ):
        under = hemoglobin[box]
        thinned = under * overlap
        thinned += 1
        thinned *= part[inner]
        under += thinned
    if patient.red_blur:
        sigma = patient.red_blur * stock.scale
        cv2.GaussianBlur(hemoglobin, (0, 0), max(sigma, 0.2), dst=hemoglobin)
    for outline, stain in scene.smudges:
        _smudge(outline, stain, stock, size, planes)
    specks = sprite_windows(scene.platelets, stock.scale, stock.platelets.shape, size)
    numbers, stains = platelet_sprites(scene).tolist(), scene.platelets[:, 3].tolist()
    for (box, inner), number, stain in zip(specks, numbers, stains, strict=True):
        speck = stock.platelets[number][inner] * np.float32(stain)
        chromatin[box] += np.float32(0.75) * speck
        eosin[box] += np.float32(0.25) * speck
    for cell in scene.white:
        _white_cell(cell, stock, size, planes)
    return planes


def _smudge(outline: NDArray[np.float64], stain: float, stock: Stock, size: int, planes: Float32) -> None:
    box = outline_window(outline, stock.scale, size)
    if box is None:
        return
    body = coverage((outline,), box, stock.scale)
    cv2.GaussianBlur(body, (0, 0), max(1.6 * stock.scale, 0.5), dst=body)
    shape = (body.shape[0], body.shape[1])
    veil = 0.8 + 0.18 * _crop(stock.clouds, shape, stain, 0.3) + 0.10 * _crop(stock.coarse, shape, 0.6, stain)
    body *= np.maximum(veil, 0) * np.float32(stain)
    hemoglobin, chromatin, _, eosin = planes[:, box[0], box[1]]
    # A film through which red cells below are hardly visible.
    hemoglobin *= np.maximum(1 - np.float32(1.1) * body, np.float32(0.25))
    eosin += body
    chromatin += np.float32(0.20) * body


def _white_cell(cell: WhiteCell, stock: Stock, size: int, planes: Float32) -> None:
    box = outline_window(cell.outline, stock.scale, size)
    if box is None:
        return
    body = coverage((cell.outline,), box, stock.scale)
    core = np.minimum(coverage(cell.lobes, box, stock.scale), body)
    shape = (body.shape[0], body.shape[1])
    x, y, z, turn = cell.texture.tolist()
    wash = body - core
    # White cells are thick: objects under them are hardly visible.
    clear = 1 - np.float32(0.94) * body
    here = planes[:, box[0], box[1]]
    here *= clear
    _, chromatin, cytoplasm, eosin = here

    clouds = _crop(stock.clouds, shape, x, y)
    chromatin += core * _chromatin(cell, stock, box, core, (x, y, z, turn))
    # Where chromatin is thin, the nucleus looks redder.
    reddish = 0.17 + 0.11 * _crop(stock.clouds, shape, z, x)
    eosin += core * np.maximum(reddish, 0)
    rim = np.float32(0.85) + np.float32(0.12) * clouds + np.float32(0.35) * _edge(body, stock.scale)
    cytoplasm += np.float32(cell.basophilia) * wash * rim
    if cell.granules:
        # Eosinophils have many coarse granules, neutrophils a few fine ones.
        grain = 0.7 + (0.20 + 0.10 * cell.grain) * _crop(stock.fine, shape, y, z)
        if cell.grain:
            grain += np.float32(0.3 * cell.grain) * (1 + _crop(stock.coarse, shape, z, y))
        eosin += np.float32(cell.granules) * wash * np.maximum(grain, 0)


def _edge(shape: Float32, scale: float) -> Float32:
    """1 at the inner border of a shape, decreasing to 0 within a few px: membranes are seen edge-on."""
    side = 2 * round(1.5 * scale) + 1
    edge: Float32 = shape * (1 - cv2.blur(shape, (side, side), borderType=cv2.BORDER_REPLICATE))
    return edge


def _chromatin(
    cell: WhiteCell, stock: Stock, box: Window, core: Float32, texture: tuple[float, float, float, float]
) -> Float32:
    """Amount of chromatin inside a nucleus; its mean is about the cell's density."""
    x, y, z, turn = texture
    shape = (core.shape[0], core.shape[1])
    fine, coarse = _crop(stock.fine, shape, y, x), _crop(stock.coarse, shape, z, y)
    grain = (0.75 - 0.55 * cell.clumping) * cell.contrast
    clump = (0.15 + 1.0 * cell.clumping) * cell.contrast
    shade = np.float32(1) + np.float32(grain) * fine + np.float32(clump) * coarse
    shade += np.float32(0.05) * _crop(stock.clouds, shape, x, z)
    shade += np.float32(0.38) * _edge(core, stock.scale)
    # Nuclei are thicker on one side.
    tilt_x, tilt_y = 0.12 * np.cos(2 * np.pi * turn) / shape[1], 0.12 * np.sin(2 * np.pi * turn) / shape[0]
    shade += np.arange(shape[1], dtype=np.float32) * np.float32(tilt_x) - np.float32(0.5 * tilt_x * shape[1])
    shade += np.arange(shape[0], dtype=np.float32)[:, None] * np.float32(tilt_y)
    shade -= np.float32(0.5 * tilt_y * shape[0])
    rows, columns = box
    for spot in cell.nucleoli.tolist():
        at_x = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(spot[0] * stock.scale)
        at_y = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(spot[1] * stock.scale)
        spread = np.float32(-1 / (spot[2] * stock.scale) ** 2)
        shade -= np.float32(0.24) * np.exp(spread * at_y * at_y)[:, None] * np.exp(spread * at_x * at_x)[None]
    amount: Float32 = shade * np.float32(cell.density)
    return amount


def _photograph(
    planes: Float32, patient: Patient, stock: Stock, rng: np.random.Generator
) -> NDArray[np.uint8]:
    dyes = patient.palette.dyes.astype(np.float32)
    # The empty slide and the gray scale are the constant of the affine transform.
    constant = patient.palette.empty - np.log(260.0) + 0.012 * rng.standard_normal()
    density = cv2.transform(cv2.merge(list(planes)), -dyes)
    light = cv2.transform(stock.basis, np.column_stack([patient.tint, constant]).astype(np.float32))
    cv2.subtract(density, light, dst=density)
    photo = cv2.exp(density)
    kernel = _lens(patient.blur * stock.scale, patient.sharpening)
    photo = cv2.sepFilter2D(photo, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
    left, top = rng.integers(0, 61, 2).tolist()
    size = photo.shape[0]
    noise = stock.sensor[top : top + size, left : left + size]
    return np.asarray(cv2.addWeighted(photo, 1.0, noise, patient.noise, 0.0, dtype=cv2.CV_8U), dtype=np.uint8)


def _lens(sigma: float, sharpening: float) -> Float32:
    """One-dimensional blur of the optics, with the negative lobes of the camera's sharpening."""
    half = max(2, int(np.ceil(3.0 * sigma)) + 1)
    at = np.arange(-half, half + 1, dtype=np.float64)
    narrow = np.exp(-0.5 * (at / max(sigma, 0.25)) ** 2)
    wide = np.exp(-0.5 * (at / (2.2 * max(sigma, 0.25))) ** 2)
    kernel = (1 + sharpening) * narrow / narrow.sum() - sharpening * wide / wide.sum()
    lens: Float32 = (kernel / kernel.sum()).astype(np.float32)
    return lens
