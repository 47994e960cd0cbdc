"""Compare leukokit with its peers: same images, values first, then time; one command does everything.

Installs pinned peers into environments of its own (see requirements/), lets each take turns with leukokit,
and prints a table, or JSON::

    LEUKOKIT_DATA=... python benchmarks/peers/compare.py [--images 40] [--json]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duel
import numpy as np
import platformdirs
import start_up
from contest import Material, Smear
from environments import PeerError, environment

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from machine import cores, versions  # noqa: E402 - lies beside this folder

DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[2] / "shared" / "data")
TEMPLATE = "Benign/WBC-Benign-028.jpg"
PEERS = ("torchstain", "histomicstk", "mahotas", "cp_measure")
"""Each has its module, ``<name>_peer``."""

VERSIONS = ("leukokit", "numpy", "opencv-python-headless", "scikit-image", "scikit-learn", "numba")
PARTS = [*PEERS, "start_up", "overhead"]


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=40, help="smears, spread evenly over the classes")
    parser.add_argument("--overhead-images", type=int, help="images of the whole runs; default: all")
    parser.add_argument("--overhead-rounds", type=int, default=3, help="turns of engine and script")
    parser.add_argument(
        "--environments",
        type=Path,
        default=platformdirs.user_cache_path("leukokit-peers"),
        help="folder of the peers' environments, several GB; default: %(default)s",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    rows, errors = contests(arguments)
    results: dict[str, Any] = {
        "machine": f"{cores()}, Python {platform.python_version()}, {versions(VERSIONS)}",
        "peers": duel.as_table(rows),
        "overhead": {},
        "start_up": {},
    }
    if "start_up" in arguments.only:
        results["start_up"], failed = start_up.measure(arguments.environments)
        errors += failed
    if "overhead" in arguments.only:
        try:
            results["overhead"] = whole_runs(arguments)
        except PeerError as error:
            errors.append({"peer": "handwritten script", "error": str(error)})
    results["errors"] = errors
    print(json.dumps(results, indent=2) if arguments.json else readable(results))


def whole_runs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run overhead.py, which wants a process of its own."""
    count = [] if arguments.overhead_images is None else ["--images", str(arguments.overhead_images)]
    done = subprocess.run(
        [sys.executable, str(HERE / "overhead.py"), "--rounds", str(arguments.overhead_rounds), *count],
        env={**os.environ, "LEUKOKIT_DATA": str(DATA)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise PeerError("overhead.py failed; it says why above")
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def contests(arguments: argparse.Namespace) -> tuple[list[duel.PeerResult], list[dict[str, str]]]:
    """Hold the contests of all peers."""
    rows: list[duel.PeerResult] = []
    errors: list[dict[str, str]] = []
    if not set(PEERS) & set(arguments.only):
        return rows, errors
    with tempfile.TemporaryDirectory() as scratch:
        material = gather(arguments.images)
        material.save(Path(scratch) / "material.npz")
        for name in (name for name in PEERS if name in arguments.only):
            module = f"{name}_peer"
            peer = importlib.import_module(module).PEER
            try:
                python = environment(peer.environment, arguments.environments) / "python"
                held, failed = duel.duel(module, peer, python, material, Path(scratch))
                rows += held
                errors += failed
            except PeerError as error:
                errors.append({"peer": peer.distribution, "error": str(error)})
    return rows, errors


def gather(count: int, outlined: int = 60) -> Material:
    """Read smears and label their cells."""
    from segmentation_agreement import spread
    from segmentation_quality import read_pairs

    from leukokit.api import Planes, Status, read_image
    from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed

    segmenter = KmeansWatershed()
    smears = []
    for path in spread(DATA / "all-pbs", count):
        image = read_image(path)
        labels = segmenter.segment(image)
        if labels.status is Status.OK:
            smears.append(Smear(path.stem, image, Planes(image).gray, labels.nucleus, labels.cell))
    pairs = list(read_pairs(DATA / "wbc-masks", None))
    chosen = [pairs[i] for i in np.linspace(0, len(pairs) - 1, min(outlined, len(pairs))).astype(int)]
    experts = [
        Smear(name, image, Planes(image).gray, truth.nucleus, truth.cell, truth.nucleus.astype(np.uint8))
        for name, image, truth in chosen
    ]
    return Material(read_image(DATA / "all-pbs" / TEMPLATE), smears, experts)


def readable(results: dict[str, Any]) -> str:
    """Lay the findings out for people."""
    lines = [results["machine"], "", f"{'peer':20} {'what':64} {'peer ms':>8} {'ms':>8} {'times':>6}"]
    for row in results["peers"]:
        ours = f"{row['ms']:8.2f} {row['times']:6.1f}" if row["ms"] is not None else f"{'-':>8} {'-':>6}"
        lines += [
            f"{row['peer']:20} {row['what']:64} {row['peer_ms']:8.2f} {ours}",
            f"    {row['agreement']}",
        ]
    for title in ("start_up", "overhead"):
        lines += ["", title, *(f"    {name}: {_shown(value)}" for name, value in results[title].items())]
    lines += ["", *(f"error: {error}" for error in results["errors"])]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
