"""All examinations of a recipe and its data, in the order in which their findings are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leukokit.api import Dataset, Sample
from leukokit.engine.data import OpenData, open_data
from leukokit.engine.doctor.data import data_variable
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.engine.doctor.machine import free_space
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.io.reading import content_keys
from leukokit.engine.observer import Observer
from leukokit.engine.precheck.classes import class_findings, class_names_finding, divided_group_findings
from leukokit.engine.precheck.needs import need_findings
from leukokit.engine.precheck.sizes import size_findings
from leukokit.engine.protocols import Division, divide
from leukokit.errors import LeukokitError
from leukokit.recipe import Recipe

_MOST_READ = 300_000_000
"""Bytes of images that are read for their digests: under a second. Larger data sets are only listed."""


@dataclass(frozen=True, slots=True)
class RecipeExamination:
    """What was found.

    Attributes
    ----------
    findings : tuple of Finding
        What to do, most serious first within each area; nothing of level ``ok``.
    images : mapping of str to mapping
        Number of images of each class, of all and by part (or fold and part); empty where the data set cannot
        be opened.
    """

    findings: tuple[Finding, ...]
    images: Mapping[str, Mapping[str, int]]

    @property
    def can_run(self) -> bool:
        """Whether a run can start."""
        return all(finding.level is not Level.FAIL for finding in self.findings)


def examine_recipe(
    recipe: Recipe, *, out: Path, cache: Path, workers: int, executor: Executor, data: bool = True
) -> RecipeExamination:
    """Find what would end a run, or spoil it, before it starts.

    Parameters
    ----------
    recipe : Recipe
    out, cache : Path
        Where a run would write.
    workers : int
        Processes of a run, for its memory.
    executor : Executor
        With ``inline``, foreign components are asked in this process.
    data : bool
        Whether to open the data set.

    Raises
    ------
    RunFailed
        Where a foreign component ended the isolated process in which it is asked.
    """
    found = run_isolated(
        _findings,
        recipe,
        workers,
        data,
        components=[bound.component for bound in recipe.components],
        executor=executor,
        observer=Observer(),
    )
    variable = data_variable({})
    findings = list(found.findings)
    if variable.level is Level.FAIL and not any(variable.text in finding.text for finding in findings):
        findings.append(variable)  # a run would end with it
    folders = [("runs", _existing(out)), ("the cache", _existing(cache))]
    findings += [finding for finding in free_space(folders) if finding.level is not Level.OK]
    return RecipeExamination(tuple(findings), found.images)


def _findings(
    recipe: Recipe,
    workers: int,
    data: bool,
    *,
    observer: Observer,  # noqa: ARG001 - given to all such work
) -> RecipeExamination:
    """Find what takes calls into components."""
    findings = list(need_findings(recipe))
    images: dict[str, dict[str, int]] = {}
    if data:
        listener = _Noting()
        for note in recipe.notes:
            listener.warn(note)
        found, images = _examined_data(recipe, workers, listener)
        findings += [*(Finding("data", Level.NOTE, text) for text in listener.warnings), *found]
    return RecipeExamination(tuple(findings), images)


def failed(area: str, error: LeukokitError) -> Finding:
    """Make a finding of an error that a run would end with."""
    text = f"{error.where}: {error.what}" if error.where else error.what
    return Finding(area, Level.FAIL, text, error.hint or "")


class _Noting(Observer):
    """Keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Keep it."""
        self.warnings.append(text)


@dataclass(frozen=True, slots=True)
class _QuickExecutor(InlineExecutor):
    """Takes digests of small data sets only; pictures of large ones all count as different."""

    left_out: list[int] = field(default_factory=list)

    def content_keys(self, dataset: Dataset, identity: str, samples: Sequence[Sample]) -> list[str]:
        """Read the files, or give each a key of its own."""
        size = sum(map(_size, samples))
        if size <= _MOST_READ and not any(sample.url for sample in samples):
            return content_keys(dataset, identity, samples, self.count)
        self.left_out.append(size)
        return [f"not read {number}" for number in range(len(samples))]


def _size(sample: Sample) -> int:
    try:
        return 0 if sample.path is None else sample.path.stat().st_size
    except OSError:
        return 0


def _examined_data(
    recipe: Recipe, workers: int, observer: Observer
) -> tuple[list[Finding], dict[str, dict[str, int]]]:
    executor = _QuickExecutor(count=4)
    try:
        data = open_data(recipe, executor=executor, observer=observer)
    except LeukokitError as error:
        return [failed("data", error)], {}
    findings = list(size_findings(data, workers))
    if executor.left_out:
        gigabytes = executor.left_out[0] / 1e9
        text = f"identical pictures were not looked for: {gigabytes:.1f} GB would have to be read"
        findings.append(Finding("data", Level.NOTE, text, "'leukokit audit' finds them; so does a run"))
    labels = {item.sample.id: item.sample.label or "(no label)" for item in data.items}
    images = {"all": dict(Counter(labels.values()))}
    if (alone := class_names_finding(recipe, data)) is not None:
        return [*findings, alone], images
    try:
        divisions = _divisions(recipe, data, observer)
    except LeukokitError as error:
        return [*findings, failed("split", error)], images
    images |= dict(_counted(divisions, labels))
    findings += divided_group_findings(recipe, data, divisions)
    return [*findings, *class_findings(recipe, data, divisions)], images


def _divisions(recipe: Recipe, data: OpenData, observer: Observer) -> Sequence[Division]:
    model = recipe.model
    if recipe.classify is None and model.split is None and not model.evaluate:
        return ()
    return divide(recipe, data, observer)


def _counted(
    divisions: Sequence[Division], labels: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, int]]]:
    for division in divisions:
        for fold in division.folds:
            for part in dict.fromkeys(fold.parts.values()):
                place = [division.name, fold.name if len(division.folds) > 1 else "", str(part)]
                inside = (labels[id_] for id_, own in fold.parts.items() if own == part)
                yield " ".join(word for word in place if word), dict(Counter(inside))


def _existing(folder: Path) -> Path:
    """Nearest folder that there is: a run makes the others."""
    whole = folder.absolute()
    return next((one for one in (whole, *whole.parents) if one.is_dir()), whole)
