"""Numbers that each probe is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.image_traits import CORNERS
from leukokit.audit.measure import MeasuredImages
from leukokit.recipe.audit import AuditSpec, Limits
from leukokit.record.audit import CELLS_PROBE


@dataclass(frozen=True, slots=True)
class ProbeInput:
    """What one probe sees.

    Attributes
    ----------
    name : str
    what : str
        The numbers, in words.
    blocks : mapping of str to float64 array (n, d)
        Sets of columns by name, of which the training part chooses one.
    limits : Limits
    """

    name: str
    what: str
    blocks: Mapping[str, FloatArray]
    limits: Limits


def probe_inputs(
    measured: MeasuredImages,
    spec: AuditSpec,
    *,
    cells: bool,
    counted: FloatArray | None,
    missing: FloatArray | None,
) -> list[ProbeInput]:
    """List the probes that have input.

    Parameters
    ----------
    measured : MeasuredImages
        The labeled images, n of them.
    spec : AuditSpec
        With the limits.
    cells : bool
        Whether a sample is a cell: the size of its crop is then no property of a file.
    counted, missing : float64 array (n, d), optional
        Counts and areas of segmented cells; which features are missing, and the status.
    """
    strokes = {f"in the corner {name}": measured.strokes[:, i] for i, name in enumerate(CORNERS)}
    color = "mean and standard deviation of L, a and b over the whole image"
    inputs = [
        ProbeInput("color", color, {"": measured.color}, spec.probe_color),
        ProbeInput("frame", "the same six numbers in the outer 8 px", {"": measured.frame}, spec.probe_frame),
        ProbeInput("corner", "dark strokes", strokes, spec.probe_corner),
    ]
    red_cells, glass = "color, spread and area of the red cells", "color, spread and area of the background"
    sharpness = "width of edges, contrast and exposure"
    inputs += [
        ProbeInput("red_cells", red_cells, {"": measured.red_cells}, spec.probe_red_cells),
        ProbeInput("glass", glass, {"": measured.glass}, spec.probe_glass),
        ProbeInput("sharpness", sharpness, {"": sharpness_numbers(measured)}, spec.probe_sharpness),
    ]
    if not cells:
        known = not np.isnan(measured.bytes).any()
        files = np.column_stack([measured.size, measured.bytes]) if known else measured.size
        what = "width and height" + (" and bytes" if known else "")
        inputs.append(ProbeInput("file", what, {"": files}, spec.probe_file))
    if counted is not None:
        what = "counts and areas of the segmented cells"
        inputs.append(ProbeInput(CELLS_PROBE, what, {"": counted}, spec.probe_segmentation))
    if missing is not None:
        what = "which features are missing, and the status of the segmentation"
        inputs.append(ProbeInput("missing", what, {"": missing}, spec.probe_missing))
    return inputs


def sharpness_numbers(measured: MeasuredImages) -> FloatArray:
    """Width of edges, contrast and share of white pixels, n x 3."""
    contrast = measured.exposure[:, 3] - measured.exposure[:, 0]
    return np.column_stack([np.nan_to_num(measured.blur), contrast, measured.exposure[:, 4]])
