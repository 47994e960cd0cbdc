"""From a recipe to the image plan of one fold; preprocessors that learn see the fold's training part only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from numpy.typing import NDArray

from leukokit.api import (
    CellColumn,
    CellFeatureExtractor,
    Component,
    Dataset,
    FeatureExtractor,
    PluginError,
    Preprocessor,
    RGBImage,
    Segmenter,
)
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest, identity, state_digest
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import Codec, arrays_from_bytes, arrays_to_bytes
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_table.columns import MEASURED_COLUMNS, SAMPLE_COLUMNS
from leukokit.engine.components.call import ComponentCall, call_method
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import (
    CellMeasures,
    CellStep,
    FeatureStep,
    ImagePlan,
    Item,
    PreprocessStep,
    SegmentStep,
    pixels_key,
)
from leukokit.engine.images.work import images_of
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer
from leukokit.errors import RunFailed
from leukokit.recipe import Bound, Recipe

CELL_CODE = ("leukokit.engine.cell_table.measure", "leukokit.engine.cell_table.columns", "leukokit.api.cells")
"""What measures cells."""


@dataclass(frozen=True)
class ImageComponents:
    """How files are read, and the components that follow.

    Attributes
    ----------
    reading : ReadOptions
    preprocess : tuple of Bound of Preprocessor
        In order; after a fit, with the state that they have learned.
    segment : Bound of Segmenter, or None
    features : tuple of Bound of FeatureExtractor
    seed : int
        Seed of the steps that draw random numbers.
    """

    reading: ReadOptions
    preprocess: tuple[Bound[Preprocessor], ...]
    segment: Bound[Segmenter] | None
    features: tuple[Bound[FeatureExtractor], ...]
    seed: int

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Take the components of a recipe; preprocessors that learn are not fitted yet."""
        read = recipe.model.data.read
        reading = ReadOptions(bit_depth=read.bit_depth, frame=read.frame)
        return cls(reading, recipe.preprocess, recipe.segment, recipe.features, recipe.seed)

    def bound(self) -> Iterator[Bound[Preprocessor] | Bound[Segmenter] | Bound[FeatureExtractor]]:
        """Give all of the components, in the order of the steps."""
        yield from self.preprocess
        if self.segment is not None:
            yield self.segment
        yield from self.features

    def fitted(self, plan: ImagePlan) -> Self:
        """Take the fitted preprocessors of a plan that was built from these components."""
        preprocess = tuple(
            replace(bound, component=step.component)
            for bound, step in zip(self.preprocess, plan.preprocess, strict=True)
        )
        return replace(self, preprocess=preprocess)


def fits_preprocessing(recipe: Recipe) -> bool:
    """Whether some preprocessor learns from the training part, so that folds differ in their images."""
    return any(call_method(bound.component, "needs_fit") for bound in recipe.preprocess)


def image_plan(
    recipe: Recipe,
    dataset: Dataset,
    training: Sequence[Item],
    *,
    store: Store | None,
    has_truth: bool,
    box_roles: frozenset[str] = frozenset(),
    observer: Observer,
    executor: Executor | None = None,
) -> ImagePlan:
    """Build the plan of one fold.

    Parameters
    ----------
    training : sequence of Item
        The fold's training part; only looked at where a preprocessor learns.
    has_truth : bool
        Whether the data set has ground truth of what the segmenter finds.
    box_roles : frozenset of str
        Roles of which it has boxes in place of masks.
    executor : Executor, optional
        A foreign preprocessor is fitted in an isolated process, unless this is omitted or ``inline``.
    """

    def ready(bound: Bound[Preprocessor], upstream: str, before: ImagePlan) -> Preprocessor:
        if call_method(bound.component, "needs_fit"):
            return _fitted(bound, upstream, training, before, executor or InlineExecutor(), observer)
        return bound.component

    scored = recipe.segment is not None and has_truth
    plan = _plan(ImageComponents.of(recipe), dataset, store=store, score_masks=scored, ready=ready)
    return replace(plan, box_roles=box_roles) if scored else plan


def fitted_plan(components: ImageComponents, dataset: Dataset, *, store: Store | None) -> ImagePlan:
    """Build the plan of components that are fitted already; nothing is fitted here.

    The keys are those of the plan that they were fitted in, so both plans share the results in the cache.

    Parameters
    ----------
    dataset : Dataset
        Renders the samples that have no file.
    """
    return _plan(components, dataset, store=store, score_masks=False, ready=lambda bound, *_: bound.component)


def with_cells(plan: ImagePlan) -> ImagePlan:
    """Add the table of cells to a plan that segments.

    Raises
    ------
    ValueError
        Where it does not.
    PluginError
        Where extractors give two columns of one name.
    """
    if plan.segment is None:
        raise ValueError("a plan without segmenter has no cells")
    extractors = plan.cell_extractors()
    columns = _cell_columns(extractors)
    labels = plan.segment
    code = code_digest(*CELL_CODE)
    key = digest("cells", code, labels.key, [step.key for step in extractors], [c.name for c in columns])
    step = CellStep(
        id="cells",
        component=CellMeasures(),
        key=key,
        seeded=labels.seeded or any(extractor.seeded for extractor in extractors),
        scaled=True,
        labels_from=labels,
        extractors=extractors,
        columns=columns,
    )
    return replace(plan, cells=step)


def _cell_columns(extractors: Sequence[FeatureStep]) -> tuple[CellColumn, ...]:
    """Columns of the table of cells; one that two extractors measure alike is there once."""
    columns = {column.name: column for column in (*SAMPLE_COLUMNS, *MEASURED_COLUMNS)}
    for step in extractors:
        if not isinstance(step.component, CellFeatureExtractor):
            continue
        for column in step.component.columns():
            if columns.setdefault(column.name, column) != column:
                raise PluginError(
                    f"{step.id} measures a column {column.name!r}, and the table of cells has one already",
                    hint="Put the name of the extractor in front of the names of its columns",
                )
    return tuple(columns.values())[len(SAMPLE_COLUMNS) :]


def _plan(
    components: ImageComponents,
    dataset: Dataset,
    *,
    store: Store | None,
    score_masks: bool,
    ready: Callable[[Bound[Preprocessor], str, ImagePlan], Preprocessor],
) -> ImagePlan:
    """Chain the steps; ``ready`` gives a preprocessor as it is applied, from its key and the plan so far."""
    reads_roles = any(call_method(bound.component, "roles") for bound in components.features)
    plan = ImagePlan(
        dataset=dataset,
        reading=components.reading,
        preprocess=(),
        segment=None,
        features=(),
        seed=components.seed,
        keep_labels=components.segment is not None and not reads_roles,
        score_masks=score_masks,
        store=store,
    )
    pixels = _Source(pixels_key(components.reading))
    for bound in components.preprocess:
        component = ready(bound, pixels.key, plan)
        pixels = pixels.followed_by(bound, component, state=call_method(component, "state"))
        step = PreprocessStep(bound.step, component, pixels.key, pixels.seeded, pixels.scaled)
        plan = replace(plan, preprocess=(*plan.preprocess, step))
    if components.segment is not None:
        segment = components.segment
        labels = pixels.followed_by(segment, segment.component)
        plan = replace(
            plan,
            segment=SegmentStep(segment.step, segment.component, labels.key, labels.seeded, labels.scaled),
        )
    features = tuple(_feature_step(extractor, pixels, plan.segment) for extractor in components.features)
    return replace(plan, features=features)


@dataclass(frozen=True, slots=True)
class _Source:
    """The images or label images that a step reads: key, and whether seed or scale belong to the key."""

    key: str
    seeded: bool = False
    scaled: bool = False

    def followed_by(
        self,
        bound: Bound[Component],
        component: Preprocessor | Segmenter | FeatureExtractor,
        *,
        state: Mapping[str, NDArray[Any]] | None = None,
    ) -> Self:
        """Give the same of what ``component`` makes of them."""
        key = digest(identity(bound), self.key, state_digest(state or {}))
        return replace(
            self,
            key=key,
            seeded=self.seeded or component.stochastic,
            scaled=self.scaled or component.uses_scale,
        )


def _feature_step(
    bound: Bound[FeatureExtractor], pixels: _Source, segment: SegmentStep | None
) -> FeatureStep:
    labels_from = segment if call_method(bound.component, "roles") else None
    if labels_from is None:
        source = pixels
    else:
        source = _Source(labels_from.key, labels_from.seeded, labels_from.scaled)
    made = source.followed_by(bound, bound.component)
    # Names are part of the key, so that no value is ever read back under another name.
    key = digest(made.key, list(call_method(bound.component, "names")))
    return FeatureStep(bound.step, bound.component, key, made.seeded, made.scaled, labels_from)


def _fitted(
    bound: Bound[Preprocessor],
    upstream: str,
    training: Sequence[Item],
    before: ImagePlan,
    executor: Executor,
    observer: Observer,
) -> Preprocessor:
    """Fit a fresh copy of a preprocessor on the training part, or take its state from the cache."""
    component = type(bound.component)(bound.component.params)
    key = digest("fit", identity(bound), upstream, _contents(before, training))

    def learned() -> Mapping[str, NDArray[Any]]:
        if not training:
            raise RunFailed(
                f"{bound.entry.name} learns from the training part, and there is none",
                hint="Give the recipe a split with a training part, or a fixed template",
            )
        observer.stage(f"fitting {bound.entry.name}", len(training))
        plan = replace(before, store=None)
        components = [component, before.dataset, *(step.component for step in before.preprocess)]
        return run_isolated(
            _learned, component, plan, training, components=components, executor=executor, observer=observer
        )

    def restored(content: bytes) -> Mapping[str, NDArray[Any]]:
        state = arrays_from_bytes(content)
        copy = type(bound.component)(bound.component.params)
        if state_digest(_state_after_restoring(copy, state)) != state_digest(state):
            raise ValueError("its learned state has another form")
        return state

    title = f"learnt by {bound.entry.name}"
    codec = Codec(arrays_to_bytes, restored, "state.npz")
    state = memo(key, learned, codec, store=before.store, title=title)
    with ComponentCall(component, "restore"):
        component.restore(state)
    return component


def _learned(
    component: Preprocessor, plan: ImagePlan, training: Sequence[Item], *, observer: Observer
) -> Mapping[str, NDArray[Any]]:
    """Fit, and return the learned state."""
    with ComponentCall(component, "fit"):
        component.fit(_with_progress(images_of(plan, training), observer))
        state = component.state()
    # This process asks the same of the component: if that ends a process, it must be the one of the fit.
    _state_after_restoring(type(component)(component.params), state)
    return state


def _state_after_restoring(
    component: Preprocessor, state: Mapping[str, NDArray[Any]]
) -> Mapping[str, NDArray[Any]]:
    with ComponentCall(component, "restore"):
        component.restore(state)
    with ComponentCall(component, "state"):
        return component.state()


def _contents(plan: ImagePlan, items: Sequence[Item]) -> list[str]:
    """Key of each image after the last preprocessing step; the key of its file where that uses no scale."""
    last = plan.preprocess[-1] if plan.preprocess else None
    return [plan.row_key(last, item) if last is not None and last.scaled else item.key for item in items]


def _with_progress(images: Iterator[RGBImage], observer: Observer) -> Iterator[RGBImage]:
    for image in images:
        yield image
        observer.advance()
