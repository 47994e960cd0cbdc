"""Scores of one part: shares, areas under ROC curves, classes, confusion, and their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from leukokit.record.base import Count, Number, OrAbsent, Record, Text, described


class Interval(Record):
    """A 95 % interval."""

    low: Number | None = described("Lower end.")
    high: Number | None = described("Upper end.")
    method: Text | None = described("How it was found, such as `Wilson over groups`.")
    reason: OrAbsent[Text] = described("Why it cannot be told; then both ends and the method are null.")


class Measured(Interval):
    """A share or an area with its 95 % interval."""

    value: Number | None = described("The share or area, 0..1.")
    n: OrAbsent[Count] = described("Images that the share is of; absent for areas.")


class CellInterval(Record):
    """A 95 % interval of one cell of a confusion matrix, as a share of its true class."""

    low: Number | None = described("Lower end; null where it cannot be told.")
    high: Number | None = described("Upper end.")


class ScoreIntervals(Record):
    """95 % intervals of the scores of a part; of an area that the part cannot tell there is none."""

    level: Number | None = described("Share of intervals that hold the true value: 0.95.")
    groups: Count | None = described(
        "Groups of images that belong together, which the intervals are made over."
    )
    draws: Count | None = described("Draws of a bootstrap; 0 where nothing is resampled.")
    notes: tuple[Text, ...] = Field((), description="What a reader of the intervals should know.")
    accuracy: Interval | None = described("Of `accuracy`.")
    macro_f1: Interval | None = described("Of `macro_f1`.")
    macro_precision: Interval | None = described("Of `macro_precision`.")
    macro_recall: Interval | None = described("Of `macro_recall`.")
    auc_ovo: OrAbsent[Interval] = described("Of `auc_ovo`.")
    auc_ovr: OrAbsent[Interval] = described("Of `auc_ovr`.")

    def of(self, score: str) -> Interval | None:
        """Interval of a score by its name; None where there is none."""
        interval = getattr(self, score, None)
        return interval if isinstance(interval, Interval) else None


class BriefScores(Record):
    """Scores of one fold."""

    n: Count = Field(description="Images.")
    accuracy: Number | None = described("Share of images that are classified correctly, 0..1.")
    macro_f1: Number | None = described("Mean F1 of the classes that the part holds, 0..1.")
    auc_ovo: Number | None = described("Mean area under the ROC curve over all pairs of classes, 0..1.")
    auc_ovr: Number | None = described("Mean area under the ROC curve, each class against the rest, 0..1.")

    def of(self, score: str) -> float | None:
        """Score by its name; None where the part cannot tell it."""
        value: float | None = getattr(self, score, None)
        return value


class ProtocolScores(BriefScores):
    """Scores of the test part under one protocol."""

    intervals: ScoreIntervals | None = described("95 % intervals of the scores.")


class ClassIntervals(Record):
    """95 % intervals of the scores of one class, where the part can tell them."""

    precision: OrAbsent[Interval] = described("Of `precision`.")
    recall: OrAbsent[Interval] = described("Of `recall`.")
    specificity: OrAbsent[Interval] = described("Of `specificity`.")
    f1: OrAbsent[Interval] = described("Of `f1`.")
    auc_ovr: OrAbsent[Interval] = described("Of `auc_ovr`.")


class ClassScores(Record):
    """Scores of one class; null where the part cannot tell: a class that it does not hold has no recall."""

    support: Count | None = described("Images of this class.")
    predicted: Count | None = described("Images that were given this class.")
    precision: Number | None = described("Share of `predicted` that is right, 0..1.")
    recall: Number | None = described("Share of `support` that is found (sensitivity), 0..1.")
    specificity: Number | None = described(
        "Share of the images of all other classes that are not given this class, 0..1; absent in older runs."
    )
    f1: Number | None = described("Harmonic mean of precision and recall, 0..1.")
    auc_ovr: Number | None = described("Area under the ROC curve, this class against the rest, 0..1.")
    intervals: ClassIntervals | None = described("95 % intervals of the scores.")


class Confusion(Record):
    """Images by true class (row) and predicted class (column)."""

    labels: tuple[Text, ...] = Field(description="Classes, in the order of rows and columns.")
    matrix: tuple[tuple[Count, ...], ...] = Field(description="Number of images, a row for each true class.")
    intervals: tuple[tuple[CellInterval | None, ...], ...] | None = described(
        "95 % interval of each cell's share of its true class; null in rows without images."
    )


class Bin(Record):
    """Images of similar confidence."""

    low: Number | None = described("Lower end of the bin, confidence 0..1.")
    high: Number | None = described("Upper end of the bin.")
    n: Count = Field(description="Images.")
    confidence: Number | None = described("Mean of the highest probability, 0..1.")
    accuracy: Number | None = described("Share of images that are classified correctly, 0..1.")
    accuracy_low: Number | None = described("Lower end of its 95 % interval.")
    accuracy_high: Number | None = described("Upper end of its 95 % interval.")


class Reliability(Record):
    """How far probabilities agree with how often they are right."""

    ece: Number | None = described("Expected calibration error, 0..1; 0 is best.")
    ece_low: Number | None = described("Lower end of its 95 % interval.")
    ece_high: Number | None = described("Upper end of its 95 % interval.")
    brier: Number | None = described("Brier score summed over classes, 0..2; 0 is best.")
    log_loss: Number | None = described("Mean negative natural logarithm of the true class's probability.")
    accuracy: Number | None = described("Accuracy under these probabilities, 0..1.")
    bins: tuple[Bin, ...] = Field((), description="Bins that hold images, by rising confidence.")


class Calibration(Record):
    """Probabilities as the model gives them, and under each calibration."""

    applied: Text = Field(
        "none", description="Calibration that the recipe applies; `none` where it asks for none."
    )
    fitted_on: Text | None = described("Part that calibrations were fitted on; null where none was.")
    methods: Mapping[str, Reliability] = Field(
        description="By calibration: `none`, `temperature`, `isotonic`."
    )
    temperature: Number | None = described(
        "Temperature; null where folds have their own, or none was fitted."
    )
    temperatures: Mapping[str, Number] = Field({}, description="By fold, where there are several.")
    notes: tuple[Text, ...] = Field((), description="What a reader should know.")


class RocPoint(Record):
    """A point of a ROC curve."""

    threshold: Number | None = described("Positive from this probability on.")
    sensitivity: Number | None = described("Share of positive images that are called, 0..1.")
    specificity: Number | None = described("Share of negative images that are not called, 0..1.")


class Target(Record):
    """What a threshold was chosen to reach."""

    sensitivity: Number | None = described("Sensitivity on the part that the threshold was chosen on, 0..1.")


class OperatingPoint(Record):
    """Ill or not: one threshold on the summed probability of the positive classes."""

    negative: tuple[Text, ...] = Field((), description="Classes that count as healthy.")
    positive: tuple[Text, ...] = Field((), description="All other classes.")
    threshold: Number | None = described("Threshold; the median of the folds' where there are several.")
    thresholds: Mapping[str, Number] = Field({}, description="By fold, where there are several.")
    chosen_on: Text | None = described("`validation`, or `fixed` where no part could tell.")
    target: Target | None = described("What it was chosen for; null where it is fixed.")
    sensitivity: Measured | None = described("Share of positive images that are called; null without such.")
    specificity: Measured | None = described(
        "Share of negative images that are not called; null without such."
    )
    ppv: Measured | None = described("Share of called images that are positive; null where none is called.")
    npv: Measured | None = described(
        "Share of images not called that are negative; null where all are called."
    )
    auc: Measured | None = described("Area under the ROC curve; null where the part holds one side only.")
    roc: tuple[RocPoint, ...] = Field((), description="At most 200 points, by falling threshold.")
    notes: tuple[Text, ...] = Field((), description="What a reader should know.")


class CoveragePoint(Record):
    """Errors among the images that are kept from a confidence on."""

    threshold: Number | None = described("Kept from this confidence on.")
    coverage: Number | None = described("Share of images that are kept, 0..1.")
    risk: Number | None = described("Share of them that is wrong, 0..1.")


class Referral(Record):
    """Unsure images left to an expert."""

    threshold: Number | None = described("Images below this confidence are referred; a median over folds.")
    thresholds: Mapping[str, Number] = Field({}, description="By fold, where there are several.")
    chosen_on: Text | None = described("Part that the threshold was chosen on.")
    target_risk: Number | None = described("Share of errors among the kept that it was chosen for, 0..1.")
    coverage: Measured | None = described("Share of images that are kept.")
    risk: Measured | None = described("Share of the kept that is wrong; null where none is kept.")
    referred: Count | None = described("Images that are referred.")
    errors_kept: Count | None = described("Errors among the kept.")
    errors_referred: Count | None = described("Errors among the referred.")
    notes: tuple[Text, ...] = Field((), description="What a reader should know.")


class Coverage(Record):
    """What a model is worth that may pass."""

    curve: tuple[CoveragePoint, ...] = Field((), description="At most 100 points, by falling threshold.")
    aurc: Number | None = described("Mean risk over all coverages, 0..1; 0 is best.")
    refer: Referral | None = described(
        "The threshold that the recipe asks for; null where none could be chosen."
    )


class PartScores(ProtocolScores):
    """Everything about one part, all folds together."""

    macro_precision: Number | None = described("Mean precision of the classes held, 0..1.")
    macro_recall: Number | None = described("Mean recall of the classes held, 0..1.")
    per_class: Mapping[str, ClassScores] = Field({}, description="By class.")
    confusion: Confusion | None = described("Confusion matrix.")
    calibration: OrAbsent[Calibration] = described("How far probabilities can be believed.")
    operating_point: OrAbsent[OperatingPoint] = described("Absent where no class is known to be healthy.")
    coverage: OrAbsent[Coverage] = described("What is gained where unsure images go to an expert.")
    folds: OrAbsent[Mapping[str, BriefScores | None]] = described(
        "By fold, where there are several; null where a fold has no such part."
    )
    notes: tuple[Text, ...] = Field((), description="What a reader of the scores should know.")
