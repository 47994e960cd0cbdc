"""Make twins of real photographs, and count which of them the audit finds, and which strangers it joins.

    python benchmarks/audit_twins.py [--twins 30] [--originals 300] [--only NAME ...] [--json FILE]

The images of each data set that ``LEUKOKIT_DATA`` holds are audited together with twins of some of them.
Prints a Markdown table: how many twins of each kind are found, how many pairs of originals overlap (look
at them: some data sets hold such views), and how many other pairs join a twin with the image of another
original; these are listed on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RGBImage
from leukokit.audit.audit_input import AuditInput
from leukokit.audit.measure import measure
from leukokit.audit.pairs.find import PairSettings, find_pairs
from leukokit.audit.pairs.pair import PairTable
from leukokit.catalog import discover
from leukokit.engine.data import open_data
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.observer import Observer
from leukokit.recipe import load_recipe_text

SETS = {"bccd": "bccd/images/*.jpg", "pbc-boxes": "pbc-boxes/images/*", "all-pbs": "all-pbs/*/*.jpg"}
Change = Callable[[RGBImage, np.random.Generator], RGBImage]


def _resized(image: RGBImage, width: float, height: float) -> RGBImage:
    size = max(1, round(image.shape[1] * width)), max(1, round(image.shape[0] * height))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _small(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _resized(image, *[rng.uniform(0.5, 0.8)] * 2)


def _squeezed(image: RGBImage, _: np.random.Generator) -> RGBImage:
    """4:3 to a square, a square to 4:3; smaller."""
    height, width = image.shape[:2]
    return _resized(image, 0.65, 0.65 * width / height) if width != height else _resized(image, 0.85, 0.64)


def _rotated(image: RGBImage, rng: np.random.Generator, fill: int = 0) -> RGBImage:
    """Turn by any angle; the frame stays, its corners are filled."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(10, 350), 1)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderValue=(fill,) * 3), dtype=np.uint8)


def _rotated_white(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _rotated(image, rng, 255)


def _rotated_cut(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Turn by any angle and keep the middle, where no corner shows: half of the area."""
    turned = _rotated(image, rng)
    height, width = image.shape[:2]
    side = min(height, width)
    half = int(side / 2 / np.sqrt(2))
    return np.ascontiguousarray(
        turned[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    )


def _recolored(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Another stain and light: Lab shifted and stretched, gamma changed."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] = 255 * (lab[..., 0] / 255) ** rng.uniform(0.75, 1.35)
    lab[..., 1:] = (lab[..., 1:] - 128) * rng.uniform(0.6, 1.3, 2) + 128 + rng.uniform(-12, 12, 2)
    whole = np.clip(lab, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_LAB2RGB), dtype=np.uint8)


def _mirrored(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _rotated(np.ascontiguousarray(image[:, ::-1]), rng)


def _mirrored_shift(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Mirror two thirds of the view."""
    height, width = image.shape[:2]
    top, left = rng.integers(0, height // 4), rng.integers(0, width // 4)
    return np.ascontiguousarray(image[top : top + 3 * height // 4, left : left + 3 * width // 4][:, ::-1])


def _squeezed_recolored(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _recolored(_squeezed(image, rng), rng)


def _squeezed_rotated(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _rotated(_squeezed(image, rng), rng)


def _rotated_recolored(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    return _recolored(_rotated(image, rng), rng)


CHANGES: dict[str, Change] = {
    "resized": _small,
    "squeezed": _squeezed,
    "rotated, black corners": _rotated,
    "rotated, white corners": _rotated_white,
    "rotated, middle kept": _rotated_cut,
    "recolored": _recolored,
    "mirrored and rotated": _mirrored,
    "mirrored and shifted": _mirrored_shift,
    "squeezed and recolored": _squeezed_recolored,
    "squeezed and rotated": _squeezed_rotated,
    "rotated and recolored": _rotated_recolored,
}


def twins(folder: Path, sources: list[Path], changes: dict[str, Change], count: int, seed: int) -> None:
    """Copy the originals, and write ``count`` twins of each kind as JPEG."""
    rng = np.random.default_rng(seed)
    (folder / "x").mkdir()
    for row, source in enumerate(sources):
        (folder / "x" / f"{row:04d}{source.suffix}").write_bytes(source.read_bytes())
    for number, change in enumerate(changes.values()):
        for row in rng.choice(len(sources), size=min(count, len(sources)), replace=False):
            pixels = cv2.imdecode(np.frombuffer(sources[row].read_bytes(), np.uint8), cv2.IMREAD_COLOR)
            changed = change(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8), rng)
            packed = cv2.imencode(".jpg", cv2.cvtColor(changed, cv2.COLOR_RGB2BGR), [1, 85])[1]
            (folder / "x" / f"{row:04d}-twin-{number:02d}.jpg").write_bytes(packed.tobytes())


def pairs_of(folder: Path) -> tuple[list[str], PairTable]:
    """Ids of the images of a folder, and the pairs that the audit finds among them."""
    text = json.dumps(
        {"leukokit": 1, "name": "twins", "data": {"use": "folder", "params": {"root": str(folder)}}}
    )
    recipe = load_recipe_text(text, discover())
    observer = Observer()
    with closing(ProcessExecutor()) as executor:
        data = open_data(recipe, executor=executor, observer=observer, conflicts=True)
        reading = AuditInput(recipe, data, (), "", None, None).reading
        given = {"executor": executor, "store": None, "observer": observer}
        measured = measure(data.dataset, data.items, reading, **given)
        aspects = measured.size[:, 0] / measured.size[:, 1]
        table = find_pairs(
            data.dataset, measured.items, reading, measured.hashes, PairSettings(), aspects=aspects, **given
        )
    return [Path(item.sample.id).name for item in measured.items], table


def count(
    ids: list[str], table: PairTable, changes: dict[str, Change]
) -> tuple[NDArray[np.intp], int, list[str]]:
    """Twins found by kind, overlapping originals, and pairs that join the images of two other originals."""
    found = np.zeros(len(changes), dtype=np.intp)
    joined = []
    for pair in table.pairs:
        a, b = sorted((ids[pair.a], ids[pair.b]), key=lambda name: "-twin-" in name)
        if a[:4] != b[:4]:
            joined.append((a, b, f"{a} {b} {pair.kind.value} {pair.inliers} {pair.overlap}"))
        elif "-twin-" in b and "-twin-" not in a:
            found[int(Path(b).stem[-2:])] += 1
    views = {frozenset((a[:4], b[:4])) for a, b, _ in joined if "-twin-" not in a + b}
    strangers = [shown for a, b, shown in joined if frozenset((a[:4], b[:4])) not in views]
    return found, len(views), strangers


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--twins", type=int, default=30, help="twins of each kind")
    parser.add_argument("--originals", type=int, default=300, help="most originals of a data set")
    parser.add_argument("--only", nargs="*", default=list(SETS), help="names of data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the counts and the pairs of strangers")
    args = parser.parse_args()
    root = Path(os.environ.get("LEUKOKIT_DATA", "../shared/data"))
    columns, result = {}, {}
    for name in args.only:
        sources = sorted(root.glob(SETS[name]))
        chosen = np.random.default_rng(args.seed).permutation(len(sources))[: args.originals]
        with tempfile.TemporaryDirectory() as folder:
            twins(Path(folder), [sources[i] for i in np.sort(chosen)], CHANGES, args.twins, args.seed)
            started = time.monotonic()
            ids, table = pairs_of(Path(folder))
        found, views, strangers = count(ids, table, CHANGES)
        most = min(args.twins, len(chosen))
        seconds = time.monotonic() - started
        columns[name] = [*(f"{n}/{most}" for n in found), str(views), str(len(strangers)), f"{seconds:.0f} s"]
        result[name] = {"found": dict(zip(CHANGES, found.tolist(), strict=True)), "strangers": strangers}
        print(*strangers, sep="\n", file=sys.stderr)
    print("| twin | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    for row, title in enumerate(
        [*CHANGES, "originals that overlap", "twins of one joined with another", "time"]
    ):
        print(f"| {title} | " + " | ".join(column[row] for column in columns.values()) + " |")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
