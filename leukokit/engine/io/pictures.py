"""Small pictures in the run directory, so that a report can be made without the images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from typing import Any

import joblib
import pandas as pd
from PIL import Image

from leukokit.api import RGBImage
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.memo import memo_rows
from leukokit.engine.cache.serialization import BYTES
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import Item
from leukokit.engine.run_directory import RunDirectory
from leukokit.ids import written_id
from leukokit.record.audit import AuditFinding, AuditRecord
from leukokit.record.explanations import PictureIndex
from leukokit.record.files import PICTURES

FOLDER = "pictures"
LONGEST = 160
"""Pixels of a picture's longer side: 3 kB a smear, so that 400 of them fit into a mail."""
REVISION = 1
"""Raised when the same pixels give another picture."""
MOST_ERRORS = 200
MOST_NAMED = 200
_QUALITY = 60
_READING = "leukokit.engine.io.reading"


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Makes small pictures, and keeps them in the cache.

    Attributes
    ----------
    read_pixels : callable
        Gives the pixels of an item, uint8 H x W x 3.
    store : Store or None
    reading : str
        Digest of how files become pixels, :meth:`ReadOptions.key`.
    """

    read_pixels: Callable[[Item], RGBImage]
    store: Store | None = None
    reading: str = ""

    def of(self, items: Sequence[Item]) -> dict[int, bytes]:
        """Thumbnails (WebP) by the items' index; images that cannot be read or drawn are left out."""
        by_key = {item.key: item for item in items}

        def draw(keys: Sequence[str]) -> dict[str, bytes]:
            # Data sets that render need not be safe to call from several threads.
            threads = 1 if any(by_key[key].sample.rendered for key in keys) else joblib.cpu_count()
            with ThreadPoolExecutor(max_workers=threads) as pool:
                contents = list(pool.map(self._draw, [by_key[key] for key in keys]))
            return {key: content for key, content in zip(keys, contents, strict=True) if content is not None}

        step = digest("thumbnail", REVISION, code_digest(__name__, _READING), self.reading, version("pillow"))
        known = memo_rows(step, list(by_key), draw, BYTES, store=self.store, title="thumbnails")
        return {item.index: known[item.key] for item in items if item.key in known}

    def _draw(self, item: Item) -> bytes | None:
        try:
            return thumbnail(self.read_pixels(item))
        except Exception:  # a plugin's data set may raise anything, and the run goes on without the picture
            return None


def write_pictures(
    directory: RunDirectory, items: Mapping[str, Item], thumbnails: Thumbnails, ids: Iterable[str]
) -> dict[str, str]:
    """Write ``pictures/<index>.webp`` of the images named, and ``pictures/index.json``.

    A picture that cannot be read or drawn is left out; the run does not fail.

    Parameters
    ----------
    directory : RunDirectory
    items : mapping of sample id to Item
    thumbnails : Thumbnails
    ids : iterable of str
        Keys of ``items``; others are ignored.

    Returns
    -------
    dict of str to str
        Key, as the tables of the run write it, to file name: the content of the index.
    """
    wanted = {name: items[name] for name in dict.fromkeys(ids) if name in items}
    drawn = thumbnails.of(list(wanted.values()))
    index: dict[str, str] = {}
    for name, item in wanted.items():
        if item.index in drawn:
            file = f"{item.index:06d}.webp"
            directory.write(f"{FOLDER}/{file}", drawn[item.index])
            index[written_id(name)] = file
    directory.write(PICTURES.name, PictureIndex(index).to_bytes())
    return index


def thumbnail(image: RGBImage) -> bytes:
    """WebP of an image, its longer side at most ``LONGEST`` px; the same pixels give the same bytes."""
    small = Image.fromarray(image)
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def worst_errors(predictions: pd.DataFrame, part: str) -> pd.DataFrame:
    """Wrong predictions of a part, with ``p_predicted`` and ``p_true``; the most probable first.

    Parameters
    ----------
    predictions : DataFrame
        Rows of ``predictions.csv``.
    """
    rows = predictions[predictions["part"] == part]
    wrong = rows[rows["true"] != rows["predicted"]]
    columns = set(predictions.columns)

    def probability(row: Any, name: str) -> float:
        return float(row[f"p_{name}"]) if f"p_{name}" in columns else float("nan")

    with_probabilities = wrong.assign(
        p_predicted=[probability(row, row["predicted"]) for _, row in wrong.iterrows()],
        p_true=[probability(row, row["true"]) for _, row in wrong.iterrows()],
    )
    return with_probabilities.sort_values(["p_predicted", "id"], ascending=[False, True], kind="stable")


def audited_ids(audit: AuditRecord | None) -> list[str]:
    """Ids that an audit names in pairs and images: of each finding in turn, so that all get some."""
    lists = [_named(finding) for finding in (() if audit is None else audit.findings)]
    in_turn = (id_ for of_one_rank in zip_longest(*lists) for id_ in of_one_rank if id_ is not None)
    return list(dict.fromkeys(in_turn))


def _named(finding: AuditFinding) -> Sequence[str]:
    pairs = [name for pair in finding.pairs for name in (pair.a, pair.b)]
    return list(dict.fromkeys([*pairs, *finding.images]))
