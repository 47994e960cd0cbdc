"""Cells as samples, and objects against boxes, on data of other labs.

Run it from the repository root: ``python benchmarks/cell_samples.py DATA``.

``DATA`` is the folder that holds ``wbc-masks``, ``bccd`` (github.com/Shenggan/BCCD_Dataset) and ``pbc-boxes``
(github.com/lugan113/TXL-PBC_Dataset). Prints accuracy and macro F1 with 95% intervals under both protocols,
and recall, precision, F1 and count error of the default segmenter against the boxes of white cells.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import leukokit
from leukokit.record.scores import ProtocolScores

WHITE = """
leukokit: 1
name: white_cells
data: wbc_masks
unit: {of: cell, margin: 0.25, classes: [neutrophil, lymphocyte, monocyte, eosinophil]}
evaluate: [blocked, random]
segment: smear_cells
features: [morphology, color_statistics, intensity, haralick, lbp]
classify: {use: svm, params: {C: 10}}
audit: {enabled: false}
"""
"""Without the only basophil, which cannot be learned and tested."""

BLOOD = """
leukokit: 1
name: blood_cells
data: {use: boxes, params: {root: ROOT}}
unit: cell
evaluate:
  - {name: blocked, split: {method: blocks, test: 0.2, validation: 0.2}}
  - {name: random, split: {method: holdout, test: 0.2, validation: 0.2}}
features: [lbp]
classify: knn
audit: {enabled: false}
"""

SEGMENTED = """
leukokit: 1
name: segmented
data: {use: boxes, params: {root: ROOT, CLASSES}}
segment: smear_cells
audit: {enabled: false}
"""


def measured(text: str, folder: Path, root: Path, classes: str = "") -> dict[str, Any]:
    """Run a recipe, and give its metrics."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(text.replace("ROOT, CLASSES", f"ROOT{classes}").replace("ROOT", json.dumps(str(root))))
    return dict(leukokit.run(recipe, out=folder / "runs").metrics)


def shown(scores: ProtocolScores | dict[str, Any], name: str) -> str:
    """Score with its interval."""
    values: Any = scores
    bounds = values["intervals"][name]
    return f"{name} {values[name]:.3f} [{bounds['low']:.3f}, {bounds['high']:.3f}]"


def main() -> None:
    """Print all numbers."""
    data = Path(sys.argv[1]).resolve()
    os.environ["LEUKOKIT_DATA"] = str(data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, recipe in (("wbc-masks", WHITE), ("bccd", BLOOD)):
            for protocol in measured(recipe, folder, data / name)["protocols"]:
                test = protocol["test"]
                print(f"{name}, {protocol['name']}: n {test['n']}, {shown(test, 'accuracy')}, ", end="")
                print(shown(test, "macro_f1"))
        for name, classes in (("bccd", ""), ("pbc-boxes", ", classes: [WBC, RBC, Platelets]")):
            found = measured(SEGMENTED, folder, data / name, classes)["segmentation"]["cell_box"]
            numbers = ("recall", "precision", "f1", "f1_50_95", "panoptic_quality", "count_error")
            print(f"{name}, white cells: " + ", ".join(f"{key} {found[key]:.3f}" for key in numbers))


if __name__ == "__main__":
    main()
