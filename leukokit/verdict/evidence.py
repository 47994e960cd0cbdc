"""What is known of a finished run, as far as it bears on trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leukokit.record.audit import AuditRecord
from leukokit.record.metrics import Metrics
from leukokit.record.scores import PartScores


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How far the tested images are kept apart from those that the model learned from.

    Attributes
    ----------
    kind : str or None
        What a group of images is: ``patient``, ``slide`` or ``view``; None where nobody said.
    groups : int
        Groups in the tested part.
    shared : int
        Groups of the tested part that are also in another part of the same fold.
    ungrouped : int
        Tested images that have no group.
    by_class : mapping of class to int
        Groups of each class in the tested part.
    blocks : bool
        Whether some protocol with a score parts the images by blocks of the file order.
    """

    kind: str | None = None
    groups: int = 0
    shared: int = 0
    ungrouped: int = 0
    by_class: Mapping[str, int] = field(default_factory=dict)
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that the rules look at.

    Attributes
    ----------
    data_set : str
        Name of the data set.
    images : int
        Images of the data set.
    classifier : str or None
        None where the recipe has none.
    split : str
        Name of the split.
    metrics : Metrics
        Scores of all parts and protocols, and leaks.
    separation : Separation
    audit : AuditRecord or None
        None where the run was not audited.
    rejected : int
        Images that were left out.
    too_many_rejected : bool
        Whether they are more than the recipe allows.
    synthetic : bool or None
        Whether the images are rendered; None where the run does not say.
    sample : str
        What a sample is: ``image`` or ``cell``.
    external : bool
        Whether a finished model was scored on further images.
    """

    data_set: str
    images: int
    classifier: str | None
    split: str
    metrics: Metrics
    separation: Separation
    audit: AuditRecord | None
    rejected: int
    too_many_rejected: bool
    synthetic: bool | None
    sample: str = "image"
    external: bool = False

    @property
    def part(self) -> str | None:
        """Part whose score counts: ``test``, else ``validation``; None where nothing was scored."""
        return self.metrics.headline_part

    @property
    def scores(self) -> PartScores | None:
        """Scores of that part."""
        return None if self.part is None else self.metrics.part(self.part)

    @property
    def unit(self) -> str:
        """What gets an answer: ``image``, or ``patient``, ``slide`` or ``group`` where the recipe asks."""
        by_group = self.metrics.by_group
        return self.sample if by_group is None or self.group_scores is None else by_group.unit

    @property
    def group_scores(self) -> PartScores | None:
        """Scores of the answers for groups; None where the recipe asks for none."""
        by_group = self.metrics.by_group
        return None if by_group is None or self.part is None else by_group.part(self.part)

    @property
    def answered(self) -> PartScores | None:
        """Scores of what gets an answer: of groups where the recipe asks for them, else of images."""
        return self.group_scores or self.scores


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The accuracy of the tested part, beside that of the best constant answer.

    Attributes
    ----------
    n, right : int
        Tested images (or groups), and those that were classified correctly.
    value : float
        0..1.
    low, high : float or None
        95 % interval.
    largest : str
        Class with the most of them.
    chance : float
        Accuracy of always answering ``largest``, 0..1.
    unknown : str
        Why there is no interval; empty where there is one, or nobody says.
    """

    n: int
    right: int
    value: float
    low: float | None
    high: float | None
    largest: str
    chance: float
    unknown: str = ""

    @property
    def width(self) -> float | None:
        """Width of the interval, 0..1; None where there is none."""
        return None if self.low is None or self.high is None else self.high - self.low


def accuracy_of(evidence: Evidence) -> Accuracy | None:
    """Take the accuracy by image of the tested part; None where nothing was scored."""
    return _accuracy(evidence.scores)


def answered_accuracy(evidence: Evidence) -> Accuracy | None:
    """Take the accuracy of what gets an answer: of groups where the recipe asks for them, else of images."""
    return _accuracy(evidence.answered)


def _accuracy(scores: PartScores | None) -> Accuracy | None:
    if scores is None or scores.accuracy is None or not scores.n:
        return None
    interval = None if scores.intervals is None else scores.intervals.accuracy
    supports = {name: one.support or 0 for name, one in scores.per_class.items()}
    largest = max(supports, key=lambda name: supports[name], default="")
    return Accuracy(
        n=scores.n,
        right=round(scores.accuracy * scores.n),
        value=scores.accuracy,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        largest=largest,
        chance=supports.get(largest, 0) / scores.n,
        unknown="" if interval is None else interval.reason or "",
    )
