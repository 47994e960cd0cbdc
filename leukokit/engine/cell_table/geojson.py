"""Cells of an image as GeoJSON, in the form that QuPath reads and writes."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leukokit.api import NUCLEUS, FloatArray, LabelImage, Labels
from leukokit.engine.cell_table.columns import KINDS, CellKind
from leukokit.engine.cell_table.outlines import Ring, polygons

_CLASSES = {
    CellKind.WHITE: ("White cell", [40, 60, 220]),
    CellKind.RED: ("Red cell", [200, 30, 30]),
    CellKind.PLATELET: ("Platelet", [0, 130, 0]),
}
_IDS = uuid.UUID(
    "6a0d9f0e-4d2b-5c1b-9a2e-3f1f0a8b7c55"
)  # the namespace of ids: the same cell has the same id


def cells_geojson(image: str, labels: Labels, table: FloatArray, names: Sequence[str]) -> bytes:
    """GeoJSON of the cells of one image.

    Parameters
    ----------
    image : str
        Id of the image.
    labels : Labels
    table : float64 array (n, len(names))
        The image's rows of the table of cells.
    names : sequence of str
        Columns of ``table``.

    Returns
    -------
    bytes
        A FeatureCollection, a line for each cell: Polygon or MultiPolygon in px of the image's file, with
        ``classification`` and ``measurements`` among its properties; white cells have ``nucleusGeometry``.
    """
    lines = [json.dumps(feature, ensure_ascii=False) for feature in _features(image, labels, table, names)]
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def _features(
    image: str, labels: Labels, table: FloatArray, names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    column = {name: index for index, name in enumerate(names)}
    measured = [index for name, index in column.items() if name not in ("kind", "cell", "status")]
    for row in table:
        kind, number = KINDS[int(row[column["kind"]])], int(row[column["cell"]])
        left, top, right, bottom = (
            int(row[column[f"box_{side}"]]) for side in ("left", "top", "right", "bottom")
        )
        box, zoom = (slice(top, bottom), slice(left, right)), float(row[column["zoom"]])
        geometry = _geometry(labels.roles[kind.role], number, box, zoom)
        title, color = _CLASSES[kind]
        feature: dict[str, Any] = {
            "type": "Feature",
            "id": str(uuid.uuid5(_IDS, f"{image}\n{kind}\n{number}")),
            "geometry": geometry,
            "properties": {
                "objectType": "cell" if kind is CellKind.WHITE else "detection",
                "name": f"{kind} {number}",
                "classification": {"name": title, "color": color},
                "measurements": {
                    names[index]: float(row[index]) for index in measured if not math.isnan(row[index])
                },
            },
        }
        if kind is CellKind.WHITE and NUCLEUS in labels.roles:
            nucleus = _geometry(labels.nucleus, number, box, zoom)
            if nucleus["coordinates"]:
                feature["nucleusGeometry"] = nucleus
        yield feature


def _geometry(label_image: LabelImage, number: int, box: tuple[slice, slice], zoom: float) -> dict[str, Any]:
    """Outline of one object, in px of the file; of the segmented image where their ratio is not known."""
    offset = np.array([box[1].start, box[0].start])
    per_px = 1.0 if math.isnan(zoom) else 1 / zoom

    def closed(ring: Ring) -> list[list[float]]:
        corners = ring + offset
        scaled = corners if per_px == 1.0 else (corners * per_px).round(3)
        points: list[list[float]] = scaled.tolist()
        return [*points, points[0]]

    parts = [[closed(ring) for ring in polygon] for polygon in polygons(label_image[box] == number)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}
