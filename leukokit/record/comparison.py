"""What ``leukokit compare --json`` prints: runs beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from leukokit.record.base import Count, Flag, Format, Number, Record, Text, described


class RunCost(Record):
    """Time and size of one run."""

    seconds: Number | None = described("Time of the whole run, s.")
    stages: Mapping[str, Number] = Field({}, description="Seconds by stage.")
    cached: tuple[Text, ...] = Field((), description="Steps that took results from the cache.")
    model_bytes: Count | None = described("Size of the folds' models in `model/`; null where there are none.")
    features: Count | None = described("Columns before any selection; null where there are none.")
    workers: Count | None = described("Processes.")


class RunScores(Record):
    """One run of a comparison."""

    label: Text = Field(description="A, B and so on; A is the baseline.")
    name: Text = Field(description="Name of the recipe.")
    path: Text = Field(description="Run directory.")
    status: Text | None = described("How it ended.")
    scores: Mapping[str, Number | None] = Field(description="On the compared images.")
    left_out: Count = Field(description="Images that it tested and another run did not.")
    cost: RunCost = Field(description="Time and size.")


class ScoreDifference(Record):
    """Difference of one score between two runs, with its 95 % interval."""

    first: Number | None = described("Score of the baseline.")
    second: Number | None = described("Score of the other run.")
    difference: Number | None = described("Second less first.")
    low: Number | None = described("Lower end of the interval of the difference.")
    high: Number | None = described("Upper end.")
    method: Text = Field(description="How the interval was found.")


class PairedTestRecord(Record):
    """One test of one pair of runs."""

    about: Text = Field(description="`accuracy`, or `AUC` and a class or classes against all others.")
    method: Text = Field(description="Name of the test.")
    unit: Text = Field(description="What it takes to be independent: `image` or `group`.")
    difference: Number = Field(description="Second less first.")
    error: Number | None = described("Standard error of the difference.")
    statistic: Number | None = described("z, where the test has one.")
    p: Number | None = described("Two-sided p value; null where the test could not be made.")
    p_holm: Number | None = described("The same, adjusted by Holm over the family.")


class ChangedPrediction(Record):
    """An image that two runs judge differently."""

    id: Text = Field(description="Id of the image.")
    fold: Text | None = described("Where images were tested several times.")
    group: Text | None = described("Null where the image is alone in its group.")
    kind: Text = Field(description="`right to wrong`, `wrong to right` or `wrong to other wrong`.")
    true: Text = Field(description="True class.")
    first: Text = Field(description="Class that the baseline gives.")
    second: Text = Field(description="Class that the other run gives.")
    p_first: Number = Field(description="Probability of the class that the baseline gives.")
    p_second: Number = Field(description="Probability of the class that the other run gives.")


class ChangedPredictions(Record):
    """All images that two runs judge differently."""

    counts: Mapping[str, Mapping[str, Count]] = Field(description="By kind and true class.")
    concentrated: Text | None = described("The group that holds most of them, in words.")
    images: tuple[ChangedPrediction, ...] = Field((), description="Each of them.")


class DifferingValue(Record):
    """One place where two recipes or environments differ."""

    path: Text = Field(description="Dotted path.")
    first: Any = Field(description="Value of the baseline.")
    second: Any = Field(description="Value of the other run.")


class DataChange(Record):
    """How the images of two runs differ, tested or not."""

    images: tuple[Count, Count] = Field(description="Images of each data set.")
    only_first: Count = Field(description="Images of the baseline alone.")
    only_second: Count = Field(description="Images of the other run alone.")
    changed: Count = Field(description="Images of the same id with other bytes.")
    trained: tuple[Count, Count] = Field(description="Images that each run trained on.")
    same_training: Flag = Field(description="Whether both trained on the same images in every fold.")


class RunPair(Record):
    """One run against its baseline."""

    first: Text = Field(description="Label of the baseline.")
    second: Text = Field(description="Label of the other run.")
    verdict: Text = Field(description="What comes of it, in plain words.")
    differences: Mapping[str, ScoreDifference] = Field(description="By score.")
    tests: tuple[PairedTestRecord, ...] = Field((), description="Tests of images and of groups.")
    changed: ChangedPredictions = Field(description="Images that are judged differently.")
    recipe: tuple[DifferingValue, ...] = Field((), description="Where the recipes differ.")
    versions: tuple[DifferingValue, ...] = Field((), description="Where versions and platforms differ.")
    data: DataChange = Field(description="How the images differ.")


class HolmFamilies(Record):
    """Over how many tests p values are adjusted."""

    families: Mapping[str, Count] = Field(description="Number of tests by unit.")


class ComparisonRecord(Record):
    """Runs beside each other on the images that they tested."""

    format: Format = Field(description="Form of this file: 1.")
    part: Text = Field(description="`test` or `validation`.")
    n: Count = Field(description="Images; rows where folds tested images several times.")
    groups: Count = Field(description="Groups of images that belong together.")
    classes: tuple[Text, ...] = Field(description="All classes.")
    negative: tuple[Text, ...] = Field((), description="Classes that are no disease.")
    level: Number = Field(description="Level of the intervals: 0.95.")
    synthetic: Flag = Field(description="Whether the images are rendered.")
    unit: Text = Field(description="Which tests are to be read: those of each `image` or `group`.")
    holm: HolmFamilies = Field(description="Adjustment of p values.")
    runs: tuple[RunScores, ...] = Field(description="The baseline first.")
    pairs: tuple[RunPair, ...] = Field(description="Each run against its baseline.")
    notes: tuple[Text, ...] = Field((), description="What a reader should know.")
    notice: Text = Field(description="Research use only.")
