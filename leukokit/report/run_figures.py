"""The figures of a run directory: what they need is kept in it first, then all are drawn from it alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from leukokit.api import FloatArray, Part
from leukokit.engine.cache.store import Store
from leukokit.engine.data import SYNTHETIC_STAMP
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.io.array_file import read_arrays
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.errors import DataError
from leukokit.ids import written_id
from leukokit.record.explanations import ExplainedPictures, HeatFacts
from leukokit.record.files import EXPLAINED, SEGMENTED
from leukokit.record.folder import AGAIN, has_file
from leukokit.record.reading import read_record
from leukokit.report.alignment_figure import alignment_figure, has_alignment
from leukokit.report.explained_pictures import FOLDER, heat_over, keep_explained, rows_of_sheets
from leukokit.report.explanation_files import ALIGNMENT_SUMMARY, explained_folder, heat_names, table_files
from leukokit.report.figures import confusion_figure, feature_distributions
from leukokit.report.heat_sheet import HeatRow, heat_sheet
from leukokit.report.importance_figure import importance_figure
from leukokit.report.kept_figure import kept_figure
from leukokit.report.run_overlays import draw_overlays, keep_segmented
from leukokit.report.segmented_pictures import read_picture

_PANELS = 24


def write_figures(result: RunResult, directory: RunDirectory) -> None:
    """Keep in the run directory what its figures show, and draw them."""
    keep_segmented(result, directory)
    fitted = result.folds[0].fitted
    if fitted is not None:
        keep_explained(fitted, directory)
    draw_figures(FinishedRun(directory.path), result.folds[0].plan.store)


def draw_figures(run: FinishedRun, store: Store | None = None) -> list[str]:
    """Draw every figure from the files of the run directory; the same files give the same bytes.

    Neither the data nor a cache is needed, nor is ``status.json``: a run draws before it ends.

    Parameters
    ----------
    run : FinishedRun
    store : Store or None
        Figures are taken from it where it holds them.

    Returns
    -------
    list of str
        Which figures were not drawn because an older leukokit did not keep their data, and what to do.

    Raises
    ------
    LeukokitError
        Where a file is missing, damaged or leads out of the directory.
    """
    return _Drawing(run, store).all()


class _Drawing:
    """The figures of one run, drawn one after the other."""

    def __init__(self, run: FinishedRun, store: Store | None) -> None:
        self._run = run
        self._store = store
        self._directory = RunDirectory(run.path)
        self._stamp = SYNTHETIC_STAMP if run.provenance.synthetic else None

    def all(self) -> list[str]:
        self._confusions()
        notes = [*self._segmentation(), *self._heat_sheets()]
        self._distributions()
        self._importances()
        self._alignment()
        return notes

    def _file(self, name: str) -> Path:
        return self._directory.file(f"figures/{name}.png")

    def _confusions(self) -> None:
        for part in (Part.VALIDATION, Part.TEST):
            scores = self._run.metrics.part(part.value)
            if scores is None or scores.confusion is None:
                continue
            matrix = scores.confusion
            title = f"{self._run.name}, {part.value} part"
            content = ([list(row) for row in matrix.matrix], list(matrix.labels))
            draw = partial(confusion_figure, *content, title=title, stamp=self._stamp)
            path = self._file(f"confusion_{part.value}")
            kept_figure(self._store, path, draw, "confusion", content, title, self._stamp)

    def _segmentation(self) -> list[str]:
        if self._run.resolved.segment is None:
            return []
        if not has_file(self._run.path, SEGMENTED.name):
            return [_not_kept("figures/segmentation.png", SEGMENTED.name)]
        draw_overlays(self._run, self._file("segmentation"), stamp=self._stamp, store=self._store)
        return []

    def _distributions(self) -> None:
        """Features by class, for runs without a classifier: with one, the scores show more."""
        if self._run.resolved.classify is not None:
            return
        table = self._run.features(_PANELS)
        names = self._run.feature_names
        if table is None or not names:
            return
        more = len(names) - _PANELS
        first = f" (first {_PANELS}, {more} more)" if more > 0 else ""
        labels = [label or "unlabeled" for label in table["label"].fillna("")]
        path, title = self._file("features_by_class"), f"{self._run.name}: features by class{first}"
        feature_distributions(table.drop(columns="label"), labels, path, title=title, stamp=self._stamp)

    def _importances(self) -> None:
        for file in table_files(self._run):
            table = self._run.table(file.relative_to(self._run.path).as_posix())
            if table is not None:
                title = f"{self._run.name}: {file.stem.replace('_', ' ')}"
                importance_figure(table, self._file(file.stem), title=title, stamp=self._stamp)

    def _heat_sheets(self) -> list[str]:
        names = heat_names(self._run)
        if names and not has_file(self._run.path, EXPLAINED.name):
            return [_not_kept(f"the heat maps of {', '.join(names)}", EXPLAINED.name)]
        pictures = EXPLAINED.read(self._run.path) if names else ExplainedPictures({})
        for name in names:
            self._sheets_of(name, pictures)
        return []

    def _sheets_of(self, name: str, pictures: ExplainedPictures) -> None:
        """One sheet a true class."""
        root = self._run.path
        folder = f"{explained_folder(self._run)}/{name}"
        columns = ("index", "id", "true", "predicted", "target", "probability")
        table = self._run.table(f"{folder}/heat.csv", columns)
        if table is None or table.empty:
            return
        facts = read_record(root, f"{folder}/heat.json", HeatFacts)
        sheets = rows_of_sheets(table)
        for (label, (chosen, count)), safe in zip(sheets.items(), file_names(list(sheets)), strict=True):
            rows = table.iloc[chosen]
            maps = read_arrays(root, f"{folder}/heat.npz", [str(index) for index in rows["index"]])
            drawn = [
                _heat_row(root, row, maps[str(row["index"])] / facts.levels, pictures)
                for _, row in rows.iterrows()
            ]
            share = f" ({len(chosen)} of {count})" if len(chosen) < count else ""
            heat_sheet(
                drawn,
                self._file(f"{name}_{safe}"),
                title=f"{name.replace('_', ' ')}: {label}{share}",
                note=facts.note,
                stamp=self._stamp,
            )

    def _alignment(self) -> None:
        summary = self._run.table(ALIGNMENT_SUMMARY)
        if summary is not None and has_alignment(summary):
            title = f"{self._run.name}: where the heat lies"
            alignment_figure(summary, self._file("alignment"), title=title, stamp=self._stamp)


def _heat_row(root: Path, row: pd.Series, heat: FloatArray, pictures: ExplainedPictures) -> HeatRow:
    file = pictures.root.get(written_id(row["id"]))
    if file is None:
        raise DataError(f"has no picture of {row['id']}", where=str(root / EXPLAINED.name), hint=AGAIN)
    picture = read_picture(root, FOLDER, file)
    if heat.ndim != 2:
        raise DataError(f"the heat of {row['id']} is not a heat map", where=str(root), hint=AGAIN)
    return HeatRow(
        id=row["id"],
        image=picture,
        heat=heat_over(picture, heat),
        true=row["true"],
        predicted=row["predicted"],
        target=row["target"],
        probability=float(row["probability"]),
    )


def _not_kept(figure: str, file: str) -> str:
    return (
        f"not drawn again: {figure}. The run directory has no {file}, which runs of older versions do not "
        "keep. What was drawn then is left as it is; run the recipe again to have the file."
    )


def file_names(classes: Sequence[str]) -> list[str]:
    """Names of classes as parts of file names: plain, and apart even where a system ignores case."""
    names: list[str] = []
    for label in classes:
        base = re.sub(r"[^A-Za-z0-9-]+", "_", label)[:60].strip("_") or "class"
        number, name = 1, base
        while name.lower() in {taken.lower() for taken in names}:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names
