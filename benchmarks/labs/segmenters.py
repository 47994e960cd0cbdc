"""Segmenters by name and parameters, as the command line gives them, with cells at the border kept."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from leukokit.api import CELL, NUCLEUS, ImageRejected, Labels, LeukokitError, RGBImage, Segmenter, Status
from leukokit.catalog import discover

DEFAULT = (
    "smear_cells",
    "multi_otsu",
    "kmeans_watershed:cluster_rule=lowest_green",
    "kmeans_watershed:cluster_rule=lowest_red,shared_cell=split",
    "kmeans_watershed:cluster_rule=highest_a",
    "hsv_threshold",
)


@dataclass
class TimedSegmenter:
    """A segmenter that keeps time.

    Attributes
    ----------
    name : str
        As given on the command line.
    segmenter : Segmenter
    """

    name: str
    segmenter: Segmenter
    seconds: float = 0.0
    pixels: int = 0

    def __call__(self, image: RGBImage) -> Labels:
        """Segment; a rejected image counts as one without a cell."""
        start = time.process_time()
        try:
            labels = self.segmenter.segment(image)
        except ImageRejected:
            empty = np.zeros(image.shape[:2], np.int32)
            labels = Labels({NUCLEUS: empty, CELL: empty}, Status.NO_CELL)
        self.seconds += time.process_time() - start
        self.pixels += image.shape[0] * image.shape[1]
        return labels


def available(specs: tuple[str, ...] = DEFAULT) -> list[str]:
    """Those of the segmenters that this installation has, with parameters they know."""
    kept = []
    for text in specs:
        try:
            build(text)
        except argparse.ArgumentTypeError:
            continue
        kept.append(text)
    return kept


def build(text: str) -> TimedSegmenter:
    """Build ``name`` or ``name:param=value,param=value``; borders are kept where nothing else is said.

    Raises
    ------
    argparse.ArgumentTypeError
        Where there is no such segmenter, or a parameter is refused.
    """
    name, _, rest = text.partition(":")
    try:
        kind: Any = discover().get("segmenter", name).load()
        given = parameters(rest)
        for field, value in (("border", "keep"), ("clear_border", False)):
            if field in kind.Params.model_fields:
                given = {field: value} | given
        return TimedSegmenter(text, kind.create(**given))
    except (LeukokitError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error


def parameters(text: str) -> dict[str, Any]:
    """Read ``param=value,param=value``, values as YAML."""
    given = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is no param=value")
        given[key] = YAML(typ="safe").load(value)
    return given
