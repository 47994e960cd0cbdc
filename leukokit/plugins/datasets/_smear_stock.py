"""Parts that all fields of a data set share, drawn once: noise tiles, red cells, platelets, scale bars.

A field has a hundred red cells. Copying a prepared sprite takes a few microseconds, drawing a cell twenty
times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_scene import RED_RADII, RED_RADIUS

_Float32 = NDArray[np.float32]

PLATELETS = 48
_DRAWN_AT = 224
"""Side of the images that scale bars were measured on, in px."""
BAR_STYLES = ("small boxed", "small red", "large 200", "large 500")


@dataclass(frozen=True, slots=True)
class Stock:
    """Prepared parts, at the scale of one image size.

    Attributes
    ----------
    scale : float
        px of the image per reference px.
    fine, coarse, clouds : float32 arrays, side x side
        Noise of unit variance: chromatin grain, chromatin clumps, broad shading.
    sensor : float32 array, (size + 61) x (size + 61) x 3
        Sensor noise of unit variance, correlated a little between neighbors and channels.
    disks : float32 array, n x b x b
        Hemoglobin of red cells without pallor, about 1; by size, crenated ones last.
    pallors : float32 array of the same shape
        Hemoglobin that full pallor removes.
    covers : bool array of the same shape
        Px that belong to the cell.
    round_cells : int
        Number of round red cells; the others are crenated.
    platelets : float32 array, PLATELETS x p x p
        Stain of platelets, 0..1, by size.
    platelet_covers : bool array of the same shape
        Px that belong to the platelet.
    basis : float32 array, size x size x 3
        x, y (-1..1) and squared distance from the center, for uneven illumination.
    """

    scale: float
    fine: _Float32
    coarse: _Float32
    clouds: _Float32
    sensor: _Float32
    disks: _Float32
    pallors: _Float32
    covers: NDArray[np.bool_]
    round_cells: int
    platelets: _Float32
    platelet_covers: NDArray[np.bool_]
    basis: _Float32


def make_stock(rng: np.random.Generator, size: int, field: float, aspect: float, sprites: int) -> Stock:
    """Draw the parts for images of ``size`` px, from the data set's own random generator."""
    scale = size / field
    crenated = sprites // 4
    disks, pallors, covers = _red_cells(rng, scale, aspect, sprites - crenated, crenated)
    platelets, platelet_covers = _platelets(rng, scale, aspect)
    for sheet in (disks, pallors, covers, platelets, platelet_covers):
        sheet.setflags(write=False)
    return Stock(
        scale=scale,
        fine=_band(rng, scale, 0.55, 1.3),
        coarse=_clumps(rng, scale),
        clouds=_band(rng, scale, 3.0, 9.0),
        sensor=_sensor(rng, size + 61),
        disks=disks,
        pallors=pallors,
        covers=covers,
        round_cells=sprites - crenated,
        platelets=platelets,
        platelet_covers=platelet_covers,
        basis=_light_basis(size),
    )


def _unit(tile: _Float32) -> _Float32:
    scaled: _Float32 = np.clip((tile - tile.mean()) / tile.std(), -2.5, 2.5).astype(np.float32)
    scaled.setflags(write=False)
    return scaled


def _band(rng: np.random.Generator, scale: float, narrow: float, wide: float) -> _Float32:
    """Band-pass filtered noise: difference of two blurs, given in reference px."""
    side = max(160, round(160 * scale))
    noise = rng.standard_normal((side, side), dtype=np.float32)
    fine, broad = _blurred(noise, max(narrow * scale, 0.35)), _blurred(noise, max(wide * scale, 0.8))
    return _unit(np.asarray(fine - broad, dtype=np.float32))


def _blurred(noise: _Float32, sigma: float) -> _Float32:
    """Gaussian blur; wide ones on a smaller grid, so that the time does not grow with the width."""
    if sigma <= 8.0:
        return np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), dtype=np.float32)
    factor = 4.0 / sigma
    small = cv2.resize(noise, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 4.0)
    return np.asarray(cv2.resize(soft, noise.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _clumps(rng: np.random.Generator, scale: float) -> _Float32:
    """Coarse chromatin: blobs with soft borders, from band-pass noise compressed towards two levels."""
    return _unit(np.tanh(1.6 * _band(rng, scale, 1.0, 2.8)).astype(np.float32))


def _sensor(rng: np.random.Generator, side: int) -> _Float32:
    own = rng.standard_normal((side, side, 3), dtype=np.float32)
    shared = rng.standard_normal((side, side, 1), dtype=np.float32)
    both: _Float32 = np.float32(0.6) * own + shared
    return _unit(np.asarray(cv2.GaussianBlur(both, (0, 0), 0.5), dtype=np.float32))


def _light_basis(size: int) -> _Float32:
    axis = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    basis = np.stack([x, y, x * x + y * y], axis=2)
    basis.setflags(write=False)
    return basis


def _red_cells(
    rng: np.random.Generator, scale: float, aspect: float, plain: int, crenated: int
) -> tuple[_Float32, _Float32, NDArray[np.bool_]]:
    """Biconcave disks of many sizes and slightly different shapes; their central pallor separately."""
    count = plain + crenated
    relative = np.concatenate([np.linspace(*RED_RADII, plain), np.linspace(0.82, 1.12, crenated)])
    radii = np.float32(RED_RADIUS) * relative.astype(np.float32)
    half = int(np.ceil(1.35 * radii.max() * scale / np.sqrt(min(aspect, 1 / aspect)))) + 1
    axis = np.arange(-half, half + 1, dtype=np.float32)
    shift = rng.uniform(-0.5, 0.5, (2, count, 1, 1)).astype(np.float32)
    x = (axis[None, None, :] - shift[0]) / (scale * np.sqrt(aspect))
    y = (axis[None, :, None] - shift[1]) / (scale / np.sqrt(aspect))
    x, y = np.broadcast_arrays(x, y)
    angle = np.arctan2(y, x)
    outline = np.ones_like(angle)
    for wave, height in ((2, 0.07), (3, 0.035), (4, 0.018), (5, 0.012)):
        amplitude = height * np.clip(rng.standard_normal((count, 1, 1)), -2.2, 2.2)
        outline += amplitude * np.cos(wave * (angle - rng.uniform(0, 2 * np.pi, (count, 1, 1))))
    spikes = rng.integers(8, 14, (crenated, 1, 1))
    teeth = np.cos(spikes * angle[plain:] + rng.uniform(0, 2 * np.pi, (crenated, 1, 1)))
    outline[plain:] += 0.065 * teeth * (1 + 0.5 * np.cos(2 * angle[plain:]))
    inside = np.hypot(x, y) / (radii[:, None, None] * outline)
    # A biconcave disk: thickest at two thirds of the radius, half as thick at .92, as measured on single red
    # cells of pbc-boxes and bccd relative to their boxes.
    edge = np.clip((1.0 - inside) / max(0.16, 1.0 / (RED_RADIUS * scale)), 0.0, 1.0)
    ring = 0.76 + 0.34 * np.exp(-(((inside - 0.70) / 0.22) ** 2))
    off = 0.10 * rng.standard_normal((2, count, 1, 1)) * radii[:, None, None]
    hollow = np.hypot(x - off[0], y - off[1]) / radii[:, None, None]
    width = rng.uniform(0.38, 0.60, (count, 1, 1))
    depth = rng.uniform(0.7, 1.05, (count, 1, 1))
    # Every eighth red cell is dense, without pallor.
    depth[::8] *= 0.12
    pallor = depth / (1.0 + np.exp((hollow - width) / 0.085))
    disks = (edge * ring).astype(np.float32)
    pallors = (disks * np.minimum(pallor, 0.97)).astype(np.float32)
    # Crop empty margins, equally on both sides: every px of a sprite takes time in every field.
    rows, columns = (np.flatnonzero((edge > 0).any(axis=axes))[0] for axes in ((0, 2), (0, 1)))
    inner = (slice(None), slice(rows, 2 * half + 1 - rows), slice(columns, 2 * half + 1 - columns))
    return disks[inner].copy(), pallors[inner].copy(), inside[inner] < 1.0


def _platelets(rng: np.random.Generator, scale: float, aspect: float) -> tuple[_Float32, NDArray[np.bool_]]:
    """Blurred granular specks of 1 to 3 um, some large ones of 4 um, and their masks."""
    half = max(2, int(np.ceil(6.0 * scale)))
    axis = np.arange(-half, half + 1, dtype=np.float32) / scale
    x, y = np.meshgrid(axis / np.sqrt(aspect), axis * np.sqrt(aspect))
    sheets, covers = [], []
    for radius in np.geomspace(0.9, 3.8, PLATELETS):
        tilt = rng.uniform(0, np.pi)
        along, across = np.cos(tilt) * x + np.sin(tilt) * y, np.cos(tilt) * y - np.sin(tilt) * x
        wide = rng.uniform(1.0, 1.3)
        body = np.exp(-((np.hypot(along / wide, across * wide) / radius) ** 4))
        grain = cv2.GaussianBlur(
            rng.standard_normal(x.shape, dtype=np.float32), (0, 0), max(0.5 * scale, 0.4)
        )
        sheets.append(body * np.clip(0.8 + 0.5 * grain / (grain.std() + 1e-6), 0.15, 1.6))
        covers.append(body > 0.4)
    return np.stack(sheets).astype(np.float32), np.stack(covers)


def draw_bar(style: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Draw a scale bar in one of the styles of the real data.

    Parameters
    ----------
    style : int
        Index into ``BAR_STYLES``.
    size : int
        Side of the image, in px.

    Returns
    -------
    patch : uint8 array, h x w x 3
        Colors of the patch in the bottom-right corner.
    opacity : float32 array, h x w
        1 where the bar hides the smear.
    """
    # Drawn eight times larger and averaged, as in the photographs.
    zoom = 8
    large = style >= 2
    width, height = (30, 19) if large else (23, 11)
    patch = np.full((height * zoom, width * zoom, 3), 255, dtype=np.uint8)
    opacity = np.zeros(patch.shape[:2], dtype=np.uint8)
    color = (214, 32, 38) if style == 1 else (18, 18, 20)
    if large:
        opacity[:] = 255
        text = "200 px" if style == 2 else "500 px"
        _write(patch, opacity, text, (3 * zoom, round(9.5 * zoom)), 0.92 * zoom / 4, color, 0.55 * zoom)
        marks = [((3, 14), (width, 14)), ((3, 11), (3, 17))]
        thick = round(1.1 * zoom)
    else:
        if style == 0:
            opacity[:] = 255
        _write(patch, opacity, "100 pix", (5 * zoom, 6 * zoom), 0.44 * zoom / 4, color, 0.3 * zoom)
        marks = [((1, 3), (1, 9)), ((21, 3), (21, 9))] if style == 1 else [((1, 3), (1, 9))]
        thick = round(0.8 * zoom)
    for start, end in marks:
        line = [(round(p[0] * zoom), round(p[1] * zoom)) for p in (start, end)]
        cv2.line(patch, line[0], line[1], color, thick)
        cv2.line(opacity, line[0], line[1], 255, thick)
    scale = size / _DRAWN_AT
    shape = (max(4, round(width * scale)), max(3, round(height * scale)))
    small = cv2.resize(opacity, shape, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.asarray(cv2.resize(patch, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8), small


def _write(
    patch: NDArray[np.uint8],
    opacity: NDArray[np.uint8],
    text: str,
    at: tuple[int, int],
    font_scale: float,
    color: tuple[int, int, int],
    thick: float,
) -> None:
    face = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(patch, text, at, face, font_scale, color, round(thick))
    cv2.putText(opacity, text, at, face, font_scale, (255,), round(thick))
