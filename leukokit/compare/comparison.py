"""Comparison of two or more finished runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.compare.aligned import Aligned, align
from leukokit.compare.compared_run import ComparedRun, scores_of
from leukokit.compare.cost import cost
from leukokit.compare.notes import notes
from leukokit.compare.prediction_rows import RunPredictions
from leukokit.compare.run_pair import PairComparison, changed_images, setup_differences
from leukokit.compare.statistics.all_tests import AnalysisUnit, PairedTest, adjusted, paired_tests
from leukokit.compare.statistics.paired import paired_differences
from leukokit.compare.verdict import verdict
from leukokit.engine.finished_run import FinishedRun
from leukokit.errors import UsageError
from leukokit.evaluation.intervals import LEVEL
from leukokit.evaluation.operating_point import negative_classes
from leukokit.notice import NOTICE
from leukokit.number_text import counted_were
from leukokit.record.base import FORMAT
from leukokit.record.comparison import ComparisonRecord, HolmFamilies


@dataclass(frozen=True)
class Comparison:
    """Result of comparing runs on the same images.

    Attributes
    ----------
    part : str
        ``test`` or ``validation``.
    n, groups : int
        Number of images (of rows, where folds tested images several times) and of their groups.
    classes, negative : tuple of str
        All classes, and the healthy ones.
    runs : tuple of ComparedRun
    pairs : tuple of PairComparison
    unit : AnalysisUnit
        Whether tests over images or over groups are reported.
    synthetic : bool
        Whether the images are synthetic.
    notes : tuple of str
        Remarks for the reader.
    """

    part: str
    n: int
    groups: int
    classes: tuple[str, ...]
    negative: tuple[str, ...]
    runs: tuple[ComparedRun, ...]
    pairs: tuple[PairComparison, ...]
    unit: AnalysisUnit
    synthetic: bool
    notes: tuple[str, ...]

    @property
    def sample(self) -> str:
        """What was compared: image, or cell where all runs are of cells."""
        units = {run.run.sample for run in self.runs}
        return units.pop() if len(units) == 1 else "image"

    @property
    def family(self) -> list[PairedTest]:
        """The reported tests, whose p values are adjusted together (Holm)."""
        return [test for pair in self.pairs for test in pair.tests if test.unit is self.unit]

    def record(self) -> ComparisonRecord:
        """Everything, as ``compare --json`` prints it."""
        made = {unit.value: 0 for unit in AnalysisUnit}
        for test in itertools.chain.from_iterable(pair.tests for pair in self.pairs):
            made[test.unit.value] += test.p is not None
        return ComparisonRecord(
            format=FORMAT,
            part=self.part,
            n=self.n,
            groups=self.groups,
            classes=self.classes,
            negative=self.negative,
            level=LEVEL,
            synthetic=self.synthetic,
            unit=self.unit.value,
            holm=HolmFamilies(families={unit: count for unit, count in made.items() if count}),
            runs=tuple(run.record() for run in self.runs),
            pairs=tuple(pair.record() for pair in self.pairs),
            notes=self.notes,
            notice=NOTICE,
        )


def compare(
    runs: Sequence[FinishedRun],
    *,
    part: str = "test",
    common: bool = False,
    by_id: bool = False,
    all_pairs: bool = False,
) -> Comparison:
    """Compare runs on the same images.

    Parameters
    ----------
    runs : sequence of FinishedRun
        Two or more; the first is the baseline.
    part : str
        ``test`` or ``validation``.
    common : bool
        Where the test sets differ, whether to compare on the images that all runs tested.
    by_id : bool
        Whether images with the same id are the same image although their bytes differ.
    all_pairs : bool
        Whether to compare every run with every other, not only with the baseline.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        For fewer than two runs.
    DataError
        Where the runs cannot be compared; the message says how they differ.
    """
    if len(runs) < 2:
        raise UsageError(
            f"{counted_were(len(runs), 'run')} named, and comparing needs two or more",
            hint="leukokit compare RUN RUN, where the first is the baseline",
        )
    rows = [RunPredictions.read(run, _label(number), part) for number, run in enumerate(runs)]
    aligned = align(rows, common=common, by_id=by_id)
    negative = _negative(aligned, part)
    compared_pairs = (
        list(itertools.combinations(range(len(runs)), 2))
        if all_pairs
        else [(0, other) for other in range(1, len(runs))]
    )
    families = adjusted(
        [
            paired_tests(aligned.scored[a], aligned.scored[b], aligned.codes, negative=negative)
            for a, b in compared_pairs
        ]
    )
    unit = AnalysisUnit.GROUP if aligned.grouped else AnalysisUnit.IMAGE
    compared_runs = tuple(
        ComparedRun(run_rows.label, run_rows.run, scores_of(scored), left_out, cost(run_rows.run))
        for run_rows, scored, left_out in zip(rows, aligned.scored, aligned.left_out, strict=True)
    )
    pairs = (
        _pair(aligned, a, b, tests, unit) for (a, b), tests in zip(compared_pairs, families, strict=True)
    )
    return Comparison(
        part=part,
        n=len(aligned.keys),
        groups=len(aligned.group_names),
        classes=aligned.scored[0].classes,
        negative=negative,
        runs=compared_runs,
        pairs=tuple(pairs),
        unit=unit,
        synthetic=rows[0].synthetic,
        notes=tuple(notes(aligned, compared_runs)),
    )


def _label(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"R{number + 1}"


def _pair(
    aligned: Aligned, a: int, b: int, tests: Sequence[PairedTest], unit: AnalysisUnit
) -> PairComparison:
    differences = paired_differences(aligned.scored[a], aligned.scored[b], aligned.codes)
    changed, concentrated = changed_images(aligned, a, b)
    labels = aligned.runs[a].label, aligned.runs[b].label
    reported = [test for test in tests if test.unit is unit]
    return PairComparison(
        first=labels[0],
        second=labels[1],
        differences=differences,
        tests=tests,
        changed=changed,
        concentrated=concentrated,
        verdict=verdict(*labels, differences, reported, changed=len(changed)),
        **setup_differences(aligned, a, b),
    )


def _negative(aligned: Aligned, part: str) -> tuple[str, ...]:
    """Healthy classes: those of the runs' operating points where they agree, else by their names."""
    classes = aligned.scored[0].classes
    scored = [run_rows.run.metrics.part(part) for run_rows in aligned.runs]
    points = [None if scores is None else scores.operating_point for scores in scored]
    named = {() if point is None else tuple(sorted(point.negative)) for point in points}
    if len(named) == 1 and (only := named.pop()) and set(only) < set(classes):
        return only
    return negative_classes(classes, None)
