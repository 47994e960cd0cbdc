"""``resolved.json``: the recipe with every default filled in, as a run was made of it.

What may stand in a recipe, and what it means, is the matter of ``leukokit.recipe``. This folder does not
import it, so that a run directory is read without any component. A test compares the fields of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from leukokit.record.base import Cell, Count, Flag, Number, OrAbsent, Record, Text, described


class RecipeComponent(Record):
    """A component of a recipe."""

    use: Text = Field(description="Name of the component.")
    params: Mapping[str, Any] | None = described("Parameters, defaults included.")


class RecipeReading(Record):
    """How files become pixels where a file alone does not say."""

    bit_depth: Count | None = described("Significant bits a channel of images with more than 8.")
    frame: Count | None = described("Frame or page, from 0, of files with several.")


class RecipeScale(Record):
    """How the scale of the images is found: one of three."""

    by: Text | None = described("What it is measured on: `auto`, `image`, `group` or `dataset`.")
    pixel_size_um: Cell = described("Width of a pixel in um, or `file` or `table`, which say it.")
    red_cell_px: Number | None = described("Diameter of a red cell, px.")


class RecipeDataSet(RecipeComponent):
    """The data set of a recipe."""

    fallback: RecipeComponent | None = described("Data set that stands in where this one is missing.")
    groups: Text | None = described("CSV file that says which samples belong together.")
    groups_are: Text | None = described("What samples of one group share: `patient`, `slide` or `view`.")
    read: RecipeReading | None = described("How files become pixels.")
    scale: RecipeScale | None = described("How the scale of the images is found.")


class RecipeUnit(Record):
    """What a sample is."""

    of: Text = Field(description="`image` or `cell`.")
    by: Text | None = described("What says where the cells are: `auto`, `boxes` or `masks`.")
    margin: Number | None = described("Share of a box that is added on each side of it.")
    classes: tuple[Text, ...] = Field((), description="Classes that are kept; none: all.")
    labels: Mapping[str, Text] = Field({}, description="New names of classes.")


class RecipeBalance(Record):
    """The same number of samples of every class."""

    to: Cell = described("`smallest`, or a number of samples.")
    when: Text | None = described("`training` or `before_split`.")


class _SplitSettings(Record):
    balance: RecipeBalance | None = described("How classes are cut to the same number of samples.")


class SplitByHoldout(_SplitSettings):
    """One random division."""

    method: Literal["holdout"] = Field(description="`holdout`.")
    test: Number | None = described("Share of each class for the test part, 0..1.")
    validation: Number | None = described("Share for the validation part, 0..1.")
    stratify: Flag | None = described("Whether every part has the same mix of classes.")
    group: Flag | None = described("Whether samples of one group stay together.")


class SplitByBlocks(_SplitSettings):
    """Contiguous blocks of the file order of each class."""

    method: Literal["blocks"] = Field(description="`blocks`.")
    test: Number | None = described("Share of each class for the test part, 0..1.")
    validation: Number | None = described("Share for the validation part, 0..1.")
    order: tuple[Text, ...] | None = described("Parts in the file order.")
    group: Flag | None = described("Whether training leaves out what shares a group across a cut.")


class SplitByFolds(_SplitSettings):
    """Every sample is tested once."""

    method: Literal["kfold"] = Field(description="`kfold`.")
    folds: Count | None = described("Number of folds.")
    by: Text | None = described("`random`, `group` or `blocks`.")
    stratify: Flag | None = described("Whether every fold has the same mix of classes.")
    validation: Number | None = described("Share of all samples for validation, 0..1.")
    repeats: Count | None = described("Times that the folds are drawn.")


class SplitLeaveOneOut(_SplitSettings):
    """Each site is tested once, by a model that has seen none of its images."""

    method: Literal["leave_one_out"] = Field(description="`leave_one_out`.")
    by: Text = Field(description="Trait of the images: a fold for each of its values.")
    validation: Number | None = described("Share of the other images for validation, 0..1.")
    stratify: Flag | None = described("Whether training and validation have the same mix of classes.")


class SplitOfDataSet(_SplitSettings):
    """A split that comes with the data set."""

    method: Literal["named"] = Field(description="`named`.")
    name: Text = Field(description="Name of the split.")


class SplitOfFile(_SplitSettings):
    """A split fixed in a CSV file."""

    method: Literal["file"] = Field(description="`file`.")
    path: Text = Field(description="The file.")


_METHODS = ("holdout", "blocks", "kfold", "leave_one_out", "named", "file")


def _of_known_method(value: object) -> object:
    if isinstance(value, Mapping) and value.get("method") not in _METHODS:
        raise PydanticCustomError(
            "split_method", "Input should be a split by {methods}", {"methods": " or ".join(_METHODS)}
        )
    return value


RecipeSplit: TypeAlias = Annotated[
    SplitByHoldout | SplitByBlocks | SplitByFolds | SplitLeaveOneOut | SplitOfDataSet | SplitOfFile,
    Field(discriminator="method"),
    BeforeValidator(_of_known_method),
]
"""How samples are divided; each method has settings of its own."""


class RecipeProtocol(Record):
    """A way to divide the samples, under a name."""

    name: Text = Field(description="Name in tables and of its folder.")
    split: RecipeSplit = Field(description="How samples are divided.")


class RecipeTuning(Record):
    """Search of parameters by cross-validation on the training part."""

    cv: Count | None = described("Number of folds.")
    grid: Mapping[str, tuple[Any, ...]] = Field({}, description="Values to try by path of the parameter.")
    scoring: Text | None = described("Score that the best combination has the highest mean of.")


class RecipeOperatingPoint(Record):
    """The threshold that parts ill from healthy, as the recipe asks for it."""

    negative: tuple[Text, ...] | None = described("Classes that count as healthy; null: by their names.")
    sensitivity: Number | None = described("Share of the positives that it must find, 0..1.")


class RecipeReferral(Record):
    """When an image is left to an expert."""

    error: Number | None = described("Share of errors allowed among the images kept, 0..1.")


class RecipeAnswer(Record):
    """One answer for each group of images: a patient, or a slide."""

    by: Text | None = described("What gets an answer: `group`.")
    how: Text | tuple[Text, ...] | None = described(
        "How the images' probabilities are combined; of several ways one is chosen on validation."
    )
    k: Count | None = described("Images of each class that `top_k` takes.")
    params: OrAbsent[Mapping[str, Number]] = described("Parameters of `attention`, where the recipe has any.")
    choose_by: Text | None = described("Score that chooses: `log_loss` or `macro_f1`.")


class RecipeUnlike(Record):
    """When predictions call an image unlike the training data."""

    false_alarms: Number | None = described("Share of the images like it that may be called so, 0..1.")


class AuditLimits(Record):
    """From which value on a finding is serious; null: never."""

    warn: Number | None = described("A warning from this value on.")
    fail: Number | None = described("A failure from this value on.")


class RecipeAudit(Record):
    """What the audit looks at; every further field is a check with its limits."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AuditLimits]

    enabled: Flag | None = described("Whether a run audits its data.")
    lags: Count | None = described("How far apart in file order neighbors are compared.")

    @property
    def limits(self) -> Mapping[str, AuditLimits]:
        """Limits by name of the check."""
        return self.__pydantic_extra__

    def plain(self) -> dict[str, Any]:
        """Give a plain dict."""
        return super().plain() | {name: limits.plain() for name, limits in self.limits.items()}


class RecipeCells(Record):
    """What a run writes of every cell."""

    table: Flag | None = described("Whether `cells.parquet` is written.")
    labels: Flag | None = described("Whether label images are written.")
    geojson: Flag | None = described("Whether outlines are written.")


class ResolvedRecipe(Record):
    """A recipe with every default filled in; further fields hold components of kinds that plugins add."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, RecipeComponent | tuple[RecipeComponent, ...] | None]

    leukokit: Literal[1] | None = described("Version of the recipe format.")
    name: Text = Field(description="Name of the recipe.")
    description: Text | None = described("What it is for.")
    seed: Count | None = described("Seed of everything random.")
    max_rejected: Count | None = described("Rejected images from which the run's exit code is 3.")
    data: RecipeDataSet | None = described("Data set.")
    unit: RecipeUnit | None = described("What a sample is; absent: an image.")
    split: RecipeSplit | None = described("How samples are divided; null: the data set's default.")
    evaluate: tuple[RecipeProtocol, ...] = Field((), description="Several ways to divide, side by side.")
    preprocess: tuple[RecipeComponent, ...] = Field((), description="Preprocessors, in order.")
    segment: RecipeComponent | None = described("Segmenter.")
    features: tuple[RecipeComponent, ...] = Field((), description="Feature extractors.")
    cells: RecipeCells | None = described("What is written of every cell; null: nothing.")
    select: tuple[RecipeComponent, ...] = Field((), description="Selectors, in order.")
    classify: RecipeComponent | None = described("Classifier.")
    tune: RecipeTuning | None = described("Search of parameters.")
    explain: tuple[RecipeComponent, ...] = Field((), description="Explainers.")
    calibrate: Text | None = described("How probabilities are corrected: `temperature` or `isotonic`.")
    final: Text | None = described("What predicts further images: `refit`, `folds` or `none`.")
    operating_point: RecipeOperatingPoint | None = described("Where ill is parted from healthy.")
    refer: RecipeReferral | None = described("When an image is left to an expert.")
    answer: RecipeAnswer | None = described("One answer for each patient or slide; null: for images only.")
    subgroups: tuple[Text, ...] = Field((), description="Traits of the images that scores are compared by.")
    unlike: RecipeUnlike | None = described("When an image is called unlike the training data; null: never.")
    audit: RecipeAudit | None = described("What the audit looks at.")

    def components(self, section: str) -> tuple[RecipeComponent, ...]:
        """Components of a section such as ``features``, in order; none where the recipe has none there."""
        content = getattr(self, section, None)
        if isinstance(content, RecipeComponent):
            return (content,)
        several = content if isinstance(content, tuple) else ()
        return tuple(component for component in several if isinstance(component, RecipeComponent))

    def plain(self) -> dict[str, Any]:
        """Give a plain dict."""
        further = self.__pydantic_extra__
        return super().plain() | {name: _plain_section(section) for name, section in further.items()}


def _plain_section(section: RecipeComponent | tuple[RecipeComponent, ...] | None) -> Any:
    if isinstance(section, tuple):
        return [component.plain() for component in section]
    return None if section is None else section.plain()
