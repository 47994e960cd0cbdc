"""Comparison of two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leukokit.compare.aligned import Aligned
from leukokit.compare.environment_diff import DataDifference, data_diff, version_diff
from leukokit.compare.recipe_diff import ValueDifference, recipe_diff
from leukokit.compare.statistics.all_tests import PairedTest
from leukokit.compare.statistics.changes import Change, ChangeKind, Concentration, changes, concentration
from leukokit.compare.statistics.paired import PairedDifference
from leukokit.record.comparison import (
    ChangedPrediction,
    ChangedPredictions,
    DifferingValue,
    PairedTestRecord,
    RunPair,
    ScoreDifference,
)


@dataclass(frozen=True)
class ChangedImage:
    """An image for which the two runs predict different classes.

    Attributes
    ----------
    id : str
    fold : str or None
        Where images were tested several times.
    group : str or None
        None where the image is the only one of its group.
    kind : ChangeKind
    true, first, second : str
        True class and the two predicted ones.
    p_first, p_second : float
        Each run's probability of the class that it predicted.
    """

    id: str
    fold: str | None
    group: str | None
    kind: ChangeKind
    true: str
    first: str
    second: str
    p_first: float
    p_second: float


@dataclass(frozen=True)
class PairComparison:
    """Comparison of one run with its baseline.

    Attributes
    ----------
    first, second : str
        Labels of the two runs; the first is the baseline.
    differences : mapping of str to PairedDifference
        Differences of each score, second minus first.
    tests : sequence of PairedTest
        Tests, with p values adjusted over all tests of the comparison.
    changed : sequence of ChangedImage
        Right to wrong first, then wrong to right, then wrong to other wrong.
    concentrated : str or None
        Sentence about the group that has most of the changes; None where there is no such group.
    recipe, versions : sequence of ValueDifference
    data : DataDifference
    verdict : str
        Conclusion in one or two sentences.
    """

    first: str
    second: str
    differences: Mapping[str, PairedDifference]
    tests: Sequence[PairedTest]
    changed: Sequence[ChangedImage]
    concentrated: str | None
    recipe: Sequence[ValueDifference]
    versions: Sequence[ValueDifference]
    data: DataDifference
    verdict: str

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the changed images of each kind by true class."""
        counts: dict[str, dict[str, int]] = {kind.value: {} for kind in ChangeKind}
        for image in self.changed:
            counts[image.kind.value][image.true] = counts[image.kind.value].get(image.true, 0) + 1
        return {kind: dict(sorted(by_class.items())) for kind, by_class in counts.items()}

    def record(self) -> RunPair:
        """Give it as ``compare --json`` prints it."""
        return RunPair(
            first=self.first,
            second=self.second,
            verdict=self.verdict,
            differences={
                name: ScoreDifference(difference=difference.difference, **asdict(difference))
                for name, difference in self.differences.items()
            },
            tests=tuple(PairedTestRecord(**{**asdict(test), "unit": test.unit.value}) for test in self.tests),
            changed=ChangedPredictions(
                counts=self.counts(),
                concentrated=self.concentrated,
                images=tuple(
                    ChangedPrediction(**{**asdict(image), "kind": image.kind.value}) for image in self.changed
                ),
            ),
            recipe=tuple(DifferingValue(**asdict(difference)) for difference in self.recipe),
            versions=tuple(DifferingValue(**asdict(difference)) for difference in self.versions),
            data=self.data.record(),
        )


def changed_images(aligned: Aligned, first: int, second: int) -> tuple[list[ChangedImage], str | None]:
    """List the changed images of two runs, and describe the group that has most of them, if any."""
    a, b = aligned.scored[first], aligned.scored[second]
    changed = changes(a, b)
    sizes = _sizes(aligned)

    def image(change: Change) -> ChangedImage:
        row, code = change.row, int(aligned.codes[change.row])
        key = aligned.keys[row]
        return ChangedImage(
            id=key[0],
            fold=key[1] if len(key) > 1 else None,
            group=group_shown(aligned.group_names[code]) if sizes[code] > 1 else None,
            kind=change.kind,
            true=a.classes[a.true[row]],
            first=a.classes[a.predicted[row]],
            second=b.classes[b.predicted[row]],
            p_first=float(a.proba[row, a.predicted[row]]),
            p_second=float(b.proba[row, b.predicted[row]]),
        )

    most = concentration(changed, aligned.codes)
    return [image(change) for change in changed], _in_words(most, aligned, sizes)


def group_shown(name: str) -> str:
    """Name of a group in its data set; for an image without a group, the id of the image."""
    return name.removeprefix("group ").removeprefix("image ")


def setup_differences(aligned: Aligned, first: int, second: int) -> dict[str, Any]:
    """Differences between recipes, versions and data, as fields of :class:`PairComparison`."""
    a, b = aligned.runs[first], aligned.runs[second]
    return {
        "recipe": recipe_diff(a.run.recipe, b.run.recipe),
        "versions": version_diff(a, b),
        "data": data_diff(a, b),
    }


def _sizes(aligned: Aligned) -> Sequence[int]:
    return [int(size) for size in np.bincount(aligned.codes, minlength=len(aligned.group_names))]


def _in_words(most: Concentration | None, aligned: Aligned, sizes: Sequence[int]) -> str | None:
    if most is None or not most.most:
        return None
    name = group_shown(aligned.group_names[most.code])
    return (
        f"{most.changed} of the {most.of} changed images lie in one group, {name} ({sizes[most.code]} "
        f"images): the difference may be about that group alone"
    )
