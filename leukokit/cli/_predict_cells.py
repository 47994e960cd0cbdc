"""``leukokit predict`` on fields: find the cells, and count what they are predicted to be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from leukokit.cli._terminal import safe
from leukokit.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from leukokit.api import Sample
    from leukokit.engine.observer import Observer
    from leukokit.engine.pipeline.averaged import AveragedPipelines
    from leukokit.engine.pipeline.fitted import FittedPipeline
    from leukokit.engine.prediction.differential import DifferentialCount
    from leukokit.engine.prediction.field_cells import FoundCells
    from leukokit.engine.prediction.given import GivenImages
    from leukokit.workflow import RunSettings

AUTO, NONE = "auto", "none"
_WIDEST = 22  # characters of a name
_SHOWN = 12
"""Fields or patients that the terminal shows; the file has all."""


@dataclass
class Counting:
    """The cells of all fields, and the count of their classes.

    Attributes
    ----------
    cells : GivenImages
        What is predicted.
    count : DifferentialCount
        Filled while it is predicted.
    """

    cells: GivenImages
    count: DifferentialCount

    def write(self, path: Path | None) -> None:
        """Write the table of counts, where a file is named."""
        if path is None:
            return
        from leukokit.engine.io.files import write_bytes
        from leukokit.engine.io.tables import csv_bytes

        write_bytes(path, csv_bytes(self.count.table()))

    def plain(self) -> list[dict[str, Any]]:
        """Give the rows as JSON can say them; what is not known is null."""
        text = self.count.table().to_json(orient="records", double_precision=15)
        rows: list[dict[str, Any]] = json.loads(text)
        return rows

    def shown(self) -> Table:
        """Lay out shares and intervals: of all fields, and of patients or fields where these are few."""
        from rich import box
        from rich.table import Table

        table = Table(
            box=box.SIMPLE,
            title="differential count: share of the cells [95% interval, Wilson]",
            title_justify="left",
            padding=(0, 1, 0, 0),
        )
        rows = self.count.table()
        for name in ("", "cells", *self.count.classes, "answer"):
            table.add_column(safe(name), justify="left" if name in ("", "answer") else "right")
        for level, name in _places(rows):
            inside = rows[(rows["level"] == level) & (rows["id"] == name)]
            cells = [_share(row) for row in inside.itertuples()]
            first = inside.iloc[0]
            answer = f"{safe(first['answer'])} {first['p_answer']:.2f}" if first["cells"] else "-"
            table.add_row(_short(level, name), str(first["cells"]), *cells, answer)
        return table


def _places(rows: pd.DataFrame) -> Sequence[tuple[str, str]]:
    """Levels and ids to show: patients rather than fields; all of them or none."""
    places = list(dict.fromkeys(zip(rows["level"], rows["id"], strict=True)))
    for level in ("patient", "field"):
        inside = [place for place in places if place[0] == level]
        if 0 < len(inside) <= _SHOWN:
            return [*inside, ("all", "")]
    return [("all", "")]


def _short(level: str, name: str) -> str:
    """Name of a patient, or of the file of a field, as far as a terminal has room."""
    if level == "all":
        return "all"
    shown = safe(PurePosixPath(name).name if level == "field" else name)
    return shown if len(shown) <= _WIDEST else f"...{shown[3 - _WIDEST :]}"


def _share(row: Any) -> str:
    return "-" if row.share != row.share else f"{row.share:.0%} [{100 * row.low:.0f}, {100 * row.high:.0f}]"


def counting_of(
    predictor: FittedPipeline | AveragedPipelines,
    given: GivenImages,
    choice: str,
    counts: Path | None,
    run_dir: Path | None,
    settings: RunSettings,
    observer: Observer,
) -> Counting | None:
    """Find the cells of the images, where these are fields; None where they are predicted as they are.

    Raises
    ------
    UsageError
        Where ``--counts`` is given and nothing is counted, or ``--run-dir`` and cells are, which have no
        labels.
    RunFailed
        Where no cell is found.
    """
    from leukokit.engine.prediction.field_cells import FIELD_SEGMENTER

    of_cells = predictor.members[0].cell_margin is not None
    name = (FIELD_SEGMENTER if of_cells else NONE) if choice == AUTO else choice
    if name == NONE:
        if counts is not None:
            raise click.UsageError("--counts is for cells: name a segmenter, as --cells smear_cells.")
        return None
    if run_dir is not None:
        raise UsageError(
            "--run-dir scores images by their labels, and cells that a segmenter finds have none",
            hint="Leave it out, or add --cells none where the images are crops of cells",
        )
    found = _found(predictor, given, name, settings, observer)
    from leukokit.engine.prediction.differential import DifferentialCount
    from leukokit.engine.prediction.given import GivenImages

    cells = GivenImages(entries=list(found.cells))
    return Counting(cells, DifferentialCount(predictor.classes, list(given)))


def _found(
    predictor: FittedPipeline | AveragedPipelines,
    given: Sequence[Sample],
    name: str,
    settings: RunSettings,
    observer: Observer,
) -> FoundCells:
    from leukokit.catalog import discover
    from leukokit.engine.cache.store import Store
    from leukokit.engine.prediction.field_cells import cells_of_fields
    from leukokit.engine.rehearsal import rehearse_component
    from leukokit.workflow import open_executor

    entry = discover(cache=settings.cache_folder).get("segmenter", name)
    folder = settings.cache_folder
    with open_executor(settings) as executor:
        rehearse_component(entry, executor, observer)
        found = cells_of_fields(
            given,
            entry,
            predictor.members[0],
            executor=executor,
            store=None if folder is None else Store(folder, observer.warn),
            observer=observer,
        )
    _tell(found, len(given), observer)
    found.refuse_none(name, len(given))
    observer.say(f"{name} found {len(found.cells)} cells in {len(given)} fields")
    return found


def _tell(found: FoundCells, fields: int, observer: Observer) -> None:
    if found.rejected:
        first = next(iter(found.rejected))
        why = found.rejected[first]
        observer.warn(
            f"{len(found.rejected)} of {fields} fields could not be used, such as {safe(first)}: "
            f"{why.reason}, {safe(why.detail)}"
        )
    if found.empty:
        states = Counter(status.value for status in found.empty.values())
        listed = ", ".join(f"{state} {count}" for state, count in states.items())
        observer.warn(f"no cell was found in {len(found.empty)} of {fields} fields ({listed})")
