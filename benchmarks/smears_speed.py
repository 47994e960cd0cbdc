"""Time the rendering of synthetic smears, of their truth masks and of training pairs, on one thread.

Processor time, best of several rounds over fields of all classes; the first image is told apart, because it
pays for the stock of noise tiles and red cells.

    python benchmarks/smears_speed.py [--images 120] [--size 224] [--lab all_pbs] [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import cv2

from leukokit.plugins.datasets.smears import Smears
from leukokit.testing.synthetic import smear_pairs


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call, in s."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=120, help="fields rendered a round")
    parser.add_argument("--size", type=int, default=224, help="side of the images, in px")
    parser.add_argument("--lab", default="all_pbs", help="whose stain and magnification the fields have")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the fastest counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    smears = Smears.create(per_class=max(3, -(-args.images // 4)), size=args.size, labs=(args.lab,))
    samples = smears.samples()
    facts = {"images": len(samples), "size_px": args.size, "lab": args.lab}
    results: dict[str, float] = {"first_image_s": seconds(lambda: smears.render(samples[0]))}
    for name, draw in (("render", smears.render), ("truth", smears.truth)):
        fastest = min(seconds(lambda: [draw(s) for s in samples]) for _ in range(args.rounds))  # noqa: B023
        results[f"{name}_images_per_s"] = len(samples) / fastest
    pairs = smear_pairs(len(samples), size=args.size)
    results["pairs_per_s"] = len(samples) / seconds(lambda: [pair.red_cell_px for pair in pairs])
    if args.json:
        print(json.dumps(facts | results))
        return
    print(f"{len(samples)} fields of {args.size} x {args.size} px, one thread, best of {args.rounds} rounds")
    print(f"first image  {1000 * results['first_image_s']:8.0f} ms")
    print(f"render       {results['render_images_per_s']:8.0f} images/s")
    print(f"truth        {results['truth_images_per_s']:8.0f} images/s")
    print(f"pairs        {results['pairs_per_s']:8.0f} pairs/s, of all labs and scales")


if __name__ == "__main__":
    main()
