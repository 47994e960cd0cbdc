"""The table of component kinds: one row says everything that the core knows of a kind.

Discovery (which hook offers it), the catalog (which class it derives from), recipes (which key names it, one
component or a list), the plan and its explanation (how often it runs), ``leukokit list``, ``check`` and
``schema``, the conformance kit and the generated documentation read this table. A new kind is one more row;
beside it come its base class and the engine code that uses its results.

Classes and modules are named as text and imported when they are first needed, so the table costs no start-up
time. The table is passed down: :func:`leukokit.catalog.discover` puts it into the catalog, and whoever has a
catalog asks ``catalog.kinds``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from leukokit.api import Component

Per: TypeAlias = Literal["run", "image", "fold"]
"""How often a component does its work: once a run, for each image, or for each fold of the split."""


@dataclass(frozen=True, slots=True)
class ComponentKind:
    """One kind of component.

    Attributes
    ----------
    name : str
        As in ``leukokit list``, such as ``feature_extractor``.
    title : str
        Plural, as a heading.
    hook : str
        The function by which a plugin offers components of this kind.
    stage : str
        The recipe's key that names components of this kind.
    description : str
        What the recipe's key means; shown in the JSON Schema.
    base : str
        ``"module:Class"`` that components derive from.
    many : bool
        True where the recipe's key takes a list of components, False where it takes one.
    per : {'run', 'image', 'fold'}
        How often a component of this kind does its work.
    takes, gives : str
        What goes in and what comes out, in a few words.
    checks : str
        ``"module:NAME"`` of the conformance checks of this kind; empty for the common checks alone.
    built_ins : str
        Module that offers leukokit's own components of this kind; empty where there are none.
    required : bool
        True where a recipe cannot do without it.
    tunable : bool
        True where ``tune`` may vary its parameters.
    needs_classifier : str
        What it does with a classifier, in words, where a recipe without one is a mistake.
    """

    name: str
    title: str
    hook: str
    stage: str
    description: str
    base: str
    many: bool
    per: Per
    takes: str
    gives: str
    checks: str = ""
    built_ins: str = ""
    required: bool = False
    tunable: bool = False
    needs_classifier: str = ""

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def words(self) -> str:
        """Name for running text, such as ``feature extractor``."""
        return self.name.replace("_", " ")

    def base_class(self) -> type[Component]:
        """Import the class that components of this kind derive from."""
        base: type[Component] = load_target(self.base)
        return base


@dataclass(frozen=True, slots=True)
class KindTable:
    """All kinds, in the order in which a run meets them.

    Raises
    ------
    ValueError
        Where two kinds share a name, a hook or a recipe key.
    """

    kinds: tuple[ComponentKind, ...]

    def __post_init__(self) -> None:
        for what in ("name", "hook", "stage"):
            values = [getattr(kind, what) for kind in self.kinds]
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"two kinds of component have the {what} {twice[0]!r}; each needs its own")

    def __iter__(self) -> Iterator[ComponentKind]:
        return iter(self.kinds)

    def named(self, name: str) -> ComponentKind | None:
        """Kind of that name, such as ``segmenter``; None where there is none."""
        return next((kind for kind in self.kinds if kind.name == name), None)

    def of_hook(self, hook: str) -> ComponentKind:
        """Kind that a hook offers; KeyError where there is none."""
        return {kind.hook: kind for kind in self.kinds}[hook]

    def at(self, stage: str) -> ComponentKind:
        """Kind that a recipe's key names; KeyError where there is none."""
        return {kind.stage: kind for kind in self.kinds}[stage]

    def stages(self, *, many: bool) -> tuple[str, ...]:
        """Recipe keys that take a list of components (``many``), or one component."""
        return tuple(kind.stage for kind in self.kinds if kind.many is many)


def load_target(target: str) -> Any:
    """Import what ``"package.module:name"`` names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


KINDS = KindTable(
    (
        ComponentKind(
            name="dataset",
            title="Data sets",
            hook="leukokit_datasets",
            stage="data",
            description="Data set.",
            base="leukokit.api:Dataset",
            many=False,
            per="run",
            takes="files",
            gives="samples, labels and named splits",
            checks="leukokit.testing._checks_dataset:CHECKS",
            built_ins="leukokit.plugins.datasets",
            required=True,
        ),
        ComponentKind(
            name="preprocessor",
            title="Preprocessors",
            hook="leukokit_preprocessors",
            stage="preprocess",
            description="Preprocessors, applied in order.",
            base="leukokit.api:Preprocessor",
            many=True,
            per="image",
            takes="image",
            gives="image",
            checks="leukokit.testing._checks_images:PREPROCESSOR",
            built_ins="leukokit.plugins.preprocess",
            tunable=True,
        ),
        ComponentKind(
            name="segmenter",
            title="Segmenters",
            hook="leukokit_segmenters",
            stage="segment",
            description="Segmenter.",
            base="leukokit.api:Segmenter",
            many=False,
            per="image",
            takes="image",
            gives="label images by role",
            checks="leukokit.testing._checks_images:SEGMENTER",
            built_ins="leukokit.plugins.segment",
            tunable=True,
        ),
        ComponentKind(
            name="feature_extractor",
            title="Feature extractors",
            hook="leukokit_feature_extractors",
            stage="features",
            description="Feature extractors.",
            base="leukokit.api:FeatureExtractor",
            many=True,
            per="image",
            takes="image and label images",
            gives="named numbers",
            checks="leukokit.testing._checks_features:CHECKS",
            built_ins="leukokit.plugins.features",
            tunable=True,
        ),
        ComponentKind(
            name="selector",
            title="Selectors",
            hook="leukokit_selectors",
            stage="select",
            description="Selectors, applied in order on the training table.",
            base="leukokit.api:Selector",
            many=True,
            per="fold",
            takes="training table",
            gives="fewer columns",
            checks="leukokit.testing._checks_tables:SELECTOR",
            built_ins="leukokit.plugins.select",
            tunable=True,
            needs_classifier="selects columns for a classifier",
        ),
        ComponentKind(
            name="classifier",
            title="Classifiers",
            hook="leukokit_classifiers",
            stage="classify",
            description="Classifier.",
            base="leukokit.api:Classifier",
            many=False,
            per="fold",
            takes="training table or images",
            gives="fitted model",
            checks="leukokit.testing._checks_tables:CLASSIFIER",
            built_ins="leukokit.plugins.classify",
            tunable=True,
        ),
        ComponentKind(
            name="explainer",
            title="Explainers",
            hook="leukokit_explainers",
            stage="explain",
            description="Explainers of the fitted model.",
            base="leukokit.api:Explainer",
            many=True,
            per="fold",
            takes="fitted model",
            gives="importances or heat maps",
            checks="leukokit.testing._checks_tables:EXPLAINER",
            built_ins="leukokit.plugins.explain",
            needs_classifier="explains a classifier",
        ),
    )
)
"""The kinds that leukokit knows."""
