"""The model beside the probes, image by image: explained share, images where probes fail, patients needed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.probes.probe import ProbeData, ProbeResult
from leukokit.evaluation.intervals import BoundedEstimate, Groups, proportion
from leukokit.record.audit import CELLS_PROBE

POWER = 0.8
"""Chance that a study of the needed size shows the difference, at a level of 5 % on two sides."""

_NORMAL_LEVEL = 1.959963984540054
_NORMAL_POWER = 0.8416212335729143


@dataclass(frozen=True, slots=True)
class PairedAnswers:
    """Whether the model, and each probe, is right on the same test images.

    Attributes
    ----------
    model : bool array (n,)
    probes : mapping of probe to bool array (n,)
        One or more.
    groups : Groups
        Of the images, with their classes.
    chance : float
        Accuracy of the best constant answer, 0..1.
    classes : int
        Number of classes among the images.
    """

    model: NDArray[np.bool_]
    probes: Mapping[str, NDArray[np.bool_]]
    groups: Groups
    chance: float
    classes: int

    @classmethod
    def of(cls, data: ProbeData, ids: Sequence[str], probes: Sequence[ProbeResult]) -> PairedAnswers | None:
        """Pair the answers to the test images that both were asked about; None where there are none.

        Parameters
        ----------
        data : ProbeData
            What the probes were fitted on.
        ids : sequence of str
            Ids of its images.
        probes : sequence of ProbeResult
        """
        right = {} if data.model is None else data.model.right
        rows = [(fold.name, row) for fold in data.folds for row in fold.test.tolist()]
        places = [place for place, (fold, row) in enumerate(rows) if (fold, ids[row]) in right]
        rivals = [each for each in probes if each.right and each.name != CELLS_PROBE]
        scored = {each.name: np.array(each.right, dtype=bool)[places] for each in rivals}
        if not places or not scored:
            return None
        tested = np.array([rows[place][1] for place in places], dtype=np.intp)
        labels = data.labels[tested]
        counts = np.unique(labels, return_counts=True)[1]
        return cls(
            model=np.array([right[rows[place][0], ids[rows[place][1]]] for place in places], dtype=bool),
            probes=scored,
            groups=Groups.of(data.groups[tested], len(tested), labels),
            chance=float(counts.max() / len(labels)),
            classes=len(counts),
        )


@dataclass(frozen=True, slots=True)
class NeededSample:
    """How large a test would tell the model from the strongest probe.

    Attributes
    ----------
    probe : str
        The strongest probe.
    difference, low, high : float
        Accuracy of the model less that of the probe, -1..1, with its 95 % interval over groups.
    design_effect : float
        Variance of the difference over that of as many independent images, 1 or more.
    units : int
        Groups of the test (images where every image is its own group).
    grouped : bool
        Whether these are groups.
    per_class : int or None
        Groups (images) of each class from which such a difference would be shown with a chance of ``POWER``;
        None where the model is not better than the probe.
    """

    probe: str
    difference: float
    low: float
    high: float
    design_effect: float
    units: int
    grouped: bool
    per_class: int | None


def explained_share(answers: PairedAnswers, probe: str) -> tuple[float, float] | None:
    """Interval of the share of the model's gain over chance that a probe reaches, too.

    A ratio of two means over the same groups: Fieller 1954, doi 10.1111/j.2517-6161.1954.tb00159.x.

    Returns
    -------
    low, high : float, or None
        None where groups are too few, or the model is not surely better than chance: then the share can be
        anything.
    """
    groups = answers.groups
    if groups.unknown:
        return None
    ours, theirs = _influence(answers.model), _influence(answers.probes[probe])
    gain, reached = (float(right.mean()) - answers.chance for right in (answers.model, answers.probes[probe]))
    if gain <= 0:
        return None
    quantile = groups.quantile(theirs - reached / gain * ours)
    own, other = groups.variance(ours), groups.variance(theirs)
    both = (own + other - groups.variance(theirs - ours)) / 2
    square = quantile**2
    first = gain**2 - square * own
    if first <= 0:
        return None
    middle = gain * reached - square * both
    root = math.sqrt(max(middle**2 - first * (reached**2 - square * other), 0.0))
    return (middle - root) / first, (middle + root) / first


def where_wrong(answers: PairedAnswers, probes: Sequence[str]) -> BoundedEstimate | None:
    """Accuracy of the model on the images that all of these probes get wrong; None where there are none."""
    wrong = np.all([~answers.probes[name] for name in probes], axis=0)
    if not wrong.any():
        return None
    right = answers.model[wrong]
    bounds = proportion(right, answers.groups.subset(wrong))
    return BoundedEstimate(float(right.mean()), bounds, len(right))


def needed_sample(answers: PairedAnswers) -> NeededSample:
    """Find how many groups of each class would tell the model from the strongest probe.

    Images: Connor 1987, doi 10.2307/2531961, for paired proportions. Groups: times the design effect of this
    test (Donner, Birkett and Buck 1981, doi 10.1093/oxfordjournals.aje.a113261), over the images of a group.
    As any number that comes from one study it is rough: the difference itself is uncertain.
    """
    name = max(answers.probes, key=lambda probe: (float(answers.probes[probe].mean()), probe))
    values = answers.model.astype(np.float64) - answers.probes[name]
    n, mean = len(values), float(values.mean())
    # Without classes: of one patient a class the variance within classes is not known, that of all is.
    groups = Groups(answers.groups.codes, answers.groups.count)
    influence = _influence(values)
    variance, alone = groups.variance(influence), float(np.sum(influence**2))
    effect = max(variance / alone, 1.0) if alone > 0 else n / groups.count
    reach = groups.quantile(influence) * math.sqrt(variance)
    per_class = None
    if mean > 0:
        discordant = float(np.mean(values != 0))
        paired = _NORMAL_LEVEL * math.sqrt(discordant) + _NORMAL_POWER * math.sqrt(discordant - mean**2)
        images = (paired / mean) ** 2 * effect
        per_class = max(2, math.ceil(images * groups.count / n / answers.classes))
    return NeededSample(
        probe=name,
        difference=mean,
        low=max(-1.0, mean - reach),
        high=min(1.0, mean + reach),
        design_effect=effect,
        units=groups.count,
        grouped=not groups.independent,
        per_class=per_class,
    )


def _influence(values: NDArray[np.bool_] | FloatArray) -> FloatArray:
    return (np.asarray(values, dtype=np.float64) - float(np.mean(values))) / len(values)
