"""``pipeline.json`` and ``average.json`` as typed models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, get_args

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_serializer

from leukokit.api import Scale, ScaleSource
from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.unlike.limits import FittedUnlike, References
from leukokit.recipe.answer import ATTENTION
from leukokit.recipe.scale import ScaleSetting
from leukokit.record.calibration import CalibrationRecord
from leukokit.smear.pool import Pool

FORMAT: Literal[1] = 1
"""Version of ``pipeline.json``; raised when an older leukokit could no longer read it."""

Space = Literal["features", "stain", "scale"]
"""Where distances from the training images are measured: `leukokit.engine.unlike.limits.DISTANCES`."""
_SPACES: tuple[Space, ...] = get_args(Space)

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class StrictDocument(BaseModel):
    """Base: frozen; refuses unknown keys, and numbers that JSON cannot write."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, strict=True
    )


class ComponentDocument(StrictDocument):
    """One component: where it comes from, and what rebuilds it."""

    use: str
    """Name in recipes."""
    distribution: str
    """Installed package that it comes from."""
    version: str
    """Version of that package."""
    revision: int
    """Raised by the component when its output changes for the same parameters and input."""
    params: dict[str, Any]
    """Every parameter."""
    fingerprint: str
    """Digest of content outside the parameters, such as a template file."""
    files: dict[str, str]
    """Parameters that name a file, with its copy in this folder."""
    state: str | None
    """File in this folder with its learned state; null where it learns nothing or the model holds it."""


class ReadingDocument(StrictDocument):
    """How files become pixels where the file alone does not determine it."""

    bit_depth: int | None
    frame: int | None


class PoolDocument(StrictDocument):
    """The scale that several images have together."""

    red_cell_px: float | None
    """Diameter of a red cell, in px; null where unknown."""
    confidence: float
    source: str
    sure: int
    agreement: float

    @classmethod
    def of(cls, pool: Pool) -> Self:
        """Write a pool."""
        px = pool.scale.red_cell_px
        return cls(
            red_cell_px=None if math.isnan(px) else px,
            confidence=pool.scale.confidence,
            source=pool.scale.source.value,
            sure=pool.sure,
            agreement=pool.agreement,
        )

    def pool(self) -> Pool:
        """Read it back."""
        px = math.nan if self.red_cell_px is None else self.red_cell_px
        return Pool(Scale(px, self.confidence, ScaleSource(self.source)), self.sure, self.agreement)


class ScaleDocument(StrictDocument):
    """How an image gets its scale."""

    by: Literal["auto", "image", "group", "dataset"] | None
    pixel_size_um: float | Literal["file", "table"] | None
    red_cell_px: float | None
    whole: PoolDocument
    """Of all images outside of the test part."""
    groups: dict[str, PoolDocument]
    """Of each group with images outside of the test part."""

    @classmethod
    def of(cls, rule: ScaleRule) -> Self:
        """Write a rule."""
        setting = rule.setting
        return cls(
            by=setting.by,
            pixel_size_um=setting.pixel_size_um,
            red_cell_px=setting.red_cell_px,
            whole=PoolDocument.of(rule.whole),
            groups={name: PoolDocument.of(rule.groups[name]) for name in sorted(rule.groups)},
        )

    def rule(self) -> ScaleRule:
        """Read it back."""
        setting = ScaleSetting(by=self.by, pixel_size_um=self.pixel_size_um, red_cell_px=self.red_cell_px)
        groups = {name: group.pool() for name, group in self.groups.items()}
        return ScaleRule(setting, self.whole.pool(), groups)


class OperatingPointDocument(StrictDocument):
    """The threshold between ill and healthy."""

    negative: list[str]
    threshold: float
    sensitivity: float | None

    @classmethod
    def of(cls, point: FittedOperatingPoint | None) -> Self | None:
        """Write an operating point."""
        if point is None:
            return None
        return cls(negative=list(point.negative), threshold=point.threshold, sensitivity=point.sensitivity)

    def point(self) -> FittedOperatingPoint:
        """Read it back."""
        return FittedOperatingPoint(tuple(self.negative), self.threshold, self.sensitivity)


class ReferDocument(StrictDocument):
    """The threshold below which an image is left to an expert."""

    threshold: float
    error: float

    @classmethod
    def of(cls, refer: FittedReferral | None) -> Self | None:
        """Write a referral."""
        return None if refer is None else cls(threshold=refer.threshold, error=refer.error)

    def refer(self) -> FittedReferral:
        """Read it back."""
        return FittedReferral(self.threshold, self.error)


class AttentionDocument(StrictDocument):
    """What attention learned; `attention.npz` holds the weights of its network."""

    params: AttentionParams
    epochs: Annotated[int, Field(ge=1)]
    """After which the weights were taken."""
    groups: Annotated[int, Field(ge=1)]
    """Groups that it was trained on."""
    arrays: str
    """File in this folder with what was learned."""

    @classmethod
    def of(cls, pooling: AttentionPooling, arrays: str) -> Self:
        """Write what was learned."""
        return cls(params=pooling.params, epochs=pooling.epochs, groups=pooling.groups, arrays=arrays)

    def pooling(self, arrays: Mapping[str, NDArray[Any]], classes: Sequence[str]) -> AttentionPooling:
        """Read it back.

        Raises
        ------
        KeyError, ValueError
            Where an array is missing, or they do not fit together.
        """
        return AttentionPooling.from_arrays(
            arrays, classes=classes, params=self.params, epochs=self.epochs, groups=self.groups
        )


class AnswerDocument(StrictDocument):
    """How the images of a group (a patient, a slide) become one answer."""

    way: Literal["mean", "vote", "top_k", "noisy_or", "attention"]
    k: Annotated[int, Field(ge=1)]
    """Images of each class that `top_k` takes."""
    negative: list[str]
    """Classes that count as healthy, for `noisy_or`."""
    choose_by: str
    """Score that chose the way on the validation part."""
    tried: dict[str, float]
    """That score of every way that was tried; empty where there was nothing to choose."""
    operating_point: OperatingPointDocument | None
    """On the probabilities of groups; null where no class is known to be healthy."""
    refer: ReferDocument | None
    """Null where there was no validation part to choose it on."""
    attention: AttentionDocument | None = None
    """Null or absent where nothing learned attention, and in `average.json`: folds have one each."""

    @classmethod
    def of(cls, answer: FittedAnswer | None, arrays: str | None = None) -> Self | None:
        """Write an answer; ``arrays`` is the file with what its attention learned, None for no file."""
        if answer is None:
            return None
        learned = None if arrays is None else AttentionDocument.of(answer.attention[0], arrays)
        return cls(
            way=answer.way,
            k=answer.k,
            negative=list(answer.negative),
            choose_by=answer.choose_by,
            tried=dict(answer.tried),
            operating_point=OperatingPointDocument.of(answer.operating_point),
            refer=ReferDocument.of(answer.refer),
            attention=learned,
        )

    def answer(self, attention: Sequence[AttentionPooling]) -> FittedAnswer:
        """Read it back.

        Raises
        ------
        ValueError
            Where it answers with attention and none was learned.
        """
        if self.way == ATTENTION and not attention:
            raise ValueError("it answers with attention, and none was learned")
        return FittedAnswer(
            self.way,
            self.k,
            tuple(self.negative),
            self.choose_by,
            self.tried,
            None if self.operating_point is None else self.operating_point.point(),
            None if self.refer is None else self.refer.refer(),
            tuple(attention),
        )


class UnlikeDocument(StrictDocument):
    """From where on an image is unlike the training data; `unlike.npz` holds the training images."""

    limits: dict[Space, Annotated[float, Field(gt=0)]]
    """Distance in each space."""
    false_alarms: float
    """Share of the held-out images that may lie beyond some limit."""
    chosen_on: Literal["validation", "training"]
    """The validation part; or training images that their own reference left out."""
    images: int
    """How many held-out images."""
    arrays: str
    """File in this folder with the training images in each space."""

    @classmethod
    def of(cls, unlike: FittedUnlike | None, arrays: str) -> Self | None:
        """Write the limits."""
        if unlike is None:
            return None
        return cls(
            limits={name: limit for name in _SPACES if (limit := unlike.limits.get(name)) is not None},
            false_alarms=unlike.false_alarms,
            chosen_on=unlike.chosen_on,
            images=unlike.images,
            arrays=arrays,
        )

    def unlike(self, references: References) -> FittedUnlike:
        """Read them back."""
        limits = {str(name): limit for name, limit in self.limits.items()}
        return FittedUnlike(references, limits, self.false_alarms, self.chosen_on, self.images)


class PipelineDocument(StrictDocument):
    """Content of ``pipeline.json``."""

    format: Literal[1]
    """Version of this file."""
    leukokit: str
    """Version that wrote it."""
    name: str
    """Name of the recipe."""
    notice: str
    tested: bool
    """False where it was tested on no image."""
    incomplete: str | None
    """Why it cannot be loaded again; null where it can."""
    libraries: dict[str, str]
    """Versions of the libraries that compute."""
    seed: int
    """Seed of the steps that draw random numbers."""
    reading: ReadingDocument
    scale: ScaleDocument | None
    """Null where nothing asks for the scale of images."""
    preprocess: list[ComponentDocument]
    segment: ComponentDocument | None
    features: list[ComponentDocument]
    columns: list[str]
    """Features, in the order of the table."""
    select: list[ComponentDocument]
    classify: ComponentDocument
    classes: list[str]
    """In the order of the probability columns."""
    calibration: CalibrationRecord | None
    """As in ``calibration.json``; null where probabilities are not corrected."""
    operating_point: OperatingPointDocument | None
    """Null where no class is known to be healthy."""
    refer: ReferDocument | None
    """Null where there was no validation part to choose it on."""
    answer: AnswerDocument | None = None
    """Null where the recipe asks for no answer by patient or slide; absent in files of older versions."""
    unlike: UnlikeDocument | None = None
    """Null where the recipe has no `unlike`; absent in files of older versions."""
    cell_margin: Annotated[float, Field(ge=0)] | None = None
    """Share of a box that the crops showed around a cell; null or absent where it learned images."""
    files: dict[str, Sha256]
    """Every file in this folder that the pipeline needs, with its digest."""

    @field_serializer("calibration")
    def _as_in_its_file(self, calibration: CalibrationRecord | None) -> dict[str, Any] | None:
        """Leave out what ``calibration.json`` leaves out."""
        return None if calibration is None else calibration.plain()


class AverageDocument(StrictDocument):
    """Content of ``average.json``: the pipelines of the folds whose probabilities are averaged."""

    format: Literal[1]
    """Version of this file."""
    leukokit: str
    """Version that wrote it."""
    name: str
    """Name of the recipe."""
    notice: str
    tested: Literal[False]
    """The scores of the run are those of the single folds; their mean was tested on no image."""
    folds: dict[str, Sha256]
    """Folder of each fold's pipeline beside this file, with the digest of its ``pipeline.json``."""
    operating_point: OperatingPointDocument | None
    """Null where no class is known to be healthy."""
    refer: ReferDocument | None
    """Null where there was no validation part to choose it on."""
    answer: AnswerDocument | None = None
    """Null where the recipe asks for no answer by patient or slide; absent in files of older versions."""
