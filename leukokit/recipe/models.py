"""What a recipe may hold, as pydantic models; their descriptions are the documentation of the format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, field_validator, model_validator

from leukokit.api import GroupKind
from leukokit.catalog import KINDS, ComponentKind, KindTable
from leukokit.recipe.answer import AnswerSpec
from leukokit.recipe.audit import AuditSpec
from leukokit.recipe.base import SLUG, RecipeBase
from leukokit.recipe.cells import CellsSpec
from leukokit.recipe.protocol import EvaluationProtocol, ProtocolSpec
from leukokit.recipe.scale import ScaleSetting, ScaleSpec
from leukokit.recipe.split import SplitSpec
from leukokit.recipe.statistics import Calibrate, OperatingPointSpec, Refer
from leukokit.recipe.unit import UnitSetting, UnitSpec
from leukokit.recipe.unlike import UnlikeSpec


class ComponentRef(RecipeBase):
    """A component and its parameters; a bare name stands for one with default parameters."""

    use: str = Field(min_length=1, description="Name of the component, as `leukokit list` shows it.")
    params: dict[str, Any] = Field({}, description="Its parameters; `leukokit show NAME` lists them.")


class Read(RecipeBase):
    """How files become pixels where a file alone does not say."""

    bit_depth: int | None = Field(
        None,
        ge=9,
        le=16,
        description="Significant bits a channel of images with more than 8; null: rejected.",
    )
    frame: int | None = Field(
        None,
        ge=0,
        le=10**6,
        description="Frame or page, from 0, of files with several; null: such files are rejected.",
    )


class DataRef(ComponentRef):
    """A data set, what may stand in for it, how its files are read, and what belongs together in it."""

    fallback: ComponentRef | None = Field(
        None,
        description="Data set that stands in where this one is not on the machine, such as smears: a name, "
        "or a name and params. Every output is then marked. null: a missing data set is an error.",
    )
    groups: Path | None = Field(
        None,
        description="CSV with the columns 'id' and 'group': samples of one group (patient, slide, "
        "overlapping views) stay on one side of a split. `leukokit audit --groups FILE` writes one. "
        "null: the data set's own.",
    )
    groups_are: GroupKind | None = Field(
        None,
        description="What samples of one group share: patient, slide or view (overlapping pictures). The "
        "verdict speaks of new patients only where groups are patients. null: what the data set says.",
    )
    read: Read = Field(Read(bit_depth=None, frame=None), description="How files become pixels.")
    scale: ScaleSpec = Field(
        ScaleSetting(by="auto", pixel_size_um=None, red_cell_px=None),
        description="How large the images show blood: auto, image, group or dataset (measured on the red "
        "cells), {pixel_size_um: 0.12}, {pixel_size_um: file}, {pixel_size_um: table} or {red_cell_px: 24}.",
    )


class Tune(RecipeBase):
    """Search of parameters by cross-validation on the training part; groups stay whole."""

    cv: int = Field(5, ge=2, le=100, description="Number of folds.")
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        min_length=1, description="Path of a parameter (`classify.C`) to the list of values to try."
    )
    scoring: Literal["accuracy", "macro_f1", "auc_ovo"] = Field(
        "macro_f1", description="Score that the best combination has the highest mean of."
    )


class RecipeModel(RecipeBase):
    """A recipe. Every stage but ``data`` may be left out; a run then ends with what there is."""

    leukokit: Literal[1] = Field(description="Version of the recipe format.")
    name: str = Field(
        pattern=SLUG,
        max_length=80,
        description="Name of the run's folder: letters, digits, '.', '_' and '-'.",
    )
    description: str = Field("", description="Anything worth knowing; shown in the report.")
    seed: int = Field(281, ge=0, le=2**32 - 1, description="Seed that every random draw derives from.")
    max_rejected: int | None = Field(
        None,
        ge=0,
        le=10**9,
        description="Exit code 3 where more images than this are rejected; null: no limit.",
    )
    data: DataRef = Field(description=KINDS.at("data").description)
    unit: UnitSpec = Field(
        UnitSetting(of="image", by="auto", margin=0.1, classes=[], labels={}),
        description="What a sample is: image, or cell: each cell of an image, cut out of it.",
    )
    split: SplitSpec | None = Field(None, description="How samples are parted; null: the data set's default.")
    evaluate: list[ProtocolSpec] = Field(
        [],
        description="Several ways to part the samples, evaluated side by side, in place of `split`: "
        "random, grouped, blocked, a split of the data set, or a name and a split. The first gives the "
        "headline.",
    )
    preprocess: list[ComponentRef] = Field([], description=KINDS.at("preprocess").description)
    segment: ComponentRef | None = Field(None, description=KINDS.at("segment").description)
    features: list[ComponentRef] = Field([], description=KINDS.at("features").description)
    cells: CellsSpec = Field(
        None,
        description="What is written of every cell: true (cells.parquet), or {table: true, labels: true, "
        "geojson: true}; null: nothing.",
    )
    select: list[ComponentRef] = Field([], description=KINDS.at("select").description)
    classify: ComponentRef | None = Field(None, description=KINDS.at("classify").description)
    tune: Tune | None = Field(None, description="Search of parameters; null: none.")
    explain: list[ComponentRef] = Field([], description=KINDS.at("explain").description)
    calibrate: Calibrate | None = Field(
        None,
        description="Correct the probabilities by what the validation part teaches: one temperature, or a "
        "rising curve a class. null: leave them; the report shows what either would do.",
    )
    final: Literal["refit", "folds", "none"] | None = Field(
        None,
        description="What predicts further images: refit, a model fitted on all data of the recipe and "
        "tested on none; folds, the mean of the models of all folds; or none. null: refit where a split has "
        "folds.",
    )
    operating_point: OperatingPointSpec = Field(
        OperatingPointSpec(negative=None, sensitivity=0.95), description="Where to part ill from healthy."
    )
    refer: Refer = Field(Refer(error=0.01), description="When to leave an image to an expert.")
    answer: AnswerSpec | None = Field(
        None,
        description="One answer for each patient or slide, from those for its images: `{by: group, how: "
        "mean}`. null: for each image only.",
    )
    subgroups: list[Annotated[str, Field(min_length=1)]] = Field(
        [],
        description="Traits of the images, such as columns of a table (device, stain, site, sex): scores "
        "for each value, and the largest gap between two.",
    )
    unlike: UnlikeSpec | None = Field(
        UnlikeSpec(false_alarms=0.01),
        description="When predictions call an image unlike the training data, by its features, stain and "
        "scale; null: never.",
    )
    audit: AuditSpec = Field(AuditSpec(), description="What an audit looks at and how strict it is.")

    @field_validator("evaluate")
    @classmethod
    def _each_name_once(cls, value: list[EvaluationProtocol]) -> list[EvaluationProtocol]:
        names = [protocol.name.lower() for protocol in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is given twice; give each protocol a name of its own")
        return value

    @field_validator("subgroups")
    @classmethod
    def _each_trait_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            twice = next(name for name in value if value.count(name) > 1)
            raise ValueError(f"{twice!r} is given twice; name each trait once")
        return value

    @model_validator(mode="after")
    def _one_headline(self) -> Self:
        if self.evaluate and self.split is not None:
            raise ValueError(
                "'split' and 'evaluate' both say how samples are parted; put the split first in 'evaluate'"
            )
        return self


def reference_model(kind: ComponentKind) -> type[ComponentRef]:
    """Model of what a recipe says of one component of a kind."""
    return DataRef if kind.stage == "data" else ComponentRef


def recipe_model(kinds: KindTable) -> type[RecipeModel]:
    """Model of a recipe with a key for every kind in the table.

    The keys that the engine reads are written out in :class:`RecipeModel`, so that a type checker knows them;
    those of further kinds are added here.
    """
    more: dict[str, Any] = {
        kind.stage: stage_field(kind) for kind in kinds if kind.stage not in RecipeModel.model_fields
    }
    if not more:
        return RecipeModel
    return create_model("RecipeModel", __base__=RecipeModel, __doc__=RecipeModel.__doc__, **more)


def stage_field(kind: ComponentKind) -> tuple[Any, Any]:
    """Type and field of a recipe's key that names components of a kind."""
    reference = reference_model(kind)
    if kind.many:
        return list[reference], Field([], description=kind.description)  # type: ignore[valid-type]
    if kind.required:
        return reference, Field(description=kind.description)
    return reference | None, Field(None, description=kind.description)
