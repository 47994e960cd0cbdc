"""Count the files that the work on one image passes, and the moves from file to file; run by ``house.py``.

One rendered smear goes through the recipe ``svm_segmented`` up to its features, twice in this process: the
first pass imports what is imported late, the second is traced. Traced is ``process_batch``, the work that a
worker does for a batch, here a batch of one image: once to measure the scale, once for the steps of the
recipe. Prints the counts of each as JSON::

    PYTHONPATH=CHECKOUT python benchmarks/house_trace.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

import cv2

import leukokit
from leukokit.api import Dataset
from leukokit.catalog import discover

PACKAGE = str(Path(leukokit.__file__).parent) + "/"
TRACED = "process_batch"

RECIPE = """\
leukokit: 1
name: house
data: {{use: folder, params: {{root: "{root}"}}, scale: dataset}}
preprocess: [{{use: reinhard}}, {{use: median, params: {{size: 3}}}}]
segment: {{use: kmeans_watershed}}
features:
  - {{use: contours, params: {{within: cell, unit: um}}}}
  - {{use: hog}}
  - {{use: color_statistics, params: {{regions: [nucleus, cell]}}}}
  - {{use: morphology, params: {{unit: um}}}}
audit: {{enabled: false}}
"""


@dataclass
class Pass:
    """What one call of ``TRACED`` called in turn.

    Attributes
    ----------
    files : set of str
        Files of the package whose functions were called.
    calls : int
        Calls of the package's functions that are written in Python.
    moves : int
        How often the file changed, on the way into a function and on the way back.
    """

    files: set[str] = field(default_factory=set)
    calls: int = 0
    moves: int = 0


class Trace:
    """Follows calls while ``TRACED`` runs; for ``sys.setprofile``."""

    def __init__(self) -> None:
        self.passes: list[Pass] = []
        self._stack: list[str] = []

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Follow one call or return."""
        del argument
        file = frame.f_code.co_filename
        if event not in ("call", "return") or not file.startswith(PACKAGE):
            return
        if event == "call":
            if not self._stack:
                if frame.f_code.co_name != TRACED:
                    return
                self.passes.append(Pass())
            self._enter(file)
        elif self._stack:
            left = self._stack.pop()
            if self._stack:
                self.passes[-1].moves += self._stack[-1] != left

    def _enter(self, file: str) -> None:
        current = self.passes[-1]
        current.calls += 1
        current.files.add(file.removeprefix(PACKAGE))
        current.moves += bool(self._stack) and self._stack[-1] != file
        self._stack.append(file)


def main() -> None:
    """Run twice, trace the second time, print."""
    trace = Trace()
    with tempfile.TemporaryDirectory() as folder:
        recipe = _written(Path(folder))
        for profile in (None, trace):
            sys.setprofile(profile)
            leukokit.run(recipe, out=Path(folder) / "runs", cache=None, executor="inline", workers=1)
            sys.setprofile(None)
    if not trace.passes:
        raise SystemExit(f"no function named {TRACED} was called: name the one that works on a batch")
    passes = [asdict(each) | {"files": sorted(each.files)} for each in trace.passes]
    print(json.dumps(passes))


def _written(folder: Path) -> Path:
    """Write the image and the recipe; give the recipe's path."""
    smears = discover().get("dataset", "smears").load().create(per_class=3)
    assert isinstance(smears, Dataset)
    sample = smears.samples()[0]
    image = folder / "images" / str(sample.label) / "smear.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(cv2.imencode(".png", smears.render(sample)[..., ::-1])[1].tobytes())
    recipe = folder / "house.yaml"
    recipe.write_text(RECIPE.format(root=folder / "images"))
    return recipe


if __name__ == "__main__":
    main()
