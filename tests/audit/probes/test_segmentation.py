"""The probe of the segmentation sees counts and areas alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukokit.audit.probes.segmentation import counts_and_areas


def test_counts_and_areas_are_picked_and_filled():
    """In the order of the ids; a missing value is the mean."""
    table = pd.DataFrame(
        {
            "morphology_cell_count": [1.0, 3.0],
            "morphology_nc_area_ratio_mean": [np.nan, 0.5],
            "texture_contrast": [9.0, 9.0],
            "color_discount": [9.0, 9.0],
        },
        index=["x", "y"],
    )

    assert counts_and_areas(table, ["y", "x", "z"]).tolist() == [[3, 0.5], [1, 0.5], [2, 0.5]]
    assert counts_and_areas(table[["texture_contrast"]], ["x"]) is None
