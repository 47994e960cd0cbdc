"""What color normalization does to images of other labs, and to images without stain.

Prints, for each data set, how many images pass `reinhard` unchanged (none should), the same for noise on
glass and for bare glass cut out of BCCD (all should; one piece of 364 has a red cell in it), and the Dice of
nuclei that `multi_otsu` finds on wbc-masks before and after `stain/macenko`, with one white for all and with
the white of each image's glass.

    LEUKOKIT_DATA=... python benchmarks/stain_contrast.py [--images 300]
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from leukokit.api import ImageNote, Labels, RGBImage, read_image
from leukokit.plugins.preprocess.reinhard import Reinhard
from leukokit.plugins.segment.multi_otsu import MultiOtsu
from leukokit_stain.macenko import Macenko

FOLDERS = ("all-pbs", "bccd/images", "pbc-boxes/images", "wbc-masks/images")


def spread_out(paths: Iterable[Path], number: int) -> list[Path]:
    """At most ``number`` of the images, evenly."""
    images = sorted(path for path in paths if path.suffix in {".jpg", ".png"})
    return images[:: max(1, len(images) // number)]


def noise_fields(number: int) -> Iterator[RGBImage]:
    """Draw glass with noise of .5 to 20 gray levels, 0 to 8 px wide, gray or not; half with a vignette."""
    rng = np.random.default_rng(7)
    for _ in range(number):
        side, grain = int(rng.choice([64, 120, 224, 360])), float(rng.choice([0, 0.5, 1, 1.5, 2, 3, 5, 8]))
        noise = rng.normal(size=(side, side, rng.choice([1, 3]))).astype(np.float32)
        if grain:
            noise = cv2.GaussianBlur(noise, (0, 0), grain).reshape(noise.shape)
        strength = np.exp(rng.uniform(np.log(0.5), np.log(20)))
        field = rng.uniform([170, 160, 170], [245, 240, 245]) + strength * noise / noise.std()
        if rng.random() < 0.5:
            y, x = np.mgrid[:side, :side] / side - rng.uniform(0.2, 0.8, (2, 1, 1))
            field = field * (1 - rng.uniform(0, 0.25) * (y**2 + x**2))[..., None]
        yield np.clip(np.rint(field), 0, 255).astype(np.uint8)


def bare_glass(paths: Iterable[Path]) -> Iterator[RGBImage]:
    """Cut out the largest square of each image that is 8 px away from all foreground, if it is 40 px wide."""
    for path in paths:
        image = read_image(path)
        green = cv2.medianBlur(image[..., 1], 5)
        light = green[green > cv2.threshold(green, 0, 0, cv2.THRESH_OTSU)[0]]
        foreground = cv2.dilate(
            (green < np.bincount(light).argmax() - 14).astype(np.uint8), np.ones((17, 17), np.uint8)
        )
        room = cv2.distanceTransform(1 - np.pad(foreground, 1, constant_values=1), cv2.DIST_C, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(room.argmax(), room.shape)
        half = int(room.max()) - 1
        if half >= 20:
            yield image[y - half : y + half, x - half : x + half]


def unchanged(images: Iterable[RGBImage]) -> tuple[int, int]:
    """How many images pass unchanged, and of how many."""
    reinhard, passed, number = Reinhard(), 0, 0
    for image in images:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ImageNote)
            reinhard.apply(image)
        passed += bool(caught)
        number += 1
    return passed, number


def nucleus_dice(paths: Iterable[Path], change: Callable[[RGBImage], RGBImage]) -> np.ndarray:
    """Dice of the nuclei of each image of wbc-masks after a change of its colors."""
    segmenter, scores = MultiOtsu.create(border="keep"), []
    for path in paths:
        labels: Labels = segmenter.segment(change(read_image(path)))
        mask = cv2.imdecode(
            np.fromfile(path.parents[1] / "masks" / path.name, np.uint8), cv2.IMREAD_GRAYSCALE
        )
        nucleus, truth = labels.nucleus > 0, mask == mask.max()
        scores.append(2 * (nucleus & truth).sum() / max(1, nucleus.sum() + truth.sum()))
    return np.array(scores)


def main() -> None:
    """Print both tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=300, help="images a data set, at most about")
    number = arguments.parse_args().images
    root = Path(os.environ["LEUKOKIT_DATA"])
    cv2.setNumThreads(1)
    sets = {folder: spread_out((root / folder).rglob("*.*"), number) for folder in FOLDERS}
    rows: dict[str, Iterable[RGBImage]] = {folder: map(read_image, paths) for folder, paths in sets.items()}
    rows |= {"noise on glass": noise_fields(number), "bare glass of bccd": bare_glass(sets["bccd/images"])}
    print("| pictures | without stain contrast | of |\n| --- | --- | --- |")
    for name, images in rows.items():
        print("| {} | {} | {} |".format(name, *unchanged(images)))
    warnings.simplefilter("ignore", ImageNote)
    print("\n| wbc-masks, nucleus Dice of multi_otsu | median | 10th percentile |\n| --- | --- | --- |")
    for name, change in {
        "as they are": lambda image: image,
        "stain/macenko, light: 240": Macenko.create(light=240).apply,
        "stain/macenko, white of each image": Macenko().apply,
    }.items():
        dice = nucleus_dice(sets["wbc-masks/images"], change)
        print(f"| {name} | {np.median(dice):.3f} | {np.quantile(dice, 0.1):.3f} |")


if __name__ == "__main__":
    main()
