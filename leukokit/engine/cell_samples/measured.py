"""What is measured on a whole image, scale and stain, given to each of its cells.

A crop of one white cell shows no red cell to measure, and hardly any background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from leukokit.engine.images.plan import Item
from leukokit.engine.images.stage import ImageTable


def images_of_cells(cells: Sequence[Item], fields: Mapping[str, Item]) -> list[Item]:
    """Give the whole images of cells, each once; the very items where they are no cells.

    Parameters
    ----------
    cells : sequence of Item
    fields : mapping of sample id to Item
        The whole images; empty where the items are images.
    """
    if not fields:
        return list(cells)
    return [fields[id_] for id_ in dict.fromkeys(cell.sample.whole.id for cell in cells)]


def spread_to_cells(table: ImageTable, cells: Sequence[Item]) -> ImageTable:
    """Turn a table of whole images into one of their cells.

    Cells of an image that was rejected are rejected for the same reason.
    """
    import pandas as pd

    usable = [cell for cell in cells if cell.sample.whole.id in table.features.index]
    features = table.features.loc[[cell.sample.whole.id for cell in usable]]
    features.index = pd.Index([cell.sample.id for cell in usable], name="id")
    why = {item.sample.id: rejection for item, rejection in table.rejected}
    rejected = [(cell, why[cell.sample.whole.id]) for cell in cells if cell.sample.whole.id in why]
    return replace(table, features=features, status={}, masks=None, rejected=rejected)
