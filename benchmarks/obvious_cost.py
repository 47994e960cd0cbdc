"""What the obvious segmentation costs as it is installed: threads as its libraries start them.

scikit-learn's k-means starts a thread a core for every iteration, and waiting threads burn processor time::

    LEUKOKIT_DATA=... python benchmarks/obvious_cost.py [--images 40] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import obvious_segmentation as obvious
from segmentation_agreement import spread

from leukokit.api import read_image

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    images = [read_image(path) for path in spread(DATA / "all-pbs", arguments.images)]
    obvious.segment(images[0], 0)
    clock, processor = time.perf_counter(), time.process_time()
    for image in images:
        obvious.segment(image, 0)
    facts = {
        "ms": (time.perf_counter() - clock) * 1e3 / len(images),
        "processor_ms": (time.process_time() - processor) * 1e3 / len(images),
    }
    print(json.dumps(facts) if arguments.json else facts)


if __name__ == "__main__":
    main()
